"""Traffic that somebody else recorded, joined with the apps of a phone and with what is published."""
