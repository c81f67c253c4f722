"""Changes inputs: mostly as libFuzzer does, now and then by putting a recipe in front, or changing one."""

import random
from collections.abc import Callable
from typing import Final

from tests.fuzz.expansion import MARK, OPERATIONS, RECIPE, SEPARATOR, Recipe

Mutate = Callable[[bytes, int], bytes]
_NEW, _CHANGED, _DROPPED = 0.06, 0.3, 0.36
_NUMBERS: Final = (0, 1, 2, 3, 4, 7, 8, 16, 28, 64, 100, 255, 256, 1000, 4096, 20_000, 65_535)


def mutated(data: bytes, most: int, seed: int, mutate: Mutate) -> bytes:
    """Return a changed input of at most `most` bytes.

    Args:
        data: an input.
        most: bytes that the new one may have.
        seed: the same one gives the same input.
        mutate: the fuzzer's own change.
    """
    chance = random.Random(seed)
    drawn = chance.random()
    starts = _starts(data)
    recipes = [at for at in starts if data.startswith(MARK, at) and at + RECIPE.size <= len(data)]
    if drawn < _NEW and len(data) + RECIPE.size <= most:
        at = chance.choice(starts)
        return data[:at] + _recipe(chance, len(data)).encoded() + data[at:]
    if recipes and drawn < _CHANGED:
        at = chance.choice(recipes)
        return data[:at] + _changed(data[at : at + RECIPE.size], chance, len(data)) + data[at + RECIPE.size :]
    if recipes and drawn < _DROPPED:
        at = chance.choice(recipes)
        return data[:at] + data[at + RECIPE.size :]
    return mutate(data, most)


def _starts(data: bytes) -> list[int]:
    """Return where recipes may stand: at the beginning, and behind the byte that begins each part."""
    starts = [0]
    at = data.find(SEPARATOR)
    while at >= 0:
        starts.append(min(at + len(SEPARATOR) + 1, len(data)))
        at = data.find(SEPARATOR, at + 1)
    return [*starts, 1] if len(starts) > 1 and data else starts


def _recipe(chance: random.Random, size: int) -> Recipe:
    return Recipe(
        operation=chance.randrange(len(OPERATIONS)),
        at=chance.randrange(min(size, 0xFFFF) + 1),
        length=_number(chance, size),
        other=min(_number(chance, size), 0xFF),
        times=chance.choice(_NUMBERS),
    )


def _changed(encoded: bytes, chance: random.Random, size: int) -> bytes:
    """Take one number of a recipe from another one."""
    old = list(RECIPE.unpack(encoded)[1:])
    field = chance.randrange(len(old))
    old[field] = _recipe(chance, size)[field]
    return Recipe(*old).encoded()


def _number(chance: random.Random, size: int) -> int:
    return chance.choice(_NUMBERS) if chance.random() < 0.5 else chance.randrange(min(size, 0xFFFF) + 1)
