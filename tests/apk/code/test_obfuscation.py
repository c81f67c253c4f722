"""What hides code, from the files of a package to its record."""

import random
import re
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.apk.code.obfuscation import count_short, encrypted_files, entropy, looks_random
from phone_audit.apk.read_apk import read_apk
from phone_audit.apk.records import join
from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.contents import MAX_SAMPLES, MIN_SAMPLE_SIZE
from phone_audit.knowledge.files import DataFile
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import FactFile, PackerFact
from phone_audit.model.apk import ApkInfo
from phone_audit.model.finding import Evidence, Skipped
from tests.apk.dex.builder import Source, build_dex
from tests.apk.packages import package
from tests.apk.zips import Part, make_zip

WRAPPER = PackerFact(
    id="wrapper",
    name="Wrapper",
    owner=None,
    hides="code",
    files=("libwrap.so",),
    weak_files=(),
    classes=("com.wrapper.stub",),
    sources=("s",),
    matches=(),
    ignores=(),
)
SHIELD = WRAPPER.model_copy(update={"id": "shield", "name": "Shield", "hides": "parts", "classes": ("com.shield",)})
SHIELD = SHIELD.model_copy(update={"files": ("libshielded.so",)})
FACTS = FactFile(sources=(), entries=(WRAPPER, SHIELD))
KNOWLEDGE = Knowledge((DataFile("packers", 0, Path("packers.json"), FACTS.model_dump_json().encode()),))
NOISE = random.Random(1).randbytes(40_000)
PACKED = Skipped(
    subject="a.apk", step="dex", code="packed", reason="The code is packed with Wrapper; only what unpacks it was read."
)
_PIECES = st.sampled_from([b"a", b"b", b"R", b"$", b"/", b"1", b"22", b"Long", b"L", b"id", b"com/", b"\n", b"\xc3"])
_NAMES = st.lists(_PIECES, max_size=8).map(lambda pieces: b"L" + b"".join(pieces) + b";")
_DAMAGED = st.sampled_from([b"", b";", b"I", b"La;b;", b"Lb", b"/a;", b"[La;"])


def dex(*classes: str) -> Part:
    return Part("classes.dex", build_dex(Source(classes=classes)))


def read(tmp_path: Path, *parts: Part, leave_out: frozenset[str] = frozenset()) -> ApkInfo:
    path = tmp_path / "a.apk"
    path.write_bytes(package("policy", *parts))
    return read_apk(path, shown_as="a.apk", knowledge=KNOWLEDGE, leave_out=leave_out)


def test_a_packer_by_its_library(tmp_path: Path) -> None:
    info = read(tmp_path, dex("La/b/Main;"), Part("lib/x86/libwrap.so", b"x"))
    assert info.obfuscation is not None
    assert info.obfuscation.packers == ("wrapper",)
    assert info.obfuscation.encrypted is False
    assert info.obfuscation.name_share == 0.0
    assert info.obfuscation.evidence == (Evidence(kind="path", where="lib/x86/libwrap.so", value="sign of Wrapper"),)
    assert PACKED in info.skipped


def test_a_packer_by_its_class(tmp_path: Path) -> None:
    info = read(tmp_path, dex("La/b/Main;", "Lcom/wrapper/stub/App;"))
    assert info.obfuscation is not None
    assert info.obfuscation.packers == ("wrapper",)
    assert info.obfuscation.evidence == (
        Evidence(kind="class", where="classes.dex", value="sign of Wrapper", class_="com.wrapper.stub.App"),
    )
    assert PACKED in info.skipped


def test_a_class_that_is_only_named_or_only_similar_is_none(tmp_path: Path) -> None:
    data = build_dex(Source(types=("Lcom/wrapper/stub/App;",), classes=("Lcom/wrapper/stubs/A;",)))
    info = read(tmp_path, Part("classes.dex", data))
    assert info.obfuscation is not None
    assert info.obfuscation.packers == ()
    assert PACKED not in info.skipped


def test_a_protector_hides_parts_so_the_code_counts_as_read(tmp_path: Path) -> None:
    info = read(tmp_path, dex("Lcom/shield/A;"), Part("lib/x86/libshielded.so", b"x"))
    assert info.obfuscation is not None
    assert info.obfuscation.packers == ("shield",)
    assert len(info.obfuscation.evidence) == 2
    assert "packed" not in {skipped.code for skipped in info.skipped}


def test_files_that_look_encrypted(tmp_path: Path) -> None:
    info = read(tmp_path, dex("La/b/Main;"), Part("assets/data", NOISE))
    assert info.obfuscation is not None
    assert info.obfuscation.packers == ()
    assert info.obfuscation.encrypted is True
    assert info.obfuscation.evidence == (Evidence(kind="asset", where="assets/data", value="looks encrypted"),)


def test_a_package_without_readable_code_still_shows_its_packer(tmp_path: Path) -> None:
    info = read(tmp_path, dex("La/b/Main;"), Part("lib/x86/libwrap.so", b"x"), leave_out=frozenset({"dex"}))
    assert info.obfuscation is not None
    assert info.obfuscation.packers == ("wrapper",)
    assert info.obfuscation.name_share is None


def test_without_code_and_without_a_sign_nothing_is_said(tmp_path: Path) -> None:
    assert read(tmp_path, dex("La/b/Main;"), leave_out=frozenset({"dex"})).obfuscation is None


def test_what_was_not_looked_at_is_unknown(tmp_path: Path) -> None:
    info = read(tmp_path, dex("La/b/Main;"), Part("assets/data", NOISE), leave_out=frozenset({"native"}))
    assert info.obfuscation is not None
    assert info.obfuscation.encrypted is None


def test_splits_are_joined(tmp_path: Path) -> None:
    base = read(tmp_path, dex("Lcom/shield/A;"))
    joined = join(base, [read(tmp_path, Part("lib/x86/libwrap.so", b"x"), Part("assets/data", NOISE))]).obfuscation
    assert joined is not None
    assert joined.packers == ("shield", "wrapper")
    assert joined.encrypted is True
    assert [evidence.where for evidence in joined.evidence] == ["classes.dex", "lib/x86/libwrap.so", "assets/data"]


def rubbish(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def text(size: int) -> bytes:
    """Words that no packing makes equal to random bytes."""
    words = [rubbish(3, seed).hex().encode() for seed in range(200)]
    chosen = random.Random(2).choices(words, k=size // 7)
    return b" ".join(chosen)


def found(*parts: Part) -> tuple[str, ...]:
    return encrypted_files(Archive(memoryview(make_zip(parts))))


RANDOM = rubbish(80_000)


@pytest.mark.parametrize(
    "name", ["assets/a.dat", "lib/x86/liba.so", "res/raw/a", "classes2.dex", "a.bin", "base/assets/a"]
)
@pytest.mark.parametrize("deflate", [True, False])
def test_random_bytes(name: str, deflate: bool) -> None:
    assert found(Part("assets/text", text(80_000)), Part(name, RANDOM, deflate=deflate)) == (name,)


@pytest.mark.parametrize(
    "head",
    [
        b"\x89PNG\r\n\x1a\n",
        b"PK\x03\x04",
        b"\x1f\x8b\x08",
        b"OggS",
        b"\x28\xb5\x2f\xfd",
        b"\x7fELF",
        b"RIFF",
        b"\0\0\0\x18ftypmp42",
    ],
)
def test_a_known_format_explains_it(head: bytes) -> None:
    assert found(Part("assets/a.dat", head + RANDOM)) == ()


def test_a_short_header_in_the_clear_does_not_hide_it() -> None:
    assert found(Part("assets/a.dat", b"HEADER" * 600 + rubbish(300_000))) == ("assets/a.dat",)


@pytest.mark.parametrize("name", ["res/drawable/a.png", "META-INF/A.RSA", "resources.arsc", "kotlin/a"])
def test_elsewhere_is_not_looked(name: str) -> None:
    assert found(Part(name, RANDOM)) == ()


def test_small_files_are_not_looked_at() -> None:
    assert found(Part("assets/a", rubbish(MIN_SAMPLE_SIZE - 1))) == ()
    assert found(Part("assets/a", rubbish(MIN_SAMPLE_SIZE))) == ("assets/a",)


@pytest.mark.parametrize(
    "content",
    [
        text(80_000),
        zlib.compress(text(400_000), 1)[2:],  # raw deflate of words, more even than they are
        bytes(byte ^ 0x5A for byte in text(80_000)),  # one repeated byte keeps the pattern
        bytes(80_000),
        b"",
    ],
    ids=["text", "deflate", "xor", "zeros", "empty"],
)
def test_what_is_not_even_enough(content: bytes) -> None:
    assert found(Part("assets/a", content, deflate=False)) == ()


def test_random_bytes_are_never_missed() -> None:
    assert all(looks_random(rubbish(size, seed)) for size in (12_288, 65_536) for seed in range(100))


def test_the_threshold_in_bits() -> None:
    """Of 64 KiB the least entropy that still counts is 7.9957 bits, as the documentation says."""
    counts = [256] * 256
    for at in range(128):
        counts[at] += 20
        counts[255 - at] -= 20
    uneven = b"".join(bytes([value]) * count for value, count in enumerate(counts))
    assert len(uneven) == 65_536
    assert 7.9955 < entropy(uneven) < 7.9957
    assert not looks_random(uneven)
    assert entropy(bytes(range(256)) * 256) == 8
    assert not looks_random(b"")


def test_no_more_than_so_many_samples() -> None:
    parts = [
        Part(f"assets/{number:03}", rubbish(MIN_SAMPLE_SIZE + number, number)) for number in range(MAX_SAMPLES + 10)
    ]
    assert found(*parts) == tuple(f"assets/{number:03}" for number in range(10, MAX_SAMPLES + 10))


def test_a_forged_size_is_not_believed() -> None:
    """The directory announces 4 GB; what is there decides."""
    assert found(Part("assets/a", b"a" * 200, size=2**32 - 2, compressed=2**32 - 2)) == ()
    damaged = Part("assets/a", RANDOM, local_magic=struct.pack("<I", 0))
    assert found(damaged, Part("assets/b", RANDOM)) == ("assets/b",)


def _is_short(name: bytes) -> bool:
    """Say it in steps, slowly."""
    if not name.startswith(b"L") or not name.endswith(b";") or b";" in name[:-1]:
        return False
    own = name[1:-1].rpartition(b"/")[2]
    if own.split(b"$")[0] == b"R":
        return False
    outer = own
    while (cut := outer.rpartition(b"$"))[1] and cut[2].isdigit():
        outer = cut[0]
    return re.fullmatch(rb"[A-Za-z]{1,2}", outer.rpartition(b"$")[2]) is not None


@given(st.lists(_NAMES, max_size=6), st.lists(_DAMAGED, max_size=1))
def test_names_are_counted_as_one_by_one(names: list[bytes], damaged: list[bytes]) -> None:
    every = [*names, *damaged]
    assert count_short(every) == sum(map(_is_short, every))


def test_none() -> None:
    assert count_short([]) == 0


def test_each_kind() -> None:
    short = [b"La;", b"Lcom/a/bc;", b"Lcom/a/Foo$b;", b"Lcom/a/b$1;", b"La/b$1$23;", b"La/b$12345;", b"Lx/RR;"]
    long = [b"Lcom/a/Foo;", b"Lcom/a/R;", b"Lcom/a/R$id;", b"Lcom/a/Foo$1;", b"LR;", b"Lcom/a/bcd$1;", b"La/1;"]
    assert [count_short([name]) for name in (*short, *long)] == [1] * len(short) + [0] * len(long)
    assert count_short([*long, *short, *long]) == len(short)
