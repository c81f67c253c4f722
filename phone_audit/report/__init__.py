"""Result → text: one file a format; `formats.py` lists them."""
