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

from phone_audit.acquire.commands import quoted
from phone_audit.acquire.packages.package_dump import single_packages_command
from phone_audit.acquire.packages.package_list import LIST_FLAGS, NAME_FLAGS, package_list_command
from phone_audit.acquire.questions.file_facts import every_apk, hash_command, look_command
from phone_audit.model.command_list import COMMANDS, listed
from phone_audit.model.text import parse_getprop
from tests.kit import AdbServer, Phone
from tests.simulated.lab_phone import LabPhone

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
        """Send a line to both; the real answer comes first."""
        both = []
        for address in (self.real, self.simulated):
            done = self.adb(address, "shell", "-n", line)
            out, err = (data.decode("utf-8", "surrogateescape") for data in (done.stdout, done.stderr))
            both.append(Answer(out, err, done.returncode))
        return both[0], both[1]


@pytest.fixture
def pair(adb_server: AdbServer, nokia: Phone) -> Iterator[Pair]:
    with (
        LabPhone("nokia7plus") as phone,
        adb_server.connected(phone.address),
        adb_server.connected(nokia.address),
    ):
        adb_server.adb("-s", nokia.address, "wait-for-device")
        yield Pair(adb_server, nokia.address, phone.address)
        assert phone.complaints == []


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


# --------------------------------------------------------------------------- what people type
@pytest.mark.parametrize(
    "typed",
    ["echo a 'b  c'", "exit 7", "nosuch", "/system/bin/nosuch", "cat /nosuch", "cat /system", "cat /system/build.prop"],
)
def test_what_people_type_is_answered_alike(pair: Pair, typed: str) -> None:
    real, simulated = pair.ask(typed)
    assert (simulated.out, simulated.status) == (real.out, real.status)
    assert simulated.err == plain(real.err)


def plain(text: str) -> str:
    """Drop what a newer mksh puts in front of its words, and the new words of Android 10 for `not found`."""
    return re.sub("^[EW]: ", "", text).replace("inaccessible or not found", "not found")


# ----------------------------------------------------------------------------- the answers
@pytest.mark.parametrize(
    "command",
    [
        *(COMMANDS[name] for name in ("properties", "users", "user dump", "global settings", "current user", "selinux",
                                      "date", "device policy")),
        *(package_list_command(flags, 0).text for flags in (*LIST_FLAGS, *NAME_FLAGS, "-s", "-3 -u -U", "--apex-only")),
        package_list_command("-U", 0, "cmd package").text, single_packages_command(["no.such"]).text,
    ],
)  # fmt: skip
def test_answers_have_the_same_form(pair: Pair, command: str) -> None:
    real, simulated = pair.ask(command)
    assert simulated.out
    assert simulated.status == real.status
    if command.startswith(("getprop", "settings", "dumpsys device_policy")):
        # which of them there are differs from phone to phone; each has the form of the others
        assert {re.sub(r"[^\[\]:= ]+", "x", one) for one in simulated.out.splitlines()} <= {
            re.sub(r"[^\[\]:= ]+", "x", one) for one in real.out.splitlines()
        }
    else:
        assert forms(simulated.out) <= forms(real.out)


def test_properties_that_identify_the_build_are_equal(pair: Pair) -> None:
    real, simulated = (parse_getprop(answer.out) for answer in pair.ask(COMMANDS["properties"]))
    for name in (
        "ro.build.fingerprint",
        "ro.build.display.id",
        "ro.product.model",
        "ro.product.device",
        "ro.product.name",
    ):
        assert simulated[name] == real[name]


# free text of the package, and a line of disabled packages, of which the kit's phone has none
DIFFERING = re.compile("    versionName=|      lastDisabledCaller: ")


def test_the_dump_of_one_package_has_the_same_form(pair: Pair) -> None:
    real, simulated = pair.ask(single_packages_command([AUTOREGISTRATION]).text)
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
    unread = "$H <$'/no\\047such'|while read -r d n;do echo \"$d  @00\";done;"
    texts = [
        look_command([*map(quoted, [apk, *odd]), *map(every_apk, folders)]).text,
        hash_command([(apk, 1), ("/nosuch", 1), ("/system/build.prop", 1), ("/system", 1)]).text,
        listed("hashes", hashed_groups=f"$H '{apk}' '/nosuch';{unread}"),
        listed("framework hashes", own_paths="/system/app/AutoRegistration/*.apk /nosuch*"),
        listed("digests", path="'/nosuch'"),
        listed("mode", path="'/nosuch'"),
        listed("mode", path=f"'{apk}'"),
        listed("times", plain_paths=f"'{apk}' '/nosuch'"),
        listed(
            "small files",
            small_files="'/system/build.prop' '/nosuch'/*",
            plain_paths="'/system/app' '/data/app' '/nosuch'",
            own_paths="/nosuch /system/bin/sh",
        ),
        listed("rest of a file", path="'/nosuch'", block=4096, skip=0),
        listed("ranges", mark="phone-audit:0123456789abcdef"),
        single_packages_command(["no.such", "no.such.either"]).text,
        *(COMMANDS[name] for name in ("date", "current user", "selinux", "users", "transparency")),
    ]
    for text in texts:
        real, simulated = pair.ask(text)
        assert form(simulated.out) == form(real.out), text
        assert simulated.status == real.status, text
        assert bool(simulated.err) == bool(real.err), text


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
