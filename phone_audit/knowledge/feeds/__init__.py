"""Indicators of other people's lists: one file a format, a store of imported feeds, and a table to look them up in."""
