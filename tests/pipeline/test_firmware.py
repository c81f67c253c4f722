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


OTHER = {"00WW_3_22C_SP03": "OTHER.1", "PPR1.180610.011": "QP1A.190711.020"}


def other(text: str) -> str:
    for old, new in OTHER.items():
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("text", [BUILD_PROP, GETPROP, SETTINGS])
def test_each_of_several_phones_is_an_identifier(text: str) -> None:
    for one, two in ((text, other(text)), (other(text), text)):
        found = identifiers_in(one + two, KNOWN)
        assert [build.input for build in check_firmware(found, knowledge=KNOWN).builds] == [
            build.input for build in check_firmware([one, two], knowledge=KNOWN).builds
        ]
    assert len(identifiers_in(text + text, KNOWN)) == 1


def test_no_value_of_a_property_that_stands_twice_is_left_out() -> None:
    text = "ro.build.type=user\nro.build.display.id=A1\nro.x=1\nro.x=2\nro.build.display.id=B2\n"
    found = check_firmware(identifiers_in(text, KNOWN), knowledge=KNOWN).builds
    assert [build.input for build in found] == ["A1", "B2"]


def test_dumps_of_getprop_are_parted_where_the_order_starts_anew() -> None:
    one = "[gsm.a]: [x]\n[ro.build.display.id]: [A1]\n[ro.z]: [one\n[ro.c]: two]\n"
    two = "[dalvik.b]: [y]\n[ro.build.display.id]: [B2]\n[ro.z]: [1]\n"
    assert identifiers_in(one + two, KNOWN) == [one.rstrip("\n"), two]
    assert identifiers_in(two + one, KNOWN) == [two.rstrip("\n"), one]
    assert identifiers_in(one, KNOWN) == [one]


def test_a_list_may_hold_comments_and_quotes() -> None:
    assert identifiers_in("# fleet\n\"A1\"\n'B2'\nC3\n", KNOWN) == ["A1", "B2", "C3"]


def test_the_first_cell_of_a_table_counts() -> None:
    lines = ['"A1","Nokia, 7"', "B2,Nokia 7", "C3;x", ",empty", "Acme, firmware V3", "ro.x=a,b", '"']
    assert identifiers_in("\n".join(lines), KNOWN) == ["A1", "B2", "C3", "Acme, firmware V3", "ro.x=a,b"]


def test_one_label_and_its_value_on_the_next_line() -> None:
    assert identifiers_in("Build number\nA1\n", KNOWN) == ["Build number\nA1\n"]
    assert identifiers_in("Build number A1\nBuild number B2\n", KNOWN) == ["Build number A1", "Build number B2"]


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
