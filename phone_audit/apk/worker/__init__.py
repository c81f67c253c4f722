"""The processes that read files, within a budget of time and memory for each."""
