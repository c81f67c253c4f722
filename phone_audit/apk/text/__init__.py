"""Texts: which hosts they name, and whether they are prose."""
