"""The signed APKs of fixtures/manifests, and what apksigner said of them when they were made."""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "manifests"


def told_by_apksigner() -> dict[str, tuple[set[str], list[str]]]:
    """For each file the schemes that verify, and the certificates in the order printed."""
    told: dict[str, tuple[set[str], list[str]]] = {}
    for line in (FOLDER / "signed.txt").read_text("utf-8").splitlines():
        if line.endswith(".apk"):
            schemes, certificates = told.setdefault(line, (set(), []))
        elif found := re.fullmatch(r"Verified using (v[0-9.]+) scheme .*: true", line):
            schemes.add(found[1])
        elif found := re.fullmatch(r"Signer .*certificate SHA-256 digest: (\w+)", line):
            certificates.append(found[1])
    return told
