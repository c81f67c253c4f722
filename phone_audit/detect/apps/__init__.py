"""What is known of each app, joined: where it came from, what it may do and did, where it sends."""
