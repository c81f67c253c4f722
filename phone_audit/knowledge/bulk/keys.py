"""Makes data/keys/keys.json from the certificates that were computed from the files of AOSP.

    python -m phone_audit.knowledge.bulk.keys SOURCE [-o FILE]

SOURCE is the feed's `certificates.json`, or the folder that holds it. Only keys that everybody can use are taken:
certificates of vendors are not public keys, and those of an incident stand in its own file.
"""

import json
from pathlib import Path
from typing import Any

from phone_audit.knowledge.bulk.writing import run
from phone_audit.knowledge.fact_schema import FactSource, KeyFact, KeyFile

TARGET = "keys/keys.json"
SOURCE = FactSource(
    id="aosp-keys",
    title="Signing keys published in the Android Open Source Project (platform/build, *.x509.pem)",
    publisher="Android Open Source Project",
    url="https://android.googlesource.com/platform/build/+/refs/heads/main/target/product/security/",
    revision="aosp-mirror/platform_build 045a3d6a3e359633a14853a5a5e1e4f2a11cbdae",
    date="2025-03-26",
    licence="Apache-2.0",
)
_NAMES = {
    "aosp-test-key": ("aosp", "AOSP test key"),
    "aosp-build-testdata": ("aosp-testdata", "AOSP test data of the build tools"),
}


def key_of(entry: dict[str, Any]) -> KeyFact:
    """Give the fact of one certificate; its id holds the name of the file in AOSP."""
    prefix, title = _NAMES[entry["class"]]
    return KeyFact(
        id=f"{prefix}-{entry['name'].replace('_', '-')}",
        name=f"{title} {entry['name']!r}",
        kind=entry["class"],
        sha256=entry["sha256"],
        sha1=entry["sha1"],
        source=SOURCE.id,
    )


def make(source: Path) -> tuple[KeyFile, list[str]]:
    """Give the data file, and a line for each certificate that was left out."""
    listed = json.loads((source / "certificates.json" if source.is_dir() else source).read_bytes())
    taken = sorted((key_of(entry) for entry in listed if entry["class"] in _NAMES), key=lambda key: key.id)
    left = [f"{entry['name']}: left out: {entry['class']}" for entry in listed if entry["class"] not in _NAMES]
    return KeyFile(sources=(SOURCE,), entries=tuple(taken)), left


if __name__ == "__main__":
    run(__doc__ or "", make, TARGET)
