"""Vendors' build numbers: real ones with where each was found (`schemes/*.tsv`), pairs in order, and what is refused.

A line of such a file is `string, text, property, what it tells (JSON), source`, or `pair, older, newer, how that is
known, source`, or `refused, text, -, why, derived` (a real one changed so that it is none).
"""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.schema.scheme import SchemeIndex

FOLDER = Path(__file__).parent / "schemes"
KNOWN = load_knowledge()
INDEX = KNOWN.scheme_index
LINES = [
    (path.stem, *line.split("\t"))
    for path in sorted(FOLDER.glob("*.tsv"))
    for line in path.read_text("utf-8").splitlines()
    if not line.startswith("#")
]
STRINGS = [(name, *rest) for name, kind, *rest in LINES if kind == "string"]
PAIRS = [(name, *rest) for name, kind, *rest in LINES if kind == "pair"]
REFUSED = [(name, *rest) for name, kind, *rest in LINES if kind == "refused"]
VENDORS = sorted({name for name, *_ in STRINGS})
FEWER_PAIRS = {
    "blackview": 0, "blu": 0, "cubot": 0, "doogee": 0, "lenovo": 9, "mediatek": 9, "meizu": 6, "tcl": 0, "umidigi": 3,
    "unisoc": 2,
}  # fmt: skip
"""Vendors of which fewer than ten pairs for one model could be found; without one, a scheme tells no order."""
FEWER_STRINGS = {"blackview": 3, "blu": 7, "cubot": 4, "doogee": 5, "umidigi": 10, "unisoc": 9}
"""Vendors of which fewer than twenty build numbers could be found."""


def scheme_of(name: str) -> str:
    """Pixel phones carry the IDs of AOSP."""
    return "aosp" if name == "pixel" else name


def rows_of(vendor: str, rows: list[tuple[str, ...]]) -> list[list[str]]:
    """Return what the lines of one vendor say, without its name."""
    return [rest for name, *rest in rows if name == vendor]


def test_every_scheme_has_its_strings_pairs_and_refused() -> None:
    strings, pairs, refused = (Counter(row[0] for row in rows) for rows in (STRINGS, PAIRS, REFUSED))
    assert {scheme_of(name) for name in strings} == {entry.id for entry in KNOWN.schemes}
    for name in strings:
        assert strings[name] >= FEWER_STRINGS.get(name, 20)
        assert pairs[name] >= FEWER_PAIRS.get(name, 10)
        assert refused[name] >= 5


@pytest.mark.parametrize("vendor", VENDORS)
def test_real_ones(vendor: str) -> None:
    """One scheme accepts each and no other, in one form, and it tells what it should."""
    for text, prop, says, found in rows_of(vendor, STRINGS):
        assert [one.scheme for one in INDEX.every(text)] == [scheme_of(vendor)], text
        (read,) = INDEX.every(text)
        assert {"form": read.form, **read.told} == json.loads(says), text
        assert prop.split(".")[0] in ("ro", "ril"), text
        assert found.startswith(("github.com/", "https://", "http://", "file index ")), text


@pytest.mark.parametrize("vendor", VENDORS)
def test_ordered_pairs(vendor: str) -> None:
    for older, newer, why, found in rows_of(vendor, PAIRS):
        assert why
        assert found
        assert INDEX.compare(older, newer) == "before", older
        assert INDEX.compare(newer, older) == "after", older
        assert INDEX.compare(older, older) == "same", older


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_none(vendor: str) -> None:
    for text, _prop, _why, _found in rows_of(vendor, REFUSED):
        read = INDEX.read(text)
        assert read is None or read.scheme != scheme_of(vendor), text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("00WW_3_22C", "00CN_3_22C"),
        ("00WW_3_22C_SP05", "00CN_3_39B_SP03"),  # another region
        ("V12.5.4.0.RGBCNXM", "V12.5.3.0.RGBMIXM"),
        ("V14.0.5.0.TKBEUXM", "OS1.0.4.0.UNCMIXM"),
        ("G991BXXU5CVDD", "G998BXXU5CVDD"),
        ("CPH2197_11_C.35", "CPH2447_15.0.0.700(EX01V30P01)"),
        ("PPR1.180610.011", "QP1A.190711.020"),
        ("AP4A.250205.002.A1", "AP4A.250205.002.B1"),
        ("RPN31.Q4U-39-27-5", "QPD30.114-80"),
        ("Spacewar-T2.0-231006-1014", "Pong-U2.5-231007-2102"),  # another device
        ("FP4.TP2D.C.0112.20240313", "FP5.UT27.B.059.20240809"),
        ("MyOS14.5.33_NX712J", "NebulaAIOS1.0.14_NX712J"),  # another system counts anew
        ("vAAZ", "vAB3"),  # nothing published says which of two letters comes first
        ("unheard of", "PPR1.180610.011"),
        ("unheard of", "unheard of"),
    ],
)
def test_what_cannot_be_compared(one: str, other: str) -> None:
    assert INDEX.compare(one, other) is None
    assert INDEX.compare(other, one) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("FRF85B", "2010-06-24"),  # the example of AOSP's page on build numbers
        ("NHG47K", "2017-02-16"),
        ("G991BXXU5CVDD", "2022-04"),
        ("PPR1.180610.011", "2018-06-10"),
        ("163401856563e", "2016-12-05"),
        ("D802TR20c.1399662501", "2014-05-09"),
        ("Spacewar-T2.0-231006-1014", "2023-10-06"),
    ],
)
def test_dates(text: str, day: str) -> None:
    read = INDEX.read(text)
    assert read is not None
    assert read.day == day


@given(st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ._-() ", max_size=60))
def test_any_text_is_read_by_at_most_one_scheme_and_fast(text: str) -> None:
    assert len({read.scheme for read in INDEX.every(text)}) <= 1


@given(st.sampled_from([row[1] for row in STRINGS]), st.sampled_from([row[1] for row in STRINGS]))
def test_the_order_is_one(one: str, other: str) -> None:
    turned = {"before": "after", "after": "before", "same": "same", None: None}
    assert turned[INDEX.compare(one, other)] == INDEX.compare(other, one)


def test_each_is_the_same_as_itself() -> None:
    told = {text: INDEX.compare(text, text) for _, text, *_ in STRINGS}
    assert {text: how for text, how in told.items() if how not in ("same", None)} == {}


def test_text_that_is_too_long() -> None:
    assert SchemeIndex(KNOWN.schemes).read("PPR1.180610.011" + "_A" * 200) is None
