"""Marks stand where a plain search finds the same forms: also across the pieces that are looked at one by one."""

import random
import re
from itertools import pairwise

import numpy as np
import pytest

from phone_audit.apk.assets import url_scanner
from phone_audit.apk.assets.url_scanner import Scanner, UrlPositions

FORMS = {
    "plain": (rb":(?:\\?/){2}", [b"://", rb":\/\/", rb":/\/", rb":\//"]),
    "wide": (rb":\0/\0/\0", [b":\0/\0/\0"]),
    "backwards": (rb"//:", [b"//:"]),
    "base64": (rb"aHR0|dHRw|dHA6|dHBz", [b"aHR0cDov", b"odHRwOi8v", b"0dHA6Ly", b"0dHBzOi"]),
    "hexed": (rb"687474", [b"687474703a2f2f"]),
    "percent": (rb"%3[aA]%2", [b"%3A%2F%2F", b"%3a%2f%2f"]),
}
SECRET = bytes(byte ^ 0x5A for byte in b"http://a.vendor.cn")
TEXTS = [text for _, texts in FORMS.values() for text in texts] + [SECRET]
NOISE = [b"/", b":", b"\\", b"\0", b"a", b"H", b"%", b"6", b"http", b"zz", b"//", b":/\0", b":\\/a/"]


def expected(data: bytes) -> UrlPositions:
    """Search every form by itself."""
    found = {form: [hit.start() for hit in re.finditer(b"(?=%b)" % rule, data)] for form, (rule, _) in FORMS.items()}
    change = bytes(one ^ other for one, other in pairwise(data))
    xored = [hit.start() for hit in re.finditer(rb"(?=\x1c\0\x04)", change) if data[hit.start()] != 0x68]
    return UrlPositions(**found, xored=xored)


def marks(data: bytes, *, thorough: bool = True) -> UrlPositions:
    return Scanner().marks(np.frombuffer(data, np.uint8), thorough=thorough)


def texts(seed: int, count: int) -> bytes:
    chance = random.Random(seed)
    return b"".join(chance.choice(TEXTS if chance.random() < 0.3 else NOISE) for _ in range(count))


@pytest.mark.parametrize("seed", range(40))
def test_every_mark_is_found_wherever_a_piece_ends(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(url_scanner, "_CHUNK", 16 + seed)
    data = texts(seed, 300) + b"a"
    assert marks(data) == expected(data)


@pytest.mark.parametrize("text", TEXTS)
def test_the_ends_of_the_bytes_are_looked_at(text: bytes) -> None:
    for data in (text + b"a", b"a" + text + b"/"):
        assert marks(data) == expected(data)
    for cut in range(len(text)):
        for data in (text[:cut], text[cut:]):
            assert all(0 <= at < len(data) for places in marks(data) for at in places)


def test_large_files_are_searched_for_less() -> None:
    data = b" ".join(TEXTS)
    right = expected(data)
    begins = [hit.start() for hit in re.finditer(b"aHR0", data)]
    assert marks(data, thorough=False) == right._replace(hexed=[], percent=[], base64=begins)


def test_what_is_xored_is_found_alone() -> None:
    data = np.frombuffer(bytes(300_000) + SECRET + bytes(300_000) + b"http://" + SECRET, np.uint8)
    assert Scanner().xored(data) == [300_000, 600_025]


def test_the_places_of_one_form_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(url_scanner, "MOST", 7)
    monkeypatch.setattr(url_scanner, "_CHUNK", 16)
    assert list(marks(b"://a" * 100).plain) == list(range(0, 28, 4))


def test_marks_of_several_files_are_told_apart() -> None:
    files = [b"", b"a://b", b"nothing", b"", b"x\0://a://", b"//:c", b""]
    begins = [sum(map(len, files[:number])) for number in range(len(files))]
    assert marks(b"".join(files)).apart(begins) == {
        1: UrlPositions([1]),
        4: UrlPositions([2, 6]),
        5: UrlPositions(backwards=[0]),
    }


def test_nothing_is_found_in_nothing() -> None:
    assert [list(one) for one in marks(b"")] == [[]] * len(UrlPositions._fields)
    assert marks(bytes(1000)).apart([0, 500]) == {}
