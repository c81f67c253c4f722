"""Ways to compare a text."""

import pytest

from phone_audit.knowledge.compare import compare


@pytest.mark.parametrize(
    ("match", "want", "have", "same"),
    [
        ("exact", "One", "One", True),
        ("exact", "One", "one", False),
        ("prefix", "00CN_", "00CN_3", True),
        ("prefix", "00CN_", "x00CN_3", False),
        ("suffix", "EUXM", "V12.EUXM", True),
        ("suffix", "EUXM", "V12.EUXMx", False),
        ("contains", "XS19", "aXS19b", True),
        ("contains", "XS19", "XS1", False),
        ("regex", "^B2N(_sprout)?$", "B2N_sprout", True),
        ("regex", "^B2N(_sprout)?$", "B2N_sprout2", False),
        ("regex", "CN", "00CN_", True),
    ],
)
def test_compare(match: str, want: str, have: str, same: bool) -> None:
    assert compare(match, want, have) is same
