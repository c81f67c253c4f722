"""How files are opened, read within bounds, and written: the only ways for what somebody else may have made."""
