"""SDKs that users meet, each with the source of its prefix: how many are reported as trackers."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from phone_audit.apk.code.libraries import Owners
from phone_audit.apk.dex.descriptors import Classes, class_names
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.trackers.trackers import find_trackers
from phone_audit.errors import ApkError
from phone_audit.knowledge.load import load_knowledge

KNOWN = load_knowledge()
LISTED = json.loads((Path(__file__).parent / "sdk_prefixes.json").read_text("utf-8"))
OURS = tuple(fact for fact in KNOWN.trackers if fact.id.startswith(("sdk-", "proxy-")))
AT_LEAST = 190
SHIPS_THEM = {"com.qq.xgdemo", "com.example.dominic.umengdemo", "zoo.dev.one", "zoo.dev.two"}
"""Demonstrations of SDKs in the corpus, and packages into which several were built."""


def state_of(prefix: str) -> str:
    """What a package that defines a class below a prefix is told to hold: a tracker, a library, or nothing known."""
    defined = [f"L{prefix.replace('.', '/')}/Sample;".encode()]
    found = find_trackers([Classes("classes.dex", defined, defined)], [], KNOWN)
    if any(one.tier == "present" for one in found):
        return "tracker"
    return "library" if Owners(KNOWN, "org.example").of(f"{prefix}.Sample").party == "library" else "absent"


def test_the_list_names_each_prefix_once_and_where_it_is_from() -> None:
    assert len(LISTED) == len({row["prefix"] for row in LISTED}) == 202
    assert all(row["name"] for row in LISTED)
    assert all(row["source"].startswith("https://") for row in LISTED)


def test_nearly_all_are_reported_as_trackers() -> None:
    states = {row["prefix"]: state_of(row["prefix"]) for row in LISTED}
    missed = {prefix: state for prefix, state in states.items() if state != "tracker"}
    assert len(states) - len(missed) >= AT_LEAST, missed


def test_a_prefix_of_a_library_that_takes_nothing_is_none() -> None:
    """The measure can say no: what is known as a library, and what is not known."""
    assert (state_of("okhttp3"), state_of("org.example.unheard")) == ("library", "absent")


def test_each_of_ours_says_whose_it_is_and_what_kind() -> None:
    kinds = {
        "advertising", "analytics", "crash-reporting", "identification", "location", "profiling", "push",
        "residential-proxy",
    }  # fmt: skip
    for fact in OURS:
        assert fact.owner, fact.id
        assert fact.website.startswith("https://"), fact.id
        assert fact.country or "residential-proxy" in fact.categories, fact.id
        assert fact.categories, fact.id
        assert set(fact.categories) <= kinds, fact.id
    assert {fact.id for fact in OURS if "residential-proxy" in fact.categories} == {
        fact.id for fact in OURS if fact.id.startswith("proxy-")
    }


def test_no_component_tells_two_trackers() -> None:
    names = [name for fact in KNOWN.trackers for name in fact.components]
    assert len(names) == len(set(names)) > 100


def _classes(path: Path) -> Iterator[Classes]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("classes") and name.endswith(".dex"):
                file = read_dex(name, archive.read(name))
                yield Classes(file.name, class_names(file.type_descriptors), file.defined_classes)


@pytest.mark.corpus
def test_no_other_package_of_the_corpus_holds_one_of_ours(corpus: Path, corpus_reference: Path) -> None:
    """Neither those of F-Droid nor the others: what is found is an SDK, or a demonstration of one."""
    _, *rows = (line.split("\t") for line in (corpus_reference / "index.tsv").read_text("utf-8").splitlines())
    apps = {row[2]: row[4] for row in rows if row[2].endswith(".apk") and row[4] not in SHIPS_THEM}
    looked_at, found = 0, {}
    for file, package in apps.items():
        try:
            classes = list(_classes(corpus / file))
        except (ApkError, zipfile.BadZipFile, NotImplementedError):
            continue
        looked_at += bool(classes)
        held = [one.id for one in find_trackers(classes, [], KNOWN) if one.id.startswith(("sdk-", "proxy-"))]
        if held:
            found[package] = held
    assert found == {}
    assert looked_at > 250
