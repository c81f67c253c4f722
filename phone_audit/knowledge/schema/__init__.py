"""The schemas of knowledge files."""
