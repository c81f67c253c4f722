"""Build identifiers against the incidents: the outcomes of the contract, and the three inputs of the seed case."""

from typing import Any

import pytest

from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.finding import Outcome, Question, Source, Verdict
from phone_audit.model.results import BuildMatch, CheckedBuild, ParsedBuild
from phone_audit.pipeline.firmware import check_builds
from tests.judge.cases import NOKIA_FINGERPRINT, fact, incident, knowledge_of

LAB = Source(title="The study", publisher="A lab", date="2024-05-01", url="https://lab.example/study")
NOKIA_ID = "nokia-7-plus-vnet-cn-2019"


def one(text: str) -> CheckedBuild:
    (build,), _ = check_builds([text], load_knowledge())
    return build


def case(**facts: Any) -> CheckedBuild:
    (build,), _ = check_builds(["00WW_3_22C_SP03"], knowledge_of(incident(**facts)))
    return build


def build_fact(status: str, **changes: Any) -> dict[str, Any]:
    return fact("00WW_3_22C_SP03", field="ro.build.display.id", match="exact", status=status, **changes)


# ---- the contract's outcomes of a build alone


@pytest.mark.parametrize(
    ("facts", "outcome", "headline"),
    [
        (
            {"builds": [build_fact("affected")]},
            "known-bad",
            "A publisher lists this build as affected: Acme One: weather service that sends the IMEI",
        ),
        (
            {"builds": [build_fact("affected")], "raises": "suspicious", "raises_note": "disputed"},
            "suspicious",
            "A publisher lists this build as affected: Acme One: weather service that sends the IMEI",
        ),
        (
            {"builds": [build_fact("candidate")]},
            "inconclusive",
            "This build may be affected; the build alone cannot show it: Acme One: weather service that sends the IMEI",
        ),
        (
            {"builds": [build_fact("fixed")]},
            "nothing-found",
            "A publisher lists this build as fixed: Acme One: weather service that sends the IMEI",
        ),
        (
            {},
            "nothing-found",
            "No published incident names this build; that says nothing about what its apps do",
        ),
    ],
)
def test_outcomes(facts: dict[str, Any], outcome: Outcome, headline: str) -> None:
    build = case(**facts)
    assert (build.verdict.outcome, build.verdict.headline) == (outcome, headline)


def test_a_model_is_no_more_than_a_question() -> None:
    entry = incident(models=[fact("B2N_sprout", field="ro.product.device", match="exact")])
    (build,), _ = check_builds([NOKIA_FINGERPRINT], knowledge_of(entry))
    assert build.verdict.outcome == "inconclusive"
    assert build.matches == (
        BuildMatch(incident="case", match="model", field="ro.product.device", value="B2N_sprout", status="candidate",
                   sources=(LAB,)),
    )  # fmt: skip
    assert [(found.id, found.severity) for found in build.findings] == [("named-model", "info")]


@pytest.mark.parametrize("text", ["foo", "", "TA-1046", "dalvik.vm.heapsize=512m\nx=y\n"])
def test_what_is_not_understood_is_inconclusive(text: str) -> None:
    build = one(text)
    assert build.parsed is None
    assert build.verdict.outcome == "inconclusive"
    assert build.verdict.headline == "This is not a known form of build number, so it shows nothing"


def test_well_formed_and_not_listed() -> None:
    assert one("AP4A.241205.013") == CheckedBuild(
        input="AP4A.241205.013",
        parsed=ParsedBuild(
            build_id="AP4A.241205.013",
            vendor_scheme="aosp",
            vendor_version="AP4A.241205.013",
            build_date="2024-12-05",
        ),
        matches=(),
        findings=(),
        verdict=Verdict(
            outcome="nothing-found",
            headline="No published incident names this build; that says nothing about what its apps do",
            reasons=(),
            questions=(
                Question(
                    id="known-bad",
                    answer="no",
                    text="No published case names this build; that says nothing about what its apps do.",
                ),
            ),
        ),
    )


def test_a_form_that_nobody_knows_and_a_publisher_names() -> None:
    build = one("V362HH.SHWY.HB.HJ.P3.0315.V3.04")
    assert build.parsed == ParsedBuild(vendor_version="V362HH.SHWY.HB.HJ.P3.0315.V3.04")
    assert [(match.incident, match.status) for match in build.matches] == [("bsi-xgen2cy-2019", "fixed")]


def test_a_match_says_who_published_it_and_by_which_field() -> None:
    build = case(builds=[build_fact("affected")])
    assert build.matches == (
        BuildMatch(incident="case", match="exact", field="ro.build.display.id", value="00WW_3_22C_SP03",
                   status="affected", sources=(LAB,)),
    )  # fmt: skip
    (reason,) = build.verdict.reasons
    assert reason.finding == build.findings[0].key
    assert "(ro.build.display.id is 00WW_3_22C_SP03)" in reason.text
    assert "Published by A lab (2024-05-01)." in reason.text


def test_a_pattern_is_a_range() -> None:
    build = case(builds=[build_fact("affected", pattern="^00WW_3") | {"match": "regex"}])
    assert [match.match for match in build.matches] == ["range"]


def test_the_headline_is_that_of_the_match_that_decides() -> None:
    """An affected build that raises little, beside a sign that raises more."""
    little = incident("little", builds=[build_fact("affected")], raises="exposed", category="telemetry")
    more = incident(
        "more", title="More", properties=[fact("os.bad", expected=None, standalone=True)],
        unless=[{"field": "ro.product.name", "match": "exact", "value": "One_CN"}],
    )  # fmt: skip
    text = "ro.build.display.id=00WW_3_22C_SP03\nos.bad=1\n"
    (build,), cited = check_builds([text], knowledge_of(little, more))
    assert build.verdict.outcome == "suspicious"
    assert build.verdict.headline == "The properties show a sign of a published incident: More"
    assert [entry.id for entry in cited] == ["little", "more"]


# ---- the three inputs of the seed case


def test_the_candidate() -> None:
    build = one("00WW_3_22C_SP03")
    assert build.verdict.outcome == "inconclusive"
    assert [(m.incident, m.match, m.status) for m in build.matches] == [(NOKIA_ID, "range", "candidate")]
    (reason,) = build.verdict.reasons
    assert "This build may be affected (ro.build.display.id is 00WW_3_22C_SP03)" in reason.text
    assert "Fixed builds of this branch: 00WW_3_22C_SP05, or any 00WW_3_39B from SP03." in reason.text
    assert "does not show" not in reason.text


def test_the_fingerprint_cannot_tell_the_service_pack() -> None:
    build = one(NOKIA_FINGERPRINT)
    assert build.verdict.outcome == "inconclusive"
    assert (build.matches[0].match, build.matches[0].status) == ("exact", "candidate")
    (reason,) = build.verdict.reasons
    assert (
        "A fingerprint does not show the service pack (the build number in Settings does), "
        "so it cannot tell a fixed build from an earlier one."
    ) in reason.text
    assert "Fixed builds of this branch: 00WW_3_22C_SP05, or any 00WW_3_39B from SP03." in reason.text


def test_the_fixed_build() -> None:
    build = one("00WW_3_39B_SP03")
    assert build.verdict.outcome == "nothing-found"
    assert build.findings == ()
    assert [(m.incident, m.match, m.status) for m in build.matches] == [(NOKIA_ID, "exact", "fixed")]
    (reason,) = build.verdict.reasons
    assert reason.finding is None
    assert "This build is listed as fixed (ro.build.display.id is 00WW_3_39B_SP03)." in reason.text
    assert "What to do" not in reason.text


def test_a_build_number_without_its_service_pack() -> None:
    (reason,) = one("00WW_3_22C").verdict.reasons
    assert "This build number does not show its service pack (00WW_3_22C)" in reason.text


def test_the_display_id_of_a_dump_excludes_what_the_fingerprint_leaves_open() -> None:
    text = f"[ro.build.fingerprint]: [{NOKIA_FINGERPRINT}]\n[ro.build.display.id]: [00WW_3_22C_SP05]\n"
    build = one(text)
    assert build.verdict.outcome == "nothing-found"
    assert [(m.field, m.status) for m in build.matches] == [("ro.build.display.id", "fixed")]


# ---- dumps, order, scale


def test_a_dump_that_shows_the_malware_itself() -> None:
    build = one("[ro.build.display.id]: [X1]\n[os.config.ppgl.status]: [1]\n[ro.serialno]: [SECRET]\n")
    assert build.verdict.outcome == "known-bad"
    assert build.matches == ()
    assert {found.id for found in build.findings} == {"published-incident"}
    assert build.findings[0].evidence[0].where == "getprop"
    assert "SECRET" not in build.model_dump_json()


def test_the_records_follow_the_input() -> None:
    inputs = ["foo", "00WW_3_39B_SP03", "foo", "AP4A.241205.013"]
    builds, cited = check_builds(inputs, load_knowledge())
    assert [build.input for build in builds] == inputs
    assert [entry.id for entry in cited] == [NOKIA_ID]


def test_no_input_gives_no_record() -> None:
    assert check_builds([], load_knowledge()) == ((), ())


@pytest.mark.slow
def test_ten_thousand_identifiers() -> None:
    known = load_knowledge()
    inputs = [f"google/shiba/shiba:15/AP4A.241205.013/{n}:user/release-keys" for n in range(5000)]
    inputs += [f"00WW_3_22C_SP{n:04}" for n in range(5000)]
    builds, _ = check_builds(inputs, known)
    assert [build.verdict.outcome for build in builds[5003:5007]] == [
        "inconclusive",
        "inconclusive",
        "nothing-found",
        "nothing-found",
    ]


@pytest.mark.parametrize("text", ["00WW_3_22C_SP03", NOKIA_FINGERPRINT, "00WW_3_39B_SP03", "AP4A.241205.013", "foo"])
def test_nothing_calls_a_build_clean(text: str) -> None:
    """Titles and advice come from the incidents; what is written here never gives a clean bill."""
    verdict = one(text).verdict
    assert "clean" not in (verdict.headline + " ".join(reason.text for reason in verdict.reasons)).lower()


# ---- spelling, fixes, support


def test_a_published_build_in_another_case() -> None:
    build = one(NOKIA_FINGERPRINT.lower())
    assert build.input == NOKIA_FINGERPRINT.lower()
    assert [(match.incident, match.value) for match in build.matches if match.match == "exact"] == [
        (NOKIA_ID, NOKIA_FINGERPRINT)
    ]


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("00WW_3_22C_SP03", {"00WW_3_22C_SP05": "before", "00WW_3_39B_SP03": "before"}),
        ("00WW_3_22C_SP05", {"00WW_3_22C_SP05": "same", "00WW_3_39B_SP03": None}),
        ("00WW_3_39B_SP02", {"00WW_3_22C_SP05": None, "00WW_3_39B_SP03": "before"}),
    ],
)
def test_where_a_build_stands_to_the_fix(text: str, stands: dict[str, str | None]) -> None:
    assert {fix.fixed: fix.stands for fix in one(text).fixes} == stands


def test_text_of_the_settings_screen() -> None:
    build = one("Model  Nokia 7 plus\nandroid version 9\nBuild number\nPPR1.180610.011.00WW_3_39B_SP03\n")
    assert build.input == "00WW_3_39B_SP03"
    assert build.parsed is not None
    assert (build.parsed.model, build.parsed.android_version, build.parsed.build_id) == (
        "Nokia 7 plus",
        "9",
        "PPR1.180610.011",
    )
    assert {match.status for match in build.matches} == {"fixed"}
    assert build.support is not None
    assert (build.support.model, build.support.until) == ("Nokia 7 Plus", "2021-04-01")
