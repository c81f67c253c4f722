"""Manifests of bundles against those of packages: aapt2 turns each into the other, and both have to read the same."""

import shutil
import subprocess
from pathlib import Path

import pytest

from phone_audit.apk.steps import Steps
from phone_audit.apk.xml.package_facts import PackageFacts, read_package_facts
from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.contents import BUNDLE_MANIFEST, MANIFEST
from tests.apk.zips import Part, make_zip

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(300)]

BUNDLE = "d15804bbc3-app-release.aab"
EVERY = 12
LIMIT = 2**28


def facts_of(data: bytes) -> tuple[PackageFacts, list[str]]:
    steps = Steps(frozenset(), lambda _: None)
    found = read_package_facts(Archive(memoryview(data)), "x", steps)
    return found, [one.code for one in steps.taken()]


def converted(source: Path, form: str, folder: Path) -> bytes | None:
    """Let aapt2 write a package in the other format; None where it cannot."""
    if shutil.which("aapt2") is None:
        pytest.skip("aapt2 is not installed")
    target = folder / "converted.apk"
    target.unlink(missing_ok=True)
    command = ["aapt2", "convert", "--output-format", form, "-o", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    return target.read_bytes() if done.returncode == 0 and target.exists() else None


def renamed(data: bytes, names: dict[str, str]) -> bytes:
    """Keep the entries that an audit of manifests needs, each under a new name."""
    archive = Archive(memoryview(data))
    kept = [one for one in archive.entries if one.name in names or one.name.endswith(".xml")]
    return make_zip([Part(names.get(one.name, one.name), bytes(archive.read(one, LIMIT))) for one in kept])


def bundled(data: bytes) -> bytes:
    entries = Archive(memoryview(data)).entries
    names = {one.name: f"base/{one.name}" for one in entries if one.name.endswith((".xml", ".pb"))}
    return renamed(data, {**names, MANIFEST: BUNDLE_MANIFEST})


def test_packages_say_the_same_as_bundles(corpus: Path, tmp_path: Path) -> None:
    compared = 0
    for path in sorted(corpus.glob("*.apk"))[::EVERY]:
        other = converted(path, "proto", tmp_path)
        if other is not None:
            compared += 1
            assert facts_of(bundled(other)) == facts_of(path.read_bytes()), path.name
    assert compared > 25


def test_a_bundle_says_the_same_as_the_package_made_of_it(corpus: Path, tmp_path: Path) -> None:
    data = (corpus / BUNDLE).read_bytes()
    inside = {one.name: one.name.removeprefix("base/") for one in Archive(memoryview(data)).entries}
    source = tmp_path / "source.apk"
    source.write_bytes(renamed(data, {**inside, BUNDLE_MANIFEST: MANIFEST}))
    package = converted(source, "binary", tmp_path)
    assert package is not None
    found = facts_of(data)
    assert found == facts_of(package)
    assert found[0].manifest is not None
    assert (found[0].manifest.package, len(found[0].manifest.components)) == ("com.lv.myadview", 4)
