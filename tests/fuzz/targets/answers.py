"""What a phone says to each question, as text, and what is made of it."""

from collections.abc import Callable
from typing import Any, Final

from phone_audit.acquire.condition.files_state import file_items, framework_items
from phone_audit.acquire.condition.mounts_state import mount_items
from phone_audit.acquire.condition.powers_state import (
    accessibility_items,
    administrator_items,
    idle_items,
    network_items,
    role_items,
)
from phone_audit.acquire.condition.settings_state import secure_items, system_items
from phone_audit.acquire.condition.usage import appops_of, traffic_of
from phone_audit.acquire.parse.accessibility import parse_accessibility
from phone_audit.acquire.parse.adb_keys import fingerprints, parse_dumped_keys
from phone_audit.acquire.parse.apex import parse_apex
from phone_audit.acquire.parse.appops import parse_appops
from phone_audit.acquire.parse.build import parse_build
from phone_audit.acquire.parse.clock import parse_date
from phone_audit.acquire.parse.device_policy import parse_device_policy
from phone_audit.acquire.parse.dns_log import parse_dns_log
from phone_audit.acquire.parse.getprop import parse_getprop
from phone_audit.acquire.parse.hosts_file import parse_hosts
from phone_audit.acquire.parse.idle_list import parse_idle_list
from phone_audit.acquire.parse.moment import parse_moment
from phone_audit.acquire.parse.mounts import parse_mounts
from phone_audit.acquire.parse.netstats import parse_netstats, parse_qtaguid, traffic_by_app
from phone_audit.acquire.parse.networks import parse_networks
from phone_audit.acquire.parse.package_dump import parse_package_dump
from phone_audit.acquire.parse.package_list import (
    flag_refused,
    parse_package_list,
    unread_lines,
    until_error,
    user_locked,
)
from phone_audit.acquire.parse.proc_net import parse_tables
from phone_audit.acquire.parse.roles import parse_roles
from phone_audit.acquire.parse.settings import parse_settings
from phone_audit.acquire.parse.shell_loops import parse_digests, parse_found, parse_hashes
from phone_audit.acquire.parse.small_files import parse_small_files
from phone_audit.acquire.parse.text import decode
from phone_audit.acquire.parse.transparency import parse_apex_info, parse_image_info
from phone_audit.acquire.parse.users import parse_current_user, parse_users, unread_user_lines
from phone_audit.acquire.state import read_state
from tests.fuzz.target import Target, promise

_NAMES: Final = frozenset({"com.example.a", "com.android.systemui", "android"})


def package_dump(data: bytes) -> None:
    """Read the dump of the package service, once knowing which packages there are."""
    text = decode(data)
    parse_package_dump(text)
    dump = parse_package_dump(text, _NAMES)
    promise(dump.packages.keys() <= _NAMES, "a package that the lists do not name was taken from the dump")
    parse_apex(text)


def phone_lists(data: bytes) -> None:
    """Read lists of packages, users, properties, settings, sizes and hashes; the first byte says which."""
    if data:
        LISTS[data[0] % len(LISTS)](decode(data[1:]))


def state_dumps(data: bytes) -> None:
    """Read the dumps of which the state of a phone is made; the first byte says which."""
    if data:
        DUMPS[data[0] % len(DUMPS)](decode(data[1:]))


def small_files(data: bytes) -> None:
    """Read the answer that holds certificates, hosts, keys and properties."""
    files = parse_small_files(data)
    promise(sum(map(len, files.files.values())) <= len(data), "files have more bytes than the answer")
    list(file_items(files, (0, 10), {"ro.build.type": "user"}))
    framework_items(decode(data))


def _packages(text: str) -> None:
    parse_package_list(text)
    parse_package_list(text, _NAMES)
    unread_lines(text), until_error(text), flag_refused(text), user_locked(text)


def _users(text: str) -> None:
    parse_users(text), unread_user_lines(text), parse_current_user(text)


def _properties(text: str) -> None:
    properties = parse_getprop(text)
    parse_build(properties)
    read_state(properties, parse_settings(text), text, text)


def _loops(text: str) -> None:
    parse_found(text), parse_hashes(text), parse_digests(text), parse_date(text)


def _settings(text: str) -> None:
    settings = parse_settings(text)
    list(secure_items(0, settings)), list(system_items(settings))


def _appops(text: str) -> None:
    appops_of(parse_appops(text))


def _netstats(text: str) -> None:
    stats = parse_netstats(text)
    traffic_of(stats), traffic_by_app(stats.usages), parse_qtaguid(text)


def _keys(text: str) -> None:
    parse_dumped_keys(text), fingerprints(text)


def _digests(text: str) -> None:
    parse_image_info(text), parse_apex_info(text)


def _policy(text: str) -> None:
    list(administrator_items(parse_device_policy(text) or ()))


Parser = Callable[[str], Any]
LISTS: Final[tuple[Parser, ...]] = (_packages, _users, _properties, _loops, _settings, parse_moment)
DUMPS: Final[tuple[Parser, ...]] = (
    _appops,
    _netstats,
    lambda text: list(accessibility_items(parse_accessibility(text))),
    _policy,
    lambda text: list(role_items(parse_roles(text))),
    lambda text: list(idle_items(parse_idle_list(text))),
    lambda text: list(network_items(parse_networks(text), {10_001: ("com.example.a",)})),
    _keys,
    _digests,
    lambda text: list(mount_items(parse_mounts(text))),
    parse_dns_log,
    parse_tables,
    parse_hosts,
)


TARGETS: Final = {
    "package_dump": Target(
        package_dump,
        (
            "phone_audit.acquire.parse.package_dump",
            "phone_audit.acquire.parse.package_block",
            "phone_audit.acquire.parse.dump_words",
            "phone_audit.acquire.parse.apex",
            "phone_audit.acquire.parse.text",
        ),
        (
            b"Packages:\n", b"  Package [com.example.a] (1a2b):\n", b"Hidden system packages:\n", b"Shared users:\n",
            b"    userId=10001\n", b"    versionCode=1 minSdk=1 targetSdk=2\n", b"    versionName=1\n", b"\n\n",
            b"    User 0: ceDataInode=1 installed=true hidden=false\n", b"      runtime permissions:\n",
            b"granted=true",
            b"    signatures=PackageSignatures{", b"Active APEX packages:\n", b"    flags=[ SYSTEM HAS_CODE ]\n",
        ),
    ),
    "phone_lists": Target(
        phone_lists,
        (
            "phone_audit.acquire.parse.package_list",
            "phone_audit.acquire.parse.users",
            "phone_audit.acquire.parse.getprop",
            "phone_audit.acquire.parse.build",
            "phone_audit.acquire.parse.settings",
            "phone_audit.acquire.parse.shell_loops",
            "phone_audit.acquire.parse.clock",
            "phone_audit.acquire.parse.moment",
            "phone_audit.acquire.state",
        ),
        (
            b"package:/data/app/a/base.apk=com.example.a", b" versionCode:1", b" installer=com.example", b" uid:10001",
            b"UserInfo{0:Owner:13} running", b"[ro.build.fingerprint]: [", b"]\n", b"@1\n", b"\0file\0", b"\0files\0",
        ),
    ),
    "state_dumps": Target(
        state_dumps,
        (
            "phone_audit.acquire.parse.appops",
            "phone_audit.acquire.parse.netstats",
            "phone_audit.acquire.parse.accessibility",
            "phone_audit.acquire.parse.device_policy",
            "phone_audit.acquire.parse.roles",
            "phone_audit.acquire.parse.idle_list",
            "phone_audit.acquire.parse.networks",
            "phone_audit.acquire.parse.adb_keys",
            "phone_audit.acquire.parse.transparency",
            "phone_audit.acquire.parse.mounts",
            "phone_audit.acquire.parse.dns_log",
            "phone_audit.acquire.parse.proc_net",
            "phone_audit.acquire.parse.hosts_file",
            "phone_audit.acquire.condition.mounts_state",
            "phone_audit.acquire.condition.powers_state",
            "phone_audit.acquire.condition.usage",
        ),
        (
            b"  Uid u0a1:\n", b"    Package com.example.a:\n", b"      COARSE_LOCATION (allow):\n", b"Access: [",
            b"ident=[{type=1", b"uid=10001 set=DEFAULT", b"st=1600000000 rb=1 rp=1 tb=1 tp=1", b"User state[\n",
            b"Enabled services:{", b"Bound services:{", b"ComponentInfo{", b"role=android.app.role.", b"holders=",
            b"user,com.example.a,10001", b"NetworkAgentInfo{", b"HttpProxy:", b"PrivateDns", b"OwnerUid", b"admin",
        ),
    ),
    "small_files": Target(
        small_files,
        ("phone_audit.acquire.parse.small_files", "phone_audit.acquire.condition.files_state"),
        (
            b"\0folders\0", b"\0there\0", b"\0files\0", b"\0bytes\0", b"open\0", b"/system/etc/security/cacerts",
            b"/system/etc/hosts", b"/system/etc/security/otacerts.zip", b"/system/build.prop", b"/adb_keys",
        ),
    ),
}  # fmt: skip
