"""What the state of a phone says of its firmware: altered, rooted, open, old."""

from collections.abc import Iterator, Mapping

from phone_audit.detect.detector import Detector, DeviceCheck, all_evidence, setting, settings_of, source_of
from phone_audit.detect.privileged_apps import per_user, shown_user
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Confidence, Finding, Severity
from phone_audit.model.wording import months_in

INSTALL_CHECKS_OFF = Detector(
    "install-checks-off", "settings", "none", "Play Store, your picture, Play Protect: switch the check on."
)
OTA_TEST_KEY = Detector(
    "ota-test-key",
    "leaked-key",
    "grave",
    "Ask the maker for firmware signed with its own keys; until then, keep nothing private on this phone.",
)
ADB_KEY_BUILT_IN = Detector(
    "adb-key-built-in", "firmware", "grave", "Switch USB debugging off, and install the maker's own firmware."
)
ROOT_PROGRAM_FOUND = Detector(
    "root-program-found",
    "firmware",
    "unclear",
    "If you did not root the phone yourself, ask who did, or install the maker's own firmware.",
    risk="Installing firmware erases the phone.",
)
SYSTEM_WRITABLE = Detector(
    "system-writable",
    "firmware",
    "altered",
    "Restart the phone and look again; if it stays so, install the maker's own firmware.",
)
BUILD_PROP_CONTRADICTED = Detector(
    "build-prop-contradicted",
    "firmware",
    "unclear",
    "Trust the value that was there first. If you did not change it yourself, install the maker's firmware.",
)
STORAGE_UNENCRYPTED = Detector(
    "storage-unencrypted",
    "firmware",
    "none",
    "Settings, Security, Encryption; where the phone cannot do that, keep nothing private on it.",
)
PATCH_LEVEL_OLD = Detector(
    "patch-level-old",
    "firmware",
    "none",
    "Install the newest firmware; if the maker no longer provides any, consider another phone.",
)
INSTALLS_FROM_ANYWHERE, EACH_BY_ITSELF = "install_non_market_apps", 26
"""The setting that allowed everything, and the API level from which on each package is allowed by itself."""
CHECKS_OFF: Mapping[str, tuple[str, str]] = {
    "package_verifier_enable": ("0", "Packages are not checked when they are installed (Play Protect is off)"),
    "package_verifier_user_consent": ("-1", "The check of packages (Play Protect) was declined"),
    INSTALLS_FROM_ANYWHERE: ("1", "Packages from anywhere may be installed"),
}
"""Setting → the value that switches a check off, and what that means."""
OTA_CERTIFICATES = "ota_certificates"
ADB_KEYS = ("adb_keys_built_in", "adb_keys_in_dump")
ROOT_PROGRAMS, SHELL = "root_programs", "shell"
MOUNTS: Mapping[str, tuple[str, Severity, Confidence]] = {
    "mounts_writable": ("is writable; Android mounts it read-only", "medium", "high"),
    "mounts_covering": (
        "is covered by another file system; root programs do that, and some makers' own firmware", "low", "low",
    ),
}  # fmt: skip
FIRST_SAID: Mapping[str, str] = {
    "build_prop_differs": "its own build.prop",
    "vbmeta_differs": "its transparency service noted at the start",
}
CRYPTO_STATE = "ro.crypto.state"
PATCH_AGE = "patch_age_days"
LONG, VERY_LONG = 183, 730
"""Days: half a year, in which makers promise at least one update of most models, and two years."""


def install_checks_off(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each setting and user by which packages are not checked, or may come from anywhere."""
    for name, (off, meaning) in CHECKS_OFF.items():
        if name == INSTALLS_FROM_ANYWHERE and (snapshot.build.sdk or 0) >= EACH_BY_ITSELF:
            continue
        for user, item in per_user(snapshot, name):
            if item.value == off:
                yield INSTALL_CHECKS_OFF.finding(
                    setting(name),
                    "A check of installed packages is off",
                    f"{meaning}{shown_user(user)}.",
                    severity="low",
                    confidence="confirmed",
                    evidence=item.evidence,
                    main=str(user),
                )


def ota_test_key(snapshot: Snapshot, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each public or leaked key among those that system updates are accepted by."""
    for piece in all_evidence(settings_of(snapshot, (OTA_CERTIFICATES,)).values()):
        key = knowledge.key_of(piece.value.partition(" ")[0])
        if key is not None:
            yield OTA_TEST_KEY.finding(
                setting(OTA_CERTIFICATES),
                "System updates are accepted from anyone",
                f"An update of the whole system is accepted if it is signed with {key.name}, "
                "a key that anyone can get.",
                severity="high",
                confidence="confirmed",
                evidence=(piece,),
                main=key.id,
                sources=source_of(knowledge, key.source),
            )


def adb_key_built_in(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where the firmware holds keys of computers, whichever of the two places says so."""
    found = [item for item in settings_of(snapshot, ADB_KEYS).values() if item.value != "0" and item.evidence]
    if found:
        yield ADB_KEY_BUILT_IN.finding(
            setting(ADB_KEYS[0]),
            "A computer's key is built into the firmware",
            "The firmware holds keys of computers that may debug the phone without asking: only test firmware should.",
            severity="high",
            confidence="high",
            evidence=all_evidence(found),
        )


def root_program_found(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where a program that gives root lies in a known place, or the debugging shell itself is root."""
    found = settings_of(snapshot, (ROOT_PROGRAMS, SHELL))
    if SHELL in found and not (found[SHELL].value or "").startswith("uid=0("):
        del found[SHELL]
    if found:
        told = [f"there is {found[ROOT_PROGRAMS].value}"] if ROOT_PROGRAMS in found else []
        told += ["the debugging shell is root"] if SHELL in found else []
        yield ROOT_PROGRAM_FOUND.finding(
            setting("root"),
            "The phone is rooted",
            f"What the phone says about itself may have been changed: {' and '.join(told)}.",
            severity="medium",
            confidence="high",
            evidence=all_evidence(found.values()),
        )


def system_writable(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for partitions that can be written, and one, less sure, for places that are covered."""
    for name, item in settings_of(snapshot, tuple(MOUNTS)).items():
        text, severity, confidence = MOUNTS[name]
        yield SYSTEM_WRITABLE.finding(
            setting(name),
            "The system is not mounted as installed",
            f"The firmware at {', '.join((item.value or '').split())} {text}.",
            severity=severity,
            confidence=confidence,
            evidence=item.evidence,
        )


def build_prop_contradicted(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where properties that cannot be set again differ from what they were at the start."""
    for name, item in settings_of(snapshot, tuple(FIRST_SAID)).items():
        yield BUILD_PROP_CONTRADICTED.finding(
            setting(name),
            "Properties were changed while the phone ran",
            f"What the phone says differs from {FIRST_SAID[name]}: {', '.join((item.value or '').split())}.",
            severity="medium",
            confidence="high",
            evidence=item.evidence,
        )


def storage_unencrypted(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where the phone says that it does not encrypt; nothing where it does not say."""
    for item in settings_of(snapshot, (CRYPTO_STATE,)).values():
        if item.value in ("unencrypted", "unsupported"):
            yield STORAGE_UNENCRYPTED.finding(
                setting(CRYPTO_STATE),
                "The storage is not encrypted",
                "The data on this phone is not encrypted: anyone who has the phone can read it.",
                severity="low",
                confidence="confirmed",
                evidence=item.evidence,
            )


def patch_level_old(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where the patches are older than half a year on the day of the reading."""
    for item in settings_of(snapshot, (PATCH_AGE,)).values():
        days = int(item.value or 0)
        if days > LONG:
            yield PATCH_LEVEL_OLD.finding(
                setting("ro.build.version.security_patch"),
                "Old security patches",
                f"The security patches are {months_in(days)} months old: vulnerabilities published since then are not "
                "fixed.",
                severity="medium" if days > VERY_LONG else "low",
                confidence="confirmed",
                evidence=item.evidence,
            )


CHECKS: tuple[tuple[Detector, DeviceCheck], ...] = (
    (INSTALL_CHECKS_OFF, install_checks_off),
    (OTA_TEST_KEY, ota_test_key),
    (ADB_KEY_BUILT_IN, adb_key_built_in),
    (ROOT_PROGRAM_FOUND, root_program_found),
    (SYSTEM_WRITABLE, system_writable),
    (BUILD_PROP_CONTRADICTED, build_prop_contradicted),
    (STORAGE_UNENCRYPTED, storage_unencrypted),
    (PATCH_LEVEL_OLD, patch_level_old),
)
