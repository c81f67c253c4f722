"""Facts with sources: published incidents, trackers, owners of hosts, public keys."""
