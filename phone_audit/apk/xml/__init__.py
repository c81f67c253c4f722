"""Compiled XML and resources: the manifest, and what the network policy says."""
