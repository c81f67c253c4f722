"""Texts of `dumpsys` in the form of Android 9.

Source of the form of `dumpsys package`: AOSP `com.android.server.pm.Settings.dumpPackageLPr` and
`PackageManagerService.dump`, branch pie-release.
"""

import time
import zlib
from collections.abc import Callable, Mapping

from phone_audit.simulated.profile import Component, Profile, SimulatedPackage, base_path

_ACCESSIBILITY = "android.accessibilityservice.AccessibilityService"
_INTERNET = "android.permission.INTERNET"
_INET_GROUP = 3003
_TITLES = {"activity": "Activity", "receiver": "Receiver", "service": "Service"}


def service(profile: Profile, name: str) -> str:
    return _FORMS[name](profile) if name in _FORMS else ""


def packages(profile: Profile, named: str | None) -> str:
    """Return what `dumpsys package` prints, of all packages or of one."""
    shown = tuple(package for package in profile.packages if named in (None, package.name))
    if named is not None and not shown:
        missing = f"  Unable to find package: {named}\n"
        return f"Dexopt state:\n{missing}\nCompiler stats:\n{missing}"
    lines = [] if named else _head(profile)
    for kind in _TITLES:
        lines += _resolver_table(shown, kind, filters=named is not None)
    lines += _key_sets(profile, shown)
    lines += ["Packages:"]
    for package in shown:
        lines += _block(profile, package, hidden=False)
    lines += ["", *_hidden_packages(profile, shown), *_shared_users(shown)]
    if not named:
        lines += ["Package warning messages:", "Active install sessions:", "", "Historical install sessions:", ""]
    lines += _compiled(shown)
    return "\n".join(lines) + "\n"


def _mark(*parts: str) -> str:
    """Return what stands where a phone prints the identity hash of an object."""
    return f"{zlib.crc32('/'.join(parts).encode()):x}"


def _when(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


def _yes(value: bool) -> str:
    return str(value).lower()


def _component_name(package: SimulatedPackage, component: Component) -> str:
    """Return `package/.Class`, or the whole class where it lies elsewhere."""
    return f"{package.name}/{component.name.removeprefix(package.name)}"


def _head(profile: Profile) -> list[str]:
    version = [
        f"    sdkVersion={profile.sdk} databaseVersion=3",
        f"    fingerprint={profile.properties['ro.build.fingerprint']}",
    ]
    lines = ["Database versions:", "  Internal:", *version, "  External:", *version, ""]
    store = profile.package("com.android.vending")
    if store is not None:
        lines += ["Verifiers:", f"  Required: {store.name} (uid={store.app_id})", ""]
    return [
        *lines,
        "Libraries:",
        "  android.test.base -> (jar) /system/framework/android.test.base.jar",
        "  org.apache.http.legacy -> (jar) /system/framework/org.apache.http.legacy.jar",
        "",
        "Features:",
        "  android.hardware.camera",
        "  android.hardware.telephony",
        "",
    ]


def _resolver_table(shown: tuple[SimulatedPackage, ...], kind: str, *, filters: bool) -> list[str]:
    """Who answers to which action; with `filters`, as the dump of one package also shows them."""
    actions: dict[str, list[tuple[SimulatedPackage, Component]]] = {}
    for package in shown:
        for component in package.components:
            for action in component.actions if component.kind == kind else ():
                actions.setdefault(action, []).append((package, component))
    if not actions:
        return []
    lines = [f"{_TITLES[kind]} Resolver Table:", "  Non-Data Actions:"]
    for action, answering in actions.items():
        lines.append(f"      {action}:")
        for package, component in answering:
            line = f"        {_mark('component', component.name)} {_component_name(package, component)}"
            line += f" filter {_mark('filter', component.name)}" if filters else ""
            guarded = component.permission if kind != "activity" else None
            lines.append(f"{line} permission {guarded}" if guarded else line)
            lines += _filter(action, component) if filters else []
    return [*lines, ""]


def _filter(action: str, component: Component) -> list[str]:
    lines = [f'          Action: "{action}"', *(f'          Category: "{name}"' for name in component.categories)]
    if component.priority:
        ending = "mOrder=0, mHasStaticPartialTypes=false, mHasDynamicPartialTypes=false"
        lines.append(f"          mPriority={component.priority}, {ending}")
    return lines


def _key_sets(profile: Profile, shown: tuple[SimulatedPackage, ...]) -> list[str]:
    numbers = {signer: number for number, signer in enumerate(profile.signers, 1)}
    lines = ["Key Set Manager:"]
    for package in shown:
        lines += [f"  [{package.name}]", f"      Signing KeySets: {numbers[package.signer]}"]
    return [*lines, ""]


def _flags(package: SimulatedPackage) -> str:
    flags = {
        "SYSTEM": package.system,
        "DEBUGGABLE": package.debuggable,
        "HAS_CODE": package.has_code,
        "PERSISTENT": package.persistent,
        "ALLOW_CLEAR_USER_DATA": True,
        "UPDATED_SYSTEM_APP": package.hidden_system is not None,
        "ALLOW_BACKUP": True,
    }
    return f"[ {' '.join(name for name, on in flags.items() if on)} ]"


def _block(profile: Profile, package: SimulatedPackage, *, hidden: bool) -> list[str]:
    """One package, as it is installed or as it lies in the firmware below an update."""
    name, below = package.name, package.hidden_system if hidden else None
    path = below.code_path if below else package.code_path
    version_code, version_name = (below or package).version_code, (below or package).version_name
    private = "PRIVATE_FLAG_ACTIVITIES_RESIZE_MODE_RESIZEABLE_VIA_SDK_VERSION" + " PRIVILEGED" * package.privileged
    lines = [f"  Package [{name}] ({_mark('setting', name, path)}):", f"    userId={package.app_id}"]
    if package.shared_user:
        mark = _mark("shared", package.shared_user)
        lines.append(f"    sharedUser=SharedUserSetting{{{mark} {package.shared_user}/{package.app_id}}}")
    lines += [
        f"    pkg=Package{{{_mark('package', name, path)} {name}}}",
        f"    codePath={path}",
        f"    resourcePath={path}",
        f"    legacyNativeLibraryDir={path}/lib",
        f"    primaryCpuAbi={'null' if package.system else 'arm64-v8a'}",
        "    secondaryCpuAbi=null",
        f"    versionCode={version_code} minSdk={package.min_sdk} targetSdk={package.target_sdk}",
        f"    versionName={version_name}",
        f"    splits=[{', '.join(['base', *package.splits])}]",
        f"    apkSigningVersion={package.signing_version}",
        f"    applicationInfo=ApplicationInfo{{{_mark('info', name)} {name}}}",
        f"    flags={_flags(package)}",
        f"    privateFlags=[ {private} ]",
        f"    dataDir=/data/user/0/{name}",
        "    supportsScreens=[small, medium, large, xlarge, resizeable, anyDensity]",
        f"    timeStamp={_when(package.last_update)}",
        f"    firstInstallTime={_when(package.first_install)}",
        f"    lastUpdateTime={_when(package.last_update)}",
        *([f"    installerPackageName={package.installer}"] if package.installer else []),
        f"    signatures=PackageSignatures{{{_mark('signatures', name)} version:{package.signing_version}, "
        f"signatures:[{profile.signers[package.signer]}], past signatures:[]}}",
        f"    installPermissionsFixed={_yes(package.system)} installStatus=1",
        f"    pkgFlags={_flags(package)}",
    ]
    return lines + _permissions(profile, package)


def _permissions(profile: Profile, package: SimulatedPackage) -> list[str]:
    lines = []
    if package.permissions:
        lines += ["    requested permissions:", *(f"      {name}" for name in package.permissions)]
    installed = [name for name in package.permissions if name not in profile.runtime_permissions]
    if installed:
        lines += ["    install permissions:", *(f"      {name}: granted=true" for name in installed)]
    for user in profile.users:
        lines.append(
            f"    User {user.id}: ceDataInode={zlib.crc32(package.name.encode()) % 100000 + 65536} installed=true "
            f"hidden=false suspended=false stopped=false notLaunched=false enabled={3 if package.disabled else 0} "
            "instant=false virtual=false"
        )
        lines += ["      lastDisabledCaller: shell:2000"] if package.disabled else []
        lines += [f"      gids=[{_INET_GROUP}]"] if _INTERNET in package.permissions else []
        lines += _runtime_permissions(profile, package)
    return lines


def _runtime_permissions(profile: Profile, package: SimulatedPackage) -> list[str]:
    asked = [name for name in package.permissions if name in profile.runtime_permissions]
    why = "SYSTEM_FIXED GRANTED_BY_DEFAULT" if package.system else "USER_SET"
    rows = [
        f"        {name}: granted=true, flags=[ {why} ]"
        if name in package.granted
        else f"        {name}: granted=false"
        for name in asked
    ]
    return ["      runtime permissions:", *rows] if rows else []


def _hidden_packages(profile: Profile, shown: tuple[SimulatedPackage, ...]) -> list[str]:
    updated = [package for package in shown if package.hidden_system is not None]
    lines = [line for package in updated for line in _block(profile, package, hidden=True)]
    return ["Hidden system packages:", *lines, ""] if lines else []


def _shared_users(shown: tuple[SimulatedPackage, ...]) -> list[str]:
    users = {package.shared_user: package.app_id for package in shown if package.shared_user}
    lines = []
    for name, number in users.items():
        lines += [f"  SharedUser [{name}] ({_mark('shared', name)}):", f"    userId={number}"]
    return ["Shared users:", *lines, ""] if lines else []


def _compiled(shown: tuple[SimulatedPackage, ...]) -> list[str]:
    lines = ["Dexopt state:"]
    for package in shown:
        if package.has_code:
            how = (
                "[status=quicken] [reason=prebuilt]" if package.system else "[status=speed-profile] [reason=bg-dexopt]"
            )
            lines += [f"  [{package.name}]", f"    path: {base_path(package.code_path)}", f"      arm64: {how}"]
    lines += ["", "", "Compiler stats:"]
    for package in shown:
        lines += [f"  [{package.name}]", "    (No recorded stats)"]
    return lines


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
        _component_name(package, component)
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
    "package": lambda profile: packages(profile, None),
    "user": _users,
    "accessibility": _accessibility,
    "device_policy": _device_policy,
}
