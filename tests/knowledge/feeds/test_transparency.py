"""Google's logs. Every entry here is written by hand: the logs themselves were never at hand."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from phone_audit.knowledge.feeds.importing import FeedDetails, import_feed, read_feed
from phone_audit.knowledge.feeds.index import Indicators
from phone_audit.knowledge.feeds.indicator import About, Indicator, Rejected
from phone_audit.knowledge.feeds.text import FeedError
from phone_audit.knowledge.feeds.transparency import read_images, read_modules, read_packages

NOW = datetime(2026, 2, 1, tzinfo=UTC)
ABOUT = About("log", "owner")
PRINT = "google/made/up:15/AP4A.000000.001/1:user/release-keys"


def apk(letter: str, version: int = 7) -> str:
    return f"{letter * 64}\nSHA256(APK)\ncom.made.up\n{version}\n"


def bundle(*entries: str) -> bytes:
    return b"".join(len(entry).to_bytes(2, "big") + entry.encode() for entry in entries)


def taken(data: bytes) -> list[tuple[str, str, str]]:
    rows = read_packages(data, ABOUT)
    return [(row.value[0], row.about.name, row.about.note) for row in rows if isinstance(row, Indicator)]


def test_the_version_is_kept_beside_the_name() -> None:
    assert taken(f"0\n{apk('a')}\n1\n{apk('b', 8)}".encode()) == [
        ("a", "com.made.up", "version 7"),
        ("b", "com.made.up", "version 8"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"0\n{apk('a')}\n1\n{apk('b')}",
        f"\ufeff0\n{apk('a')}\n\n \n1\n{apk('b')}\n\n",
        f"0\n{apk('a')}\n1\n{apk('b')}".replace("\n", "\r\n"),
        f"{apk('a')}\n{apk('b')}",
    ],
)
def test_a_text_with_numbers_or_without(text: str) -> None:
    assert [row[0] for row in taken(text.encode())] == ["a", "b"]


def test_a_bundle_of_entries() -> None:
    assert [row[0] for row in taken(bundle(apk("a"), apk("b")))] == ["a", "b"]
    assert [row[0] for row in taken(bundle(apk("a"), "x\ny\n", apk("b")))] == ["a", "b"], "one bad entry costs itself"


@pytest.mark.parametrize("missing", [1, 40, 90])
def test_a_bundle_that_ends_too_early(missing: int) -> None:
    rows = list(read_packages(bundle(apk("a"), apk("b"))[:-missing], ABOUT))
    assert [isinstance(row, Rejected) for row in rows] == [False, True]


@pytest.mark.parametrize("text", [apk("a"), "0\n" + apk("a")])
def test_a_log_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(FeedError, match="no entry of it has 2 lines"):
        list(read_images(text.encode(), ABOUT))
    with pytest.raises(FeedError, match="no entry of it has 4 lines"):
        list(read_modules(f"0\n{PRINT}\n{'a' * 64}\n".encode(), ABOUT))


def test_an_apex_stands_in_the_log_of_modules_only() -> None:
    data = f"{apk('a').replace('APK', 'APEX')}\n{apk('b')}".encode()
    assert [row[0] for row in taken(data)] == ["b"]
    assert [row.value[0] for row in read_modules(data, ABOUT) if isinstance(row, Indicator)] == ["a", "b"]


def test_one_hash_belongs_to_one_package() -> None:
    other = apk("a").replace("com.made.up", "com.other")
    rows = list(read_packages(f"0\n{apk('a')}\n1\n{other}".encode(), ABOUT))
    assert [getattr(row, "why", "") for row in rows] == [
        "",
        "an earlier entry says of the same hash that it belongs to something else",
    ]


def test_bundles_in_folders_are_one_feed(tmp_path: Path) -> None:
    (tmp_path / "entries" / "x000" / "001.p").mkdir(parents=True)
    (tmp_path / "entries" / "x000" / "000").write_bytes(bundle(apk("a")))
    (tmp_path / "entries" / "x000" / "001.p" / "1").write_bytes(bundle(apk("b")))
    said = FeedDetails(date="2026-01-31", licence="as Google says")
    imported = read_feed("google-packages", tmp_path / "entries", said, lambda: NOW)
    head = imported.head
    assert (head.feed, head.publisher, head.date, head.licence) == (
        "google-packages", "Google", "2026-01-31", "as Google says",
    )  # fmt: skip
    assert head.counts == {"hash": 2}
    listed = Indicators([import_feed(imported, tmp_path / "own")]).of("hash", "b" * 64)
    assert [(hit.indicator.about.name, hit.feed.format) for hit in listed] == [("com.made.up", "google-packages")]


def test_the_licence_of_a_log_is_not_made_up(tmp_path: Path) -> None:
    (tmp_path / "image_info.txt").write_text(f"0\n{PRINT}\n{'a' * 64}\n", "utf-8")
    head = read_feed("auto", tmp_path / "image_info.txt", FeedDetails(), lambda: NOW).head
    assert (head.format, head.feed, head.licence) == ("pixel-images", "pixel-images-image-info", "not stated")
