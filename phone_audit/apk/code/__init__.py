"""What the DEX files of one package say, and whose code it is."""
