"""A busy machine fails no test, and nobody waits for what is slow: nothing outside `tests/benchmarks/` is timed."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import LEFT_OUT

TESTS = Path(__file__).parent
CLOCKS = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time", "thread_time", "time"}
BENCHMARKS = TESTS / "benchmarks"


def clocks_in_assertions(source: str) -> Iterator[int]:
    """Yield the lines of assertions that hold a clock, or seconds that passed, against a bound."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert) and any(_is_bound(part) for part in ast.walk(node.test)):
            yield node.lineno


def _is_bound(node: ast.AST) -> bool:
    """Tell whether time is compared with what it may be at most; that some passed is no assertion on how much."""
    if not isinstance(node, ast.Compare):
        return False
    parts = [node.left, *node.comparators]
    return any(
        isinstance(operator, ast.Lt | ast.LtE) and any(map(_is_time, _terms(lesser)))
        for operator, lesser in zip(node.ops, parts, strict=False)
    )


def _terms(node: ast.AST) -> list[ast.AST]:
    return [*_terms(node.left), *_terms(node.right)] if isinstance(node, ast.BinOp) else [node]


def _is_time(node: ast.AST) -> bool:
    named = node.func if isinstance(node, ast.Call) else node
    name = named.attr if isinstance(named, ast.Attribute) else getattr(named, "id", "")
    return name in (CLOCKS if isinstance(node, ast.Call) else ("seconds", "elapsed", "took"))


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("assert time.monotonic() - started < 5", [1]),
        ("x = 1\nassert perf_counter() < 5, 'slow'", [2]),
        ("assert seconds < 20", [1]),
        ("assert result.run.seconds <= 30", [1]),
        ("assert seconds > 0", []),
        ("until = time.monotonic() + 10", []),
        ("assert receive(here, 4, time.monotonic() + 1) == b'abcd'", []),
    ],
)
def test_an_assertion_on_seconds_is_found(source: str, lines: list[int]) -> None:
    assert list(clocks_in_assertions(source)) == lines


def test_no_test_asserts_on_seconds() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}"
        for path in sorted(TESTS.rglob("*.py"))
        if BENCHMARKS not in path.parents
        for line in clocks_in_assertions(path.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("marker", LEFT_OUT)
@pytest.mark.parametrize(
    ("options", "outcomes"),
    [((), {"skipped": 1, "passed": 1}), (("--all",), {"passed": 2}), (("-m", "{}"), {"passed": 1})],
)
def test_what_is_left_out_runs_when_it_is_asked_for(
    pytester: pytest.Pytester, marker: str, options: tuple[str, ...], outcomes: dict[str, int]
) -> None:
    pytester.makeini(f"[pytest]\nmarkers = {marker}: x\naddopts = --strict-markers")
    hooks = "LEFT_OUT, pytest_addoption, pytest_collection_modifyitems"
    pytester.makeconftest(
        f"import sys\nsys.path.insert(0, {str(TESTS.parent)!r})\nfrom tests.conftest import {hooks}\n"
    )
    pytester.makepyfile(f"import pytest\n@pytest.mark.{marker}\ndef test_one(): ...\ndef test_other(): ...\n")
    result = pytester.inline_run(*(option.format(marker) for option in options), "-p", "no:cacheprovider")
    passed, skipped, failed = (len(one) for one in result.listoutcomes())
    assert ({"passed": passed, "skipped": skipped}, failed) == ({"skipped": 0, **outcomes}, 0)
