"""How facts are compared with texts, and versions with ranges."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.knowledge.compare import compare, in_range
from phone_audit.knowledge.schema.incident import BuildFact


def range_of(scheme: str, **bounds: Any) -> BuildFact:
    return BuildFact.model_validate(
        {
            "value": "a range", "confidence": "sourced", "source": 1, "field": "x", "status": "affected",
            "match": "range", "scheme": scheme, **bounds,
        }
    )  # fmt: skip


HMD = range_of("hmd", branch="00WW_3_22C", below="SP05")
MIUI = range_of("miui", **{"from": "V12.5", "below": "V12.5.4"})
DOTTED = range_of("dotted", below="5.4")
SECONDS = range_of("unix-seconds", **{"from": "1692316800"})


@pytest.mark.parametrize(
    ("fact", "text", "inside"),
    [
        (HMD, "00WW_3_22C", True),
        (HMD, "00WW_3_22C_SP00", True),
        (HMD, "00WW_3_22C_SP04", True),
        (HMD, "00WW_3_22C_SP05", False),
        (HMD, "00WW_3_22C_SP10", False),
        (HMD, "00WW_3_22B_SP04", False),
        (HMD, "00CN_3_22C_SP04", False),
        (HMD, "00WW_3_22CX_SP04", False),
        (HMD, "00WW_3_22C_SP04_extra", False),
        (HMD, "00WW_3_22C_SP", False),
        (MIUI, "V12.5.3.0.RGBCNXM", True),
        (MIUI, "V12.5", True),
        (MIUI, "V12.5.4.0.RGBCNXM", False),
        (MIUI, "V12.4.9.0.RGBCNXM", False),
        (MIUI, "V12", False),
        (MIUI, "V0412.201806271453x", False),
        (MIUI, "12.5.3.0", False),
        (DOTTED, "5.3.9", True),
        (DOTTED, "5", True),
        (DOTTED, "5.4", False),
        (DOTTED, "5.10", False),
        (DOTTED, "5.3-beta", False),
        (DOTTED, "", False),
        (DOTTED, "5..3", False),
        (SECONDS, "1692316800", True),
        (SECONDS, "1692316799", False),
        (SECONDS, "yesterday", False),
    ],
)
def test_in_range(fact: BuildFact, text: str, inside: bool) -> None:
    assert in_range(fact, text) is inside


def test_an_hmd_range_from_a_service_pack() -> None:
    fact = range_of("hmd", branch="00WW_3_39B", **{"from": "SP03"})
    assert [in_range(fact, f"00WW_3_39B{pack}") for pack in ("", "_SP02", "_SP03", "_SP11")] == [
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize("text", ["9" * 5000, "1." * 5000 + "1", "V" + "9" * 5000 + ".1", "00WW_3_22C_SP" + "9" * 5000])
@pytest.mark.parametrize("fact", [HMD, MIUI, DOTTED, SECONDS])
def test_huge_numbers_are_no_version(fact: BuildFact, text: str) -> None:
    """Python refuses to read numbers of thousands of digits; a hostile version name may hold one."""
    assert in_range(fact, text) is False


@given(st.lists(st.integers(0, 99), min_size=1, max_size=5), st.lists(st.integers(0, 99), min_size=1, max_size=5))
def test_from_and_below_part_all_versions(bound: list[int], version: list[int]) -> None:
    """What is not below a bound is from it on."""
    at, here = ".".join(map(str, bound)), ".".join(map(str, version))
    assert in_range(range_of("dotted", below=at), here) is not in_range(range_of("dotted", **{"from": at}), here)
    assert in_range(range_of("dotted", below=at), here) is (version < bound)


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
