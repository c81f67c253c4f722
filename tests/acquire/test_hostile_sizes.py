"""Text of a phone that is made to take long: the work of every reader grows with the text, not with its square.

Lines of Python are counted here; what patterns take is timed by `tests/benchmarks/test_reader_times.py`.
"""

import importlib
import pkgutil
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from phone_audit.acquire import asking, live, packages, questions
from phone_audit.acquire.asking import Reader
from phone_audit.acquire.condition import PhoneFacts, questions_for
from phone_audit.acquire.live.poller import parse_dns_log, parse_moment
from phone_audit.acquire.live.socket_tables import parse_tables
from phone_audit.acquire.packages.listing import Listing
from phone_audit.acquire.packages.merge import block_of, modules_of, package_of, users_of
from phone_audit.acquire.packages.package_block import DumpedPackage
from phone_audit.acquire.packages.package_dump import PACKAGE_DUMP, parse_apex, parse_package_dump
from phone_audit.acquire.packages.package_list import (
    ListEntry,
    parse_package_list,
    until_error,
    user_locked,
)
from phone_audit.acquire.packages.users import parse_current_user, parse_users, unread_user_lines
from phone_audit.acquire.questions.accessibility import parse_accessibility
from phone_audit.acquire.questions.adb_keys import fingerprints, parse_dumped_keys
from phone_audit.acquire.questions.appops import parse_appops
from phone_audit.acquire.questions.certificates import certificates, subject_name
from phone_audit.acquire.questions.connectivity import parse_networks
from phone_audit.acquire.questions.device_policy import parse_device_policy
from phone_audit.acquire.questions.file_facts import parse_digests, parse_hashes, parse_look
from phone_audit.acquire.questions.framework import framework_items, parse_framework
from phone_audit.acquire.questions.identity import parse_build, parse_date
from phone_audit.acquire.questions.idle_list import parse_idle_list
from phone_audit.acquire.questions.mounts import parse_mounts
from phone_audit.acquire.questions.netstats import parse_netstats, parse_qtaguid
from phone_audit.acquire.questions.question import Question
from phone_audit.acquire.questions.roles import parse_roles
from phone_audit.acquire.questions.settings import parse_settings
from phone_audit.acquire.questions.small_files import SmallFiles, file_items, parse_hosts, parse_small_files
from phone_audit.acquire.questions.transparency import parse_apex_info, parse_image_info
from phone_audit.acquire.transport import Answer
from phone_audit.model.text import parse_getprop
from tests.acquire.fake_phone import QUIET, FakePhone
from tests.steps import LINEAR, growth

Made = Callable[[int], Callable[[], object]]
"""Makes a text of that many pieces, and gives the work on it."""

TIME_OUT = "*** SERVICE 'a' DUMP TIMEOUT (1ms) EXPIRED ***"
PROP = "/system/build.prop"
BLOCK = "Packages:\n  Package [a.b] (1a):\n"
OPS = "1700000000 +0100\nCurrent AppOps Service state:\n  Uid 1000:\n    Package a:\n"
STATE = "User state[attributes:{id=0\n"

READERS: dict[str, tuple[Callable[[str], object], str, tuple[str, ...]]] = {
    "parse_accessibility": (
        parse_accessibility,
        STATE,
        (STATE, "Enabled services:{", "enabled services: {\n", "Service[label=a, feedbackType[", "}", "} ", "a/"),
    ),
    "parse_accessibility, a component": (parse_accessibility, STATE + "Enabled services:{", ("a.", "a/b.", "é")),
    "parse_dumped_keys": (parse_dumped_keys, "", ("user_keys=", "a_keys", "\nuser_keys=", " QAAAA", "\t")),
    "fingerprints": (fingerprints, " QAAAA", ("QAAAA", " QAAAA", "A")),
    "parse_apex": (parse_apex, "Active APEX packages:\n", ("a.b\n", "Active APEX packages:\n", "a.", "Path: ")),
    "parse_appops": (parse_appops, OPS, ("      CAMERA (allow):\n", "      CAMERA: mode=0; time=+1d ago\n", "=[", "]")),
    "parse_appops, a state": (parse_appops, OPS + "          Access: [top", ("]", "=", " ]", " =")),
    "parse_appops, a time": (parse_appops, OPS + "      CAMERA: mode=0; time=+", ("1d", "1ms", "; time=+")),
    "certificates": (
        lambda text: list(certificates(text.encode())),
        "-----BEGIN CERTIFICATE-----",
        ("-----BEGIN CERTIFICATE-----", "A", "-----END", "-"),
    ),
    "subject_name": (lambda text: subject_name(text.encode()), "0", ("0", "00", "0\x80")),
    "parse_date": (parse_date, "", ("1700000000 ",)),
    "parse_device_policy": (
        parse_device_policy,
        "Enabled Device Admins (User 0):\n",
        ("Enabled Device Admins (User 0):\n", "  a/.A:\n", "    policies:\n", "Device Owner:\n", "(User 0"),
    ),
    "parse_dns_log": (parse_dns_log, "time=1 netId=1 uid=1 pid=1 hostname=", ("a.", "a answer=[", "time=1 ")),
    "parse_getprop": (parse_getprop, "", ("[a]: [1]\n", "[a", "]: [", "[a]: [")),
    "parse_hosts": (parse_hosts, "1.1.1.1 ", ("1.", "::", "a ", "1.1.1.1 a\n", "#", "%")),
    "parse_idle_list": (parse_idle_list, "user,a,1", ("user,a,1\n", "\nuser,a", ",1")),
    "parse_moment": (
        parse_moment,
        "",
        ("mWakefulness=Awake\n", "ResumedActivity:ActivityRecord{", "ResumedActivity: ", "{a u0 a/"),
    ),
    "parse_mounts": (parse_mounts, "a / ", ("\\040", "a / b c 0 0\n", ",a")),
    "parse_netstats": (parse_netstats, "UID stats:\n", ("  ident=[\n", "ident=[", "] uid=1 set=A tag=0", "  st=1 ")),
    "parse_qtaguid": (parse_qtaguid, "2 wlan0 0x0 ", ("2 wlan0 0x0 1 0 1 0 1\n", "1")),
    "parse_networks": (
        parse_networks,
        "NetworkAgentInfo{",
        ("NetworkAgentInfo{\n", " HttpProxy: PAC Script: ", " HttpProxy: [", "Transports: A", "|VPN", "OwnerUid: 1"),
    ),
    "parse_package_dump": (
        parse_package_dump,
        BLOCK,
        (
            "    versionName=x\n",
            "    versionName=x\n  Package [a.b] (1a):\n",
            "  Package [a.b] (1a):\n",
            "    splits=[base]\nFoo:\n",
            "    User 0: a=1\n",
            "Packages:\n",
            "Hidden system packages:\n",
        ),
    ),
    "parse_package_dump, no such package": (
        lambda text: parse_package_dump(text, {"a.b"}),
        BLOCK,
        (
            "    versionName=x\n  Package [a.c] (1a):\n",
            "    versionName=x\n    splits=[base]\n",
            "  Package [a.c] (1a):\n",
        ),
    ),
    "parse_package_dump, a shared user": (
        parse_package_dump,
        BLOCK + "    sharedUser=",
        ("SharedUserSetting{a ", "SharedUserSetting{", "/1", "/1}"),
    ),
    "parse_package_dump, a grant": (
        parse_package_dump,
        BLOCK + "    install permissions:\n      ",
        (": granted=", "a: granted=true\n      ", "a:"),
    ),
    "parse_package_dump, a user": (parse_package_dump, BLOCK + "    User 0: ", ("a=", "a=1 ", "a ")),
    "parse_package_dump, signatures": (parse_package_dump, BLOCK + "    signatures=", ("ab", "ab ", "past signatures")),
    "parse_package_dump, a header": (parse_package_dump, "Packages:\n  Package [", ("] (1a", "[", "Package [", "] (")),
    "parse_package_list": (
        parse_package_list,
        "package:/a=b installer=x",
        ("package:a.b\n", " uid:1", ",1", "\npackage:", "=a", " installer=", " versionCode:1"),
    ),
    "parse_package_list, a path": (parse_package_list, "package:/", ("=a", "=a ", "=a uid:1,1", "\n=a", "/")),
    "parse_package_list, known": (
        lambda text: parse_package_list(text, frozenset({"a.b"})),
        "package:a.b\n",
        ("package:a.c\n", "package:a.b\n", "package:/a\n"),
    ),
    "parse_package_list, unread": (
        parse_package_list,
        "",
        ("package:a b\n", "package:\n", "package:a installer=x y\n"),
    ),
    "until_error": (until_error, "package:a\njava.", ("a.", "java.a.", "\njava.", "\npackage:", "Error:\n")),
    "user_locked": (user_locked, "", ("Security", "does not have permission to access ")),
    "parse_tables": (
        parse_tables,
        "  sl  local_address rem_address   st \n   0: 0100007F:",
        ("0", "/proc/net/", "cat: ", "   0: 0100007F:0000 0100007F:0000 01 "),
    ),
    "parse_roles": (parse_roles, " user_id=0\n name=a\n", ("holders=[\n", "holders=a\n", "a", "]", " name=a\n")),
    "parse_settings": (parse_settings, "a=1\n", ("a=1\n", "b\n", "=", ":")),
    "parse_look": (parse_look, "\0files\0", ("\0", "1\n", "\0file\0a", "\0files\0")),
    "parse_hashes": (parse_hashes, "", ("@0\n", "@0\n" + "ab" * 32 + "\n", "\\")),
    "parse_digests": (parse_digests, "", ("ab" * 16 + "\n", "ab")),
    "parse_small_files": (
        lambda text: parse_small_files(text.encode()),
        "\0folders\0\0there\0\0files\0",
        ("\0folders\0", "1\n", "\0a", "\0bytes\0"),
    ),
    "parse_image_info": (parse_image_info, "", ("ab" * 32 + "x\n", "ab")),
    "parse_apex_info": (parse_apex_info, "abc,1,", ("a:", "abc,1,a:\n", "ab", ",1")),
    "parse_users": (parse_users, "UserInfo{0:", ("UserInfo{0:", ":13", "UserInfo{0:a:13}", ":13}", "Type: ")),
    "parse_users, a type": (parse_users, "UserInfo{0:a:13}", ("Type: android.os.usertype.a", "Type:\n", "\t", "\r")),
    "unread_user_lines": (unread_user_lines, "", ("UserInfo{\n", "a\n")),
    "parse_current_user": (parse_current_user, "", ("Current user:", "Current user: ", "1\n", "\n1x")),
    "framework_items": (
        lambda text: list(framework_items(parse_framework(text))),
        "",
        ("ab" * 32 + "  /a\n", "ab" * 32 + "  /" + "x" * 250 + " \n", "ab"),
    ),
    "file_items": (
        lambda text: list(file_items(SmallFiles({"/": "open"}, (), {PROP: text.encode()}, whole=True), (), {})),
        "a=",
        ("a=b\n", "=", "#", " #\n"),
    ),
    "cut_off": (
        lambda text: asking.cut_off(PACKAGE_DUMP, Answer(text.encode(), 0, truncated=False)),
        "",
        (TIME_OUT, f"\n{TIME_OUT}\n", f"\n{TIME_OUT}\n@", "*** "),
    ),
}


def items_of(question: Question[Any], text: str) -> object:
    return list(question.read(text))


for _question in questions_for(PhoneFacts(34, (0,), {}, {})):
    READERS.setdefault(
        _question.parse.__name__, (partial(items_of, _question), "", ("a=b\n", "a: ", "[", "{", "ab" * 32))
    )
EVERY = ("\n", " ", "a", "1", " \n")
ELSEWHERE = {"parse_build": parse_build}
"""A reader of values, not of text."""


def on(read: Callable[[str], object], head: str, piece: str) -> Made:
    def made(pieces: int) -> Callable[[], object]:
        text = head + piece * pieces + "x\n"
        return lambda: read(text)

    return made


def noted(notes: int) -> None:
    reader = Reader(FakePhone(), QUIET)
    for _ in range(2):
        for index in range(notes):
            reader.skip(f"a.b{index}", "list", "contradiction", "x")
    reader.forget_since(notes // 2)


def modules(count: int) -> None:
    modules_of((), parse_apex("Active APEX packages:\n" + "".join(f"  a.b{at}\n" for at in range(count))))


def users_and_packages(count: int) -> None:
    users = "Users:\n" + "".join(f"UserInfo{{{at}:a:0}}\n" for at in range(count))
    listing = Listing(users=parse_users(users))
    listing.asked = tuple(listing.users)
    listing.lists = {0: tuple(ListEntry(f"a.b{at}", None, None, None, ()) for at in range(count))}
    reader = Reader(FakePhone(), QUIET)
    for one in listing.lists[0]:
        block = block_of(one.name, (DumpedPackage(one.name),), (one,), reader)
        assert len(package_of(one.name, block, (one,), listing, (), 0).users) == 1
    users_of(listing)


def packages_of_a_dump(count: int) -> None:
    parse_package_dump(
        "Packages:\n" + "".join(f"  Package [a.b{at}] (1a):\n    versionName=x\n" for at in range(count))
    )


def deeper_headings(count: int) -> None:
    heading = "Enabled Device Admins (User 0):\n"
    parse_device_policy("".join(" " * at + heading for at in range(int(count**0.5))) + "\n" * count)


LENGTHS = {
    f"{name}: {piece[:40]!r}": len(piece) for name, (_, _, pieces) in READERS.items() for piece in (*EVERY, *pieces)
}
CASES: dict[str, Made] = {
    **{
        f"{name}: {piece[:40]!r}": on(read, head, piece)
        for name, (read, head, pieces) in READERS.items()
        for piece in (*EVERY, *pieces)
    },
    "notes": lambda count: partial(noted, count),
    "modules": lambda count: partial(modules, count),
    "users and packages": lambda count: partial(users_and_packages, count),
    "packages of a dump": lambda count: partial(packages_of_a_dump, count),
    "deeper headings": lambda count: partial(deeper_headings, count),
}


@pytest.mark.promise("work-grows-with-size")
@pytest.mark.parametrize("case", CASES)
def test_twice_the_text_is_no_more_than_about_twice_the_work(case: str) -> None:
    assert growth(CASES[case], 200) < LINEAR


@pytest.mark.promise("work-grows-with-size")
def test_no_parser_is_left_out() -> None:
    modules = [
        importlib.import_module(f"{room.__name__}.{one.name}")
        for room in (live, packages, questions)
        for one in pkgutil.iter_modules(room.__path__)
    ]
    parsers = {name for module in modules for name in vars(module) if name.startswith("parse_")}
    assert parsers - {name.partition(",")[0] for name in READERS} == set(ELSEWHERE)
