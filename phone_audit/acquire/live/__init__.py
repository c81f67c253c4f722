"""What a phone is seen to do while it is watched: its sockets, its counters, its screen."""
