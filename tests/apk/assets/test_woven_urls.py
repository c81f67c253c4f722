"""URLs in two halves: each other letter in one string, those between in another."""

import pytest

from phone_audit.apk.assets.encoded_urls import MAX_PAIRS, decoded_mentions
from phone_audit.apk.dex.file import DexFile, read_dex
from phone_audit.model.finding import Skipped
from tests.apk.dex.builder import Source, build_dex

FIREBASE = "https://firebaselogging-pa.googleapis.com/v1/firelog/legacy/batchlog"


def dex(*texts: str) -> DexFile:
    return read_dex("classes.dex", build_dex(Source(strings=["a", *texts, "z"])))


@pytest.mark.parametrize("url", [FIREBASE, f"{FIREBASE}s", "http://stat.vendor.cn:8080/up", "https://a.vendor.cn/?id="])
def test_an_address_in_two_halves_is_found(url: str) -> None:
    (mention,) = decoded_mentions(file := dex(url[::2], url[1::2]), [])
    assert (mention.kind, mention.found.url, mention.encoding) == ("decoded", url, "woven")
    (item,) = file.strings.beginning(url[::2])
    assert (mention.where, mention.offset) == ("classes.dex", item.offset)


def test_halves_are_told_apart_by_their_lengths() -> None:
    other = "https://firebaselogging.googleapis.com/v0cc/log/batch?format=json_proto3"
    found = decoded_mentions(dex(FIREBASE[::2], FIREBASE[1::2], other[::2], other[1::2]), [])
    assert {one.found.url for one in found} == {FIREBASE, other}


@pytest.mark.parametrize(
    "texts",
    [
        (FIREBASE[::2],),
        (FIREBASE[1::2],),
        (FIREBASE[::2], FIREBASE[1::2] + "xx"),
        (FIREBASE[1::2], FIREBASE[::2] + "tail"),
        ("hts/alhtml", "tp:/b.ht"),
        ("x" + FIREBASE[::2], "x" + FIREBASE[1::2]),
    ],
)
def test_what_gives_no_whole_address_is_none(texts: tuple[str, ...]) -> None:
    assert list(decoded_mentions(dex(*texts), [])) == []


def test_a_file_full_of_halves_is_told() -> None:
    halves = [f"hts/a{number:04}" for number in range(50)] + [f"tp:/b{number:04}" for number in range(50)]
    cut: list[Skipped] = []
    assert MAX_PAIRS < 50 * 50
    assert list(decoded_mentions(dex(*halves), cut)) == []
    assert [one.code for one in cut] == ["too-many-endpoints"]
