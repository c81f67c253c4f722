"""APK files and folders of them → published records, one by one, and the result of all."""
