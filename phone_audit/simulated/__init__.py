"""A phone for the demo and the tests: speaks the ADB protocol on loopback, from a profile."""
