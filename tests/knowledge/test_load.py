import subprocess
import sys
from pathlib import Path

import pytest

from phone_audit.errors import KnowledgeError
from phone_audit.knowledge.files import read_folder
from phone_audit.knowledge.load import BUNDLED, Knowledge, load_knowledge
from tests.knowledge.folders import ROOT, host, incident, key, rule, source, tracker, write, write_facts, write_incident


def only(folder: Path) -> Knowledge:
    """The facts of one folder, without those of the package."""
    return Knowledge(tuple(read_folder(folder, 0)))


def test_entries_are_sorted_by_id(tmp_path: Path) -> None:
    write_facts(tmp_path, "trackers", tracker(id="b"), tracker(id="a"))
    write_facts(tmp_path, "hosts", host(host="z.io"), host(host="b.io"))
    knowledge = only(tmp_path)
    assert [entry.id for entry in knowledge.trackers] == ["a", "b"]
    assert [entry.host for entry in knowledge.hosts] == ["b.io", "z.io"]


def test_the_users_entry_stands_in_place_of_the_bundled_one(tmp_path: Path) -> None:
    write_facts(tmp_path, "hosts", host(host="google.com", owner="Somebody", category="other"))
    mine = load_knowledge([tmp_path])
    owner = mine.owner_of("www.google.com")
    assert owner is not None
    assert owner.owner == "Somebody"
    assert len(mine.hosts) == len(load_knowledge().hosts)
    assert mine.folders == (tmp_path,)


def test_among_the_users_folders_the_last_one_counts(tmp_path: Path) -> None:
    first = write_incident(tmp_path / "1", incident(title="first"))
    second = write_incident(tmp_path / "2", incident(title="second"))
    assert load_knowledge([first, second]).incident("maker-leak-2026").title == "second"
    assert load_knowledge([second, first]).incident("maker-leak-2026").title == "first"


def test_the_same_id_twice_in_one_folder_is_refused(tmp_path: Path) -> None:
    write_facts(tmp_path, "keys", key(), name="a.json")
    write_facts(tmp_path, "keys", key(), name="b.json")
    with pytest.raises(KnowledgeError, match=r"^keys/b\.json: k-1: id: stands in keys/a\.json already"):
        _ = only(tmp_path).keys


def test_an_incident_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="There is no incident 'nothing'"):
        only(write_incident(tmp_path, incident())).incident("nothing")


def test_owner_of_takes_the_longest_suffix_of_whole_labels(tmp_path: Path) -> None:
    write_facts(tmp_path, "hosts", host(), host(host="push.maker.io", owner="Pusher", category="push"))
    knowledge = only(tmp_path)
    assert [getattr(knowledge.owner_of(name), "owner", None) for name in ("a.push.maker.io", "www.maker.io")] == [
        "Pusher",
        "Maker",
    ]
    assert knowledge.owner_of("notmaker.io") is None


def test_a_host_of_one_tracker_belongs_to_its_owner(tmp_path: Path) -> None:
    write_facts(tmp_path, "trackers", tracker(owner="Spotter Inc."))
    write_facts(tmp_path, "hosts", host(host="io.spotter.io", owner="Known"))
    knowledge = only(tmp_path)
    owner = knowledge.owner_of("eu.spotter.io")
    assert owner is not None
    assert (owner.host, owner.owner, owner.category, owner.source) == ("spotter.io", "Spotter Inc.", "telemetry", "s")
    known = knowledge.owner_of("io.spotter.io")
    assert known is not None
    assert known.owner == "Known"


def test_an_entry_for_a_host_counts_more_than_the_tracker_that_names_it(tmp_path: Path) -> None:
    write_facts(tmp_path, "trackers", tracker())
    write_facts(tmp_path, "hosts", host(host="spotter.io", owner="Known"))
    owner = only(tmp_path).owner_of("spotter.io")
    assert owner is not None
    assert owner.owner == "Known"


def test_trackers_of_a_host_are_all_that_name_it_or_what_is_above_it(tmp_path: Path) -> None:
    write_facts(
        tmp_path,
        "trackers",
        tracker(id="b", hosts=["spotter.io"]),
        tracker(id="a", hosts=["eu.spotter.io", "spotter.io"]),
        tracker(id="c", hosts=["us.spotter.io"]),
    )
    assert [found.id for found in only(tmp_path).trackers_of_host("x.eu.spotter.io")] == ["a", "b"]


def test_key_of_knows_a_certificate_by_its_sha256(tmp_path: Path) -> None:
    knowledge = only(write_facts(tmp_path, "keys", key(), key(id="k-2", sha256=None, sha1="b" * 40)))
    found = knowledge.key_of("a" * 64)
    assert found is not None
    assert found.id == "k-1"
    assert knowledge.key_of("c" * 64) is None


def test_rule_for_tells_a_host_from_one_url_of_it(tmp_path: Path) -> None:
    knowledge = only(write_facts(tmp_path, "rules", rule()))
    assert knowledge.rule_for("schemas.names.org", "") is not None
    assert knowledge.rule_for("www.names.org", "http://www.names.org/ns/x") is not None
    assert knowledge.rule_for("www.names.org", "") is None


def test_info_counts_and_takes_the_newest_dates(tmp_path: Path) -> None:
    write_incident(tmp_path, incident())
    write_incident(tmp_path, incident(id="older", disclosed="2019"))
    write_incident(tmp_path, incident(id="undated", disclosed=""))
    write(tmp_path, "keys", {"sources": [source(date="2026-03-04")], "entries": [key()]}, "keys.json")
    info = only(tmp_path).info
    assert info.newest_entry == "2026-02-01"
    assert info.version == "2026.03.04"
    assert info.counts == {
        "authorities": 0,
        "baselines": 0,
        "behaviours": 0,
        "calls": 0,
        "firmware": 0,
        "hosts": 0,
        "host_rules": 0,
        "incidents": 3,
        "indicators": 0,
        "installers": 0,
        "keys": 1,
        "libraries": 0,
        "packers": 0,
        "powers": 0,
        "rules": 0,
        "schemes": 0,
        "support": 0,
        "trackers": 0,
    }
    assert len(info.digest) == 64


def test_each_kind_is_parsed_only_when_it_is_used(tmp_path: Path) -> None:
    write_incident(tmp_path, incident())
    write(tmp_path, "trackers", "broken", "trackers.json")
    knowledge = only(tmp_path)
    assert len(knowledge.incidents) == 1
    with pytest.raises(KnowledgeError, match=r"^trackers/trackers\.json"):
        _ = knowledge.trackers


def test_what_was_computed_once_is_kept() -> None:
    knowledge = load_knowledge()
    assert knowledge.incidents is knowledge.incidents
    assert knowledge.owner_of("google.com") is knowledge.owner_of("www.google.com")


def test_loading_imports_nothing_that_is_slow_or_reads_hostile_bytes() -> None:
    code = (
        "import sys; from phone_audit.knowledge.load import load_knowledge; load_knowledge().info;"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    names = set(loaded.stdout.split())
    assert "pydantic" in names
    assert not names & {"numpy", "tldextract", "androguard", "adb_shell", "asn1crypto", "isal", "rich"}


def test_the_bundled_folder_is_part_of_the_package() -> None:
    assert (BUNDLED.parent / "load.py").is_file()
    assert BUNDLED.is_dir()
