"""Small APKs for tests: manifests compiled by aapt, code from the DEX builder."""

from pathlib import Path

from phone_audit.apk.zip.archive import Archive
from tests.apk.dex.builder import Source, build_dex
from tests.apk.zips import Part, make_zip

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "manifests"
MANIFEST = "AndroidManifest.xml"


def fixture(name: str) -> bytes:
    return (FOLDER / f"{name}.apk").read_bytes()


def manifest(name: str) -> Part:
    """The compiled manifest of a fixture: `policy`, `base`, `switches`, `extra` (a split) or `config` (a split)."""
    archive = Archive(memoryview(fixture(name)))
    entry = archive.find(MANIFEST)
    assert entry is not None
    return Part(MANIFEST, bytes(archive.read(entry, 2**20)))


def dex(*texts: str, name: str = "classes.dex") -> Part:
    return Part(name, build_dex(Source(strings=texts, classes=("La/b/Main;",))))


def package(of: str, *parts: Part) -> bytes:
    return make_zip([manifest(of), *parts])
