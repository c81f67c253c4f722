"""What a phone is doing at this moment: whether its screen is on, and who has it.

`dumpsys power` prints `mWakefulness=` and a word of AOSP's `PowerManagerInternal.wakefulnessToString`. `dumpsys
activity activities` names the resumed activity of each display as `mResumedActivity: ActivityRecord{…}` (Android 8 to
11), `topResumedActivity=ActivityRecord{…}` (10 and later) or `ResumedActivity: ActivityRecord{…}` (12 and later), and
an `ActivityRecord` as `ActivityRecord{HASH uUSER PACKAGE/CLASS tTASK}` (`ActivityRecord.toString`).
"""

import re
from dataclasses import dataclass

WAKEFULNESS = re.compile(r"^[ \t\r]*mWakefulness=(\w+)[ \t\r]*$", re.MULTILINE)
RESUMED = re.compile(r"ResumedActivity[:=]\s*ActivityRecord\{[^\s{}]{1,64} u(\d{1,9}) ([A-Za-z0-9_.]+)/")

SCREEN_ON = {"Awake": True, "Dreaming": True, "Dozing": False, "Asleep": False}


@dataclass(frozen=True)
class Moment:
    """What was so at one moment; None is not known.

    Attributes:
        screen_on: whether somebody could be looking; a dozing phone that shows the time counts as off.
        in_front: user and package of each activity that has a screen.
    """

    screen_on: bool | None
    in_front: frozenset[tuple[int, str]] | None


def parse_moment(text: str) -> Moment:
    r"""Read the two dumps, one after the other, or the lines of them that matter.

    Example:
        >>> parse_moment("  mWakefulness=Asleep\n").screen_on
        False
    """
    words = WAKEFULNESS.findall(text)
    on = SCREEN_ON.get(words[0]) if words else None
    resumed = frozenset((int(user), package) for user, package in RESUMED.findall(text))
    return Moment(on, frozenset() if on is False else resumed or None)
