"""Which bytes of an APK are brought from a phone: all but media, in few rounds, whatever the file claims."""

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.apk.range_planner import GAP, MAX_RANGES, SMALL, next_ranges
from phone_audit.apk.zip import directory as zip_index
from phone_audit.apk.zip.archive import Archive
from phone_audit.model.parts import Parts
from tests.apk.apk_signer import Signer, key, signed
from tests.apk.in_parts import Brought, bring
from tests.apk.media import PNG_END, box, chunk, font, mpeg4, noise, png, wav
from tests.apk.zips import Part, make_zip

MB = 2**20


def picture(
    name: str = "res/a.png", size: int = MB, begin: bytes = b"", end: bytes = b"", deflate: bool = False
) -> Part:
    """A picture; with `begin` or `end` only what is called like one."""
    content = begin + noise(size - len(begin) - len(end)) + end if begin or end else png(size)
    return Part(name, content, deflate=deflate)


CODE = Part("classes.dex", noise(200_000), deflate=False)
SOUND = Part("res/raw/a.wav", wav(MB), deflate=False)
LAST = Part("res/raw/z.wav", wav(MB), deflate=False)
FILL = [picture(f"res/f{n}.png", 90_000) for n in range(5)]
"""Pictures that keep others apart."""


def apk(*parts: Part) -> bytes:
    return signed(v2=[Signer(key())], parts=[CODE, *parts])


def held(brought: Brought, data: bytes) -> set[str]:
    """The entries that are held as a whole."""
    archive = Archive(memoryview(data), parts=brought.parts)
    return {entry.name for entry in archive.entries if archive.partial.has(entry)}


@pytest.mark.parametrize(
    "part",
    [
        picture(),
        Part("res/a.png", png(MB, 8192), deflate=False),
        SOUND,
        Part("assets/v.mp4", mpeg4(box(b"mdat", noise(MB)), box(b"moov", noise(9000))), deflate=False),
        Part("assets/a.ttf", font(9000, MB), deflate=False),
    ],
)
def test_media_stay_and_the_rest_is_brought(part: Part) -> None:
    data = apk(part, Part("assets/a.txt", b"text"))
    brought = bring(data)
    assert held(brought, data) == {"classes.dex", "assets/a.txt"}
    assert brought.bytes_read < 320_000
    assert len(brought.rounds) <= 4


SECRET = b"\n".join(b"https://h%d.hidden.example/gate" % number for number in range(40))
SMALL_ONES = [
    Part("res/drawable/x.png", b"dex\n035\0" + noise(20_000), deflate=False),
    Part("res/drawable/x.png", SECRET, deflate=False),
    Part("res/drawable/x.png", SECRET),
    Part("assets/x.png", SECRET, deflate=False),
    Part("assets/x.png", SECRET + noise(60_000), deflate=False),
    Part("res/font/x.ttf", SECRET + noise(60_000)),
    picture("res/drawable/x.png", 20_000),
]


@pytest.mark.parametrize("beside", [60_000, 150_000])
@pytest.mark.parametrize("part", SMALL_ONES)
def test_small_entries_are_brought_whatever_they_are_called(part: Part, beside: int) -> None:
    """Whether the pictures beside it are looked into or not."""
    before, behind = ([picture(f"res/{place}{n}.png", beside) for n in range(5)] for place in "fg")
    data = apk(*before, part, *behind)
    assert held(bring(data), data) >= {"classes.dex", part.name}


@pytest.mark.parametrize(
    "part",
    [
        picture(begin=b"dex\n035\0"),
        Part("res/a.png", png(MB) + b"something else", deflate=False),
        Part("res/a.png", png(MB) + b"dex\n035\0" + noise(20_000) + PNG_END, deflate=False),
        Part("res/a.png", b"".join((png(MB)[:33], chunk(b"tEXt", SECRET), png(MB)[33:])), deflate=False),
        picture("assets/a.jpg", begin=b"PK\3\4"),
        picture("assets/a.jpg", begin=b"\xff\xd8\xff", end=b"\xff\xd9"),
        picture("a.gif", begin=b"GIF89a", end=b";"),
        picture("a.webp", begin=b"RIFF\1\0\0\0WEBP"),
        picture("a.webp", begin=b"RIFF\xff\xff\xff\xffWEBP"),
        picture("assets/a.mp3", begin=b"ID3"),
        picture("assets/a.ogg", begin=b"OggS"),
        picture("assets/a.mp4", begin=b"\0\0\0\x20ftyp"),
        picture("assets/a.ttf", begin=b"\0\1\0\0"),
        Part("assets/a.png", noise(MB // 4) * 4, deflate=False),
    ],
)
def test_what_only_claims_to_be_media_is_brought_in_the_last_rounds(part: Part) -> None:
    data = apk(part, SOUND)
    brought = bring(data)
    assert held(brought, data) == {"classes.dex", part.encoded_name.decode()}
    assert len(brought.rounds) <= 5


@pytest.mark.parametrize("part", [picture(deflate=True), picture("a.png", begin=b"dex\n035\0", deflate=True)])
def test_what_is_deflated_is_brought_since_nobody_knows_where_it_ends(part: Part) -> None:
    data = apk(part, SOUND)
    assert held(bring(data), data) == {"classes.dex", part.encoded_name.decode()}


def test_ranges_near_each_other_are_one() -> None:
    data = apk(*(one for n in range(20) for one in (Part(f"{n}.txt", b"x"), picture(f"{n}.png", GAP // 2))), picture())
    assert len(bring(data).rounds[1]) <= 3


def test_there_are_never_more_ranges_than_a_phone_is_asked_for() -> None:
    parts = [one for n in range(MAX_RANGES + 50) for one in (Part(f"{n}.txt", b"x"), picture(f"{n}.png", 2 * GAP))]
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
    assert next_ranges(b"", 0, Parts()) == ()
    assert next_ranges(bytes(MB), MB, Parts(((0, MB),))) == ()


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


@pytest.mark.parametrize(
    "names",
    [[f"{n}" for n in range(1_000)], [f"{n:060000}" for n in range(200)]],
    ids=["many-entries", "long-names"],
)
def test_of_a_directory_larger_than_an_honest_one_no_entry_is_read(
    names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = apk(picture(size=4 * MB), *(Part(name) for name in names))
    monkeypatch.setattr(zip_index, "SMALL_ENTRIES", 1_000)
    monkeypatch.setattr(zip_index, "Entry", None)
    assert next_ranges(memoryview(data), len(data), Parts.of([(1, len(data))])) is None


def test_a_signing_block_larger_than_expected() -> None:
    filled = Signer(key(), attributes=tuple((number, bytes(10_000)) for number in range(20)))
    data = signed(v2=[filled], parts=[CODE, picture(size=3 * MB)])
    brought = bring(data)
    assert held(brought, data) == {"classes.dex"}
    assert len(brought.rounds) <= 4


def test_only_what_is_held_is_looked_at() -> None:
    data = apk(picture(size=3 * MB))
    (tail,) = next_ranges(memoryview(data), len(data), Parts()) or ()
    assert tail == (len(data) - len(data) // 32, len(data))
    blank = bytes(tail[0]) + data[tail[0] :]
    assert next_ranges(blank, len(data), Parts((tail,))) == next_ranges(data, len(data), Parts((tail,)))


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
