"""Exit codes, as the contract fixes them."""

import pytest

from phone_audit.cli.exits import FailOn, exit_code, strongest


@pytest.mark.parametrize(
    ("outcome", "complete", "fail_on", "code"),
    [
        ("nothing-found", True, "suspicious", 0),
        ("inconclusive", False, "suspicious", 10),
        ("exposed", True, "suspicious", 0),
        ("exposed", False, "suspicious", 10),
        ("exposed", True, "exposed", 13),
        ("exposed", False, "exposed", 13),
        ("suspicious", True, "suspicious", 11),
        ("suspicious", True, "known-bad", 0),
        ("suspicious", False, "known-bad", 10),
        ("known-bad", False, "suspicious", 12),
        ("known-bad", True, "exposed", 12),
        ("known-bad", True, "never", 0),
        ("known-bad", False, "never", 10),
        ("inconclusive", True, "suspicious", 10),
        ("inconclusive", True, "never", 10),
        ("inconclusive", True, "inconclusive", 10),
        ("exposed", True, "inconclusive", 13),
        ("suspicious", True, "inconclusive", 11),
        ("nothing-found", True, "inconclusive", 0),
    ],
)
def test_one_result(outcome: str, complete: bool, fail_on: FailOn, code: int) -> None:
    assert exit_code(outcome, complete, fail_on) == code


@pytest.mark.parametrize(
    ("codes", "code"), [([], 0), ([0, 10], 10), ([10, 13], 13), ([13, 11], 11), ([11, 12, 10], 12)]
)
def test_several_results(codes: list[int], code: int) -> None:
    assert strongest(codes) == code
