"""Packages that were added to the phone and hold privileges over it."""

from collections.abc import Iterator, Mapping

from phone_audit.detect.apps.origin import Installers
from phone_audit.detect.detector import Detector, DeviceCheck
from phone_audit.detect.privileged_apps import Privilege, PrivilegedApp, per_user, privileged_apps, shown_user
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Evidence, Finding, Severity, Subject

_NOTICED = (
    "Get help first if somebody may be watching you: stopstalkerware.org. Whoever installed it may notice any change."
)
ACCESSIBILITY_SERVICE_ON = Detector(
    "accessibility-service-on",
    "powers",
    "none",
    "If nobody who uses this phone needs it: Settings, Accessibility, switch it off.",
    risk=_NOTICED,
)
NOTIFICATION_LISTENER_ON = Detector(
    "notification-listener-on",
    "powers",
    "none",
    "If you do not use it for that: Settings, Notifications, Notification access, switch it off.",
)
DEVICE_ADMIN_ON = Detector(
    id="device-admin-on",
    category="powers",
    sign="none",
    advice="If neither you nor the company that owns the phone set it up: Settings, Security, Device admin apps, "
    "switch it off; then it can be removed.",
    risk="A phone or profile that a company manages may be erased when the management is taken away.",
)
INPUT_METHOD_FOREIGN = Detector(
    "input-method-foreign",
    "powers",
    "none",
    "If you did not choose it: Settings, System, Keyboard, choose the one that came with the phone.",
)
DEFAULT_PACKAGE_FOREIGN = Detector(
    "default-package-foreign", "powers", "none", "If you did not choose it: Settings, Default apps, choose another."
)
WATCHING_POWERS = Detector(
    id="watching-powers",
    category="powers",
    sign="watching",
    advice="Find out who installed it and why. If nobody can say: take its permissions away in the settings, then "
    "remove it.",
    risk=_NOTICED,
)
ROLES: Mapping[str, str] = {
    "role:ASSISTANT": "answers as the assistant, which may see the screen",
    "role:CALL_REDIRECTION": "may redirect calls",
    "role:CALL_SCREENING": "sees who calls and may refuse calls",
    "role:DIALER": "makes and takes the calls",
    "role:SMS": "sends and receives the text messages",
    "sms_default_application": "sends and receives the text messages",
}
WATCHING: Mapping[Privilege, str] = {
    "accessibility": "an accessibility service that is on",
    "notifications": "access to all notifications",
    "admin": "the powers of a device administrator",
}
"""Privileges with which a package can watch what is done with the phone."""


def accessibility_service_on(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each package and user; those of the firmware stand in the state only."""
    for app in _added(snapshot, "accessibility"):
        able = [item for user, item in per_user(snapshot, "accessibility_powers") if user == app.user]
        yield _finding(
            ACCESSIBILITY_SERVICE_ON,
            app,
            "An accessibility service is on",
            f"{app.name} has an accessibility service that is on{shown_user(app.user)}: such a service may be "
            "allowed to read everything on the screen and to tap on your behalf.",
            "medium",
            evidence=(*app.evidence, *(piece for item in able for piece in item.evidence)),
        )


def notification_listener_on(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each package and user; those of the firmware stand in the state only."""
    for app in _added(snapshot, "notifications"):
        said = f"{app.name} may read all notifications{shown_user(app.user)}, and so messages and one-time codes."
        yield _finding(NOTIFICATION_LISTENER_ON, app, "A package reads all notifications", said, "low")


def input_method_foreign(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where the keyboard in use was added to the phone."""
    for app in _added(snapshot, "input"):
        said = f"{app.name} is the keyboard in use{shown_user(app.user)}: it sees everything that is typed."
        yield _finding(INPUT_METHOD_FOREIGN, app, "The keyboard did not come with the phone", said, "low")


def device_admin_on(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each package, user and kind of privilege; administrators of the firmware are left out."""
    for app in privileged_apps(snapshot):
        main = f"{app.privilege} {app.user}"
        if app.privilege == "owner":
            title = "Somebody else manages this phone or a profile"
            what = "the device" if app.user == 0 else f"the profile of user {app.user}"
            yield _finding(DEVICE_ADMIN_ON, app, title, f"{app.name} manages {what}.", "low", main=main)
        elif app.privilege == "admin" and app.system is False:
            who = f"{app.name} is a device administrator{shown_user(app.user)}"
            said = f"{who}: it must be switched off before it can be removed, and may lock or erase the phone."
            yield _finding(DEVICE_ADMIN_ON, app, "A device administrator", said, "medium", main=main)


def _added(snapshot: Snapshot, privilege: Privilege) -> Iterator[PrivilegedApp]:
    for app in privileged_apps(snapshot):
        if app.privilege == privilege and app.system is False:
            yield app


def _finding(
    detector: Detector,
    app: PrivilegedApp,
    title: str,
    message: str,
    severity: Severity,
    *,
    main: str | None = None,
    evidence: tuple[Evidence, ...] | None = None,
) -> Finding:
    return detector.finding(
        Subject(kind="package", name=app.name),
        title,
        message,
        severity=severity,
        confidence="confirmed",
        evidence=app.evidence if evidence is None else evidence,
        main=str(app.user) if main is None else main,
    )


def default_package_foreign(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each package, role and user; a role and its old setting are said once."""
    added = {package.name for package in snapshot.packages if package.system is False}
    told: set[tuple[str, str, int]] = set()
    for key, what in ROLES.items():
        for user, item in per_user(snapshot, key):
            for word in (item.value or "").split():
                name = word.partition("/")[0]
                if name not in added or (name, what, user) in told:
                    continue
                told.add((name, what, user))
                yield DEFAULT_PACKAGE_FOREIGN.finding(
                    Subject(kind="package", name=name),
                    "A default package did not come with the phone",
                    f"{name} {what}{shown_user(user)}.",
                    severity="info",
                    confidence="confirmed",
                    evidence=item.evidence,
                    main=f"{what} {user}",
                )


def watching_powers(snapshot: Snapshot, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each package that a hand put there, and user: surer with two such privileges than one."""
    groups: dict[tuple[str, int, str | None], list[PrivilegedApp]] = {}
    installers = Installers.of(snapshot, knowledge)
    for app in privileged_apps(snapshot):
        if app.privilege in WATCHING and app.package and app.copy and installers.is_by_hand(app.package, app.copy):
            groups.setdefault((app.name, app.user, app.copy.installer), []).append(app)
    for (name, user, installer), apps in groups.items():
        words = " and ".join(dict.fromkeys(WATCHING[app.privilege] for app in apps))
        came_from = Evidence(kind="package", where="pm list packages -i", value=f"{name} installer={installer}")
        yield WATCHING_POWERS.finding(
            Subject(kind="package", name=name),
            "Installed by hand, and able to watch",
            f"{name} {_not_from_a_store(installer, knowledge)} and has {words}{shown_user(user)}.",
            severity="high" if len(apps) > 1 else "medium",
            confidence="high" if len(apps) > 1 else "medium",
            evidence=(*(piece for app in apps for piece in app.evidence), came_from),
            main=str(user),
        )


def _not_from_a_store(installer: str | None, knowledge: Knowledge) -> str:
    """Say why an app counts as put there by hand: no store is noted, or one that is not shown to be here."""
    fact = knowledge.installer_of(installer) if installer else None
    if fact is None or fact.kind != "store":
        return "was not installed from a store"
    return f"is noted as from {fact.name}, which is not shown to be on this phone,"


CHECKS: tuple[tuple[Detector, DeviceCheck], ...] = (
    (ACCESSIBILITY_SERVICE_ON, accessibility_service_on),
    (NOTIFICATION_LISTENER_ON, notification_listener_on),
    (DEVICE_ADMIN_ON, device_admin_on),
    (INPUT_METHOD_FOREIGN, input_method_foreign),
    (DEFAULT_PACKAGE_FOREIGN, default_package_foreign),
    (WATCHING_POWERS, watching_powers),
)
