"""Text of a phone → values: pure, one file per command, vendor quirks named."""
