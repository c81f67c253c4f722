"""Checks of a knowledge folder: what an entry says that its schema cannot hold it to."""
