"""Texts of `dumpsys` in the form of Android 9.

A service without a form here answers with nothing, as one that has nothing to say.
"""

from collections.abc import Callable, Mapping

from phone_audit.simulated.package_dump import component_name, packages
from phone_audit.simulated.profile import Profile

_ACCESSIBILITY = "android.accessibilityservice.AccessibilityService"


def service(profile: Profile, name: str) -> str:
    """Return what `dumpsys NAME` prints."""
    return _FORMS[name](profile) if name in _FORMS else ""


def _packages(profile: Profile) -> str:
    return packages(profile, None)


def _users(profile: Profile) -> str:
    rows = (
        f"  UserInfo{{{user.id}:{user.name}:{user.flags}}} serialNo={user.id} isPrimary={str(user.id == 0).lower()}\n"
        "    State: RUNNING_UNLOCKED\n"
        for user in profile.users
    )
    return "Current user: 0\nUsers:\n" + "".join(rows)


def _accessibility(profile: Profile) -> str:
    """No service is switched on; the installed ones are listed."""
    installed = [
        component_name(package, component)
        for package in profile.packages
        for component in package.components
        if _ACCESSIBILITY in component.actions
    ]
    rows = "".join(f"     {number} : {name}\n" for number, name in enumerate(installed))
    return (
        "ACCESSIBILITY MANAGER (dumpsys accessibility)\n\n"
        "User state[attributes:{id=0, currentUser=true, touchExplorationEnabled=false, "
        "displayMagnificationEnabled=false, navBarMagnificationEnabled=false, autoclickEnabled=false}\n"
        "           services:{}]\n\n"
        f"   installed services: {{\n{rows}   }}\n\n"
    )


def _device_policy(profile: Profile) -> str:
    """Nobody administers the phone."""
    users = "".join(
        f"  Enabled Device Admins (User {user.id}, provisioningState: 0):\n    \n    mPasswordOwner=-1\n"
        for user in profile.users
    )
    return (
        "Current Device Policy Manager state:\n  Immutable state:\n    mHasFeature=true\n    mIsWatch=false\n"
        f"{users}\n  Encryption Status: per-user\n"
    )


_FORMS: Mapping[str, Callable[[Profile], str]] = {
    "package": _packages,
    "user": _users,
    "accessibility": _accessibility,
    "device_policy": _device_policy,
}
