"""The APK files of a phone: found, hashed there, and brought here, as far as they are wanted."""
