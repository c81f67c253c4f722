"""`cmd transparency get …` (Android 14 and later) → digests that the phone computes of its own system.

Lines of AOSP `BinaryTransparencyService`: `image_info` prints the digest of vbmeta, which Google publishes for Pixel
images; `apex_info` prints `NAME,VERSION,ALGORITHM:DIGEST` for each module. No dump of a real phone was at hand.
"""

import re

IMAGE = re.compile(r"^[ \t\r]*([0-9a-fA-F]{64})[ \t\r]*$", re.MULTILINE)
MODULE = re.compile(r"^([A-Za-z][\w.]{2,255}),(\d{1,19}),(.*)$", re.MULTILINE)
DIGEST = re.compile(r"(\w{1,40}:[0-9a-fA-F]{40,128})")


def parse_image_info(text: str) -> str | None:
    """Return the digest of vbmeta in lower case; None where the phone does not say."""
    match = IMAGE.search(text)
    return match[1].lower() if match else None


def parse_apex_info(text: str) -> tuple[tuple[str, int, str], ...]:
    r"""Return name, version and digest of each module, sorted.

    Example:
        >>> parse_apex_info("APEX Info [Format: …]:\ncom.android.art,340,CHUNKED_SHA256:" + "ab" * 32)[0][:2]
        ('com.android.art', 340)
    """
    found = {
        (name, int(version), digest[1].partition(":")[0] + ":" + digest[1].partition(":")[2].lower())
        for name, version, rest in MODULE.findall(text)
        if (digest := DIGEST.search(rest))
    }
    return tuple(sorted(found))
