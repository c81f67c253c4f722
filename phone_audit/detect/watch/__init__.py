"""Connections that were seen live → which code they belong to, and findings."""
