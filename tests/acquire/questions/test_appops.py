"""`dumpsys appops`: the forms of Android 8, 9, 10 and 11 and later, modes of whole uids, hostile text."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.questions.appops import AppOps, DumpedOp, parse_appops
from phone_audit.model.device import AppOp

DUMPS = Path(__file__).parent / "dumps"
HEAD = "1648593000 +0200\nCurrent AppOps Service state:\n"
NOW = "1700000000 +0000\nCurrent AppOps Service state:\n"


def ops(text: str, name: str = "com.a", user: int = 0) -> dict[str, DumpedOp]:
    dump = parse_appops(text)
    assert dump is not None
    return of(dump, name, user)


def of(dump: AppOps, name: str, user: int = 0) -> dict[str, DumpedOp]:
    return {one.op: DumpedOp(one.mode, one.last_access, one.last_background) for one in dump.get((user, name), ())}


def test_a_samsung_phone_with_android_10() -> None:
    dump = parse_appops(HEAD + (DUMPS / "appops-10-samsung.txt").read_text("utf-8"))
    assert dump is not None
    assert dump.unknown == 0
    assert dump[0, "com.facebook.katana"] == (
        AppOp(op="COARSE_LOCATION", mode="ignore", last_access=None, last_background=None),
        AppOp(op="LEGACY_STORAGE", mode="allow", last_access=None, last_background=None),
        AppOp(op="READ_CONTACTS", mode="allow", last_access="2022-03-07T16:05:34Z",
              last_background="2022-03-07T16:05:34Z"),
        AppOp(op="READ_DEVICE_IDENTIFIERS", mode="deny", last_access=None, last_background=None),
        AppOp(op="READ_EXTERNAL_STORAGE", mode="allow", last_access=None, last_background=None),
        AppOp(op="READ_PHONE_STATE", mode="allow", last_access="2022-03-29T16:57:58Z",
              last_background="2022-03-29T16:57:58Z"),
        AppOp(op="TOAST_WINDOW", mode="allow", last_access=None, last_background=None),
        AppOp(op="WAKE_LOCK", mode="allow", last_access="2022-03-29T21:03:03Z",
              last_background="2022-03-29T21:03:03Z"),
        AppOp(op="WRITE_EXTERNAL_STORAGE", mode="allow", last_access=None, last_background=None),
        AppOp(op="WRITE_SMS", mode="ignore", last_access=None, last_background=None),
    )  # fmt: skip
    assert dump[0, "com.sec.factory.camera"][2] == AppOp(
        op="RUN_IN_BACKGROUND", mode="allow", last_access="2022-03-29T16:37:30Z", last_background=None
    )


def test_android_8_counts_back_from_the_phones_time() -> None:
    found = ops(
        NOW + "  Uid u0a12:\n    Package com.a:\n"
        "      READ_SMS: mode=0; time=+1d2h0m3s500ms ago; rejectTime=+1s ago; duration=+59ms\n"
        "      CAMERA: mode=1\n      RECORD_AUDIO (allow): time=+10s ago\n"
    )
    assert found == {
        "READ_SMS": DumpedOp("allow", "2023-11-13T20:13:16Z"),
        "CAMERA": DumpedOp("ignore"),
        "RECORD_AUDIO": DumpedOp("allow", "2023-11-14T22:13:10Z"),
    }


def test_android_9_names_the_states_one_below_the_other() -> None:
    found = ops(
        NOW + "  Uid u0a12:\n    Package com.a:\n      CAMERA (allow):\n"
        "          Access: top   = 2023-11-14 20:00:00.000 (-2h)\n"
        "                  bg    = 2023-11-14 10:00:00.000 (-12h)\n"
        "          Reject: cch   = 2023-11-14 21:00:00.000 (-1h)\n"
    )
    assert found == {"CAMERA": DumpedOp("allow", "2023-11-14T20:00:00Z", "2023-11-14T10:00:00Z")}


def test_android_15_groups_by_attribution() -> None:
    found = ops(
        NOW + "  Uid u10a12:\n    state=cch\n    capability=L\n    Package com.a:\n      CAMERA (foreground): \n"
        "        null=[\n          Access: [fgsvc-s] 2023-11-14 20:00:00.000 (-2h) duration=+3s\n        ]\n"
        "        camera2=[\n          Access: [bg-tpd] 2023-11-14 20:00:01.000 (-2h)\n"
        "          Running start at: +5m\n        ]\n",
        user=10,
    )
    assert found == {"CAMERA": DumpedOp("foreground", "2023-11-14T20:00:01Z", "2023-11-14T20:00:01Z")}


def test_the_mode_of_a_uid_stands_above_that_of_its_packages() -> None:
    text = NOW + (
        "  Uid 1000:\n      CAMERA: mode=ignore\n    Package com.a:\n      CAMERA (allow):\n    Package com.b:\n"
        "  Uid u0s1001:\n    Package com.c:\n      VIBRATE (allow):\n"
    )
    dump = parse_appops(text)
    assert dump is not None
    assert of(dump, "com.a") == of(dump, "com.b") == {"CAMERA": DumpedOp("ignore")}
    assert of(dump, "com.c") == {"VIBRATE": DumpedOp("allow")}
    assert of(dump, "com.d") == {}


@pytest.mark.parametrize("text", ["", "1700000000 +0000\nCan't find service: appops\n", "x" * 1000])
def test_no_dump(text: str) -> None:
    assert parse_appops(text) is None


def test_what_is_not_understood_is_counted() -> None:
    dump = parse_appops(
        NOW + "  Uid u0a12:\n    Package com.a:\n      something new\n  Uid weird:\n  Op mode watchers:\n"
    )
    assert dump is not None
    assert dump.unknown == 2


def test_without_the_phones_time_no_time_is_claimed() -> None:
    found = ops("date: not found\nCurrent AppOps Service state:\n  Uid 1000:\n    Package com.a:\n"
                "      CAMERA (allow): time=+1s ago\n"
                "          Access: [top-s] 2023-11-14 20:00:00.000 (-2h)\n")  # fmt: skip
    assert found == {"CAMERA": DumpedOp("allow")}


LINES = st.sampled_from(
    ["  Uid 1000:", "  Uid u0a1:", "  Uid u9999999999a1:", "    Package com.a:", "      CAMERA (allow):",
     "      CAMERA: mode=9", "      X: time=+99999d99999h ago", "          Access: [bg] 9999-99-99 99:99:99.0 (-1)",
     "          Access: [bg] 2023-01-01 00:00:00.0 (-1)", "        null=[", "        ]", "", "\0", "  Op x:"]
)  # fmt: skip


@given(st.lists(LINES, max_size=12))
def test_almost_valid_text_never_raises(lines: list[str]) -> None:
    dump = parse_appops(NOW + "\n".join(lines))
    assert dump is not None
    assert len(dict(dump)) == len(dump)
