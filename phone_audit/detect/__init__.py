"""All that turns what was read into findings."""
