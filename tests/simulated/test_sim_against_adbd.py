"""The simulated phone against Debian's real adbd: the same lines give answers of the same form.

The kit's shell (mksh), its tools (toybox) and its daemon are the real code; its `pm`, `dumpsys` and `getprop` were
written after real dumps.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from phone_audit.acquire import commands
from phone_audit.simulated.phone import SimulatedPhone
from tests.kit import AdbServer, Phone
from tests.simulated.lines import LANGUAGE

pytestmark = [pytest.mark.adbd, pytest.mark.stock_adb]

AUTOREGISTRATION = "com.qualcomm.qti.autoregistration"


@dataclass(frozen=True)
class Answer:
    """What the stock client got."""

    out: str
    err: str
    status: int


@dataclass(frozen=True)
class Pair:
    """The real daemon and the simulated phone, both held by one adb server."""

    server: AdbServer
    real: str
    simulated: str

    def adb(self, address: str, *words: str) -> "subprocess.CompletedProcess[bytes]":
        """Run the stock client on one of the two."""
        return self.server.adb("-s", address, *words, check=False)

    def ask(self, line: str) -> tuple[Answer, Answer]:
        """Give a line to both; the real answer comes first."""
        both = []
        for address in (self.real, self.simulated):
            done = self.adb(address, "shell", "-n", line)
            out, err = (data.decode("utf-8", "surrogateescape") for data in (done.stdout, done.stderr))
            both.append(Answer(out, err, done.returncode))
        return both[0], both[1]


@pytest.fixture
def pair(adb_server: AdbServer, nokia: Phone) -> Iterator[Pair]:
    with (
        SimulatedPhone("nokia7plus") as phone,
        adb_server.connected(phone.address),
        adb_server.connected(nokia.address),
    ):
        adb_server.adb("-s", nokia.address, "wait-for-device")
        yield Pair(adb_server, nokia.address, phone.address)
        assert phone.complaints == ()


def form(text: str) -> str:
    """Return the form of a line: what differs from phone to phone is replaced by its kind."""
    text = re.sub(r"\b[0-9a-f]{64}\b", "SHA256", text)
    text = re.sub(r"package:/\S*?\.apk(?==|$)", "package:PATH", text)
    text = re.sub(r"^([-dl])[-rwx]{9} ", r"\1MODE ", text)
    text = re.sub(r"\b(root|system|shell)\b(?= )", "OWNER", text)
    text = re.sub(r"(?<=[{(\[])[0-9a-f]{1,8}(?=[ )\],])", "MARK", text)
    text = re.sub(r"^( *)[0-9a-f]{4,8}(?= [a-z]+\.)", r"\1MARK", text)
    text = re.sub(r"(?<=filter )[0-9a-f]+", "MARK", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?", "TIME", text)
    text = re.sub(r"/(data|system|vendor)/[^ =\]]*", "PATH", text)
    text = re.sub(r"\b(android|com|org)(\.[A-Za-z_]\w*)+", "NAME", text)
    text = re.sub(r"(?<=\[)android(?=\])|(?<= )android(?=[}/])|\bandroid(?=/\d)", "NAME", text)
    text = re.sub(r"/\.[A-Z]\w*", "/CLASS", text)
    return re.sub(r"\b\d+\b", "N", text)


def forms(text: str) -> set[str]:
    return {form(line) for line in text.splitlines()}


# ------------------------------------------------------------------------------- the shell
@pytest.mark.parametrize("line", LANGUAGE, ids=range(len(LANGUAGE)))
def test_the_language_is_that_of_mksh(pair: Pair, line: str) -> None:
    real, simulated = pair.ask(line)
    assert simulated == real


@pytest.mark.parametrize(
    "line",
    [
        "nosuch", "./nosuch", "/system", "exit 7", "(exit 3)", "cat /nosuch", "cat /system/build.prop", "ls /nosuch",
        "ls /data/app", "stat /nosuch", "sha256sum /nosuch", "head -c 3 /nosuch", "wc /nosuch", "find /nosuch",
        "cd /nosuch", "cat < /nosuch", "[ 1 = 1", "if", "echo 'a", "cmd nosuch", "dumpsys nosuch", "pm nosuch",
        "pm path no.such", "pm list nonsense", "pm list packages --apex-only", "pm list packages --user all",
        "settings get nosuch x", "service check nosuch", "which nosuch", "command -v nosuch", "readlink /system",
        "false | true", "true | false", "echo a >&2", "ls -y",
    ],
)  # fmt: skip
def test_exit_statuses_are_the_same(pair: Pair, line: str) -> None:
    real, simulated = pair.ask(line)
    assert simulated.status == real.status
    assert bool(simulated.err) == bool(real.err)


def plain(text: str) -> str:
    """Drop what a newer mksh puts in front of its words, and the new words of Android 10 for `not found`."""
    return re.sub("^[EW]: ", "", text).replace("inaccessible or not found", "not found")


@pytest.mark.parametrize(
    "line",
    [
        "nosuch", "/system/bin/nosuch", "/system", "cat /nosuch", "cat /system", "cat /system/build.prop",
        "ls /nosuch", "ls /data/app", "stat /nosuch", "sha256sum /nosuch", "head -c 3 /nosuch", "wc /nosuch",
        "find /nosuch", "cd /nosuch", "[ 1 = 1", "echo 'a", "echo $(", "echo )", "if", "{ echo", "while true",
        "echo a |", "fi", "cmd nosuch", "dumpsys nosuch", "settings get nosuch x", "toybox nosuch",
    ],
)  # fmt: skip
def test_complaints_are_worded_the_same(pair: Pair, line: str) -> None:
    real, simulated = pair.ask(line)
    assert simulated.err.splitlines()[:1] == plain(real.err).splitlines()[:1]


# ----------------------------------------------------------------------------- the answers
@pytest.mark.parametrize(
    "line",
    [
        "getprop", "getprop ro.build.fingerprint", "getprop ro.nosuch", "pm list packages",
        "pm list packages -f -U -i --show-versioncode", "pm list packages -f -u -i -U --show-versioncode --user 0",
        "pm list packages -3 -u -U", "pm list packages -s", "pm list users", "pm path com.android.phone",
        "cmd package list packages -U", "dumpsys -l", "dumpsys user", "settings list global",
        "settings get global adb_enabled", "settings get global nosuch", "am get-current-user", "getenforce", "id -u",
        "whoami", "date +%s", "date '+%s %z'", "date", "uname -m", "ls /system/app/AutoRegistration",
        "ls -l /system/framework/framework-res.apk", "ls -ld /system/app /data/app",
        "ls -Z /system/app/AutoRegistration", "stat /system/framework/framework-res.apk",
        "stat -c '%n %s %a %A %U:%G %u:%g %F %h %Y' /system/framework/framework-res.apk /data/app /sdcard",
        "sha256sum /system/framework/framework-res.apk", "sha256sum < /system/framework/framework-res.apk",
        "wc -c /system/framework/framework-res.apk", "echo a b | wc", "ps", "service check package",
        "dumpsys package no.such", "dumpsys device_policy", "dumpsys battery", "pm", "pm nosuch", "pm list nonsense",
        "pm list packages --apex-only", "pm list packages --user all",
    ],
)  # fmt: skip
def test_answers_have_the_same_form(pair: Pair, line: str) -> None:
    real, simulated = pair.ask(line)
    assert simulated.out
    assert simulated.status == real.status
    if line.startswith(("getprop", "settings", "dumpsys device_policy", "dumpsys -l")):
        # which of them there are differs from phone to phone; each has the form of the others
        assert {re.sub(r"[^\[\]:= ]+", "x", one) for one in simulated.out.splitlines()} <= {
            re.sub(r"[^\[\]:= ]+", "x", one) for one in real.out.splitlines()
        }
    elif line.startswith(("ls", "ps", "wc")):
        # the widths of columns follow what stands in them
        assert {" ".join(one.split()) for one in forms(simulated.out)} <= {
            " ".join(one.split()) for one in forms(real.out)
        }
    else:
        assert forms(simulated.out) <= forms(real.out)


def test_properties_that_identify_the_build_are_equal(pair: Pair) -> None:
    for name in (
        "ro.build.fingerprint",
        "ro.build.display.id",
        "ro.product.model",
        "ro.product.device",
        "ro.product.name",
    ):
        real, simulated = pair.ask(f"getprop {name}")
        assert simulated == real


# free text of the package, and a line of disabled packages, of which the kit's phone has none
DIFFERING = re.compile("    versionName=|      lastDisabledCaller: ")


def test_the_dump_of_one_package_has_the_same_form(pair: Pair) -> None:
    real, simulated = pair.ask(f"dumpsys package {AUTOREGISTRATION}")
    assert [form(line) for line in blocks(simulated.out)] == [form(line) for line in blocks(real.out)]
    everything = forms(pair.ask("dumpsys package")[0].out)
    assert forms(simulated.out) <= forms(real.out) | everything


def blocks(text: str) -> list[str]:
    """Return the lines of a package's block up to its permissions, which differ."""
    start = text.index("  Package [")
    return text[start : text.index("    requested permissions:")].splitlines()


def headings(text: str) -> list[str]:
    return re.findall("^[A-Z].*", text, re.MULTILINE)


def test_the_dump_of_all_packages_has_the_same_form(pair: Pair) -> None:
    real, simulated = pair.ask("dumpsys package")
    left_out = ("Intent Filter Verifier", "Registered", "ContentProvider")
    assert headings(simulated.out) == [line for line in headings(real.out) if not line.startswith(left_out)]
    flags = {one for line in forms(real.out) for one in line.split()}
    odd = {line for line in forms(simulated.out) - forms(real.out) if not set(line.split()) <= flags}
    assert {line for line in odd if not DIFFERING.match(line)} == set()


# --------------------------------------------------------------------------- the acquisition
def test_the_lines_of_the_acquisition_are_answered_alike(pair: Pair) -> None:
    apk = "/system/app/AutoRegistration/AutoRegistration.apk"
    odd = ["/nosuch", "/system", "/dev/null", "/system/build.prop", "/data/app", "/it's\n\u00e9 $x"]
    folders = ["/system/app/AutoRegistration", "/nosuch", "/data/app"]
    look = commands.look_at([*map(commands.quoted, [apk, *odd]), *map(commands.every_apk, folders)])
    hashes = commands.hash_files([(apk, 1), ("/nosuch", 1), ("/system/build.prop", 1), ("/system", 1)])
    dumps = commands.one_package_dumps(["no.such", "no.such.either"])
    for command in (look, hashes, dumps, commands.DATE, commands.CURRENT_USER, commands.SELINUX, commands.USERS):
        real, simulated = pair.ask(command.text)
        assert form(simulated.out) == form(real.out)
        assert simulated.status == real.status
        assert bool(simulated.err) == bool(real.err)


# ------------------------------------------------------------------------------- the daemon
def test_the_banner_is_that_of_the_same_phone(pair: Pair) -> None:
    listed = pair.server.adb("devices", "-l").stdout.decode()
    rows = {line.split()[0]: line.split()[1:5] for line in listed.splitlines() if line.startswith("127.0.0.1")}
    assert rows[pair.simulated] == rows[pair.real] == [
        "device", "product:Onyx_00WW", "model:Nokia_7_plus", "device:B2N_sprout",
    ]  # fmt: skip
    real, simulated = (pair.adb(address, "features").stdout for address in (pair.real, pair.simulated))
    assert sorted(simulated.split()) == sorted(real.split())


def test_pulling_fails_in_the_same_words(pair: Pair, tmp_path: Path) -> None:
    for path in ("/nosuch", "/system/build.prop", "/data/app"):
        said = [pair.adb(address, "pull", path, str(tmp_path / "x")) for address in (pair.real, pair.simulated)]
        assert said[1].returncode == said[0].returncode
        assert said[1].stderr == said[0].stderr
