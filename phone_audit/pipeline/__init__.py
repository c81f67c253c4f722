"""The library's front door: one file for each of its functions. Only here do the four rooms meet."""
