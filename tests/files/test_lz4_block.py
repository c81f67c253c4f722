import pytest

from phone_audit.files.lz4_block import unpack_lz4
from tests.apk.assets.builders import lz4_block


def test_lz4_repeats_are_decoded() -> None:
    block = bytes([0x35]) + b"abc" + b"\x03\x00" + bytes([0x10]) + b"!"
    assert unpack_lz4(block, 13) == b"abcabcabcabc!"
    assert unpack_lz4(lz4_block(b"x" * 1000), 1000) == b"x" * 1000
    assert unpack_lz4(b"\x1f" + b"a" + b"\x01\x00" + b"\xff\x05" + b"\x10!", 281) == b"a" * 280 + b"!"


@pytest.mark.parametrize(
    ("block", "size"),
    [
        *(
            (packed, 100)
            for packed in (b"", b"\xf0", b"\x10", b"\x10a\x05\x00", b"\x10a\x00\x00", b"\xf0" + b"\xff" * 50)
        ),
        (b"", 5),
        (b"\xf0\xff\xff", 5),
        (b"\x14a\x02\x00", 9),
        (b"\x14a\x00\x00", 9),
        (b"\x1fa\x01\x00" + b"\xff" * 50_000, 9),
        (b"\x50ab", 5),
        (lz4_block(b"abc"), 4),
    ],
)
def test_damaged_lz4_is_refused(block: bytes, size: int) -> None:
    with pytest.raises(ValueError, match="damaged"):
        unpack_lz4(block, size)
