"""Reads a phone: the ways to talk to it, the questions asked of it, and the parsers of its answers."""
