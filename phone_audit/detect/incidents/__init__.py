"""Published incidents, matched against what was seen."""
