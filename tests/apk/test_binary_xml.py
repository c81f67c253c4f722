"""Compiled XML as aapt writes it: the same as androguard reads, which every odd file is left to."""

import struct
import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.apk.xml.androguard_xml import parse_xml
from phone_audit.apk.xml.elements import Parsed
from phone_audit.apk.xml.xml_parser import parse_compiled, read_regular
from phone_audit.apk.zip.archive import Archive
from phone_audit.errors import ApkError
from tests.apk.packages import FOLDER, fixture, manifest

NAMES = ("policy", "base", "switches", "extra", "config", "namespaces")
POLICY = manifest("policy").content


def network(name: str) -> bytes:
    archive = Archive(memoryview(fixture(name)))
    entry = archive.find("res/xml/network.xml")
    assert entry is not None
    return bytes(archive.read(entry, 2**20))


def by_androguard(data: bytes) -> Parsed | str:
    try:
        return parse_xml(data, "manifest")
    except ApkError as error:
        return error.code


@pytest.mark.parametrize(
    "data", [*(manifest(name).content for name in NAMES), network("policy"), network("namespaces")]
)
def test_regular_files_read_as_androguard_reads_them(data: bytes) -> None:
    root = read_regular(data)
    assert root is not None
    assert Parsed(root, whole=True) == parse_xml(data, "manifest")


def test_strings_in_utf8() -> None:
    """aapt writes manifests in UTF-16; aapt2 and other tools also in UTF-8, with long strings."""
    texts = ["manifest", "package", "x" * 300, "com.ünï" + "ö" * 100]
    raw = [text.encode() for text in texts]
    parts = [sizes(len(text)) + sizes(len(one)) + one + b"\0" for text, one in zip(texts, raw, strict=True)]
    data = document(parts, 0x100)
    root = read_regular(data)
    assert root is not None
    assert [(one.name, one.value.text) for one in root.attributes] == [("package", texts[3]), (texts[2], "manifest")]
    assert Parsed(root, whole=True) == parse_xml(data, "manifest")


def sizes(length: int) -> bytes:
    return bytes([0x80 | length >> 8, length & 0xFF]) if length > 0x7F else bytes([length])


def document(parts: list[bytes], flags: int) -> bytes:
    """One element, the first string its name, with two attributes."""
    offsets = [sum(map(len, parts[:number])) for number in range(len(parts))]
    texts = b"".join(parts)
    texts += bytes(-len(texts) % 4)
    begin = 28 + 4 * len(parts)
    pool = struct.pack("<HHI5I", 1, 28, begin + len(texts), len(parts), 0, flags, begin, 0)
    pool += struct.pack(f"<{len(parts)}I", *offsets) + texts
    none = 0xFFFFFFFF
    attributes = b"".join(struct.pack("<IIIHBBI", none, key, value, 8, 0, 3, value) for key, value in ((1, 3), (2, 0)))
    start = struct.pack("<HHIIIIIHHHHHH", 0x102, 16, 36 + len(attributes), 1, none, none, 0, 20, 20, 2, 0, 0, 0)
    end = struct.pack("<HHIIIII", 0x103, 16, 24, 1, none, none, 0)
    body = pool + start + attributes + end
    return struct.pack("<HHI", 3, 8, 8 + len(body)) + body


def simple(*letters: bytes) -> tuple[bytes, bytes]:
    """The pool of a small document with four strings, and what comes after the pool."""
    data = document([b"\1\1" + letter + b"\0" for letter in letters], 0x100)
    end = 8 + int.from_bytes(data[12:16], "little")
    return data[8:end], data[end:]


def read(*chunks: bytes) -> tuple[str, list[tuple[str, str | None]]] | None:
    body = b"".join(chunks)
    root = read_regular(struct.pack("<HHI", 3, 8, 8 + len(body)) + body)
    return (root.tag, [(one.name, one.value.text) for one in root.attributes]) if root else None


def test_of_several_pools_the_last_before_the_elements_counts() -> None:
    """AOSP `ResourceTypes.cpp`, ResXMLTree::setTo."""
    (first, nodes), (second, _), (third, _) = simple(*b"a b c d".split()), simple(*b"e f g h".split()), simple(b"i")
    expected = ("e", [("f", "h"), ("g", "e")])
    assert read(first, second, nodes) == expected
    assert read(second, nodes, third) == expected
    start, end = nodes[:-24], nodes[-24:]
    body = b"".join([second, start, third, start, end, end])
    root = read_regular(struct.pack("<HHI", 3, 8, 8 + len(body)) + body)
    assert root is not None
    assert [one.tag for one in root.children] == ["e"]
    numbers = [struct.pack("<HHIII", 0x180, 8, 16, 7, number) for number in (8, 9)]
    body = b"".join([second, *numbers, nodes, numbers[0]])
    root = read_regular(struct.pack("<HHI", 3, 8, 8 + len(body)) + body)
    assert root is not None
    assert [one.resource_id for one in root.attributes] == [9, 0]


def test_attributes_lie_where_the_element_says() -> None:
    pool, nodes = simple(*b"a b c d".split())
    start, end = nodes[:-24], nodes[-24:]
    attributes = start[36:56] + bytes(4) + start[56:] + bytes(4)
    head = struct.pack("<HHI", 0x102, 16, 36 + 8 + len(attributes)) + start[8:24] + struct.pack("<HH", 28, 24)
    expected = ("a", [("b", "d"), ("c", "a")])
    assert (read(pool, nodes), read(pool, head, start[28:36], b"\1" * 8, attributes, end)) == (expected, expected)


def test_a_namespace_beyond_the_pool_is_none() -> None:
    pool, nodes = simple(*b"a b c d".split())
    at = len(pool) + 36
    for number in (1000, 0xFFFFFFFE):
        body = bytearray(pool + nodes)
        struct.pack_into("<I", body, at, number)
        parsed = parse_compiled(struct.pack("<HHI", 3, 8, 8 + len(body)) + bytes(body), "manifest")
        assert [(one.namespace, one.name) for one in parsed.root.attributes] == [(None, "b"), (None, "c")]


def test_what_was_written_is_kept_where_it_is_another_text() -> None:
    pool, nodes = simple(*b"a b c d".split())
    body = bytearray(pool + nodes)
    struct.pack_into("<I", body, len(pool) + 36 + 8, 0)
    data = struct.pack("<HHI", 3, 8, 8 + len(body)) + bytes(body)
    for root in (read_regular(data), parse_xml(data, "manifest").root):
        assert root is not None
        assert [(one.value.text, one.raw) for one in root.attributes] == [("d", "a"), ("a", None)]


@given(at=st.integers(0, len(POLICY) - 1), byte=st.integers(0, 255))
@settings(max_examples=400, deadline=None)
def test_one_wrong_byte_reads_as_androguard_reads_it_if_it_can(at: int, byte: int) -> None:
    data = POLICY[:at] + bytes([byte]) + POLICY[at + 1 :]
    root, other = read_regular(data), by_androguard(data)
    if root is not None and isinstance(other, Parsed) and other.whole:
        assert root == other.root


@pytest.mark.parametrize("cut", [0, 7, 8, 40, 300, -100, -1])
def test_what_is_cut_off_is_left_to_androguard(cut: int) -> None:
    data = POLICY[:cut]
    assert read_regular(data) is None
    try:
        parsed: Parsed | str = parse_compiled(data, "manifest")
    except ApkError as error:
        parsed = error.code
    assert parsed == by_androguard(data)


@pytest.mark.parametrize("number", [0x7FFFFFFF, 0xFFFFFFFF, 0x00FFFFFF])
def test_forged_counts_are_refused(number: int) -> None:
    for at in range(8, 36, 4):
        data = bytearray(POLICY)
        struct.pack_into("<I", data, at, number)
        assert read_regular(bytes(data)) is None or at == 32


def test_what_no_tool_writes_is_refused() -> None:
    data = document([b"\1\1a\0", b"\1\1b\0", b"\1\1c\0", b"\1\1d\0"], 0x100)
    assert read_regular(data) is not None
    at = data.index(b"\x02\x01\x10\x00")
    for place in (24, 26):  # where the attributes begin, and how large each is
        forged = bytearray(data)
        forged[at + place] += 1
        assert read_regular(bytes(forged)) is None
    twice = data[8:] + data[at:]
    assert read_regular(struct.pack("<HHI", 3, 8, 8 + len(twice)) + twice) is None


def test_elements_deeper_than_any_tool_writes_are_refused() -> None:
    data = document([b"\1\1a\0", b"\1\1b\0", b"\1\1c\0", b"\1\1d\0"], 0x100)
    at = data.index(b"\x02\x01\x10\x00")
    start, end = data[at : at + 76], data[at + 76 :]
    for depth in (100, 300):
        body = data[8:at] + start * depth + end * depth
        assert (read_regular(struct.pack("<HHI", 3, 8, 8 + len(body)) + body) is None) == (depth > 200)
    body = data[8:at] + start + end + end
    assert read_regular(struct.pack("<HHI", 3, 8, 8 + len(body)) + body) is None


def test_androguard_is_not_loaded_for_a_regular_manifest() -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from phone_audit.apk.read_apk import read_apk\n"
        "from phone_audit.knowledge.load import load_knowledge\n"
        "info = read_apk(Path(sys.argv[1]), shown_as='x', knowledge=load_knowledge())\n"
        "print(info.package, 'androguard' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(FOLDER / "policy.apk")], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["fixture.policy", "False"]


def test_bytes_between_elements_are_not_read_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Found by fuzzing: a last chunk without a length sent androguard back over the same stretch of nothing."""
    regular = manifest("base").content
    first = 8 + struct.unpack_from("<I", regular, 12)[0]
    ends_the_file = struct.pack("<HHI16x", 0, 16, 0)
    data = regular[:first] + struct.pack("<HHI", 0x300, 8, 8) + bytes(20_000) + ends_the_file
    taken = 0

    def counted(form: str, raw: bytes) -> tuple[object, ...]:
        nonlocal taken
        taken += 1
        if taken > 8 * len(data):
            raise MemoryError("read again and again")
        return struct.unpack(form, raw)

    monkeypatch.setattr("androguard.core.axml.unpack", counted)
    with suppress(ApkError):
        parse_xml(data, "manifest")
