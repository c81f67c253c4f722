"""Traffic that somebody else recorded: captures of packets, logs of look-ups."""
