"""The form of a build fingerprint: BRAND/NAME/DEVICE:RELEASE/ID/INCREMENTAL:TYPE/TAGS."""

import re

FINGERPRINT_FORM = re.compile(r"([^/:]+)/([^/:]+)/([^/:]+):([^/]+)/([^/]+)/([^/:]+):([^/]+)/([^/]+)")
"""A whole fingerprint, one group for each of its parts."""
