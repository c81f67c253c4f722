"""Acquisitions that were saved: written while a phone is read, read again, packed, encrypted."""
