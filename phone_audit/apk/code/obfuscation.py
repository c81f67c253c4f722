"""What hides code from this reader: packers, files that look encrypted, names given by shrinkers.

How even bytes are is measured by Shannon's entropy H of the byte frequencies, in bits. Of n random bytes,
2 n ln 2 (8 - H) is distributed as chi-square with 255 degrees of freedom (likelihood-ratio test, S. S. Wilks 1938).
Compressed data comes close; it is excluded by how it begins. Where that is not known, the two cannot be told apart:
of raw deflate 6 % lie under the threshold, of LZMA all.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final

import numpy as np

from phone_audit.apk.dex.descriptors import Classes, Prefixes, descriptor_prefix, java_name, under
from phone_audit.apk.records import join_obfuscation, skipped_in_order
from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.contents import sampled
from phone_audit.apk.zip.directory import Entry
from phone_audit.errors import ApkError
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.packers import PackerIndex
from phone_audit.knowledge.schema.facts import PackerFact
from phone_audit.model.apk import ApkInfo, Obfuscation
from phone_audit.model.finding import Evidence, Skipped

MAX_SHOWN: Final = 5
"""Files and classes that are shown of one packer, and files that look encrypted."""
ENCRYPTED: Final = "looks encrypted"
"""The value of the evidence of such a file."""
_SIGN: Final = "sign of {}"
_SKIPPED: Final = 4 * 2**10
"""Bytes at the start that may be a header in the clear."""
_SAMPLE: Final = 64 * 2**10
_FREEDOM: Final = 255
_MOST: Final = _FREEDOM + 6 * math.sqrt(2 * _FREEDOM)
"""Six standard deviations: of a million files of random bytes, fewer than one lies above."""
_KNOWN: Final = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"OggS", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2",
    b"\xff\xf1", b"\xff\xf9", b"fLaC", b"\x1aE\xdf\xa3", b"FLV", b"#!AMR", b"MThd", b"BM", b"II*\0", b"MM\0*",
    b"\x00\x00\x01\x00", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"\x1f\x9d", b"BZh", b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"\x02\x21\x4c\x18", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\x5d\x00\x00",
    b"LZIP", b"SZDD", b"MSCF", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"wOFF", b"wOF2", b"\x7fELF",
    b"dex\n", b"cdex", b"dey\n", b"vdex", b"MZ", b"%PDF", b"SQLite format 3\0", b"UnityFS", b"UnityWeb", b"UnityRaw",
    b"\xabKTX", b"PVR\x03", b"\x13\xab\xa1\x5c", b"DDS ", b"XALZ", b"XABA", b"\xc6\x1f\xbc\x03", b"\xaf\x1b\xb1\xfa",
    b"XNB", b"FSB5", b"FEV", b"BKHD", b"PAR1", b"glTF", b"TFL3", b"\xca\xfe\xba\xbe", b"\x30\x82", b"-----BEGIN",
    b"\x02\x00\x0c\x00", b"\x03\x00\x08\x00",
)  # fmt: skip
"""How media, archives, compressed data, fonts, textures, sounds, code, certificates and compiled resources begin."""
_KNOWN_AT_FOUR: Final = (b"ftyp", b"moov", b"mdat", b"free", b"wide", b"TFL3")
"""Boxes of MP4 and its kin (ISO/IEC 14496-12) and flat buffers, behind a length."""
_SHORT_REVERSED: Final = re.compile(rb";(?:[0-9]+\$)*[A-Za-z]{1,2}(?:\$[^/;]*)?(?<![;$]R)(?:/[^;]*)?L")
"""The descriptor, backwards, of a class whose own name has one or two letters, inner classes and what is numbered
inside them included. `R` is what every build calls its resources, with inner classes such as `id`. Read backwards,
most names are told apart by their first bytes."""


def hidden_in_files(archive: Archive, knowledge: Knowledge) -> Obfuscation:
    """Look for packers by the names of the entries, and for entries that look encrypted."""
    found = _index(knowledge).of_files(entry.name for entry in archive.entries)
    facts = _by_id(knowledge)
    encrypted = encrypted_files(archive)
    shown = [_file(name, _SIGN.format(facts[fact].name)) for fact, names in found.items() for name in names[:MAX_SHOWN]]
    shown += [_file(name, ENCRYPTED) for name in encrypted[:MAX_SHOWN]]
    return Obfuscation(
        packers=tuple(found), name_share=None, encrypted=bool(encrypted), dynamic_code=None, evidence=tuple(shown)
    )


def packers_in_code(classes: Sequence[Classes], knowledge: Knowledge) -> tuple[tuple[str, ...], tuple[Evidence, ...]]:
    """Return the ids of the packers whose classes are defined, and where."""
    ids = {name for file in classes for name in _prefixes(knowledge).ids_in(file.defined)}
    facts = _by_id(knowledge)
    found = {name: shown for name in ids if (shown := tuple(islice(_of_fact(facts[name], classes), MAX_SHOWN)))}
    return tuple(sorted(found)), tuple(evidence for fact in sorted(found) for evidence in found[fact])


def with_hidden(info: ApkInfo, hidden: Obfuscation | None, knowledge: Knowledge) -> ApkInfo:
    """Add to a record what hides its code; where a packer has replaced all of it, say that it was not read.

    `hidden` is what its other files showed, or None where they were not looked at.
    """
    parts = [part for part in (info.obfuscation, hidden) if part is not None]
    joined = join_obfuscation(parts)
    if joined is None or (info.obfuscation is None and not (joined.packers or joined.encrypted)):
        return info
    skipped = (*info.skipped, *_packed(info.path, joined, knowledge))
    return info.model_copy(update={"obfuscation": joined, "skipped": skipped_in_order(skipped)})


def _packed(subject: str, hidden: Obfuscation, knowledge: Knowledge) -> Iterator[Skipped]:
    for name in hidden.packers:
        fact = _by_id(knowledge)[name]
        if fact.hides == "code":
            reason = f"The code is packed with {fact.name}; only what unpacks it was read."
            yield Skipped(subject=subject, step="dex", code="packed", reason=reason)


@lru_cache(maxsize=4)
def _by_id(knowledge: Knowledge) -> Mapping[str, PackerFact]:
    return {fact.id: fact for fact in knowledge.packers}


@lru_cache(maxsize=4)
def _prefixes(knowledge: Knowledge) -> Prefixes:
    return Prefixes((fact.id, fact.classes) for fact in knowledge.packers)


@lru_cache(maxsize=4)
def _index(knowledge: Knowledge) -> PackerIndex:
    return PackerIndex(knowledge.packers)


def _of_fact(fact: PackerFact, classes: Sequence[Classes]) -> Iterator[Evidence]:
    for file in classes:
        for prefix in fact.classes:
            for descriptor in under(file.defined, descriptor_prefix(prefix), MAX_SHOWN):
                name = java_name(descriptor)
                yield Evidence(kind="class", where=file.where, value=_SIGN.format(fact.name), class_=name)


def _file(name: str, value: str) -> Evidence:
    return Evidence(kind="asset" if "assets/" in name else "path", where=name, value=value)


def encrypted_files(archive: Archive) -> tuple[str, ...]:
    """Return the names of files that look encrypted, in the order of the archive, each once.

    Looked at are code, native libraries, assets and raw resources. Time and memory are bounded: no more than
    `contents.MAX_SAMPLES` of 64 KiB are taken. Encryption that keeps patterns, such as one repeated byte, is not
    seen.
    """
    found = {entry.name for entry in sampled(archive.entries) if _is_encrypted(archive, entry)}
    return tuple(dict.fromkeys(entry.name for entry in archive.entries if entry.name in found))


def looks_random(sample: bytes) -> bool:
    """Tell whether bytes are as even as random ones; a few thousand are needed for that to mean anything."""
    return bool(sample) and 2 * len(sample) * math.log(2) * (8 - entropy(sample)) <= _MOST


def entropy(sample: bytes) -> float:
    """Return Shannon's entropy of the byte frequencies, 0 to 8 bits."""
    counts = np.bincount(np.frombuffer(sample, dtype=np.uint8), minlength=256)
    shares = counts[counts > 0] / len(sample)
    return float(-(shares * np.log2(shares)).sum())


def _is_encrypted(archive: Archive, entry: Entry) -> bool:
    try:
        start = _start(archive, entry)
    except ApkError:
        return False  # what cannot be read is told by whoever needs it
    return not start.startswith(_KNOWN) and start[4:8] not in _KNOWN_AT_FOUR and looks_random(start[_SKIPPED:])


def _start(archive: Archive, entry: Entry) -> bytes:
    """Return the start of a file, enough for a sample behind its header."""
    content = b""
    for piece in islice(archive.pieces(entry), _SAMPLE):
        content += bytes(piece[: _SKIPPED + _SAMPLE - len(content)])
        if len(content) >= _SKIPPED + _SAMPLE:
            break
    return content


def count_short(descriptors: Sequence[bytes]) -> int:
    """Count the classes with a short name, as shrinkers give them."""
    return sum(1 for name in descriptors if _SHORT_REVERSED.fullmatch(name[::-1]))
