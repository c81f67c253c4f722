"""What may be sent to a phone: the list is frozen, and no argument of it can be anything but what it has to be."""

import ast
import hashlib
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.adb.stream_transport import StreamTransport
from phone_audit.acquire.commands import COMMAND_LENGTH, batches, quoted
from phone_audit.acquire.packages.package_dump import single_packages_command
from phone_audit.acquire.questions.file_facts import digest_command, hash_command, look_command
from phone_audit.acquire.store.layout import HASHES, PARTS, PULL
from phone_audit.errors import UnlistedCommandError
from phone_audit.model import command_list
from phone_audit.model.command_list import (
    COMMANDS,
    LINES,
    LONGEST_COMMAND,
    LONGEST_NAME,
    LONGEST_PATH,
    find_command,
    is_listed,
    is_package_name,
    is_path,
    line,
    listed,
)
from tests.acquire.collecting import collect
from tests.acquire.fake_phone import QUIET, Fake, FakePhone, fake_phone
from tests.kit import ROOT

FROZEN = {
    "properties": "04d513439e40",
    "date": "5e5c68f40a39",
    "shell id": "a56145270ce6",
    "selinux": "095f64b68afb",
    "cores": "edfdf7c49957",
    "mounts": "f87fdd2cc115",
    "users": "83483356f536",
    "user dump": "46022013294b",
    "current user": "368fde07e390",
    "package list": "60ced446cf67",
    "package dump": "cff2d8b7dd20",
    "single packages": "831f84bccda5",
    "global settings": "58e2938bfa11",
    "secure settings": "a729331f98cf",
    "system settings": "217bb8cf09e0",
    "accessibility": "4fd3bbe4f32e",
    "adb": "2b1f53e4333a",
    "appops": "6e3012d955dc",
    "connectivity": "9135e75f8435",
    "device policy": "781e8fb4624d",
    "idle list": "b0b1157e71fd",
    "netstats": "4c87fe865b0a",
    "roles": "ce95f0e3efbe",
    "transparency": "db34d80d10ff",
    "look": "d4b871e653aa",
    "mode": "6be315b18c27",
    "times": "b39b243e95cd",
    "hash": "ee09130652fe",
    "hashes": "708cadb1c5c2",
    "digests": "eadd042d6b5b",
    "framework hashes": "4544fe62f94c",
    "small files": "0766544ee508",
    "rest of a file": "538fa04bf66e",
    "ranges": "e0d60f01a1c8",
    "moment": "bed6fa197121",
    "traffic": "e66e3e5cc92a",
    "looked up names": "3012edce4255",
    "sockets": "4152725d9427",
    "line: range": "32141e296a6b",
    "line: again": "01ba4719c80b",
    "argument: user": "3c622ddf1939",
    "argument: number": "edeedb5b37a6",
    "argument: block": "edeedb5b37a6",
    "argument: skip": "edeedb5b37a6",
    "argument: count": "edeedb5b37a6",
    "argument: mark": "be4ec565d503",
    "argument: lister": "f03f566874a0",
    "argument: list flags": "bf8aaf217953",
    "argument: path": "cbab4237e118",
    "argument: plain path": "bf91a28100f0",
    "argument: plain paths": "5e3460d8fb7b",
    "argument: places": "44efc52d6f2c",
    "argument: small files": "494ae74cd4ef",
    "argument: own paths": "79cef1bcbdf8",
    "argument: packages": "8e59b05a5af8",
    "argument: hashed files": "bb6ef544885b",
    "argument: hashed groups": "1c6caf59f6bc",
}
"""Command → the beginning of its SHA-256. A change here is a change of what phone-audit does to phones: it has to be
read by somebody who asks of each new command whether the phone is another one afterwards."""

EXAMPLES = {
    "user": ("0", "10"),
    "number": ("0", "65536"),
    "block": ("4096",),
    "skip": ("0",),
    "count": ("1",),
    "mark": ("phone-audit:0123456789abcdef",),
    "lister": ("pm", "cmd package"),
    "list flags": ("", " -f -u -i -U --show-versioncode", " -s -u -U", " --apex-only"),
    "path": ("'/data/app/a b/base.apk'", "$'/data/it\\047s\\012'"),
    "plain path": ("'/system/app/X.apk'",),
    "plain paths": ("'/a'", "'/a' '/b c'"),
    "places": ("'/a'", "'/a'/*.apk $'/b\\042'", "'/system/app/X'/oat/*/*.[ov]dex", "'/system/framework'/*/boot*.vdex"),
    "small files": ("'/a' '/b'/*",),
    "own paths": ("/system/bin/su", "/system/lib*/libc.so /proc/net/tcp"),
    "packages": ("echo @0;dumpsys package 'org.a';", "echo @0;dumpsys package 'a.b';echo @1;dumpsys package 'c.d_1';"),
    "hashed files": ("", "h 0 '/a';", "h 0 '/a';h 1 $'/b\\001';"),
    "hashed groups": ("", "$H '/a' '/b';", "$H <$'/b\\001'|while read -r d n;do echo \"$d  @2f6201\";done;$H '/c';"),
}
"""Argument → what it may be."""

HOSTILE = (
    "",
    " ",
    "write",
    "'write'",
    "-h",
    "'-h'",
    "--checkin",
    "'--user'",
    "'org.a' write",
    "'org.a';reboot",
    "'org.a'\nreboot",
    "org.a;reboot",
    "'$(reboot)",
    "$(reboot)",
    "`reboot`",
    '"$(reboot)"',
    "'/a';reboot;'/b'",
    "'/a' >/data/x",
    "'/a'\n",
    "\n'/a'",
    "'/a'\0",
    "'/a\0'",
    "'/a\nb'",
    "'/a'&",
    "'/a'|sh",
    "'a'",
    "''",
    "'",
    "$''",
    "$'/a\\000'",
    "$'/a\\''",
    "$'/a\\x41'",
    "$'/a'$(reboot)",
    "$/a",
    "/a",
    "/a;reboot",
    "/data/$(reboot)",
    "'/\udcff'",
    "'/ö'",
    "0;reboot",
    "0\n",
    "-1",
    "00",
    "0x10",
    "1 2",
    "٣",
    "9" * 40,
    "pm install",
    "cmd",
    " -f;reboot",
    " -f -u -x",
    " --user all",
    "phone-audit:0123456789abcdeg",
    "phone-audit:0123456789abcdef;reboot",
    "echo @0;dumpsys package 'write';",
    "echo @0;dumpsys package write;",
    "echo @0;dumpsys package '-h';",
    "echo @0;dumpsys package 'org.a' write;",
    "echo @0;dumpsys package 'org.a;reboot';",
    "echo @0;dumpsys package 'org.a\nreboot';",
    "echo @0;dumpsys package 'org..a';",
    "echo @0;dumpsys package 'org.1';",
    "echo @0;dumpsys package 'check-permission';",
    "echo @0;dumpsys meminfo 'org.a';",
    "h 0 'a';",
    "h 0 '/a';reboot;",
    "$H 'a';",
    "$H -c '/a';",
    "$H <'/a'|while read -r d n;do echo \"$d  @zz\";done;",
    "$H <'/a'|while read -r d n;do echo \"$d  $(reboot)\";done;",
)
WRONG = {
    name: [text for text in HOSTILE if text not in good and not re.fullmatch(command_list.ARGUMENTS[name], text)]
    for name, good in EXAMPLES.items()
}
SYSTEM = Fake("android", path="/system/framework/framework-res.apk", uid=1000, system=True)
ARGUMENT = re.compile("«([a-z ]+)»")
ANY = st.text() | st.text(st.sampled_from("'\"$\\`;|&<>() \n\0-./aA0_*"))


NOT_SENT = (PULL, PARTS, HASHES)
WITH_PIECES = {
    "adb/stream_transport.py",  # what stands around every command, for its exit status
    "packages/package_dump.py",  # the pieces for one package
    "files/hashing.py",  # the pieces for one file
}


def filled(template: str, **instead: str) -> str:
    """The command with an example of each argument, or with what is given."""
    return ARGUMENT.sub(lambda found: instead.get(found[1], EXAMPLES[found[1]][-1]), template)


def arguments() -> list[tuple[str, str]]:
    """Every command with each of its arguments."""
    return [(name, found) for name, text in COMMANDS.items() for found in dict.fromkeys(ARGUMENT.findall(text))]


def test_the_list_is_frozen() -> None:
    everything = {**COMMANDS, **{f"line: {name}": text for name, text in LINES.items()}}
    everything |= {f"argument: {name}": pattern for name, pattern in command_list.ARGUMENTS.items()}
    assert {name: hashlib.sha256(text.encode()).hexdigest()[:12] for name, text in everything.items()} == FROZEN


@pytest.mark.promise("phone-commands")
def test_no_other_file_holds_a_command() -> None:
    """Whoever sends something takes it from the list: the words of a shell stand nowhere else in `acquire`."""
    folder = ROOT / "phone_audit/acquire"
    telling = re.compile(r"/dev/null|;do |;done|dumpsys package \{|^toybox")
    found = {
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*.py"))
        if "foreign" not in path.parts
        for literal in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(literal, ast.Constant | ast.JoinedStr) and telling.search(ast.unparse(literal))
    }
    assert found == WITH_PIECES


def test_every_recorded_command_is_in_the_list() -> None:
    recorded = [
        artifact["command"]
        for manifest in sorted((ROOT / "fixtures" / "devices").glob("*/manifest.json"))
        for artifact in json.loads(manifest.read_text("utf-8"))["artifacts"]
        if not artifact["command"].startswith(NOT_SENT)
    ]
    assert len(recorded) > 30
    assert [command for command in recorded if not is_listed(command)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_listed_with_arguments_that_it_may_have(name: str) -> None:
    assert is_listed(filled(COMMANDS[name]))
    for argument in ARGUMENT.findall(COMMANDS[name]):
        for example in EXAMPLES[argument]:
            assert is_listed(filled(COMMANDS[name], **{argument: example}))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_found_with_its_arguments(name: str) -> None:
    expected = {argument: EXAMPLES[argument][-1] for argument in ARGUMENT.findall(COMMANDS[name])}
    assert find_command(filled(COMMANDS[name])) == (name, expected)
    assert find_command(filled(COMMANDS[name]) + ";reboot") is None


@pytest.mark.promise("phone-commands")
@pytest.mark.parametrize(("name", "argument"), arguments())
def test_no_argument_can_be_anything_else(name: str, argument: str) -> None:
    assert len(WRONG[argument]) > 40
    sent = [text for wrong in WRONG[argument] if is_listed(text := filled(COMMANDS[name], **{argument: wrong}))]
    assert sent == []


@pytest.mark.parametrize(("name", "argument"), arguments())
def test_nothing_can_be_put_around_an_argument(name: str, argument: str) -> None:
    for example in EXAMPLES[argument]:
        for more in (";reboot", "\nreboot", " $(reboot)", "`reboot`", "&", "|sh", ">/data/x", "\0", " -x", "'", '"'):
            for wrong in (example + more, more + example):
                assert not is_listed(filled(COMMANDS[name], **{argument: wrong})), wrong


@pytest.mark.promise("phone-commands")
@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_can_be_put_around_a_command(name: str) -> None:
    whole = filled(COMMANDS[name])
    for more in (";reboot", "\nreboot", "\n", " x", "&", "|sh", ">/data/x", "\0"):
        assert not is_listed(whole + more)
        assert not is_listed(more + whole)


@pytest.mark.promise("phone-words-stay-words")
@given(ANY)
def test_a_path_of_the_phone_is_one_word_or_is_not_sent(path: str) -> None:
    word = quoted(path)
    for command in (look_command([word]), hash_command([(path, 1)]), digest_command(path)):
        assert is_listed(command.text) == is_path(path)
    if is_path(path):
        assert re.fullmatch(command_list.ARGUMENTS["path"], quoted(path))


@pytest.mark.promise("phone-words-stay-words")
@given(ANY)
def test_a_name_of_the_phone_is_one_word_or_is_not_sent(name: str) -> None:
    assert is_listed(single_packages_command([name]).text) == is_package_name(name)


@pytest.mark.parametrize("name", ["org.example", "a.b", "org.example.App_2.x1", "com.google.trichrome_609919332"])
def test_names_that_packages_have(name: str) -> None:
    assert is_package_name(name)
    assert is_listed(single_packages_command([name]).text)


@pytest.mark.parametrize(
    "name",
    ["", "android", "write", "check-permission", "-h", "checkin", "compiler-stats", "a.", ".a", "a..b", "1.a", "a.1",
     "a._b", "a.b c", "a.b\n", "a.b'", "a.b;id", "a.$(id)", "a.ö", "a.b-c", "a." + "b" * LONGEST_NAME],
)  # fmt: skip
def test_names_that_no_package_has(name: str) -> None:
    assert not is_package_name(name)
    assert not is_listed(single_packages_command([name]).text)


@pytest.mark.parametrize("path", ["", "a", "-n.apk", "./a", "$HOME", "/a\0b", "/" + "a" * LONGEST_PATH])
def test_paths_that_no_phone_has(path: str) -> None:
    assert not is_path(path)
    assert len(path) > LONGEST_PATH or not is_listed(digest_command(path).text)


def test_a_command_has_a_bounded_length() -> None:
    names = [f"a.{'b' * (LONGEST_NAME - 6)}{number:03}" for number in range(100)]
    assert len(single_packages_command(names).text) < COMMAND_LENGTH
    words = [quoted(f"/{number}") for number in range(20_000)] + [quoted("/" + "\n" * 4094)] * 5
    for batch in batches(words):
        text = look_command(batch).text
        assert is_listed(text)
        assert len(text.replace("'", "'\"'\"'")) < 2**16 - 200
    assert not is_listed(listed("mode", path=f"'/{'a' * LONGEST_COMMAND}'"))


def test_a_line_for_a_program_has_its_grammar() -> None:
    good: dict[str, str | int] = {"number": 1, "plain_path": "'/a b'", "block": 4096, "skip": 0, "count": 1}
    assert line("range", **good) == "1 '/a b' 4096 0 1\n"
    for name, wrong in (("plain_path", "'/a';reboot"), ("plain_path", "$'/a'"), ("plain_path", "a"), ("skip", "0;id")):
        with pytest.raises(UnlistedCommandError):
            line("range", **{**good, name: wrong})


# What a phone says


@pytest.mark.promise("phone-words-stay-words")
@pytest.mark.parametrize(
    "name", ["write", "check-permission", "-h", "checkin", "org.x' 'write", "a.b;reboot", "a.b$(id)"]
)
@pytest.mark.parametrize("before", ["", "    splits=[base]\n"])
def test_a_version_name_makes_no_command(tmp_path: Path, name: str, before: str) -> None:
    """`dumpsys package write` writes the phone's settings."""
    version = f"1\n{before}  Package [{name}] (abc):\n    userId=1000"
    phone = fake_phone(SYSTEM, Fake("org.a", version_name=version))
    acquired = collect(phone, depth="quick", users="all", into=tmp_path, on_progress=QUIET)
    assert [command for command in phone.asked if "dumpsys package " in command] == []
    assert {note.code for note in acquired.snapshot.skipped if note.subject == name} == {"unconfirmed-package"}


def test_a_name_in_the_text_of_a_package_is_not_asked_for(tmp_path: Path) -> None:
    phone = fake_phone(SYSTEM, Fake("org.a", version_name="1\n  Package [org.fake] (abc):\n    userId=1000"))
    acquired = collect(phone, depth="quick", users="all", into=tmp_path, on_progress=QUIET)
    assert [command for command in phone.asked if "dumpsys package " in command] == []
    assert [(note.subject, note.code) for note in acquired.snapshot.skipped] == [("org.fake", "unconfirmed-package")]


def test_many_pretended_names_are_counted_and_not_all_asked_or_noted(tmp_path: Path) -> None:
    headers = "\n".join(f"  Package [org.fake{number}.{'x' * 200}] (abc):" for number in range(3000))
    phone = fake_phone(SYSTEM, Fake("org.a", version_name=f"1\n    splits=[base]\n{headers}"))
    acquired = collect(phone, depth="quick", users="all", into=tmp_path, on_progress=QUIET)
    [asked] = [command for command in phone.asked if "dumpsys package " in command]
    assert len(asked) < COMMAND_LENGTH
    assert len(acquired.snapshot.skipped) < 120
    assert any("names 3000 packages" in note.reason for note in acquired.snapshot.skipped)


def test_a_phone_cannot_make_the_scan_ask_without_end(tmp_path: Path) -> None:
    asked = []
    for number in (100, 1000, 2000):
        users = "".join(f"\tUserInfo{{{user}:x:13}}\n" for user in range(number))
        phone = fake_phone(SYSTEM, users=users)
        acquired = collect(phone, depth="quick", users="all", into=tmp_path, on_progress=QUIET)
        asked.append(len(phone.asked))
    assert asked[1:] == asked[:-1]
    assert "too-many" in {note.code for note in acquired.snapshot.skipped}


@pytest.mark.parametrize("path", ["x.apk", "-n.apk", "/data/\0/base.apk", f"/data/{'a' * 5000}/base.apk"])
def test_a_path_that_no_phone_has_is_missing_and_costs_no_other(tmp_path: Path, path: str) -> None:
    good = Fake("org.good")
    phone = fake_phone(SYSTEM, good, Fake("org.bad", path="/data/app/org.bad-1/base.apk", code=path))
    acquired = collect(phone, depth="quick", users="all", into=tmp_path, on_progress=QUIET)
    files = {file.path: file.sha256 for package in acquired.snapshot.packages for file in package.files}
    assert files[good.base] == hashlib.sha256(b"bytes of org.good").hexdigest()
    assert (path.rstrip("/"), "missing") in [(note.subject, note.code) for note in acquired.snapshot.skipped]


@pytest.mark.promise("phone-commands")
def test_what_is_not_in_the_list_is_not_sent() -> None:
    opened: list[bytes] = []

    class Sent(StreamTransport):
        def open(self, service: bytes) -> None:  # type: ignore[override]
            opened.append(service)
            raise AssertionError(service)

        def confirm(self) -> None: ...
        def connect_again(self) -> None: ...
        def close(self) -> None: ...

    transport = Sent("S1", "direct")
    for refused in ("dumpsys package 'write'", "reboot", "dumpsys package write", "pm list packages --user 0;id", ""):
        with pytest.raises(UnlistedCommandError):
            transport.shell(refused)
        with pytest.raises(UnlistedCommandError):
            transport.start(refused)
    with pytest.raises(UnlistedCommandError):
        transport.read_on("-o", 0)
    with pytest.raises(UnlistedCommandError):
        transport.follow_link("relative")
    assert opened == []


def test_the_fake_phone_knows_the_list() -> None:
    with pytest.raises(AssertionError):
        FakePhone().shell("dumpsys package 'write'")
