"""Compact DEX becomes the standard DEX that it was made from."""

import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.oat.compact import alone, code_item
from fixtures.oat.source import Code
from fixtures.oat.vdex import vdex
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.oat.binary import CodeFileError
from phone_audit.apk.oat.code_files import dex_files
from phone_audit.apk.oat.compact import CompactCode
from phone_audit.apk.oat.quickening import SequentialOperands
from tests.apk.oat.samples import annotated, dexdump, plain, read, trust
from tests.steps import steps

VERSIONS = ("019", "021", "027")


def facts(data: bytes) -> list[object]:
    """Return what a DEX file says, without where it stands."""
    file = read_dex("classes.dex", data)
    (index,) = index_file(file)
    methods = [
        (index.defined_class(int(row)), index.row_name(at), int(index.methods.access[at]), code and bytes(code.units))
        for at, row in enumerate(index.methods.class_def)
        for code in [index.code(at)]
    ]
    interfaces = [index.parents(row) for row in range(file.parts[0].class_defs.size)]
    texts = [index.string(number) for number in range(file.parts[0].string_items.size)]
    fields = [index.field_name(number) for number in range(index.field_ids.size)]
    return [file.skipped, texts, file.type_names, fields, interfaces, sorted(methods, key=str)]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("quick", [False, True])
def test_says_the_same_as_the_ordinary_file(version: str, quick: bool) -> None:
    dexes = [plain(), trust(), annotated(), plain(name="Lx/Other;")]
    found, codes = read(vdex(version, dexes, quick=quick and version != "027", compacted=True))
    assert codes == []
    assert [facts(dex) for dex in found] == [facts(dex) for dex in dexes]


def test_shared_items_stand_once() -> None:
    """Two equal files take less than twice the room, and both are whole."""
    once = vdex("019", [trust()], compacted=True, quick=False)
    twice = vdex("019", [trust(), trust()], compacted=True, quick=False)
    assert len(twice) - len(once) < len(trust()) * 0.8
    assert [facts(dex) for dex in read(twice)[0]] == [facts(trust())] * 2


def test_the_builder_writes_what_aosp_reads(tmp_path: Path) -> None:
    """AOSP's dexdump reads the compact file, and the standard one made of it, like the ordinary one."""
    texts = []
    for name, content in (("a", annotated()), ("b", alone(annotated())), ("c", _standard(annotated()))):
        (tmp_path / name).write_bytes(content)
        dumped = dexdump(tmp_path / name)
        if dumped is None:
            pytest.skip("dexdump is not installed")
        texts.append(_comparable(dumped.decode("utf-8", "replace")))
    assert texts[0] == texts[1] == texts[2]
    assert re.findall(r"Annotations on (\w+)", texts[0])[:4] == ["class", "field", "method", "method"]
    assert "Call site #0" in texts[0]


def _standard(data: bytes) -> bytes:
    (found,), codes = read(vdex("019", [data], compacted=True, quick=False))
    assert codes == []
    return found


def _comparable(text: str) -> str:
    """Leave out where code stands, its raw bytes, and debug information, which compact DEX keeps elsewhere."""
    kept = []
    for line in text.splitlines():
        if line.startswith(("Processing", "Opened")) or re.match(r"\s+(0x[0-9a-f]+ (line|-)|positions|locals)", line):
            continue
        line = re.sub(r"^[0-9a-f]{6}:[^|]*\|", "|", line)
        kept.append(re.sub(r"\|\[[0-9a-f]+\]|// offset \d+$", "", line))
    return "\n".join(kept)


@pytest.mark.parametrize(
    "code",
    [
        Code(1, 1, 0, 0, [0x0E], b""),
        Code(15, 0, 15, 0, [0x0E] * 0x7FF, b""),
        Code(40, 17, 16, 0, [0x0E] * 0x800, b""),
        Code(0xFFF0, 0x10, 0xFF, 0, [0x0E] * 0x18001, b""),
        Code(20, 2, 1, 1, [0x0E, 0x0E, 0x0E], struct.pack("<I2H", 0, 1, 1) + b"\x01\x7f\x05\x00\x01"),
    ],
)
@pytest.mark.parametrize("data_at", [0, 2])
def test_large_numbers_stand_in_front(code: Code, data_at: int) -> None:
    front, item = code_item(code)
    data = b"\xee\xee" + front + item
    at = 2 + len(front)
    data += b"\0" * (-(data_at + len(data)) % 4) + code.behind
    content, failed = CompactCode(memoryview(data), at, data_at).standard(None)
    assert failed is None
    assert struct.unpack_from("<4H2I", content) == (
        code.registers, code.ins, code.outs, code.tries, 0, len(code.units),
    )  # fmt: skip
    units = struct.unpack_from(f"<{len(code.units)}H", content, 16)
    assert list(units) == code.units
    behind = content[16 + 2 * len(units) :]
    assert behind == (b"\0" * (2 * (len(units) % 2)) + code.behind if code.tries else b"")


def test_what_cannot_be_put_back_costs_neither_the_method_nor_its_handlers() -> None:
    """The error keeps a view of the code alive."""
    handlers = struct.pack("<I2H", 0, 1, 1) + b"\x01\x7f\x05\x00\x01"
    code = Code(20, 2, 1, 1, [0x00E3, 0x0001, 0x0E], handlers)
    front, item = code_item(code)
    data = front + item
    data += b"\0" * (-len(data) % 4) + handlers
    content, failed = CompactCode(memoryview(data), len(front), 0).standard(SequentialOperands([]))
    assert failed is not None
    assert failed.code == "bad-quickening"
    assert content[16:22] == struct.pack("<3H", *code.units)
    assert content[24:] == handlers


@pytest.mark.parametrize("at", [0, 1, 9, 100])
def test_code_outside_the_file(at: int) -> None:
    with pytest.raises(CodeFileError):
        CompactCode(memoryview(b"\x00\x10\xff\xff\x0e\x00\x0e\x00\x0e\x00"), at, 0)


def test_an_offset_outside_costs_its_item_alone() -> None:
    content = bytearray(alone(plain()))
    (strings_at,) = struct.unpack_from("<I", content, 0x3C)
    content[strings_at + 8 : strings_at + 12] = struct.pack("<I", 0x00FFFFFF)
    found, problems = dex_files(memoryview(_in_vdex(bytes(content))))
    assert [(problem.code, problem.reason) for problem in problems] == [
        ("bad-offset", "1 strings stand outside the file and were not read.")
    ]
    texts = facts(bytes(found[0]))[1]
    assert isinstance(texts, list)
    assert "https://collect.example.net/up" in texts


def test_items_on_top_of_each_other_do_not_multiply() -> None:
    """Every string is the same text of half the file's size."""
    content = bytearray(alone(plain("https://long.example.net/" + "x" * 60_000)))
    size, at = struct.unpack_from("<2I", content, 0x38)
    (data_at,) = struct.unpack_from("<I", content, 0x6C)
    text = content.index(b"xxxx", data_at) - data_at
    content[at : at + 4 * size] = struct.pack(f"<{size}I", *(text + number for number in range(size)))
    found, problems = dex_files(memoryview(_in_vdex(bytes(content))))
    assert (found, [problem.code for problem in problems]) == ([], ["overlap"])


def _in_vdex(compact: bytes) -> bytes:
    """Put a compact DEX with its own data behind it into a VDEX of Android 12."""
    head = b"vdex027\0" + struct.pack("<I6I", 2, 0, 36, 4, 1, 40, len(compact))
    return head + bytes(40 - len(head)) + compact


def test_files_that_share_much_do_not_multiply_it() -> None:
    """A hundred files, each of which names a large text that stands once."""
    url = "https://long.example.net/" + "x" * 200_000
    content = vdex("019", [plain(url)] * 100, compacted=True, quick=False)
    found, codes = read(content)
    assert codes == ["overlap"]
    assert 0 < sum(map(len, found)) < 10 * len(content)


def _in_endless_lists(rows: int) -> Callable[[], object]:
    """Read many classes whose values, annotations and members begin in the middle of long lists without an end."""
    content = bytearray(alone(plain("https://x.example.net/" + "\x1c" * max(50, 5 * rows))))
    (data_at,) = struct.unpack_from("<I", content, 0x6C)
    at = content.index(b"\x1c" * 50, data_at) - data_at
    table = b"".join(struct.pack("<8I", 0, 1, 0, 0, 0, at + n, at + n, at + n) for n in range(rows))
    content[0x60:0x68] = struct.pack("<2I", rows, len(content))
    main_size = len(content)
    content[0x20:0x24] = struct.pack("<I", main_size + len(table))
    whole = _in_vdex(bytes(content) + table)
    return lambda: dex_files(memoryview(whole))


def test_damaged_items_cost_little() -> None:
    classes = 2000
    assert steps(_in_endless_lists(classes)) < 500 * classes
