"""The command line: one file a command. They parse, call the pipeline, write, and exit; they decide nothing."""
