"""The processes that read hostile files, within a budget of time and memory for each."""
