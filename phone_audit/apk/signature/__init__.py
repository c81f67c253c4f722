"""Who signed an APK, and whether that holds."""
