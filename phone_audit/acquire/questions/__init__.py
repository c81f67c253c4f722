"""What a phone is asked about itself, one file a question: its command, its parser and what that says of its state."""
