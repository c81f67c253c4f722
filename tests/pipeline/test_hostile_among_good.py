"""A thousand good files with hostile ones of each kind between them: each has its record, and the good ones theirs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from phone_audit.model.apk import Apk
from phone_audit.pipeline.apks import audit_apks
from phone_audit.pipeline.options import Budget
from tests.apk.bombs import record_bomb
from tests.apk.packages import dex, fixture, manifest, package
from tests.apk.test_bombs import bomb
from tests.apk.zips import Part, make_zip

CORPUS = Path(__file__).parents[1] / "fuzz" / "corpus"
WHOLE = ("zip_directory", "signed_apk")
"""Kinds of input of the fuzzers that are whole APKs; others are entries of one."""
ENTRIES = {"compiled_xml": "AndroidManifest.xml", "dex_code": "classes.dex", "dex_tables": "classes.dex",
           "resources": "resources.arsc", "packed_files": "assets/a"}  # fmt: skip


def hostile_files() -> Iterator[tuple[str, bytes]]:
    """Yield files that are damaged, or cost more than they should, one of each kind that the tests know."""
    good = fixture("policy")
    many = make_zip([manifest("policy"), *(Part(f"{number}") for number in range(30_000))])
    yield from {"empty": b"", "zeros": bytes(4096), "text": b"no archive", "cut": good[: len(good) // 2],
                "without-end": good[:-30], "record-bomb": record_bomb(), "entries": many,
                "manifest-bomb": make_zip([bomb("AndroidManifest.xml")]),
                "code-bomb": make_zip([manifest("policy"), bomb("classes.dex")])}.items()  # fmt: skip
    for kind in WHOLE:
        for path in sorted((CORPUS / kind).iterdir()):
            yield f"{kind}-{path.name}", path.read_bytes()
            yield f"{kind}-{path.name}-cut", path.read_bytes()[:-10]
    for kind, entry in ENTRIES.items():
        for path in sorted((CORPUS / kind).iterdir()):
            content = path.read_bytes()
            others = [] if entry == "AndroidManifest.xml" else [manifest("policy")]
            yield f"{kind}-{path.name}", make_zip([*others, Part(entry, content)])
            turned = content[: len(content) // 2] + bytes(byte ^ 0xFF for byte in content[len(content) // 2 :])
            yield f"{kind}-{path.name}-turned", make_zip([*others, Part(entry, turned)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(1000):
        (tmp_path / f"{number:04}-good.apk").write_bytes(package("policy", dex(f"http://h{number}.example.net/x")))
    for number, (name, content) in enumerate(hostile_files()):
        (tmp_path / f"{number * 7:04}-{name}.apk").write_bytes(content)
    os.mkfifo(tmp_path / "0100-pipe.apk")
    (tmp_path / "0200-nowhere.apk").symlink_to(tmp_path / "nothing")
    (tmp_path / "0300-itself.apk").symlink_to(tmp_path / "0300-itself.apk")
    (tmp_path / "0400-folder.apk").mkdir()
    return tmp_path


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.promise("damage-is-noted")
def test_every_file_has_one_record_and_good_ones_are_read_whole(folder: Path) -> None:
    records: list[Apk] = []
    audited = audit_apks([folder], budget=Budget(jobs=2, seconds=30), on_apk=records.append)
    there = {str(path) for path in folder.iterdir() if not path.is_dir()}
    assert len(there) > 1050
    named = [file.path for record in records for file in record.files] + [one.path for one in records if not one.files]
    assert {path.partition("!")[0] for path in named} == there
    assert audited.records == len(records) == len({record.path for record in records})
    good = [record for record in records if "-good." in record.path]
    assert len(good) == 1000
    told = {(one.package, len(one.endpoints or ()), *(skip.code for skip in one.skipped)) for one in good}
    assert told == {("fixture.policy", 1, "no-network-config")}
    silent = [record.path for record in records if record.package is None and not record.skipped]
    assert silent == [], "what could not be read says why"
