"""Which media are media up to their last byte, as far as a few bytes tell."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.apk.zip.media import is_media_to_its_end
from phone_audit.apk.zip.partial_archive import MissingBytesError, PartialBytes
from phone_audit.model.parts import Parts
from tests.apk.media import PNG_END, PNG_HEAD, box, chunk, font, mpeg4, noise, png, riff, wav

BEFORE = 100
OPENING = 4000
LOOKS = 2


def looked_at(content: bytes) -> tuple[bool, int]:
    """Bring what is asked for, until it is told; and how often something was."""
    data = bytes(BEFORE) + content + b"behind"
    held = Parts.of([(BEFORE, BEFORE + min(OPENING, len(content)))])
    for looks in range(9):
        try:
            return is_media_to_its_end(PartialBytes(data, held), BEFORE, len(content), OPENING), looks
        except MissingBytesError as error:
            asked = error.start, error.end
        assert BEFORE <= asked[0] < asked[1] <= BEFORE + len(content)
        assert asked[1] - asked[0] <= 16
        held = held.plus([asked])
    raise AssertionError("it asks without end")


WHOLE = {
    "png": png(100_000),
    "png-pieces": png(100_000, 8192),
    "png-pieces-that-fit": PNG_HEAD + chunk(b"IHDR", bytes(13)) + 9 * chunk(b"IDAT", noise(8192)) + PNG_END,
    "png-text": PNG_HEAD + chunk(b"tEXt", b"by me") + chunk(b"IDAT", noise(90_000)) + PNG_END,
    "webp": riff(b"WEBP", (b"VP8 ", noise(70_001))),
    "webp-extended": riff(b"WEBP", (b"VP8X", bytes(10)), (b"VP8L", noise(70_000))),
    "wav": wav(70_000),
    "ttf": font(100, 3333, 70_001, 5),
    "otf": font(70_000, magic=b"OTTO"),
    "mp4": mpeg4(box(b"moov", noise(9000)), box(b"mdat", noise(80_000))),
    "mp4-at-the-end": mpeg4(box(b"free", b""), box(b"mdat", noise(80_000), large=True), box(b"moov", noise(9000))),
}


@pytest.mark.parametrize("name", WHOLE)
def test_media_are_such_to_their_end(name: str) -> None:
    whole, looks = looked_at(WHOLE[name])
    assert whole
    assert looks <= LOOKS


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("more", [b"dex\n035\0" + noise(9000), PNG_END, noise(4)])
def test_what_is_hung_on_is_seen(name: str, more: bytes) -> None:
    assert not looked_at(WHOLE[name] + more)[0]


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_cut_is_not_whole(name: str) -> None:
    assert not looked_at(WHOLE[name][:-4])[0]


@pytest.mark.parametrize(
    "content",
    [
        png(70_000) + noise(9000) + PNG_END,
        png(90_000, 8192) + noise(9000) + PNG_END,
        PNG_HEAD + chunk(b"IHDR", bytes(13)) + chunk(b"zzZz", noise(90_000)) + PNG_END,
        PNG_HEAD + noise(90_000) + PNG_END,
        PNG_HEAD + PNG_END + noise(90_000) + PNG_END,
        b"RIFF" + struct.pack("<I", 0xFFFFFFF0) + b"WAVE" + noise(90_000),
        b"RIFF" + struct.pack("<I", 90_004) + b"WAVE" + noise(90_000),
        riff(b"WAVE", (b"fmt ", bytes(16)), (b"mine", noise(90_000))),
        wav(70_000, (b"LIST", noise(9000))),
        b"\0\1\0\0" + noise(90_000),
        b"\0\1\0\0" + bytes(90_000),
        font(70_000)[:12] + struct.pack(">4s3I", b"glyf", 0, 80_000, 1000) + noise(81_000 - 28),
        b"\0\0\0\x20ftyp" + noise(90_000),
        mpeg4(box(b"free", noise(90_000))),
        mpeg4(*(box(b"mdat", noise(9000)) for _ in range(9))),
        mpeg4(struct.pack(">I4s", 0, b"mdat") + noise(90_000)),
        b"OggS" + noise(90_000),
        b"ID3" + noise(90_000),
        b"GIF89a" + noise(90_000) + b";",
        b"\xff\xd8\xff" + noise(90_000) + b"\xff\xd9",
        b"",
        b"RIFF",
    ],
)
def test_what_does_not_say_its_end_or_something_else_is_not_whole(content: bytes) -> None:
    assert not looked_at(content)[0]


@given(st.sampled_from(sorted(WHOLE)), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4))
def test_damage_leads_neither_outside_nor_into_endless_questions(name: str, damage: list[tuple[int, int]]) -> None:
    content = bytearray(WHOLE[name])
    for at, value in damage:
        content[at] = value
    assert looked_at(bytes(content))[1] <= LOOKS
