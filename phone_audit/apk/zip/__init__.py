"""The archive: its directory, its entries within budgets, and which parts of it have to be copied."""
