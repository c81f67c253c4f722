"""Phones that do not look at what is installed, or let anything be installed."""

from collections.abc import Iterator, Mapping

from phone_audit.detect.detector import Detector, setting
from phone_audit.detect.privileged_apps import per_user, shown_user
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="install-checks-off", category="settings")
EVERYWHERE, EACH_BY_ITSELF = "install_non_market_apps", 26
"""The setting that allowed everything, and the API level from which on each package is allowed by itself."""
OFF: Mapping[str, tuple[str, str]] = {
    "package_verifier_enable": ("0", "Packages are not checked when they are installed (Play Protect is off)"),
    "package_verifier_user_consent": ("-1", "The check of packages (Play Protect) was declined"),
    EVERYWHERE: ("1", "Packages from anywhere may be installed"),
}
"""Setting → the value that switches a check off, and what that means."""
REMEDY = Remedy(text="Play Store, your picture, Play Protect: switch the check on.")


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each such setting and user."""
    for name, (off, meaning) in OFF.items():
        for user, item in per_user(snapshot, name):
            if item.value == off and not (name == EVERYWHERE and (snapshot.build.sdk or 0) >= EACH_BY_ITSELF):
                yield DETECTOR.finding(
                    setting(name),
                    "A check of installed packages is off",
                    f"{meaning}{shown_user(user)}.",
                    severity="low",
                    confidence="confirmed",
                    evidence=item.evidence,
                    main=str(user),
                    remedy=(REMEDY,),
                )
