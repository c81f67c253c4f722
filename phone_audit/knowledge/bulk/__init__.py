"""Scripts that make the bulk data files from the feeds. Run by a maintainer, never by the product."""
