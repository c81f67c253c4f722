"""The way to a phone: ADB over TCP and USB, or through a running adb server; commands and whole files."""
