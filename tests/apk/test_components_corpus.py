"""Entry points, versions and package of every file of the corpus, against aapt run on the same file."""

import shutil
from pathlib import Path

import pytest

from phone_audit.model.apk import ApkInfo
from tests.apk.aapt_tree import Entrance, Node, entrances, manifest_tree

pytestmark = pytest.mark.corpus

UNREADABLE_FOR_AAPT = {
    "94be14416a-v1v2v3-with-rsa-2048-lineage-3-signers-invalid-zip.apk": 1,
    "b187568bf5-minimal_def_mod.apk": 1,
    "d15804bbc3-app-release.aab": 4,
}
"""Files of which aapt prints no manifest though Android reads them, and how many entry points we find.

The first has bytes before its directory that the end record does not tell of; the second names a compression method
that does not exist for its manifest, which Android then takes as it lies there; the third is a bundle, whose manifest
is a message of protobuf (`test_bundle_corpus` compares it by way of aapt2).
"""
VERSION_CODE, VERSION_NAME = "0101021b", "0101021c"

Both = dict[str, tuple[ApkInfo, Node | None]]


@pytest.fixture(scope="module")
def both(corpus: Path, corpus_records: dict[str, ApkInfo]) -> Both:
    """What we and aapt read of each file."""
    if shutil.which("aapt") is None:
        pytest.skip("aapt is not installed")
    return {name: (info, manifest_tree(corpus / name)) for name, info in corpus_records.items()}


def ours(info: ApkInfo) -> list[Entrance]:
    return sorted(
        ((one.kind, one.name, one.exported, one.permission, one.actions) for one in info.components or ()), key=repr
    )


def test_what_only_we_can_read_is_known(both: Both) -> None:
    more = {name: len(info.components) for name, (info, tree) in both.items() if info.components and tree is None}
    assert more == UNREADABLE_FOR_AAPT


def test_entry_points_are_those_that_aapt_prints(both: Both) -> None:
    compared = {name: (ours(info), entrances(tree)) for name, (info, tree) in both.items() if tree is not None}
    assert {name: found for name, (found, _) in compared.items()} == {
        name: told for name, (_, told) in compared.items()
    }
    assert len(compared) == 355
    assert sum(len(told) for _, told in compared.values()) == 729


def test_every_kind_of_entry_point_occurs(both: Both) -> None:
    """Else equal lists would say little; no file has an alias that is not exported."""
    told = {(kind, exported) for _, tree in both.values() if tree for kind, _, exported, _, _ in entrances(tree)}
    kinds = ("activity", "activity-alias", "service", "receiver", "provider")
    assert told == {(kind, exported) for kind in kinds for exported in (True, False)} - {("activity-alias", False)}


def test_package_and_versions_are_those_that_aapt_prints(both: Both) -> None:
    for name, (info, tree) in both.items():
        if tree is None:
            continue
        assert info.package == tree.text("package"), name
        for value, key in ((info.version_code, VERSION_CODE), (info.version_name, VERSION_NAME)):
            told = tree.attributes.get(key)
            if not str(told).startswith("@"):  # a reference, which aapt does not follow here
                assert str(value) == str(told), name
