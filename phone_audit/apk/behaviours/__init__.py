"""What code was seen to do, by the rules of the knowledge."""
