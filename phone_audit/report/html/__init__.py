"""A result as one page that stands alone: nothing is loaded, nothing but its own script runs."""
