"""`cmd transparency get …` (Android 14 and later) → digests that the phone computes of its own system.

Lines of AOSP `BinaryTransparencyService`: `image_info` prints the digest of vbmeta, which Google publishes for Pixel
images; `apex_info` prints `NAME,VERSION,ALGORITHM:DIGEST` for each module. No dump of a real phone was at hand.
"""

import re
from collections.abc import Iterator

from phone_audit.acquire.commands import MEGABYTE, listed_command
from phone_audit.acquire.questions.question import Question, item, seen
from phone_audit.model.device import StateItem

TRANSPARENCY = listed_command("transparency", timeout=60.0, limit=4 * MEGABYTE)
VBMETA = "ro.boot.vbmeta.digest"
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


def digest_items(text: str, vbmeta: str | None) -> Iterator[StateItem]:
    """Yield the digest of vbmeta as it was at the start, whether the property says another one, and the modules."""
    where = TRANSPARENCY.text
    image, modules = parse_image_info(text), parse_apex_info(text)
    if image:
        own = seen("command", where, image)
        yield item("transparency_image", image, [own])
        differs = vbmeta is not None and vbmeta.lower() != image
        evidence = [own, seen("property", "getprop", f"{VBMETA}={vbmeta}")] if differs else []
        yield item("vbmeta_differs", VBMETA if differs else "", evidence, "")
    if modules:
        evidence = [seen("hash", where, f"{name},{version},{digest}") for name, version, digest in modules]
        yield item("transparency_modules", str(len(modules)), evidence)


def transparency(vbmeta: str | None) -> Question[str]:
    """Make the question; `vbmeta` is the property of that digest. Few phones answer, and some compute for a minute."""
    return Question(TRANSPARENCY, str, lambda text: digest_items(text, vbmeta), since=34, promised=False)
