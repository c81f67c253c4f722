"""Every place that writes a file as a whole: a link laid where the draft once stood overwrites nothing."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from phone_audit.acquire.files.hash_cache import HashCache
from phone_audit.acquire.store.age import encrypt, read_recipients
from phone_audit.cli.outputs import Output, write_outputs
from phone_audit.knowledge.feeds.database import digests_of
from phone_audit.knowledge.feeds.store import write_feed
from phone_audit.knowledge.updates.generations import point
from phone_audit.pipeline.record_cache import RecordCache
from phone_audit.pipeline.saved_watch import save_watch
from tests.documents import scan
from tests.knowledge.feeds.feeds import head
from tests.watches import watch

RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
KEY = "ab" * 32


def result(folder: Path) -> None:
    write_outputs(scan(), [Output("json", folder / "r.json")])


def hashes(folder: Path) -> None:
    HashCache(folder / "p.json", "build/1").save({}, {})


def link_of_a_record(folder: Path) -> None:
    cache = RecordCache(folder, "d")
    cache._write(folder / "x.record", b"x")


def saved_watch(folder: Path) -> None:
    save_watch(folder, watch())


def encrypted(folder: Path) -> None:
    def write(stream: BinaryIO) -> None:
        stream.write(b"x")

    encrypt(folder / "a.age", read_recipients([RECIPIENT]), write)


def feed(folder: Path) -> None:
    write_feed(folder / "feed.jsonl", head("feed"), [])


def digests(folder: Path) -> None:
    digests_of([Path(__file__)], folder)


def pointer(folder: Path) -> None:
    (folder / "updates").mkdir(exist_ok=True)
    point(folder, "source", None)


@pytest.mark.promise("outputs-private")
@pytest.mark.parametrize(
    ("write", "draft", "made"),
    [
        (result, ".r.json.{pid}.part", "r.json"),
        (hashes, "p.json.{pid}", "p.json"),
        (link_of_a_record, "x.record.{pid}", "x.record"),
        (saved_watch, ".watch-20260101T000000Z.{pid}.part", "watch-20260101T000000Z.json"),
        (encrypted, ".a.age.{pid}.part", "a.age"),
        (feed, ".feed.jsonl.{pid}.part", "feed.jsonl"),
        (digests, ".digests.json.{pid}.part", "digests.json"),
        (pointer, "updates/.current.json.{pid}.part", "updates/current.json"),
    ],
)
def test_a_link_laid_in_the_way_overwrites_nothing(
    tmp_path: Path, write: Callable[[Path], Any], draft: str, made: str
) -> None:
    folder, victim = tmp_path / "folder", tmp_path / "victim"
    folder.mkdir()
    victim.write_text("precious")
    trap = folder / draft.format(pid=os.getpid())
    trap.parent.mkdir(exist_ok=True)
    trap.symlink_to(victim)
    write(folder)
    assert victim.read_text() == "precious"
    assert not (folder / made).is_symlink()
    assert (folder / made).stat().st_mode & 0o777 == 0o600
