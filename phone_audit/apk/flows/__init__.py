"""Where data goes: from the call that reads it to the call that gives it away, as far as code shows it."""
