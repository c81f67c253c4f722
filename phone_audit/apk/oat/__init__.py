"""Code that Android keeps beside an APK: VDEX, compact DEX and OAT files, read as DEX."""
