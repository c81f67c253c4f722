"""Sections of MANIFEST.MF, and which digests count."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.apk.signature.faults import SdkRange
from phone_audit.apk.signature.jar_digests import Section, digests_of_section, sections

NEWER, OLDER = SdkRange(18), SdkRange(1, 17)


def texts(data: bytes) -> list[bytes]:
    return [data[section.start : section.end] for section in sections(data)]


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_sections_and_where_they_lie(end: bytes) -> None:
    first, second = b"A: 1" + end + end, b"Name: x" + end + b"B: 2" + end + end
    data = end + first + end + second + b"C: 3"
    assert texts(data) == [first, second, b"C: 3"]
    assert [section.name for section in sections(data)] == [None, "x", None]
    assert [section.attributes for section in sections(data)] == [{"a": "1"}, {"name": "x", "b": "2"}, {"c": "3"}]


def test_long_lines_are_folded() -> None:
    (section,) = sections(b"Name: a\r\n b\n c\r d\r\nX: \r\n y\r\n")
    assert section.name == "abcd"
    assert section.attributes["x"] == "y"


def test_blanks_belong_to_names_and_values() -> None:
    (section,) = sections(b"Name:  a \nB : c\nd\n:e\n")
    assert section.attributes == {"name": " a ", "b ": "c", "d": "", ":e": ""}


def test_the_first_of_two_attributes_counts_and_the_name_comes_first() -> None:
    (section,) = sections(b"NAME: a\nx: 1\nX: 2\n")
    assert (section.name, section.attributes["x"]) == ("a", "1")
    assert next(sections(b"X: 1\nName: a\n")).name is None


def test_a_section_that_nobody_makes_is_not_read() -> None:
    fits = b"Name: a\nX: " + b"x" * (2**20 - 13) + b"\n\n"
    assert [section.name for section in sections(fits)] == ["a"]
    (section,) = sections(b"\n" + fits[:-1] + b"B: 2\n\n")
    assert (section.name, section.attributes, section.start) == (None, {}, 1)


def test_odd_bytes_are_kept_apart() -> None:
    """An entry of the archive is named by the same rule."""
    assert next(sections(b"Name: a\xff\n")).name == "a\\xff"


@given(st.lists(st.sampled_from([b"Name: a", b"B: c", b" d", b"\r\n", b"\n", b"\r", b"\n\n", b"\0"])).map(b"".join))
def test_every_line_lies_in_one_section(data: bytes) -> None:
    joined = b"".join(texts(data))
    assert [line for line in joined.splitlines() if line] == [line for line in data.splitlines() if line]


def section(**digests: bytes) -> Section:
    encoded = {name.replace("_", "-").lower(): base64.b64encode(value).decode() for name, value in digests.items()}
    return Section(0, 0, "x", encoded)


BOTH = section(SHA1_Digest=b"one", SHA_256_Digest=b"strong", SHA_512_Digest=b"stronger")


def test_newer_versions_take_the_strongest() -> None:
    assert digests_of_section(BOTH, "-Digest", NEWER) == [("sha512", b"stronger")]
    assert digests_of_section(section(SHA_1_Digest=b"x", MD5_Digest=b"y"), "-Digest", NEWER) == []


def test_older_versions_take_what_is_listed() -> None:
    assert digests_of_section(BOTH, "-Digest", OLDER) == [("sha1", b"one")]
    assert digests_of_section(section(SHA_256_Digest=b"x"), "-Digest", OLDER) == []
    listed = Section(0, 0, "x", {**BOTH.attributes, "digest-algorithms": "SHA-384 sha-512 SHA1"})
    assert digests_of_section(listed, "-Digest", SdkRange(9, 17)) == [("sha512", b"stronger")]
    assert digests_of_section(listed, "-Digest", SdkRange(8, 17)) == [("sha1", b"one")]
    md5 = Section(0, 0, "x", {**section(MD5_Digest=b"y").attributes, "digest-algorithms": "MD5"})
    assert digests_of_section(md5, "-Digest", OLDER) == [("md5", b"y")]


def test_all_versions_take_both() -> None:
    assert digests_of_section(BOTH, "-Digest", SdkRange(1)) == [("sha1", b"one"), ("sha512", b"stronger")]
    assert digests_of_section(section(SHA1_Digest=b"one"), "-Digest", SdkRange(1)) == [("sha1", b"one")]


def test_a_value_that_is_no_base64_equals_nothing() -> None:
    assert digests_of_section(Section(0, 0, "x", {"sha1-digest": "a"}), "-Digest", NEWER) == [("sha1", b"")]
    assert digests_of_section(Section(0, 0, "x", {"sha1-digest": "é"}), "-Digest", NEWER) == [("sha1", b"")]
