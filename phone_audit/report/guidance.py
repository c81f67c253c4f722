"""What every report tells a person beside the findings: safety first, and USB debugging on and off."""

SAFETY_TITLE = "Before you change anything"
SAFETY = (
    "If somebody may have put a spying program on this phone: removing it, or even switching it off, can alert them, "
    "and it destroys evidence. Talk to someone you trust first, from another device. Help: stopstalkerware.org "
    "(organisations by country); for journalists and civil society, Access Now's helpline at accessnow.org/help."
)
DEBUGGING_ON = (
    "To switch USB debugging on: Settings > About phone, tap Build number seven times; then Settings > System > "
    "Developer options > USB debugging."
)
DEBUGGING_OFF_TITLE = "When you are done"
DEBUGGING_OFF = (
    "Switch USB debugging off again: Settings > System > Developer options > USB debugging. "
    '"Revoke USB debugging authorizations" in the same place makes the phone forget this computer.'
)
