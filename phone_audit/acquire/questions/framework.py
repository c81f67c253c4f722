"""The files of the framework, the code that runs in every process → one SHA-256 over all of them."""

import hashlib
import re
from collections.abc import Iterator

from phone_audit.acquire.commands import MEGABYTE, listed_command
from phone_audit.acquire.questions.question import Question, item, seen
from phone_audit.model.device import StateItem

FRAMEWORK = (
    "/system/framework/*.jar",
    "/system/bin/app_process*",
    "/system/lib*/libandroid_runtime.so",
    "/system/lib*/libc.so",
    "/apex/com.android.runtime/lib*/bionic/libc.so",
    "/apex/com.android.art/javalib/*.jar",
)
"""What a phone of the same build has byte for byte. The patterns are ours: no path of the phone is in the command."""

FRAMEWORK_HASHES = listed_command("framework hashes", own_paths=" ".join(FRAMEWORK), timeout=180.0, limit=MEGABYTE)
HASHED = re.compile(r"^\\?([0-9a-f]{64})  (/[\x21-\x7e]{1,255})$", re.MULTILINE)


def parse_framework(text: str) -> list[tuple[str, str]]:
    """Read what `sha256sum` prints: path and digest of each file, sorted."""
    return sorted({(path, digest) for digest, path in HASHED.findall(text)})


def framework_items(hashes: list[tuple[str, str]]) -> Iterator[StateItem]:
    """Yield one item: the SHA-256 over all hashes, and each as evidence."""
    if hashes:
        text = "".join(f"{digest}  {path}\n" for path, digest in hashes)
        digest = hashlib.sha256(text.encode()).hexdigest()
        yield item("framework_files", digest, [seen("hash", path, one) for path, one in hashes])


QUESTION = Question(FRAMEWORK_HASHES, parse_framework, framework_items, subject="the hashes of the framework")
