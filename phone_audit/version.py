"""The version of this program, for the documents that it writes and for the build."""

__version__ = "0.1.0"
