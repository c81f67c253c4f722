"""What a phone says to each question, as text, and what is made of it."""

from collections.abc import Callable
from typing import Any, Final

from phone_audit.acquire.condition import PhoneFacts, questions_for
from phone_audit.acquire.live.poller import parse_dns_log, parse_moment
from phone_audit.acquire.live.socket_tables import parse_tables
from phone_audit.acquire.packages.package_dump import parse_apex, parse_package_dump
from phone_audit.acquire.packages.package_list import (
    flag_refused,
    parse_package_list,
    until_error,
    user_locked,
)
from phone_audit.acquire.packages.users import parse_current_user, parse_users, unread_user_lines
from phone_audit.acquire.questions import accessibility, adb_keys, device_policy, idle_list, mounts, roles
from phone_audit.acquire.questions.adb_keys import fingerprints
from phone_audit.acquire.questions.appops import parse_appops
from phone_audit.acquire.questions.connectivity import connectivity
from phone_audit.acquire.questions.file_facts import parse_digests, parse_hashes, parse_look
from phone_audit.acquire.questions.framework import framework_items, parse_framework
from phone_audit.acquire.questions.identifiers import (
    distinct,
    netstats_identifiers,
    property_identifiers,
    settings_identifiers,
)
from phone_audit.acquire.questions.identity import identity_items, parse_build, parse_date
from phone_audit.acquire.questions.netstats import parse_netstats, parse_qtaguid, traffic_of
from phone_audit.acquire.questions.question import Question
from phone_audit.acquire.questions.settings import global_items, parse_settings, secure_items, system_items
from phone_audit.acquire.questions.small_files import file_items, parse_hosts, parse_small_files
from phone_audit.acquire.questions.transparency import transparency
from phone_audit.acquire.text import decode
from phone_audit.model.text import parse_getprop
from tests.fuzz.target import Target, promise

Parser = Callable[[str], Any]
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
    list(framework_items(parse_framework(decode(data))))


def _packages(text: str) -> None:
    parse_package_list(text)
    parse_package_list(text, _NAMES)
    until_error(text), flag_refused(text), user_locked(text)


def _users(text: str) -> None:
    parse_users(text), unread_user_lines(text), parse_current_user(text)


def _properties(text: str) -> None:
    properties = parse_getprop(text)
    distinct(property_identifiers(properties))
    parse_build(properties)
    identity_items(properties, text, text)


def _loops(text: str) -> None:
    parse_look(text), parse_hashes(text), parse_digests(text), parse_date(text)


def _settings(text: str) -> None:
    settings = parse_settings(text)
    distinct(settings_identifiers(text))
    list(global_items(settings)), list(secure_items(0, settings)), list(system_items(settings))


def _appops(text: str) -> None:
    dump = parse_appops(text)
    promise(dump is None or all(isinstance(dump[key], tuple) for key in dump), "an operation could not be read")


def _netstats(text: str) -> None:
    stats = parse_netstats(text)
    distinct(netstats_identifiers(text))
    traffic_of(stats), parse_qtaguid(text)


def _keys(text: str) -> None:
    list(adb_keys.QUESTION.read(text)), fingerprints(text)


def _every_question(text: str) -> None:
    for question in QUESTIONS:
        list(question.read(text))


def _question(question: Question[Any]) -> Parser:
    return lambda text: list(question.read(text))


QUESTIONS: Final = questions_for(PhoneFacts(34, (0, 10), {10_001: ("com.example.a",)}, {}))
LISTS: Final[tuple[Parser, ...]] = (_packages, _users, _properties, _loops, _settings, parse_moment)
DUMPS: Final[tuple[Parser, ...]] = (
    _appops,
    _netstats,
    _question(accessibility.QUESTION),
    _question(device_policy.QUESTION),
    _question(roles.QUESTION),
    _question(idle_list.QUESTION),
    _question(connectivity({10_001: ("com.example.a",)})),
    _keys,
    _question(transparency("ab" * 32)),
    _question(mounts.QUESTION),
    parse_dns_log,
    parse_tables,
    parse_hosts,
    _every_question,
)


TARGETS: Final = {
    "package_dump": Target(
        package_dump,
        (
            "phone_audit.acquire.packages.package_dump",
            "phone_audit.acquire.packages.package_block",
            "phone_audit.acquire.text",
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
            "phone_audit.acquire.packages.package_list",
            "phone_audit.acquire.packages.users",
            "phone_audit.acquire.questions.identity",
            "phone_audit.acquire.questions.settings",
            "phone_audit.acquire.questions.file_facts",
            "phone_audit.acquire.questions.identity",
            "phone_audit.acquire.live.poller",
            "phone_audit.model.text",
        ),
        (
            b"package:/data/app/a/base.apk=com.example.a", b" versionCode:1", b" installer=com.example", b" uid:10001",
            b"UserInfo{0:Owner:13} running", b"[ro.build.fingerprint]: [", b"]\n", b"@1\n", b"\0file\0", b"\0files\0",
        ),
    ),
    "state_dumps": Target(
        state_dumps,
        (
            "phone_audit.acquire.questions.appops",
            "phone_audit.acquire.questions.identifiers",
            "phone_audit.acquire.questions.netstats",
            "phone_audit.acquire.live.socket_tables",
            *(question.items.__module__ for question in QUESTIONS),
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
        ("phone_audit.acquire.questions.small_files", "phone_audit.acquire.questions.framework"),
        (
            b"\0folders\0", b"\0there\0", b"\0files\0", b"\0bytes\0", b"open\0", b"/system/etc/security/cacerts",
            b"/system/etc/hosts", b"/system/etc/security/otacerts.zip", b"/system/build.prop", b"/adb_keys",
        ),
    ),
}  # fmt: skip
