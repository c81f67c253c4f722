"""From what was seen to what it means: incidents that match, findings that rest on them, and the verdict."""
