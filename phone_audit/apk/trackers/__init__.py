"""Trackers: which are there, which are set going, which switches they were given."""
