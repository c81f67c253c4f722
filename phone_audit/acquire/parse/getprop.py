"""`getprop` → the phone's properties. The text is decoded with `text.decode`, and so are names and values."""

from phone_audit.model.text import parse_getprop

__all__ = ["parse_getprop"]
