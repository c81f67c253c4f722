"""Which bytes of an APK are brought from a phone: all but media, in few rounds, whatever the file claims."""

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.analyse.archive import Archive
from phone_audit.analyse.wanted import GAP, MAX_RANGES, SMALL, next_wanted
from phone_audit.model.parts import Parts
from tests.analyse.apk_signer import Signer, key, signed
from tests.analyse.in_parts import Brought, bring
from tests.analyse.zips import Part, make_zip

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
MB = 2**20


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def picture(
    name: str = "res/a.png", size: int = MB, begin: bytes = PNG, end: bytes = PNG_END, deflate: bool = False
) -> Part:
    return Part(name, begin + noise(size - len(begin) - len(end)) + end, deflate=deflate)


CODE = Part("classes.dex", noise(200_000), deflate=False)
SOUND = picture("res/raw/a.ogg", begin=b"OggS")
LAST = picture("res/raw/z.ogg", begin=b"OggS")
FILL = [picture(f"res/f{n}.png", 60_000) for n in range(5)]
MORE = [picture(f"res/g{n}.png", 60_000) for n in range(5)]
"""Small pictures that nobody looks into, so many that they keep others apart."""


def apk(*parts: Part) -> bytes:
    return signed(v2=[Signer(key())], parts=[CODE, *parts])


def held(brought: Brought, data: bytes) -> set[str]:
    """The entries that are held as a whole."""
    archive = Archive(memoryview(data), parts=brought.parts)
    return {entry.name for entry in archive.entries if archive.held.has(entry)}


@pytest.mark.parametrize("part", [picture(), SOUND, picture("assets/v.mp4", begin=b"\0\0\0\x20ftyp")])
def test_media_stay_and_the_rest_is_brought(part: Part) -> None:
    data = apk(part, Part("assets/a.txt", b"text"))
    brought = bring(data)
    assert held(brought, data) == {"classes.dex", "assets/a.txt"}
    assert brought.bytes_read < 320_000
    assert len(brought.rounds) == 2


def test_small_pictures_stay_unseen() -> None:
    data = apk(*(picture(f"res/{n}.png", 10_000) for n in range(60)), Part("last.txt", b"text"))
    brought = bring(data)
    assert held(brought, data) >= {"classes.dex", "last.txt"}
    assert brought.bytes_read < 400_000


@pytest.mark.parametrize(
    "part",
    [
        picture(begin=b"dex\n035\0"),
        picture(end=b"something else"),
        picture("assets/a.jpg", begin=b"PK\3\4"),
        picture("assets/a.jpg", begin=b"\xff\xd8\xff", end=PNG_END),
        picture("a.gif", begin=b"GIF8"),
        picture("a.webp", begin=b"RIFF\1\0\0\0WEBP"),
        picture("a.png", begin=b"dex\n035\0", deflate=True),
        Part("assets/a.png", noise(MB // 4) * 4, deflate=False),
    ],
)
def test_what_only_claims_to_be_a_picture_is_brought_in_the_last_round(part: Part) -> None:
    data = apk(part, SOUND)
    brought = bring(data)
    assert held(brought, data) == {"classes.dex", part.encoded_name.decode()}
    assert len(brought.rounds) == 3


def test_what_may_be_encrypted_is_looked_into_though_it_is_small() -> None:
    data = apk(Part("assets/a.png", noise(20_000), deflate=False), *FILL, picture("res/b.png", 20_000), *MORE)
    brought = bring(data)
    assert held(brought, data) >= {"classes.dex", "assets/a.png"}
    assert "res/b.png" not in held(brought, data)


def test_what_packing_made_far_smaller_is_no_picture() -> None:
    data = apk(
        Part("res/a.png", noise(40_000) + bytes(40_000)),
        *FILL,
        Part("res/b.ttf", noise(40_000) + bytes(40_000)),
        *MORE,
    )
    assert held(bring(data), data) >= {"classes.dex", "res/a.png"}
    assert "res/b.ttf" not in held(bring(data), data)


def test_a_picture_that_is_deflated_stays() -> None:
    data = apk(picture(deflate=True))
    assert held(bring(data), data) == {"classes.dex"}


def test_ranges_near_each_other_are_one() -> None:
    data = apk(*(one for n in range(20) for one in (Part(f"{n}.txt", b"x"), picture(f"{n}.png", GAP // 2))), picture())
    assert len(bring(data).rounds[1]) <= 3


def test_there_are_never_more_ranges_than_a_phone_is_asked_for() -> None:
    parts = [
        one for n in range(MAX_RANGES + 50) for one in (Part(f"{n}.txt", b"x"), picture(f"{n}.ogg", 2 * GAP, b"OggS"))
    ]
    brought = bring(apk(*parts))
    assert max(map(len, brought.rounds)) <= MAX_RANGES


def test_a_small_file_is_taken_whole_at_once() -> None:
    data = apk()
    assert len(data) <= SMALL
    assert bring(data) == Brought(None, (), len(data))


def test_where_little_would_stay_the_whole_file_is_taken() -> None:
    data = apk(Part("lib/a.so", noise(4 * MB), deflate=False), picture(size=100_000))
    assert bring(data).parts is None


def test_enough_is_held_where_everything_is() -> None:
    assert next_wanted(b"", 0, Parts()) == ()
    assert next_wanted(bytes(MB), MB, Parts(((0, MB),))) == ()


@pytest.mark.parametrize(
    "data",
    [
        noise(2 * MB),
        make_zip([CODE, picture()]),
        apk(picture()) + b"behind",
        b"in front" + apk(picture()),
        apk(picture(), picture()),
        apk(picture(), Part("a", b"x" * 100, method=99)),
        apk(picture(), Part("a", b"x" * 100, deflate=False, size=200)),
        apk(picture(), Part("a", b"x" * 100, compressed=5000)),
        apk(picture())[:-40],
    ],
    ids=["noise", "unsigned", "behind", "in-front", "twice", "method", "sizes", "overlap", "cut"],
)
def test_what_is_odd_is_taken_whole(data: bytes) -> None:
    assert bring(data).parts is None


def test_a_directory_far_larger_than_the_end_that_is_asked_for_first() -> None:
    parts = [Part(f"assets/{n:0120}.txt", b"x") for n in range(1000)]
    data = apk(*parts, picture(size=4 * MB))
    brought = bring(data)
    assert brought.rounds[0] == ((len(data) - len(data) // 32, len(data)),)
    assert len(brought.rounds) == 3
    assert len(held(brought, data)) == 1001


def test_a_signing_block_larger_than_expected() -> None:
    filled = Signer(key(), attributes=tuple((number, bytes(10_000)) for number in range(20)))
    data = signed(v2=[filled], parts=[CODE, picture(size=3 * MB)])
    brought = bring(data)
    assert held(brought, data) == {"classes.dex"}
    assert len(brought.rounds) <= 4


def test_only_what_is_held_is_looked_at() -> None:
    data = apk(picture(size=3 * MB))
    (tail,) = next_wanted(memoryview(data), len(data), Parts()) or ()
    assert tail == (len(data) - len(data) // 32, len(data))
    blank = bytes(tail[0]) + data[tail[0] :]
    assert next_wanted(blank, len(data), Parts((tail,))) == next_wanted(data, len(data), Parts((tail,)))


@settings(max_examples=150)
@given(st.integers(0, 2**31), st.integers(1, 4), st.booleans())
def test_damage_never_leads_outside_the_file_nor_into_endless_rounds(seed: int, count: int, tail: bool) -> None:
    data = bytearray(apk(picture(size=400_000), Part("a.txt", b"text"), picture("b.png", 100_000, b"dex\n035\0")))
    chance = random.Random(seed)
    directory = struct.unpack("<I", data[-6:-2])[0]
    for _ in range(count):
        at = chance.randrange(directory - 4000, len(data)) if tail else chance.randrange(len(data))
        data[at] = chance.randrange(256)
    bring(bytes(data))


def test_a_picture_whose_deflated_bytes_are_none_is_brought() -> None:
    data = bytearray(apk(picture(deflate=True), LAST))
    start = data.index(b"res/a.png") + len(b"res/a.png")
    data[start : start + 4] = b"\xff\xff\xff\xff"
    assert held(bring(bytes(data)), bytes(data)) == {"classes.dex", "res/a.png"}
