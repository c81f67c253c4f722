"""Acquisitions that other tools made, read as if the phone had answered."""
