"""The DEX side over every real package: nothing raises, and the figures are those of other tools."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from androguard.core.dex import DEX

from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.strings import decode
from phone_audit.apk.package_code import CodeFacts
from tests.apk.precision.draw import dex_files

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(300)]

Dexes = dict[str, list[tuple[str, bytes]]]

COMPARED = [
    "000f6f4b8f-ArrayAccess1.apk",
    "1da8bf57d2-app.apk",
    "44e880a1e6-com.teleca.jamendo_35.apk",
    "a23c5659f3-scrcpy-server-2.7.jar",
    "b2f9ca1bff-dev2.apk",
]

TENCENT_X5 = {
    "cfg.imtt.qq.com", "debugtbs.qq.com", "debugx5.qq.com", "log.tbs.qq.com", "mdc.html5.qq.com", "mqqad.html5.qq.com",
    "pms.mb.qq.com", "tbs.imtt.qq.com", "tbsrecovery.imtt.qq.com",
}  # fmt: skip


@pytest.fixture(scope="module")
def reference(corpus_reference: Path) -> dict[str, dict[str, Any]]:
    entries = json.loads((corpus_reference / "reference.json").read_text("utf-8"))
    return {entry["file"]: entry for entry in entries.values()}


@pytest.fixture(scope="module")
def dexes(corpus: Path) -> Dexes:
    """Of all files but two, which only a reader made for Android opens."""
    return {path.name: files for path in sorted(corpus.iterdir()) if (files := dex_files(path))}


def test_every_dex_file_is_read_whole(corpus_code: dict[str, CodeFacts]) -> None:
    assert len(corpus_code) > 350
    assert {name: found.skipped for name, found in corpus_code.items() if found.skipped} == {}


def test_every_host_of_the_reference_is_found(
    corpus_code: dict[str, CodeFacts], reference: dict[str, dict[str, Any]]
) -> None:
    wanted = {(name, host) for name in corpus_code for host in reference[name].get("url_hosts_in_dex") or ()}
    found = {(name, endpoint.host) for name, code in corpus_code.items() for endpoint in code.endpoints}
    assert len(wanted) > 250
    assert wanted - found == set()


def test_classes_are_counted_as_by_dexdump(dexes: Dexes, corpus: Path, reference: dict[str, dict[str, Any]]) -> None:
    counted = {}
    for name, files in dexes.items():
        with zipfile.ZipFile(corpus / name) as archive:
            java = sum(entry.endswith(".class") for entry in archive.namelist())
        tables = [part.class_defs.size for entry, data in files for part in read_dex(entry, data).parts]
        counted[name] = sum(tables) + java
    assert counted == {name: reference[name]["class_defs"] for name in dexes}


@pytest.mark.parametrize("name", COMPARED)
def test_classes_and_strings_equal_those_of_androguard(dexes: Dexes, name: str) -> None:
    for entry, data in dexes[name]:
        ours, theirs = read_dex(entry, data), DEX(data)
        assert [decode(one) for one in ours.defined_classes] == sorted(theirs.get_classes_names())
        strings = {decode(one) for one in ours.strings.raw(ours.strings.items)}
        assert strings == {one.encode("utf-8", "backslashreplace").decode() for one in theirs.get_strings()}


def test_yosemite_holds_the_engine_that_signatures_miss(corpus_code: dict[str, CodeFacts]) -> None:
    found = {endpoint.host: endpoint for endpoint in corpus_code["f888b95773-Yosemite.apk"].endpoints}
    assert found.keys() >= TENCENT_X5
    assert {found[host].ruled_out for host in TENCENT_X5} == {None}
    assert {found[host].owner for host in TENCENT_X5} == {"Tencent"}
