"""Which files look encrypted."""

import random
import struct
import zlib

import pytest

from phone_audit.apk.code.entropy import encrypted_files, entropy, looks_random
from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.samples import MAX_FILES, MIN_SIZE
from tests.apk.zips import Part, make_zip


def rubbish(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def text(size: int) -> bytes:
    """Words that no packing makes equal to random bytes."""
    words = [rubbish(3, seed).hex().encode() for seed in range(200)]
    chosen = random.Random(2).choices(words, k=size // 7)
    return b" ".join(chosen)


def found(*parts: Part) -> tuple[str, ...]:
    return encrypted_files(Archive(memoryview(make_zip(parts))))


NOISE = rubbish(80_000)


@pytest.mark.parametrize(
    "name", ["assets/a.dat", "lib/x86/liba.so", "res/raw/a", "classes2.dex", "a.bin", "base/assets/a"]
)
@pytest.mark.parametrize("deflate", [True, False])
def test_random_bytes(name: str, deflate: bool) -> None:
    assert found(Part("assets/text", text(80_000)), Part(name, NOISE, deflate=deflate)) == (name,)


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
    assert found(Part("assets/a.dat", head + NOISE)) == ()


def test_a_short_header_in_the_clear_does_not_hide_it() -> None:
    assert found(Part("assets/a.dat", b"HEADER" * 600 + rubbish(300_000))) == ("assets/a.dat",)


@pytest.mark.parametrize("name", ["res/drawable/a.png", "META-INF/A.RSA", "resources.arsc", "kotlin/a"])
def test_elsewhere_is_not_looked(name: str) -> None:
    assert found(Part(name, NOISE)) == ()


def test_small_files_are_not_looked_at() -> None:
    assert found(Part("assets/a", rubbish(MIN_SIZE - 1))) == ()
    assert found(Part("assets/a", rubbish(MIN_SIZE))) == ("assets/a",)


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
    parts = [Part(f"assets/{number:03}", rubbish(MIN_SIZE + number, number)) for number in range(MAX_FILES + 10)]
    assert found(*parts) == tuple(f"assets/{number:03}" for number in range(10, MAX_FILES + 10))


def test_a_forged_size_is_not_believed() -> None:
    """The directory announces 4 GB; what is there decides."""
    assert found(Part("assets/a", b"a" * 200, size=2**32 - 2, compressed=2**32 - 2)) == ()
    damaged = Part("assets/a", NOISE, local_magic=struct.pack("<I", 0))
    assert found(damaged, Part("assets/b", NOISE)) == ("assets/b",)
