"""Two results → what changed between them, and what could not be compared."""
