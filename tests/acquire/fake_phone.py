"""A phone in memory: answers commands from a table and knows what lies at its paths."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from phone_audit.acquire.asking import OnProgress
from phone_audit.acquire.packages.package_list import LIST_FLAGS, NAME_FLAGS
from phone_audit.acquire.questions.file_facts import LOOK_PREFIX, digest_command
from phone_audit.acquire.transport import (
    SHELL_LIMIT,
    SHELL_TIMEOUT,
    Answer,
    Handshake,
    Running,
    Transport,
)
from phone_audit.errors import CommandError
from phone_audit.model import command_list

WORD = re.compile(r"\$'((?:\\[0-7]{3}|[^'\\])*)'|'([^']*)'((?:/[\w*]+)*/[\w*]+\.(?:apk|vdex|\[ov\]dex))?")

Said = str | bytes | Answer | Exception
Lying = bytes | str  # the bytes of a file, or folder, fifo, device, denied


def nothing(what: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


QUIET: OnProgress = nothing


DIGESTS = digest_command("").text.partition("''")[0]
HASH_SETUP = command_list.COMMANDS["hash"].partition("«")[0]


KNOWN = Handshake("device::ro.product.model=Fake", "ab" * 32, asked=False)
"""A phone that accepted this computer's key at an earlier time."""


@dataclass
class FakePhone(Transport):
    """Answers what is in `says`; a command that is not there is not found (exit 127).

    Attributes:
        says: command → answer, a plain text standing for exit 0.
        tree: path → what lies there.
        hash_tool: whether the phone has a sha256sum.
        changes: called before each command; may raise, or change the phone.
        asked: every command and pull, in order.
    """

    says: dict[str, Said] = field(default_factory=dict)
    tree: dict[str, Lying] = field(default_factory=dict)
    hash_tool: bool = True
    changes: Callable[["FakePhone", str], None] = lambda phone, command: None
    serial: str = "127.0.0.1:5555"
    via: str = "direct"
    asked: list[str] = field(default_factory=list)
    handshake: Handshake = KNOWN

    def shell(self, command: str, *, timeout: float = SHELL_TIMEOUT, limit: int = SHELL_LIMIT) -> Answer:
        assert command in self.says or command_list.is_listed(command), command
        self.asked.append(command)
        self.changes(self, command)
        if command not in self.says and command.startswith(LOOK_PREFIX):
            return Answer(self._look(command), 0, truncated=False)
        if command not in self.says and command.startswith(HASH_SETUP):
            return Answer(self._hash(command), 0, truncated=False)
        if command not in self.says and command.startswith(DIGESTS):
            return Answer(self._digests(command), 0, truncated=False)
        said = self.says.get(command, Answer(b"/system/bin/sh: not found\n", 127, truncated=False))
        if isinstance(said, Exception):
            raise said
        if isinstance(said, Answer):
            return said
        return Answer(said.encode("utf-8", "surrogateescape") if isinstance(said, str) else said, 0, truncated=False)

    def pull(self, path: str, into: Path) -> Path:
        self.asked.append(f"pull {path}")
        self.changes(self, f"pull {path}")
        lying = self.tree.get(path)
        if not isinstance(lying, bytes):
            raise CommandError(f"{path} is no regular file.", "Nothing to do.")
        into.write_bytes(lying)
        return into

    def start(self, command: str) -> Running:
        raise CommandError(f"This phone runs nothing that is talked to: {command}")

    def close(self) -> None:
        pass

    def _look(self, command: str) -> bytes:
        words = command.removeprefix(LOOK_PREFIX).partition(";do if")[0]
        others, files = b"", []
        for path in (path for match in WORD.finditer(words) for path in self._expanded(match)):
            lying = self.tree.get(path, "missing")
            if isinstance(lying, bytes):
                files.append(path)
            else:
                others += b"\0" + lying.encode() + b"\0" + raw(path) + b"\0"
        sizes = "".join(f"{len(self.tree[path])}\n" for path in files).encode()
        return others + b"\0files\0" + sizes + b"".join(b"\0" + raw(path) for path in files)

    def _digests(self, command: str) -> bytes:
        path = command.removeprefix(DIGESTS).split("'")[1]
        lying = self.tree.get(path)
        if not self.hash_tool or not isinstance(lying, bytes):
            return b"sh: sha256sum: not found\n"
        names = ("sha256", "sha1", "md5")
        return b"".join(
            hashlib.new(name, lying, usedforsecurity=False).hexdigest().encode() + b"  -\n" for name in names
        )

    def _hash(self, command: str) -> bytes:
        if not self.hash_tool:
            return b"@none\n"
        answer = b""
        for index, match in enumerate(WORD.finditer(command.removeprefix(HASH_SETUP))):
            lying = self.tree.get(unquoted(match))
            answer += b"@%d\n" % index
            if isinstance(lying, bytes):
                answer += hashlib.sha256(lying).hexdigest().encode() + b"  -\n"
        return answer

    def _expanded(self, match: re.Match[str]) -> list[str]:
        path = unquoted(match)
        if not match[3]:
            return [path]
        pattern = re.escape(path) + match[3].replace(".", r"\.").replace("*", "[^/]*")
        return sorted(known for known in self.tree if re.fullmatch(pattern, known)) or [path + match[3]]


def unquoted(match: re.Match[str]) -> str:
    """The path that a quoted word stands for."""
    if match[1] is None:
        return match[2]
    plain = re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8)]), match[1].encode("ascii"))
    return plain.decode("utf-8", "surrogateescape")


def raw(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


PACKAGE = """\
  Package [{name}] (abc):
    appId={app_id}
{shared}    pkg=Package{{abc {name}}}
    codePath={code}
    versionCode={version_code} minSdk=28 targetSdk=34
    versionName={version_name}
    splits=[{splits}]
    flags=[ {flags} ]
    lastUpdateTime=2024-05-01 12:00:00
    pkgFlags=[ {flags} ]
    install permissions:
      android.permission.INTERNET: granted=true
    User 0: ceDataInode=1 installed={installed} hidden=false suspended=false enabled={enabled}
      firstInstallTime=2024-04-01 12:00:00
      runtime permissions:
        android.permission.CAMERA: granted=true, flags=[ USER_SET]
"""


@dataclass(frozen=True)
class Fake:
    """A package of the fake phone, with plain values for what a test does not care about."""

    name: str
    path: str = ""
    uid: int = 10001
    version_code: int = 7
    version_name: str = "1.0"
    installer: str = "null"
    system: bool = False
    splits: str = "base"
    shared: str = ""
    installed: str = "true"
    enabled: int = 0
    code: str = ""

    @property
    def base(self) -> str:
        return self.path or f"/data/app/{self.name}-1/base.apk"

    def block(self) -> str:
        return PACKAGE.format(
            name=self.name,
            app_id=self.uid % 100_000,
            shared=f"    sharedUser=SharedUserSetting{{ab {self.shared}/1000}}\n" if self.shared else "",
            code=self.code or self.base.rpartition("/")[0],
            version_code=self.version_code,
            version_name=self.version_name,
            splits=self.splits,
            flags="SYSTEM HAS_CODE" if self.system else "HAS_CODE",
            installed=self.installed,
            enabled=self.enabled,
        )

    def line(self, flags: str) -> str:
        path = f"{self.base}=" if "-f" in flags else ""
        code = f" versionCode:{self.version_code}" if "--show-versioncode" in flags else ""
        installer = f"  installer={self.installer}" if "-i" in flags else ""
        uid = f" uid:{self.uid}" if "-U" in flags else ""
        return f"package:{path}{self.name}{code}{installer}{uid}\n"


def dumped(packages: Mapping[str, Fake], rest: str = "") -> str:
    """The answer of `dumpsys package`."""
    return "Packages:\n" + "".join(fake.block() for fake in packages.values()) + "\n" + rest


def fake_phone(*packages: Fake, users: str = "\tUserInfo{0:Owner:c13} running\n", rest: str = "") -> FakePhone:
    """A phone with these packages, one file each, and one user."""
    known = {fake.name: fake for fake in packages}
    phone = FakePhone()
    phone.tree = {fake.base: f"bytes of {fake.name}".encode() for fake in packages}
    phone.says = {
        "getprop": "[ro.build.id]: [X]\n[ro.serialno]: [SERIAL1]\n",
        "date '+%s %z'": "1700000000 +0100\n",
        "id": "uid=2000(shell) gid=2000(shell)\n",
        "getenforce": "Enforcing\n",
        "settings list global": "adb_enabled=1\n",
        "pm list users": f"Users:\n{users}",
        "dumpsys user": "Users:\n",
        "am get-current-user": "0\n",
        "dumpsys package": dumped(known, rest),
    }
    for flags in (*LIST_FLAGS, *NAME_FLAGS):
        for kind in ("", "-s ", "-3 ", "-d "):
            chosen = [
                fake
                for fake in packages
                if kind in ("", "-s " if fake.system else "-3 ") or (kind == "-d " and fake.enabled == 3)
            ]
            command = f"pm list packages {kind}{flags}".rstrip() + " --user 0"
            phone.says[command] = "".join(fake.line(flags) for fake in chosen)
    return phone
