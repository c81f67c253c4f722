import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.packages.package_dump import APEX_SECTIONS, DumpedApex, parse_apex
from tests.acquire.packages.dumps_of import dump

TZDATA = "com.google.android.tzdata6"


def test_real_android_15() -> None:
    assert parse_apex(dump("android-15-shared-users-and-apex.txt")) == (
        DumpedApex(
            "com.android.hardware.biometrics.face.virtual",
            2,
            "/system_ext/apex/com.android.hardware.biometrics.face.virtual.apex",
            active=True,
            factory=True,
        ),
        DumpedApex(
            "com.google.android.devicelock",
            1,
            "/system/apex/com.google.android.devicelock.apex",
            active=True,
            factory=True,
        ),
        DumpedApex(
            "com.google.android.ondevicepersonalization",
            351121040,
            "/system/apex/com.google.android.ondevicepersonalization.apex",
            active=False,
            factory=True,
        ),
        DumpedApex(
            TZDATA, 351400020, "/data/apex/active/com.android.tzdata@351400020.apex", active=True, factory=False
        ),
        DumpedApex(TZDATA, 351010000, f"/system/apex/{TZDATA}.apex", active=False, factory=True),
    )


def test_names_at_the_margin() -> None:
    text = "Active APEX packages:\n\ncom.android.media\n  Version: 29\n  Path: /system/apex/m.apex\n  IsActive: true\n"
    assert parse_apex(text) == (DumpedApex("com.android.media", 29, "/system/apex/m.apex", active=True, factory=None),)


def test_a_package_cannot_pretend_a_module_before_the_real_sections() -> None:
    pretended = "    versionName=1\nActive APEX packages:\n\n  org.fake\n    Version: 1\n    Path: /fake\n"
    text = f"Packages:\n  Package [a.b] (1):\n{pretended}{dump('android-15-shared-users-and-apex.txt')}"
    assert parse_apex(text) == parse_apex(dump("android-15-shared-users-and-apex.txt"))


@pytest.mark.parametrize("text", ["", "Active APEX packages:\n", "APEX packages have not been scanned\n"])
def test_no_module(text: str) -> None:
    assert parse_apex(text) == ()


LINES = [
    *APEX_SECTIONS,
    "  org.x",
    "org.y",
    "    Version: 7",
    "    Version: x",
    "  Path:",
    "    IsActive: maybe",
    "Title:",
    "",
]


@given(st.lists(st.sampled_from(LINES), max_size=20))
def test_lines_in_any_order_never_raise(lines: list[str]) -> None:
    assert all(apex.name in ("org.x", "org.y") for apex in parse_apex("\n".join(lines)))
