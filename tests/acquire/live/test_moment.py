"""Lines of `dumpsys power` and `dumpsys activity activities` of Android 9, 10 and 12 to 15, as AOSP prints them."""

import pytest

from phone_audit.acquire.live.answers import Moment, parse_moment

CHROME = "ActivityRecord{1a2b3c u0 com.android.chrome/org.chromium.chrome.browser.ChromeTabbedActivity t42}"
TEAMS = "ActivityRecord{9f8e7d u10 com.microsoft.teams/.MainActivity t7}"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (f"  mWakefulness=Awake\n  mResumedActivity: {CHROME}\n", Moment(True, frozenset({(0, "com.android.chrome")}))),
        (
            f"  mWakefulness=Awake\n    topResumedActivity={CHROME}\n  ResumedActivity: {TEAMS}\n",
            Moment(True, frozenset({(0, "com.android.chrome"), (10, "com.microsoft.teams")})),
        ),
        ("  mWakefulness=Dozing\n", Moment(False, frozenset())),
        (f"mWakefulness=Asleep\n  ResumedActivity: {CHROME}\n", Moment(False, frozenset())),
        ("  mWakefulness=Awake\n  topResumedActivity=null\n", Moment(True, None)),
        ("  mWakefulness=3\n", Moment(None, None)),
        ("mWakefulnessChanging=false\n", Moment(None, None)),
        ("", Moment(None, None)),
    ],
)
def test_moments(text: str, moment: Moment) -> None:
    assert parse_moment(text) == moment
