"""A terminal with no phone in sight: what to do, step by step, and what is seen meanwhile, until there is one."""

from collections.abc import Callable
from typing import Final

from phone_audit.report.safe import visible

STEPS: Final = (
    "No phone is in sight yet. Waiting for one; Ctrl-C ends.",
    "  1. Plug it in with a cable that carries data, and unlock it.",
    '  2. On the phone: Settings > About phone, tap "Build number" seven times.',
    "  3. Settings > System > Developer options: switch USB debugging on.",
    '  4. When the phone asks "Allow USB debugging?": tap Allow.',
)
_NOTHING: Final = "Nothing is plugged in that could be a phone."
LOOK_EVERY: Final = 1.0
"""Seconds between two looks."""


def wait_for_phone(
    look: Callable[[], tuple[tuple[str, ...], str]], say: Callable[..., None], sleep: Callable[[float], None]
) -> None:
    """Say what to do, then what is seen each time that it changes, until a phone is there.

    `look` gives the serials of the phones that can be talked to, and sentences on what is no usable phone.
    """
    serials, seen = look()
    if serials:
        return
    say(*STEPS)
    before = ""
    while not serials:
        now = seen or _NOTHING
        if now != before:
            say(f"  Now: {visible(now)}")
            before = now
        sleep(LOOK_EVERY)
        serials, seen = look()
    say(f"  Now: {visible(', '.join(serials))} is there; it is being read.")
