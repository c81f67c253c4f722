"""The fuzz targets work: each takes every input that is kept for it, and no reader of hostile bytes is without one."""

import importlib
from pathlib import Path

import pytest

from tests.fuzz.expansion import (
    DER,
    GZIP,
    LARGEST,
    NEST,
    NUMBER,
    RAMP,
    REPEAT,
    SAME,
    Recipe,
    expanded,
    joined,
    parts_of,
)
from tests.fuzz.mutator import mutated
from tests.fuzz.table import TARGETS

ROOT = Path(__file__).resolve().parents[2]
KEPT = Path(__file__).parent / "corpus"
MOST_KEPT = 400_000
READERS = (
    "apk/dex",
    "apk/oat",
    "apk/assets",
    "acquire/questions",
    "acquire/image",
    "acquire/importers",
    "acquire/traffic",
    "knowledge/feeds",
)
"""Folders in which every file is a reader, or stands behind one."""
ELSEWHERE = {
    "phone_audit.acquire.questions.question": "says what a question is",
    "phone_audit.acquire.adb.handshake": "the protocol is adb_shell's; tests/acquire/adb holds it against odd peers",
    "phone_audit.apk.__init__": "says what the folder is for",
    "phone_audit.apk.worker.pool": "starts the child",
    "phone_audit.knowledge.packers": "matches names against our own patterns",
    "phone_audit.knowledge.rules": "matches names against our own patterns",
    "phone_audit.knowledge.schema.scheme": "matches names against our own patterns; firmware drives it",
    "phone_audit.knowledge.compare": "compares versions; firmware drives it",
}
"""Files that speak of hostile bytes and are in no target, and why."""


def covered(module: str) -> bool:
    return any(module == one or module.startswith(f"{one}.") for target in TARGETS.values() for one in target.reads)


@pytest.mark.slow
@pytest.mark.promise("readers-fuzzed")
@pytest.mark.parametrize("name", TARGETS)
def test_every_kept_input_passes(name: str) -> None:
    kept = sorted((KEPT / name).iterdir())
    assert kept, name
    for path in kept:
        TARGETS[name](path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("data", [b"", b"\0", b"\xff" * 40, b"{}", b"\xf5NEXT"])
def test_no_input_is_too_small(name: str, data: bytes) -> None:
    TARGETS[name](data)


def test_what_a_target_says_it_reads_is_there() -> None:
    for target in TARGETS.values():
        for module in target.reads:
            importlib.import_module(module)


@pytest.mark.promise("readers-fuzzed")
def test_no_reader_is_without_a_target() -> None:
    for folder in READERS:
        for path in (ROOT / "phone_audit" / folder).glob("*.py"):
            module = f"phone_audit.{folder.replace('/', '.')}.{path.stem}"
            assert path.stem == "__init__" or covered(module) or module in ELSEWHERE, module


@pytest.mark.promise("readers-fuzzed")
def test_a_file_that_speaks_of_hostile_bytes_is_in_a_target() -> None:
    said = set()
    for path in (ROOT / "phone_audit").rglob("*.py"):
        if "hostile" in path.read_text("utf-8").lower():
            said.add(".".join(path.relative_to(ROOT).with_suffix("").parts))
    assert sorted(module for module in said if not covered(module) and module not in ELSEWHERE) == []


def test_the_corpus_is_small_and_of_these_targets() -> None:
    assert {path.name for path in KEPT.iterdir()} == TARGETS.keys()
    assert sum(path.stat().st_size for path in KEPT.rglob("*") if path.is_file()) < MOST_KEPT


@pytest.mark.parametrize("operation", range(8))
def test_no_recipe_makes_more_than_is_allowed(operation: int) -> None:
    recipe = Recipe(operation, 1, 2, 3, 65_535).encoded()
    assert len(expanded(recipe + b"abcdef", 1000)) <= 1000
    assert len(expanded(recipe * 6 + b"abcdef")) <= LARGEST + len(recipe) * 3


def test_recipes_make_large_and_deep_inputs() -> None:
    assert expanded(Recipe(REPEAT, 1, 1, 0, 4).encoded() + b"abc") == b"abbbbc"
    assert expanded(Recipe(NEST, 1, 1, 2, 2).encoded() + b"x[)]") == b"x[[)])]"
    assert expanded(Recipe(RAMP, 1, 5, 2, 2).encoded() + b"ab") == b"a\5\0\0\0\7\0\0\0b"
    assert expanded(Recipe(SAME, 0, 5, 0, 2).encoded() + b"a") == b"\5\0\0\0\5\0\0\0a"
    assert expanded(Recipe(NUMBER, 0, 0, 4, 15).encoded() + b"abcde") == b"\xf0\0\0\0e"
    assert expanded(Recipe(DER, 0, 0, 0x30, 2).encoded() + b"a") == b"\x30\x03\x30\x01a"
    assert expanded(Recipe(GZIP, 0, 0, 0, 0).encoded() + b"a")[:2] == b"\x1f\x8b"
    assert expanded(Recipe(REPEAT, 0, 1, 0, 3).encoded() * 2 + b"a") == b"a" * 5


def test_parts_are_told_apart() -> None:
    grown = Recipe(REPEAT, 0, 1, 0, 3).encoded() + b"b"
    assert parts_of(joined((1, b"a"), (2, grown), (3, b""))) == [(1, b"a"), (2, b"bbb"), (3, b"")]


def test_the_mutator_changes_recipes_and_keeps_to_the_limit() -> None:
    seen = {mutated(Recipe(0, 1, 2, 3, 4).encoded() + b"abc", 64, seed, lambda data, _: data) for seed in range(300)}
    assert len(seen) > 50
    assert b"abc" in seen
    assert max(map(len, seen)) <= 64
