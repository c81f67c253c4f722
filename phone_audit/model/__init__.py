"""The shared frozen values: what the rooms hand to each other and what the published documents hold."""
