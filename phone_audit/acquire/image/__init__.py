"""Firmware images and dumps, read as the phone that would run them: nothing is mounted, run or unpacked as a whole."""
