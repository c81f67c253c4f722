"""Firmware rules: what each kind of check sees, and what hostile properties do to it."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from phone_audit.knowledge.check.folder import check_folder
from phone_audit.knowledge.load import BUNDLED, load_knowledge
from phone_audit.knowledge.schema.firmware import FirmwareRule, day_of, text_of

FINGERPRINT = "Acme/one_eu/one:14/UP1A.231005.007/X1:user/release-keys"
SAYS = {
    "kind": "says",
    "any_of": [
        [{"field": "a", "is_one_of": ["1", "two"]}, {"field": "b", "is_one_of": ["x"]}],
        [{"field": "tags", "is_one_of": ["test-keys"], "words": True}],
    ],
}
DIFFER = {"kind": "differ", "fields": ["a", "b", "c"], "alike": [["Xiaomi", "POCO"]], "generic": ["qti"]}
DENY = {"kind": "deny", "lines": [["fp#release", "release", "codename"], ["fp#type", "type"]]}
ABOVE = {"kind": "above", "low": "first", "high": "sdk"}
LATER = {"kind": "later", "early": "built", "late": "patch", "days": 60}
TABLE = {
    "kind": "table",
    "key": "release",
    "value": "sdk",
    "rows": {"8": ["26", "27"], "8.1": ["27"], "12": ["31", "32"]},
}
HOSTILE = (
    "",
    " ",
    "\x00",
    "9" * 5000,
    "-1",
    "٣",
    "²",
    "1e9",
    "NaN",
    "2026-02-30",
    "a/b/c:d",
    "/" * 3000,
    "\ud800",
    "é" * 900,
)


def rule(check: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A made-up rule with one case."""
    fields: dict[str, Any] = {
        "id": "made-up", "category": "firmware", "title": "Made up", "severity": "low", "confidence": "high",
        "cases": [{"subject": "a", "message": "Something.", "check": check}],
        "remedy": {"text": "None."},
        "sources": [
            {"id": "s", "title": "T", "publisher": "P", "url": "https://p.example/", "revision": "",
             "date": "2026-01-01", "licence": "fact"}
        ],
        "matches": [], "ignores": [],
    }  # fmt: skip
    return fields | changes


def shown(check: dict[str, Any], **fields: str) -> tuple[str, ...]:
    found = list(FirmwareRule.model_validate(rule(check)).met_cases(fields))
    return found[0][1] if found else ()


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"a": "1", "b": "x"}, ("a", "b")),
        ({"a": " TWO\n", "b": "X"}, ("a", "b")),
        ({"a": "1", "b": "y"}, ()),
        ({"a": "1"}, ()),
        ({"a": "12", "b": "x"}, ()),
        ({"tags": "x,test-keys"}, ("tags",)),
        ({"tags": "no-test-keys"}, ()),
        ({"a": "1", "b": "x", "tags": "test-keys"}, ("a", "b", "tags")),
        ({}, ()),
    ],
)
def test_says(fields: dict[str, str], names: tuple[str, ...]) -> None:
    assert shown(SAYS, **fields) == names


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"a": "Acme", "b": "Other"}, ("a", "b")),
        ({"a": "Acme", "b": "ACME", "c": "Other"}, ("a", "c")),
        ({"a": "QTI", "b": "Acme", "c": "Other"}, ("b", "c")),
        ({"a": "qti", "b": "Acme"}, ()),
        ({"a": "xiaomi", "b": "Poco"}, ()),
        ({"a": "POCO", "b": "Acme"}, ("a", "b")),
        ({"a": "", "b": "Acme", "c": " "}, ()),
    ],
)
def test_differ(fields: dict[str, str], names: tuple[str, ...]) -> None:
    assert shown(DIFFER, **fields) == names


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"fp": FINGERPRINT, "release": "13"}, ("fp#release", "release")),
        ({"fp": FINGERPRINT, "release": "13", "codename": "14"}, ()),
        ({"fp": FINGERPRINT, "release": "13", "codename": "T"}, ("fp#release", "release", "codename")),
        ({"fp": FINGERPRINT, "release": "13", "type": "eng"}, ("fp#release", "release", "fp#type", "type")),
        ({"fp": FINGERPRINT, "type": "USER"}, ()),
        ({"fp": FINGERPRINT}, ()),
        ({"fp": "Acme 14", "release": "13"}, ()),
        ({"release": "13", "type": "eng"}, ()),
    ],
)
def test_deny(fields: dict[str, str], names: tuple[str, ...]) -> None:
    assert shown(DENY, **fields) == names


@pytest.mark.parametrize(
    ("first", "sdk", "held"),
    [("31", "30", True), ("30", "30", False), ("9", "10", False), ("x", "1", False), ("", "1", False)],
)
def test_above(first: str, sdk: str, held: bool) -> None:
    assert shown(ABOVE, first=first, sdk=sdk) == (("first", "sdk") if held else ())


@pytest.mark.parametrize(
    ("built", "patch", "held"),
    [
        ("1577836800", "2020-03-01", False),  # 60 days after 2020-01-01
        ("1577836800", "2020-03-02", True),
        ("2020-01-01", "2020-03-02", True),
        ("1577836800", "2019-01-01", False),
        ("1577836800", "2020-13-01", False),
        ("1577836800", "", False),
        ("soon", "2020-03-02", False),
    ],
)
def test_later(built: str, patch: str, held: bool) -> None:
    assert shown(LATER, built=built, patch=patch) == (("built", "patch") if held else ())


@pytest.mark.parametrize(
    ("release", "sdk", "held"),
    [
        ("8.1.0", "27", False),
        ("8.1.0", "26", True),
        ("8.0.0", "26", False),
        ("12", "32", False),
        ("12", "30", True),
        ("12L", "30", False),
        ("77", "1", False),
        ("8.1.0", "", False),
    ],
)
def test_table(release: str, sdk: str, held: bool) -> None:
    assert shown(TABLE, release=release, sdk=sdk) == (("release", "sdk") if held else ())


def test_parts_of_a_fingerprint() -> None:
    parts = {
        part: text_of({"fp": FINGERPRINT}, f"fp#{part}")
        for part in ("brand", "name", "device", "release", "type", "tags")
    }
    assert parts == {
        "brand": "Acme", "name": "one_eu", "device": "one", "release": "14", "type": "user", "tags": "release-keys",
    }  # fmt: skip
    assert text_of({"fp": "14"}, "fp#release") == text_of({}, "fp#release") == text_of({}, "fp") == ""


def test_days() -> None:
    assert day_of("1577836800") == day_of("2020-01-01") == date(2020, 1, 1)
    assert [day_of(text) for text in ("20200101T000000", "2020-1-1", "-5", "99999999999", "", "٣")] == [None] * 6


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_properties_are_only_texts(text: str) -> None:
    names = ("a", "b", "c", "tags", "fp", "release", "codename", "type", "first", "sdk", "built", "patch")
    for check in (SAYS, DIFFER, DENY, ABOVE, LATER, TABLE):
        assert shown(check, **dict.fromkeys(names, text)) == ()
    for bundled in load_knowledge().firmware_rules:
        every = {name: text for dump in (*bundled.matches, *bundled.ignores) for name in dump.fields}
        assert list(bundled.met_cases(every)) == []


def problems(folder: Path, *rules: dict[str, Any]) -> list[str]:
    (folder / "firmware").mkdir()
    for entry in rules:
        (folder / "firmware" / f"{entry['id']}.json").write_text(json.dumps(entry), "utf-8")
    return [str(problem) for problem in check_folder(folder).problems]


def test_the_check_of_a_folder(tmp_path: Path) -> None:
    good = {"fields": {"first": "3", "sdk": "2"}, "source": "a dump"}
    calm = {"fields": {"first": "2", "sdk": "2"}, "source": "a dump"}
    case = {"subject": "a", "message": "Something.", "check": ABOVE}
    found = problems(
        tmp_path,
        rule(ABOVE, id="right", matches=[good], ignores=[calm]),
        rule(ABOVE, id="swapped", matches=[calm], ignores=[good]),
        rule(ABOVE, id="bare", cases=[], sources=[]),
        rule(ABOVE, id="twice", cases=[case, case], matches=[good], ignores=[calm | {"source": " "}]),
        rule({"kind": "differ", "fields": ["fp#colour", "a"]}, id="parts", matches=[], ignores=[calm]),
    )
    assert not [line for line in found if ": right:" in line]
    for text in (
        "bare: cases: missing",
        "bare: sources: missing",
        "bare: matches: missing",
        "swapped: matches[0]: this dump is not met",
        "swapped: ignores[0]: this dump is met",
        "twice: cases[0].subject: 'a' stands at another case",
        "twice: ignores[0].source: missing; say where the dump was found",
        "parts: cases[0].check: 'colour' is no part of a fingerprint",
    ):
        assert [line for line in found if text in line], (text, found)


def test_the_keys_that_a_rule_names_are_known() -> None:
    known = load_knowledge()
    public = {key.id for key in known.keys if key.kind.startswith("aosp-")}
    (bundled,) = (entry for entry in known.firmware_rules if entry.id == "platform-test-key")
    named = {
        text
        for entry in bundled.cases
        for line in entry.check.model_dump()["any_of"]
        for says in line
        if says["field"] == "signer:android"
        for text in says["is_one_of"]
    }
    assert named == public


def test_every_rule_stands_in_a_file_of_its_name() -> None:
    names = {path.stem for path in (BUNDLED / "firmware").iterdir()}
    assert names == {entry.id for entry in load_knowledge().firmware_rules}


def test_each_of_our_rules_says_what_it_is_a_sign_of() -> None:
    silent = [rule.id for rule in load_knowledge().firmware_rules if "sign" not in rule.model_fields_set]
    assert silent == []


def test_a_rule_claims_no_incident() -> None:
    """Whoever writes rules of their own can raise a suspicion by them, and nothing known to be bad."""
    rule = load_knowledge().firmware_rules[0].model_dump()
    assert FirmwareRule.model_validate({**rule, "sign": "grave"}).sign == "grave"
    with pytest.raises(ValueError, match="sign"):
        FirmwareRule.model_validate({**rule, "sign": "incident"})
