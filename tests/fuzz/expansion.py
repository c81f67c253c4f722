"""Small inputs that stand for large or deeply nested ones, so that a limit on length hides neither.

An input may begin with recipes, each `MARK`, an operation and its numbers; what follows the last one is the payload.
The last recipe is carried out first. So a fuzzer that changes ten bytes tries a megabyte.
"""

import struct
import zlib
from collections.abc import Callable
from typing import Final, NamedTuple

MARK: Final = b"\xf5GROW"
SEPARATOR: Final = b"\xf5NEXT"
"""Stands between the parts of an input that makes several files; the byte behind it says which."""
RECIPE: Final = struct.Struct("<5sBHHBH")
LARGEST: Final = 2**20
_MOST_RECIPES: Final = 4
_MOST_LAYERS: Final = 8
_SHORT_LENGTH, _LONG_LENGTH = 0x80, 0x84


class Recipe(NamedTuple):
    """What is done to a payload: which operation, where, to how many bytes, how often, and a further number."""

    operation: int
    at: int
    length: int
    other: int
    times: int

    def encoded(self) -> bytes:
        """Return the bytes that stand for it."""
        return RECIPE.pack(MARK, *self)


def expanded(data: bytes, largest: int = LARGEST) -> bytes:
    """Return the input that is meant, of `largest` bytes at most where recipes made it.

    Example:
        >>> expanded(Recipe(NEST, 0, 1, 1, 3).encoded() + b"[]")
        b'[[[]]]'
    """
    recipes: list[Recipe] = []
    while len(recipes) < _MOST_RECIPES and data.startswith(MARK) and len(data) >= RECIPE.size:
        recipes.append(Recipe(*RECIPE.unpack_from(data)[1:]))
        data = data[RECIPE.size :]
    for recipe in reversed(recipes):
        data = OPERATIONS[recipe.operation % len(OPERATIONS)](data, recipe, largest)[:largest]
    return data


def parts_of(data: bytes, largest: int = LARGEST) -> list[tuple[int, bytes]]:
    """Return the parts of an input, each with the byte that says what it is."""
    pieces = [piece for piece in data.split(SEPARATOR) if piece]
    return [(piece[0], expanded(piece[1:], largest)) for piece in pieces]


def joined(*parts: tuple[int, bytes]) -> bytes:
    """Return the input that has these parts."""
    return SEPARATOR.join(bytes([kind]) + content for kind, content in parts)


def _repeat(data: bytes, recipe: Recipe, largest: int) -> bytes:
    """Write a piece again and again."""
    at, end = recipe.at, recipe.at + recipe.length
    return data[:at] + _times(data[at:end], recipe.times, largest) + data[end:]


def _nest(data: bytes, recipe: Recipe, largest: int) -> bytes:
    """Write an opening again and again, and the last `other` bytes, which close it, as often."""
    opened, close = recipe.at + recipe.length, max(recipe.at + recipe.length, len(data) - recipe.other)
    opening = _times(data[recipe.at : opened], recipe.times, largest // 2)
    return data[: recipe.at] + opening + data[opened:close] + _times(data[close:], recipe.times, largest // 2)


def _times(piece: bytes, count: int, largest: int) -> bytes:
    return piece * min(count, largest // max(1, len(piece)))


def _ramp(data: bytes, recipe: Recipe, largest: int) -> bytes:
    """Insert ascending 32-bit numbers, as a table of offsets that overlap has them."""
    step = recipe.other
    numbers = [recipe.length + step * number for number in range(min(recipe.times, largest // 4))]
    return data[: recipe.at] + struct.pack(f"<{len(numbers)}I", *numbers) + data[recipe.at :]


def _number(data: bytes, recipe: Recipe, _: int) -> bytes:
    """Overwrite a 32-bit number, with a forged count."""
    number = (recipe.times << recipe.other % 32) & 0xFFFFFFFF
    return data[: recipe.at] + struct.pack("<I", number) + data[recipe.at + 4 :]


def _gzip(data: bytes, recipe: Recipe, _: int) -> bytes:
    """Compress, up to some layers one around the other."""
    for _layer in range(1 + recipe.times % _MOST_LAYERS):
        stream = zlib.compressobj(6, zlib.DEFLATED, 31)
        data = stream.compress(data) + stream.flush()
    return data


def _der(data: bytes, recipe: Recipe, largest: int) -> bytes:
    """Wrap in values of ASN.1, one around the other; `other` is their tag."""
    return _wrapped(data, recipe, largest, lambda size: bytes([recipe.other]) + _der_length(size))


def _der_length(size: int) -> bytes:
    return bytes([size]) if size < _SHORT_LENGTH else bytes([_LONG_LENGTH]) + size.to_bytes(4, "big")


def _protobuf(data: bytes, recipe: Recipe, largest: int) -> bytes:
    """Wrap in messages of protobuf, one around the other; `other` is the key of their field."""
    return _wrapped(data, recipe, largest, lambda size: bytes([recipe.other]) + _varint(size))


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number >= _SHORT_LENGTH:
        encoded.append(number & 0x7F | _SHORT_LENGTH)
        number >>= 7
    return bytes([*encoded, number])


def _wrapped(data: bytes, recipe: Recipe, largest: int, head_of: Callable[[int], bytes]) -> bytes:
    heads: list[bytes] = []
    size = len(data)
    while len(heads) < recipe.times and size < largest:
        heads.append(head_of(size))
        size += len(heads[-1])
    return b"".join(reversed(heads)) + data


def _same_places(data: bytes, recipe: Recipe, largest: int) -> bytes:
    """Insert the same 32-bit number many times, as a table in which all point to one place has it."""
    number = recipe.length | recipe.other << 16
    return data[: recipe.at] + _times(struct.pack("<I", number), recipe.times, largest) + data[recipe.at :]


REPEAT, NEST, RAMP, NUMBER, GZIP, DER, PROTOBUF, SAME = range(8)
OPERATIONS: Final = (_repeat, _nest, _ramp, _number, _gzip, _der, _protobuf, _same_places)
