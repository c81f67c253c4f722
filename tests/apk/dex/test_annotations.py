"""Which classes have annotations with a text, of themselves or of a member."""

import struct

import pytest

from phone_audit.apk.code.libraries import Owner
from phone_audit.apk.dex.annotations import classes_annotated_with
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import DexIndex, index_file
from phone_audit.apk.endpoints.holders import name_holders
from phone_audit.model.apk import HeldBy
from phone_audit.model.finding import Evidence
from tests.apk.dex.assembler import Class, assemble
from tests.judge.cases import endpoint

URL = "http://lib.example/x"
CLASSES = [Class("Lapp/Main;"), Class("Llib/Shown;")]
PLACES = ("class", "field", "method", "parameter")


def item(index: DexIndex, text: str) -> bytes:
    """An annotation with a text inside a list, as a compiler writes it."""
    (number,) = index.strings_equal([text.encode()]).values()
    return bytes((1, 0, 1, 0, 0x1C, 2, 0x17, 0, 0x17, number))


def annotated(of: str, place: str, text: str = URL) -> bytes:
    """Build two classes, one of which bears an annotation in one place."""
    (plain,) = index_file(read_dex("classes.dex", assemble(CLASSES, strings=(URL,))))
    data = assemble(CLASSES, strings=(URL,), annotations=(item(plain, text),))
    (index,) = index_file(read_dex("classes.dex", data))
    kinds = struct.unpack_from("<I", data, struct.unpack_from("<I", data, 0x34)[0])[0]
    begin = struct.unpack_from("<I", data, 0x34)[0] + 4
    rows = [struct.unpack_from("<HHII", data, begin + 12 * at) for at in range(kinds)]
    (where,) = (offset for kind, _, _, offset in rows if kind == 0x2004)
    at = (len(data) + 3) // 4 * 4
    refers = struct.pack("<II", 1, where)
    counts = [int(one == place) for one in PLACES[1:]]
    body = b"" if place == "class" else struct.pack("<II", 0, at + 24)
    listed = struct.pack("<II", 1, at + 32) + refers if place == "parameter" else refers
    directory = struct.pack("<IIII", at + 16 if place == "class" else 0, *counts) + body + listed
    changed = bytearray(data.ljust(at, b"\0") + directory)
    (class_defs,) = struct.unpack_from("<I", data, 0x64)
    struct.pack_into("<I", changed, class_defs + 32 * index.class_rows[index.type_ids[of.encode()]] + 20, at)
    return bytes(changed)


def holders(data: bytes, text: str = URL) -> list[bytes]:
    (index,) = index_file(read_dex("classes.dex", data))
    (number,) = index.strings_equal([text.encode()]).values()
    return [index.defined_class(row) for row in classes_annotated_with(index, [number], 5)[number]]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("of", ["Lapp/Main;", "Llib/Shown;"])
def test_the_class_that_an_annotation_is_of(of: str, place: str) -> None:
    assert holders(annotated(of, place)) == [of.encode()]
    assert holders(annotated(of, place), "Llib/Shown;") == []


@pytest.mark.parametrize("cut", [1, 4, 9, 15, 30])
def test_what_breaks_off_is_survived(cut: int) -> None:
    assert holders(annotated("Llib/Shown;", "parameter")[:-cut]) in ([], [b"Llib/Shown;"])


def test_without_annotations_there_are_none() -> None:
    assert holders(assemble(CLASSES, strings=(URL,))) == []


def test_an_address_in_an_annotation_is_held_by_its_class() -> None:
    file = read_dex("classes.dex", annotated("Llib/Shown;", "method"))
    ((offset, _),) = file.strings.holding(b"lib.example")
    text = Evidence(kind="dex-string", where="classes.dex", value=URL, offset=offset)
    held = HeldBy(party="unknown", library=None, evidence=(text,))
    one = endpoint("lib.example").model_copy(update={"held_by": (held,)})
    parties = {"lib.Shown": Owner("library", "Lib"), "app.Main": Owner("unknown", None)}
    (found,) = name_holders([one], index_file(file), parties.__getitem__)
    (held,) = found.held_by
    assert (held.party, held.library, held.evidence[0].class_) == ("library", "Lib", "lib.Shown")


def test_only_some_of_very_many_classes_are_listed() -> None:
    data = annotated("Llib/Shown;", "class")
    (index,) = index_file(read_dex("classes.dex", data))
    (number,) = index.strings_equal([URL.encode()]).values()
    assert classes_annotated_with(index, [number], 1) == {number: [1]}
    assert classes_annotated_with(index, [], 1) == {}
