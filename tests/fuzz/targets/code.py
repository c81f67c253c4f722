"""DEX files, and the files beside an APK that hold them."""

from contextlib import suppress
from itertools import islice
from typing import Final

from phone_audit.apk.assets.encoded_urls import decoded_mentions
from phone_audit.apk.dex.encoded_values import count_values, holders_of
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import DexIndex, index_file
from phone_audit.apk.dex.instructions import DexCodeError, walk
from phone_audit.apk.dex.xrefs import users_of
from phone_audit.apk.oat.code_files import dex_files
from phone_audit.apk.package_code import read_code
from phone_audit.errors import ApkError
from tests.fuzz.target import Target, knowledge, promise

_MOST_ROWS: Final = 64
_MOST_IDS: Final = 32
_ROOM: Final = 64 * 2**20
"""Bytes that all DEX files made of one small file may have."""


def dex_tables(data: bytes) -> None:
    """Read every table of a DEX file, and ask everything that is asked of one."""
    file = read_dex("classes.dex", data)
    list(decoded_mentions(file, []))
    len(file.type_descriptors), len(file.defined_classes)
    for index in index_file(file)[:4]:
        _ask(index)


def _ask(index: DexIndex) -> None:
    strings = range(min(_MOST_IDS, index.part.string_items.size))
    holders_of(index, strings)
    users_of(index, "string", strings)
    users_of(index, "method", range(min(_MOST_IDS, index.method_ids.size)))
    users_of(index, "field", range(min(_MOST_IDS, index.field_ids.size)))
    for number in strings:
        index.string(number)
        count_values(index, number)
    for number in range(min(_MOST_IDS, index.method_ids.size)):
        index.method_name(number), index.class_descriptor(number)
    for number in range(min(_MOST_IDS, index.field_ids.size)):
        index.field_name(number)
    for row in range(min(_MOST_ROWS, index.part.class_defs.size)):
        index.parents(row)
    for row in range(min(_MOST_ROWS, len(index.methods.method))):
        index.row_name(row), index.row_class(row)
        code = index.code(row)
        if code is not None:
            with suppress(DexCodeError):
                sum(1 for _ in islice(walk(code.units), 100_000))


def dex_code(data: bytes) -> None:
    """Read the code of a DEX file for everything that is known: hosts, trackers, behaviours, flows, trust."""
    facts = read_code([("classes.dex", data)], knowledge())
    promise(all(note.code and note.reason for note in facts.skipped), "something was left out without a reason")


def code_beside(data: bytes) -> None:
    """Take DEX files out of VDEX, compact DEX and OAT files, and read what was written."""
    with suppress(ApkError):
        found, _ = dex_files(memoryview(data))
        promise(sum(map(len, found)) <= _ROOM, "a small file became a large one")
        for dex in found[:4]:
            for index in index_file(read_dex("a.vdex!classes.dex", dex))[:2]:
                _ask(index)


_WORDS: Final = (
    b"dex\n035\0",
    b"dex\n039\0",
    b"dex\n041\0",
    b"http://",
    b"https://a.example/",
    b"La/b/C;",
    b"\xff" * 4,
)

TARGETS: Final = {
    "dex_tables": Target(dex_tables, ("phone_audit.apk.dex", "phone_audit.apk.assets.encoded_urls"), _WORDS),
    "dex_code": Target(
        dex_code,
        (
            "phone_audit.apk.package_code",
            "phone_audit.apk.endpoints.endpoints",
            "phone_audit.apk.trackers.trackers",
            "phone_audit.apk.behaviours",
            "phone_audit.apk.flows",
            "phone_audit.apk.code.certificate_checks",
            "phone_audit.apk.endpoints.uses",
            "phone_audit.apk.endpoints.address_flow",
        ),
        _WORDS,
    ),
    "code_beside": Target(
        code_beside,
        ("phone_audit.apk.oat",),
        (*_WORDS, b"vdex", b"cdex001\0", b"006\0", b"019\0", b"021\0", b"027\0"),
    ),
}
