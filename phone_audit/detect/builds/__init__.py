"""Build identifiers and property texts → what they tell, and which findings."""
