"""Updates end to end: what is taken, what is left out and why, and that what was there stays."""

import json
import os
import re
import threading
from dataclasses import astuple
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from phone_audit.errors import KnowledgeError, UsageError
from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.own import own_folder, with_own
from phone_audit.knowledge.updates import generations
from phone_audit.knowledge.updates.locks import reading, updating
from phone_audit.knowledge.updates.update import SourceResult
from tests.knowledge.folders import incident
from tests.knowledge.updates.conftest import Fed
from tests.knowledge.updates.server import Answer, body, redirect, status
from tests.knowledge.updates.signing import OTHER, public_key, sign
from tests.knowledge.updates.test_bundle import zipped

ONE, TWO, THREE = b"one.example\n", b"one.example\ntwo.example\n", b"three.example\n"
FIRST, SECOND, THIRD = (f"timestamp:{1767225600 + day * 86400}" for day in range(3))
DAYS = ("2026-01-01", "2026-01-02", "2026-01-03")


def words(told: list[SourceResult]) -> list[tuple[str, str, str, str]]:
    return [(one.source, one.word, one.before, one.now) for one in told]


def fed_with_one(fed: Fed) -> dict[str, bytes]:
    """Take a first version, and give what stands then."""
    fed.lists("lab")
    fed.serves("lab", ONE, FIRST)
    assert words(fed.update()) == [("lab", "taken", "", DAYS[0])]
    return fed.standing()


def hosts_of(folders: tuple[Path, ...]) -> set[str]:
    listed = load_knowledge(folders).indicators
    return {host for host in ("one.example", "two.example", "three.example") if list(listed.of_host(host))}


def test_a_signed_list_is_taken_and_used(fed: Fed) -> None:
    fed.lists("lab", publisher="A lab", licence="MIT", **{"class": "spyware"})
    fed.serves("lab", TWO, SECOND)
    assert [astuple(one) for one in fed.update()] == [("lab", "taken", "", DAYS[1], "2 entries", "")]
    known = load_knowledge(with_own())
    (hit,) = known.indicators.of_host("sub.two.example")
    assert (hit.feed.feed, hit.feed.publisher, hit.feed.date, hit.feed.licence) == ("lab", "A lab", DAYS[1], "MIT")
    assert (hit.feed.url, hit.indicator.about.class_) == (fed.server.url("/lab"), "spyware")
    assert hit.feed.input_sha256 == sha256(TWO).hexdigest()


@pytest.mark.parametrize("legacy", [False, True])
def test_nothing_new_is_told_by_the_signature_alone(fed: Fed, legacy: bool) -> None:
    fed.lists("lab")
    fed.serves("lab", ONE, FIRST, legacy=legacy)
    fed.update()
    before = fed.lying(), (fed.own / "updates" / "current.json").read_bytes()
    assert words(fed.update()) == [("lab", "nothing new", DAYS[0], DAYS[0])]
    assert fed.server.asked == ["/lab.minisig"]
    assert (fed.lying(), (fed.own / "updates" / "current.json").read_bytes()) == before


def test_a_newer_one_is_taken_and_the_one_before_is_kept(fed: Fed) -> None:
    fed_with_one(fed)
    fed.serves("lab", TWO, SECOND)
    assert words(fed.update()) == [("lab", "taken", DAYS[0], DAYS[1])]
    fed.serves("lab", THREE, THIRD)
    assert words(fed.update()) == [("lab", "taken", DAYS[1], DAYS[2])]
    assert hosts_of(with_own()) == {"three.example"}
    fed.update()
    kept = [name for name in fed.lying() if name.startswith("kept/")]
    assert len(kept) == 2
    assert [sha256(data).hexdigest()[:12] in name for data, name in zip((TWO, THREE), kept, strict=True)] == [True] * 2


def pinned(fed: Fed, data: bytes, **changes: Any) -> None:
    fed.lists("lab", minisign=None, sha256=sha256(data).hexdigest(), **changes)
    fed.server.answers["/lab"] = body(data, Last_Modified="Fri, 30 Jan 2026 10:00:00 GMT")


def test_a_pinned_list_is_taken_once_and_needs_no_connection_then(fed: Fed) -> None:
    pinned(fed, ONE)
    assert words(fed.update()) == [("lab", "taken", "", "2026-01-30")]
    assert words(fed.update()) == [("lab", "nothing new", "2026-01-30", "2026-01-30")]
    assert fed.server.asked == []
    pinned(fed, TWO)
    assert words(fed.update()) == [("lab", "taken", "2026-01-30", "2026-01-30")]
    assert hosts_of(with_own()) == {"one.example", "two.example"}


def signature_of(data: bytes, comment: str, **said: Any) -> Answer:
    return body(sign(data, f"{comment}\tfile:lab", **said))


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"/lab": body(TWO + b"evil.example\n")}, "not what was signed"),
        ({"/lab": body(ONE)}, "not what was signed"),
        ({"/lab": body(TWO[:-5], promised=len(TWO))}, "bytes came|in the middle"),
        ({"/lab": status(404)}, "answered 404"),
        ({"/lab": status(500)}, "answered 500"),
        ({"/lab": redirect("http://127.0.0.1/lab")}, "has to begin with https"),
        ({"/lab": body(b"x" * (2**20 + 1))}, "larger than 1 MB"),
        ({"/lab.minisig": status(404)}, "answered 404"),
        ({"/lab.minisig": body(b"")}, "no file of minisign"),
        ({"/lab.minisig": body(b"x" * 20_000)}, "larger than"),
        ({"/lab.minisig": signature_of(TWO, SECOND, key=OTHER)}, "was changed"),
        (
            {"/lab.minisig": body(sign(TWO, f"{SECOND}\tfile:lab").replace(b"timestamp:1767", b"timestamp:1768"))},
            "comment .* changed",
        ),
        ({"/lab.minisig": signature_of(TWO, "timestamp:1767225599")}, "older: timestamp 1767225599; taken was"),
        ({"/lab.minisig": signature_of(TWO, "version:9")}, "cannot be compared"),
        ({"/lab.minisig": signature_of(TWO, "no date")}, "neither timestamp: nor version:"),
        ({"/lab.minisig": signature_of(TWO, FIRST)}, "other content of the same age"),
        ({"/lab.minisig": body(sign(TWO, f"{SECOND}\tfile:other"))}, "for other, and this source is lab"),
        ({"/lab.minisig": body(sign(TWO, f"{SECOND}\tfile:lab source:other"))}, "for other, and this source is lab"),
        ({"/lab.minisig": body(sign(TWO, SECOND))}, "names no source"),
        ({"/lab": body(b"\n"), "/lab.minisig": signature_of(b"\n", SECOND)}, "holds nothing that could be taken"),
    ],
)
def test_what_is_wrong_is_left_out_and_what_was_there_stays(fed: Fed, answers: dict[str, Any], said: str) -> None:
    stood = fed_with_one(fed)
    lay, pointer = fed.lying(), (fed.own / "updates" / "current.json").read_bytes()
    fed.lists("lab", largest_mb=1)
    fed.lists("other")
    fed.serves("lab", TWO, SECOND)
    fed.serves("other", THREE, THIRD)
    fed.server.answers |= answers
    left, taken = fed.update()
    assert words([left, taken]) == [("lab", "left out", DAYS[0], DAYS[0]), ("other", "taken", "", DAYS[2])]
    assert left.text
    assert left.hint
    assert re.search(said, left.text), left.text
    assert {name: data for name, data in fed.standing().items() if name.startswith("lab:")} == stood
    assert [name for name in fed.lying() if "/other/" not in name] == lay
    assert (
        json.loads(pointer)["sources"]["lab"]
        == json.loads((fed.own / "updates" / "current.json").read_bytes())["sources"]["lab"]
    )
    assert hosts_of(with_own()) == {"one.example", "three.example"}
    fed.server.answers.clear()
    fed.serves("lab", TWO, SECOND)
    assert ("lab", "taken", DAYS[0], DAYS[1]) in words(fed.update())


@pytest.mark.promise("update-genuine")
def test_a_pin_that_does_not_fit_is_told_with_what_came(fed: Fed) -> None:
    pinned(fed, ONE)
    fed.server.answers["/lab"] = body(TWO)
    (left,) = fed.update()
    assert (left.word, left.now) == ("left out", "")
    assert left.text == f"The content is not the pinned one: its SHA-256 is {sha256(TWO).hexdigest()}."
    assert with_own() == ()
    assert fed.lying() == ["in-use", "update"]


def test_a_trickle_and_a_closed_port_cost_their_source_only(fed: Fed) -> None:
    fed_with_one(fed)
    fed.lists("slow")
    fed.lists("closed", url="https://127.0.0.1:1/x", minisign=None, sha256="0" * 64)
    fed.server.answers |= {"/slow.minisig": fed.server.trickle()}
    told = fed.update(seconds=0.6)
    assert [(one.source, one.word) for one in told] == [
        ("closed", "left out"), ("lab", "nothing new"), ("slow", "left out"),
    ]  # fmt: skip
    assert "could not be reached" in told[0].text
    assert "took too long" in told[2].text


def test_the_version_of_the_comment_counts_before_its_time(fed: Fed) -> None:
    fed.lists("lab")
    fed.serves("lab", ONE, "version:10 timestamp:1767225600")
    fed.update()
    fed.serves("lab", TWO, "version:9 timestamp:1767312000")
    assert "older: version 9; taken was version 10" in fed.update()[0].text
    fed.serves("lab", TWO, "version:11 timestamp:5")
    assert words(fed.update()) == [("lab", "taken", DAYS[0], "1970-01-01")]


def test_a_newer_signature_of_the_same_content_makes_what_lies_between_older(fed: Fed) -> None:
    fed_with_one(fed)
    fed.serves("lab", ONE, THIRD)
    assert words(fed.update()) == [("lab", "nothing new", DAYS[0], DAYS[0])]
    fed.serves("lab", TWO, SECOND)
    assert "older" in fed.update()[0].text


def test_only_the_named_sources_are_fetched(fed: Fed) -> None:
    for name in ("lab", "other"):
        fed.lists(name)
        fed.serves(name, ONE)
    assert words(fed.update("other")) == [("other", "taken", "", DAYS[0])]
    assert fed.server.asked == ["/other.minisig", "/other"]
    with pytest.raises(UsageError, match="no source 'nope'"):
        fed.update("nope")


def test_a_bad_entry_costs_itself(fed: Fed) -> None:
    stood = fed_with_one(fed)
    fed.lists("lab", url="http://127.0.0.1/lab")
    fed.lists("other")
    fed.serves("other", THREE, THIRD)
    left, taken = fed.update()
    assert words([left, taken]) == [("lab", "left out", DAYS[0], DAYS[0]), ("other", "taken", "", DAYS[2])]
    assert "it has to begin with https://" in left.text
    assert stood.items() <= fed.standing().items()


def test_what_is_no_longer_listed_is_no_longer_used(fed: Fed) -> None:
    fed_with_one(fed)
    fed.entries.clear()
    fed.lists("other")
    fed.serves("other", THREE, THIRD)
    assert words(fed.update("other")) == [("other", "taken", "", DAYS[2])]
    assert hosts_of(with_own()) == {"one.example", "three.example"}
    assert words(fed.update()) == [("other", "nothing new", DAYS[2], DAYS[2]), ("lab", "removed", DAYS[0], "")]
    assert hosts_of(with_own()) == {"three.example"}
    fed.update()
    assert not [name for name in fed.lying() if "/lab/" in name]


def test_an_entry_without_an_id_removes_nothing(fed: Fed) -> None:
    fed_with_one(fed)
    (fed.own / "sources.json").write_text('{"sources": [{"ID": "lab"}]}', "utf-8")
    assert {one.word for one in fed.update()} == {"left out"}
    assert hosts_of(with_own()) == {"one.example"}


# a source is not another one


@pytest.mark.promise("update-of-its-source")
def test_what_is_signed_for_one_source_is_not_taken_for_another(fed: Fed) -> None:
    """One key signs both lists, and the server gives one of them in the place of the other."""
    for name in ("lab", "other"):
        fed.lists(name)
    fed.serves("lab", ONE, FIRST)
    fed.serves("other", THREE, FIRST)
    fed.update()
    fed.serves("lab", TWO, SECOND)
    fed.server.answers |= {"/other": body(TWO), "/other.minisig": signature_of(TWO, SECOND)}
    taken, left = fed.update()
    assert words([taken, left]) == [("lab", "taken", DAYS[0], DAYS[1]), ("other", "left out", DAYS[0], DAYS[0])]
    assert "for lab, and this source is other" in left.text
    assert hosts_of(with_own()) == {"one.example", "two.example", "three.example"}


def test_a_bundle_is_not_taken_for_a_list(fed: Fed) -> None:
    fed.lists("lab", format="knowledge")
    fed.serves("lab", bundle_of(), f"{FIRST}\tfile:incidents.zip")
    assert "for incidents.zip, and this source is lab" in fed.update()[0].text
    signed = {"public_key": public_key(), "signature_url": fed.server.url("/lab.minisig"), "name": "incidents.zip"}
    fed.lists("lab", format="knowledge", minisign=signed)
    assert words(fed.update()) == [("lab", "taken", "", DAYS[0])]


def test_the_source_of_a_comment_counts_before_its_file(fed: Fed) -> None:
    signed = {"public_key": public_key(), "signature_url": fed.server.url("/lab.minisig"), "name": "lab/stable"}
    fed.lists("lab", minisign=signed)
    fed.serves("lab", ONE, "version:1 source:lab/stable file:x")
    assert words(fed.update()) == [("lab", "taken", "", "2026-02-01")]
    fed.serves("lab", TWO, f"version:2 source:lab/beta\tfile:{signed['name']}")
    assert "for lab/beta, and this source is lab/stable" in fed.update()[0].text


def test_two_sources_under_one_name_of_one_key_are_both_refused(fed: Fed) -> None:
    fed.lists("lab")
    fed.lists("copy", url=fed.server.url("/elsewhere/lab"))
    fed.lists("other")
    fed.serves("lab", ONE, FIRST)
    fed.serves("other", THREE, FIRST)
    told = {one.source: (one.word, one.text) for one in fed.update()}
    assert {name: word for name, (word, _) in told.items()} == {"lab": "left out", "copy": "left out", "other": "taken"}
    assert "the same key signs copy under the same name" in told["lab"][1]


def test_a_url_that_ends_with_no_name_needs_one(fed: Fed) -> None:
    fed.lists("lab", url=fed.server.url("/lists/"))
    assert "the URL ends with no name" in fed.update()[0].text


@pytest.mark.promise("update-never-older")
@pytest.mark.parametrize("name", ["lab", "again"])
def test_a_source_that_was_dropped_and_is_listed_again_takes_nothing_older(fed: Fed, name: str) -> None:
    fed_with_one(fed)
    fed.serves("lab", TWO, SECOND)
    assert words(fed.update()) == [("lab", "taken", DAYS[0], DAYS[1])]
    fed.entries.clear()
    fed.lists("other")
    fed.serves("other", THREE, FIRST)
    assert ("lab", "removed", DAYS[1], "") in words(fed.update())
    signed = {"public_key": public_key(), "signature_url": fed.server.url("/lab.minisig"), "name": "lab"}
    fed.lists(name, url=fed.server.url("/lab"), minisign=signed)
    fed.serves("lab", ONE, FIRST)
    left = next(one for one in fed.update() if one.source == name)
    assert (left.word, left.now) == ("left out", "")
    assert "older" in left.text
    fed.serves("lab", THREE, SECOND)
    assert "other content of the same age" in next(one for one in fed.update() if one.source == name).text
    fed.serves("lab", TWO, SECOND)
    assert (name, "taken", "", DAYS[1]) in words(fed.update())


def test_a_rollback_forgets_nothing_of_a_source_that_is_dropped_then(fed: Fed) -> None:
    fed_with_one(fed)
    fed.serves("lab", THREE, THIRD)
    fed.update()
    fed.rollback()
    (fed.own / "sources.json").write_text('{"sources": []}', "utf-8")
    assert words(fed.update()) == [("lab", "removed", DAYS[0], "")]
    fed.lists("lab")
    fed.serves("lab", TWO, SECOND)
    assert "older" in fed.update()[0].text


# bundles


SPY = {"value": "com.maker.spy", "confidence": "sourced", "source": 1, "standalone": True}
MEETS_NOTHING = {
    "matches": [{"kind": "package", "value": "com.maker.other", "status": "confirmed"}],
    "ignores": [{"kind": "package", "value": "com.maker.spyx", "why": "a longer name"}],
}


def bundle_of(**changes: Any) -> bytes:
    entry = incident(**changes)
    return zipped((f"incidents/{entry['id']}.json", json.dumps(entry).encode()))


def test_a_bundle_is_taken_and_its_entry_stands(fed: Fed) -> None:
    fed.lists("lab", format="knowledge")
    fed.serves("lab", bundle_of(title="What the bundle says"), FIRST)
    assert [astuple(one)[1:5] for one in fed.update()] == [("taken", "", DAYS[0], "1 entry")]
    assert load_knowledge(with_own()).incident("maker-leak-2026").title == "What the bundle says"


@pytest.mark.promise("update-whole-or-not")
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (bundle_of(sources=[]), r"does not pass the check: incidents/maker-leak-2026\.json: maker-leak-2026: sources"),
        (bundle_of(title=1, surprise=2), r"does not pass the check: .*, and 1 more\.$"),
        (zipped(("incidents/a.json", b"{")), "does not pass the check"),
        (bundle_of(packages=[SPY], tests=MEETS_NOTHING), r"does not pass the check: .*tests\.matches\[0\]"),
        (zipped(("incidents/../../a.json", b"{}")), "no place in it"),
        (b"PK no zip", "no ZIP"),
    ],
)
def test_a_bundle_that_does_not_pass_the_check_changes_nothing(fed: Fed, data: bytes, said: str) -> None:
    fed.lists("lab", format="knowledge")
    fed.serves("lab", bundle_of(), FIRST)
    fed.update()
    stood, lay = fed.standing(), fed.lying()
    fed.serves("lab", data, SECOND)
    (left,) = fed.update()
    assert left.word == "left out"
    assert re.search(said, left.text), left.text
    assert (fed.standing(), fed.lying()) == (stood, lay)


# rollback


@pytest.mark.promise("update-whole-or-not")
def test_a_rollback_goes_back_once_and_says_so(fed: Fed) -> None:
    stood = fed_with_one(fed)
    fed.serves("lab", TWO, SECOND)
    fed.update()
    fed.server.asked.clear()
    assert words(fed.rollback()) == [("lab", "taken back", DAYS[1], DAYS[0])]
    assert fed.standing() == stood
    assert hosts_of(with_own()) == {"one.example"}
    with pytest.raises(KnowledgeError, match="No earlier version is kept"):
        fed.rollback()
    with pytest.raises(KnowledgeError, match="No earlier version is kept of lab"):
        fed.rollback("lab")
    assert fed.standing() == stood
    assert fed.server.asked == []


def test_what_was_taken_back_does_not_come_again_by_itself(fed: Fed) -> None:
    fed_with_one(fed)
    fed.serves("lab", TWO, SECOND)
    fed.update()
    fed.rollback()
    (told,) = fed.update()
    assert (told.word, told.now) == ("nothing new", DAYS[0])
    assert "--again" in told.text
    assert hosts_of(with_own()) == {"one.example"}
    assert words(fed.update(again=True)) == [("lab", "taken", DAYS[0], DAYS[1])]
    assert words(fed.rollback("lab")) == [("lab", "taken back", DAYS[1], DAYS[0])]
    fed.serves("lab", THREE, THIRD)
    assert words(fed.update()) == [("lab", "taken", DAYS[0], DAYS[2])]


@pytest.mark.promise("update-never-older")
def test_after_a_rollback_what_is_older_than_what_was_taken_back_is_still_refused(fed: Fed) -> None:
    fed_with_one(fed)
    fed.serves("lab", THREE, THIRD)
    fed.update()
    fed.rollback()
    fed.serves("lab", TWO, SECOND)
    assert "older" in fed.update()[0].text
    fed.serves("lab", ONE, FIRST)
    assert words(fed.update()) == [("lab", "nothing new", DAYS[0], DAYS[0])]
    fed.serves("lab", TWO, SECOND)
    assert "older" in fed.update()[0].text


def test_a_rollback_of_what_was_never_fetched_is_wrong_usage(fed: Fed) -> None:
    with pytest.raises(UsageError, match="no source 'lab'"):
        fed.rollback("lab")
    fed_with_one(fed)
    with pytest.raises(KnowledgeError, match="No earlier version is kept"):
        fed.rollback()


# the disk, and others at the same time


@pytest.mark.promise("update-whole-or-not")
@pytest.mark.parametrize("place", ["keep", "replace_file", "draft_folder"])
def test_a_disk_that_fails_half_way_leaves_what_was_there(
    fed: Fed, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stood = fed_with_one(fed)
    fed.serves("lab", TWO, SECOND)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(generations, place, full)
        (left,) = fed.update()
    assert (left.word, left.now) == ("left out", DAYS[0])
    assert left.text == "It cannot be written: No space left on device."
    assert fed.standing() == stood
    assert hosts_of(with_own()) == {"one.example"}
    assert words(fed.update()) == [("lab", "taken", DAYS[0], DAYS[1])]
    fed.update()
    assert len([name for name in fed.lying() if name.startswith("kept/")]) == 2


def test_an_update_that_was_killed_is_swept_up(fed: Fed) -> None:
    stood = fed_with_one(fed)
    left = fed.own / "updates" / "kept" / "lab" / ".part-1"
    left.mkdir()
    (left / "half").write_bytes(b"half")
    fed.update()
    assert not left.exists()
    assert fed.standing() == stood


def test_only_what_an_update_made_is_swept_up(fed: Fed, tmp_path: Path) -> None:
    stood = fed_with_one(fed)
    kept, album = fed.own / "updates" / "kept", tmp_path / "photos" / "20260101T000000Z-0123456789ab"
    own, foreign = kept / "lab" / album.name, kept / "lab" / "my notes"
    for folder in (album, own, foreign):
        folder.mkdir(parents=True)
        (folder / "one").write_bytes(b"one")
    (kept / "photos").symlink_to(album.parent)
    (kept / "lab" / "20260101T000000Z-0123456789ac").symlink_to(album)
    (kept / "gone" / album.name).mkdir(parents=True)
    fed.update()
    assert (album / "one").exists()
    assert (kept / "photos").is_symlink()
    assert (foreign / "one").exists()
    assert not own.exists()
    assert not (kept / "gone").exists()
    assert fed.standing() == stood


def test_a_folder_that_cannot_be_written_is_told(fed: Fed) -> None:
    fed.lists("lab")
    (fed.own / "updates").write_text("a file in its place", "utf-8")
    with pytest.raises(KnowledgeError, match="cannot be written"):
        fed.update()
    assert fed.server.asked == []


def test_two_updates_at_once_are_one(fed: Fed) -> None:
    stood = fed_with_one(fed)
    fed.serves("lab", TWO, SECOND)
    with updating(fed.own):
        for run in (fed.update, fed.rollback):
            with pytest.raises(KnowledgeError, match="Another update is running"):
                run()
    assert fed.server.asked == []
    assert fed.standing() == stood


@pytest.mark.promise("scan-one-version")
def test_nothing_is_fetched_or_taken_back_while_a_scan_runs(fed: Fed) -> None:
    stood = fed_with_one(fed)
    fed.serves("lab", TWO, SECOND)
    with reading(own_folder()), reading(own_folder()):
        with pytest.raises(KnowledgeError, match="A scan is running"):
            fed.update()
        assert fed.server.asked == []
        assert fed.standing() == stood
    assert words(fed.update()) == [("lab", "taken", DAYS[0], DAYS[1])]


@pytest.mark.promise("scan-one-version")
def test_a_scan_that_began_while_content_came_keeps_its_version(fed: Fed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "_PATIENCE", 0.2)
    stood = fed_with_one(fed)
    began, over = threading.Event(), threading.Event()

    def scan() -> None:
        with reading(fed.own):
            began.set()
            over.wait(30)

    def answer(handler: Any) -> None:
        thread.start()
        began.wait(30)
        body(TWO)(handler)

    thread = threading.Thread(target=scan)
    fed.serves("lab", TWO, SECOND)
    fed.server.answers["/lab"] = answer
    (left,) = fed.update()
    over.set()
    thread.join()
    assert (left.word, left.text) == ("left out", "A scan is running, and knowledge is never changed under it.")
    assert fed.standing() == stood


def test_a_damaged_pointer_is_told_and_not_guessed(fed: Fed) -> None:
    fed_with_one(fed)
    pointer = fed.own / "updates" / "current.json"
    for damaged in (b"", b"{", b"[]", pointer.read_bytes().replace(b"lab", b"../lab")):
        pointer.write_bytes(damaged)
        for run in (with_own, fed.update, fed.rollback):
            with pytest.raises(KnowledgeError, match=r"current\.json is damaged") as told:
                run()
            assert "db update" in told.value.hint


def test_the_folder_is_for_its_owner_only(fed: Fed) -> None:
    fed_with_one(fed)
    if os.name == "posix":
        assert [(fed.own / "updates" / part).stat().st_mode & 0o77 for part in ("", "in-use")] == [0, 0]
