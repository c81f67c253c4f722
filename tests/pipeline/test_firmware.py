"""Identifiers as they are piped in, and what depends on the day."""

from datetime import UTC, date, datetime

import pytest

from phone_audit.knowledge.load import load_knowledge
from phone_audit.pipeline.firmware import check_firmware, identifiers_in

KNOWN = load_knowledge()
BUILD_PROP = "# begin\nro.build.id=PPR1.180610.011\nro.build.display.id=00WW_3_22C_SP03\n"
GETPROP = "[ro.build.display.id]: [00WW_3_22C_SP03]\n[ro.build.id]: [PPR1.180610.011]\n"
SETTINGS = "Model  Nokia 7 plus\nBuild number  00WW_3_22C_SP03\nAndroid security patch level  1 March 2019\n"


@pytest.mark.parametrize("text", [BUILD_PROP, GETPROP, SETTINGS])
def test_one_phone_is_one_identifier(text: str) -> None:
    assert identifiers_in(text, KNOWN) == [text]


@pytest.mark.parametrize(
    ("text", "identifiers"),
    [
        ("00WW_3_22C_SP03\n\n  PPR1.180610.011\n", ["00WW_3_22C_SP03", "PPR1.180610.011"]),
        ("ro.build.id=A\nro.build.id=B\n", ["ro.build.id=A", "ro.build.id=B"]),
        ("00WW_3_22C_SP03", ["00WW_3_22C_SP03"]),
        ("", []),
    ],
)
def test_a_list_is_one_identifier_a_line(text: str, identifiers: list[str]) -> None:
    assert identifiers_in(text, KNOWN) == identifiers


def test_only_the_run_depends_on_the_day() -> None:
    def clock(day: int) -> datetime:
        return datetime(2026, 11, day, tzinfo=UTC)

    one = check_firmware([SETTINGS], knowledge=KNOWN, clock=lambda: clock(24))
    other = check_firmware([SETTINGS], knowledge=KNOWN, clock=lambda: clock(25))
    assert one.model_dump(exclude={"run"}) == other.model_dump(exclude={"run"})
    assert (one.run.patch_age_days, other.run.patch_age_days) == ((2825,), (2826,))
    assert other.run.as_of == "2026-11-25"


def test_ages_on_a_day_of_ones_choice() -> None:
    result = check_firmware([SETTINGS, "PPR1.180610.011"], knowledge=KNOWN, as_of=date(2019, 3, 11))
    assert (result.run.as_of, result.run.patch_age_days) == ("2019-03-11", (10, None))


ALTERED = "ro.build.fingerprint=Acme/one/one:13/TP1A.220624.014/1:user/release-keys\nro.build.type=userdebug\n"


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        (ALTERED, ["development-build", "fingerprint-contradicts-build"]),
        (ALTERED.replace("ro.build.type=userdebug", "ro.build.type=user"), []),
        ("[ro.build.tags]: [test-keys]\n[ro.build.type]: [user]\n", ["test-keys-build"]),
        ("ro.build.tags=test-keys", ["test-keys-build"]),
        ("Acme/one/one:13/TP1A.220624.014/1:userdebug/test-keys", []),
        (SETTINGS, []),
        ("ro.build.tags=\udcfftest-keys\n", []),
    ],
)
def test_a_property_file_is_held_against_the_rules(text: str, rules: list[str]) -> None:
    (build,) = check_firmware([text], knowledge=KNOWN).builds
    assert sorted(item.id for item in build.findings if item.incident is None) == rules
