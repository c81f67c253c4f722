"""Hosts in the text of a package: which of them count, whose code holds them, what code does with them."""
