"""Static analysis: what one APK holds. Everything that parses hostile bytes runs in the worker process."""
