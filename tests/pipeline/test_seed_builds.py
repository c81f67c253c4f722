"""The seed case on phones: another model's build is not meant, and a later build of this one is newer than the fix."""

import pytest

from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.results import CheckedBuild
from phone_audit.pipeline.firmware import check_builds

NOKIA_ID = "nokia-7-plus-vnet-cn-2019"
OF_B2N = "Nokia/Onyx_00WW/B2N_sprout"
NEWER = "newer than the published fix"


def one(text: str) -> CheckedBuild:
    (build,), _ = check_builds([text], load_knowledge())
    return build


def phone(device: str, display: str, model: str = "") -> str:
    text = f"[ro.build.display.id]: [{display}]\n[ro.product.device]: [{device}]\n"
    return text + (f"[ro.product.model]: [{model}]\n" if model else "")


@pytest.mark.parametrize(
    "text",
    [
        phone("DRG_sprout", "00WW_3_39B"),
        phone("DRG_sprout", "00WW_3_39B", "Nokia 6.1 Plus"),
        phone("DRG_sprout", "00WW_3_22C_SP03"),
        phone("DRG_sprout", "00WW_3_39B_SP03"),
        "Model  Nokia 6.1 Plus\nAndroid version 9\nBuild number\n00WW_3_39B\n",
    ],
)
def test_a_nokia_6_1_plus_is_not_meant(text: str) -> None:
    build = one(text)
    assert build.verdict.outcome == "nothing-found"
    assert (build.matches, build.fixes) == ((), ())
    assert "may be affected" not in build.verdict.headline


@pytest.mark.parametrize(
    "text",
    [
        phone("B2N_sprout", "00WW_3_39B"),
        phone("B2N", "00WW_3_39B_SP02"),
        phone("B2N_sprout", "00WW_3_22C_SP04"),
        "Model  Nokia 7 plus\nAndroid version 9\nBuild number\n00WW_3_39B\n",
        "Model  TA-1046\nAndroid version 9\nBuild number\n00WW_3_39B\n",
        "00WW_3_39B",
    ],
)
def test_a_build_before_the_fix_may_be_affected(text: str) -> None:
    build = one(text)
    assert build.verdict.outcome == "inconclusive"
    assert "candidate" in {match.status for match in build.matches if match.match == "range"}


@pytest.mark.parametrize(
    "text",
    [
        phone("B2N_sprout", "00WW_3_53B"),
        phone("B2N_sprout", "00WW_4_15D"),
        phone("B2N", "00WW_4_16B", "Nokia 7 plus"),
        "Model  Nokia 7 plus\nAndroid version 9\nBuild number\n00WW_3_53B\n",
        "Model  TA-1055\nAndroid version 9\nBuild number\n00WW_3_53B\n",
        f"{OF_B2N}:9/PPR1.180610.011/00WW_3_53B:user/release-keys",
        f"{OF_B2N}:10/QKQ1.190828.002/00WW_4_15N:user/release-keys",
    ],
)
def test_a_later_build_of_the_7_plus_is_newer_than_the_fix(text: str) -> None:
    build = one(text)
    assert build.verdict.outcome == "nothing-found"
    assert NEWER in build.verdict.headline
    assert build.findings == ()
    assert {(match.incident, match.status, match.inferred) for match in build.matches} == {(NOKIA_ID, "fixed", True)}
    (reason,) = build.verdict.reasons
    assert "inferred" in reason.text
    assert "What to do" not in reason.text
    assert {fix.stands for fix in build.fixes} == {"after"}


@pytest.mark.parametrize(
    "text",
    [
        f"{OF_B2N}:9/PPR1.180610.011/00WW_3_39B:user/release-keys",  # may be any service pack
        phone("B2N_sprout", "00WW_3_22D"),  # after one fix, before the other
        phone("B2N_sprout", "00WW_2_35E"),
        phone("B2N_sprout", "lineage_B2N-userdebug 13 TQ3A 1 test-keys"),
    ],
)
def test_what_is_not_after_every_fix_is_not_called_newer(text: str) -> None:
    build = one(text)
    assert build.verdict.outcome != "nothing-found"
    assert NEWER not in build.verdict.headline


def test_a_build_of_the_chinese_variant_is_neither() -> None:
    text = phone("B2N_sprout", "00CN_3_53B") + "[ro.product.name]: [Onyx_00CN]\n"
    assert one(text).matches == ()


@pytest.mark.parametrize(
    "text",
    [
        phone("B2N_sprout", "00WW_3_39B_SP01", "Nokia 7 plus"),
        phone("B2N_sprout", "00WW_2_35E", "Nokia 7 plus"),
        f"{OF_B2N}:9/PPR1.180610.011/00WW_3_22C:user/release-keys",
    ],
)
def test_who_lists_spellings_is_not_named_as_publisher(text: str) -> None:
    build = one(text)
    (reason,) = build.verdict.reasons
    published = reason.text.partition("Published by ")[2]
    assert published
    for name in ("AndroidDeviceNames", "GitHub", "UAD", "index"):
        assert name not in published
    named = {source.publisher for match in build.matches for source in match.sources}
    assert not any("AndroidDeviceNames" in name or "index" in name for name in named)


def test_a_case_in_which_a_fix_is_named_for_one_branch_only_says_where_it_stands() -> None:
    stands = {fix.fixed: fix.stands for fix in one(phone("B2N_sprout", "00WW_3_39B_SP02")).fixes}
    assert stands == {"00WW_3_22C_SP05": None, "00WW_3_39B_SP03": "before"}
