"""The device kit beside the repository: real adbd phones on loopback, a USB bus, and the stock adb client.

The kit is found by `PHONE_AUDIT_SHARED` or as `../shared`. Where it is not there, tests are skipped with the reason;
with `PHONE_AUDIT_REQUIRE_KIT=1` they fail instead. `PHONE_AUDIT_KIT_STATE` names a folder that keeps the built phones
for the next run.
"""

import contextlib
import json
import os
import random
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent
REQUIRED = "PHONE_AUDIT_REQUIRE_KIT"
PORTS = range(20000, 30000)  # below those that the kernel hands out to outgoing connections

Ctl = str | float | int


def shared_folder() -> Path:
    """The folder that holds the kit and the corpus."""
    return Path(os.environ.get("PHONE_AUDIT_SHARED", ROOT.parent / "shared"))


def unavailable(reason: str) -> NoReturn:
    """Skip the test, or fail it where the kit is required."""
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{REQUIRED}=1, but {reason}", pytrace=False)
    pytest.skip(reason)


def free_port() -> int:
    """A TCP port of the loopback address on which nobody listens."""
    chance = random.Random(f"{os.getpid()} {time.monotonic_ns()}")
    for port in chance.sample(PORTS, 200):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port")


@dataclass
class Phone:
    """A running phone of the kit."""

    kit: "Kit"
    profile: str
    port: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def root(self) -> Path:
        """The phone's file tree."""
        return self.kit.state / str(self.port) / "root"

    @property
    def truth(self) -> dict[str, Any]:
        """The whole resolved phone (`device.json`): packages, properties, …"""
        text = (self.kit.state / str(self.port) / "device.json").read_text("utf-8")
        found: dict[str, Any] = json.loads(text)
        return found

    def facts(self) -> dict[str, Any]:
        """What is true of the phone now; see the kit's README."""
        found: dict[str, Any] = json.loads(self.kit.device("facts", self.port))
        return found

    def calls(self) -> list[dict[str, Any]]:
        """Every command that reached the phone's userland."""
        log = self.kit.state / str(self.port) / "calls.log"
        return [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []

    def ctl(self, *words: Ctl) -> Any:
        return json.loads(self.kit.device("ctl", self.port, *words))

    @contextlib.contextmanager
    def fault(self, command: str, *words: Ctl) -> Iterator[None]:
        """Let a command (regular expression) go wrong for a while."""
        self.ctl("fault", command, *words)
        try:
            yield
        finally:
            self.ctl("clear-faults")

    @contextlib.contextmanager
    def asking(self, policy: str) -> Iterator[None]:
        """Forget every key, and treat the next ones by `policy` (ask, accept, always, deny)."""
        # `ctl forget` with two keys drops the daemon's link to the dialog; the daemon reads the file each time anyway
        (self.root / "data/misc/adb/adb_keys").unlink(missing_ok=True)
        self.ctl("auth", policy)
        try:
            yield
        finally:
            self.ctl("auth", "always")

    @contextlib.contextmanager
    def file(self, path: str, content: bytes) -> Iterator[str]:
        """Put a file on the phone for a while."""
        here = self.root / path.lstrip("/")
        here.write_bytes(content)
        here.chmod(0o644)
        try:
            yield path
        finally:
            here.unlink()

    @contextlib.contextmanager
    def proxy(self, *options: Ctl) -> Iterator[str]:
        """A bad cable in front of the phone; gives its HOST:PORT."""
        port = free_port()
        command = [str(self.kit.script), "proxy", str(port), str(self.port), *map(str, options)]
        relay = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True, text=True)
        try:
            assert relay.stdout is not None
            assert relay.stdout.readline().startswith("relay")
            yield f"127.0.0.1:{port}"
        finally:
            os.killpg(relay.pid, signal.SIGKILL)
            relay.communicate()


class Kit:
    """Starts phones, each profile once."""

    def __init__(self, shared: Path, state: Path) -> None:
        self.script = shared / "device" / "device.sh"
        self.usb_script = shared / "device" / "usb" / "usb.sh"
        self.state = state
        self._phones: dict[str, Phone] = {}
        if not self.script.exists():
            unavailable(f"there is no device kit at {self.script.parent} (PHONE_AUDIT_SHARED names the folder above)")
        if os.geteuid() != 0:
            unavailable("the device kit needs root (mount namespace, uid 2000)")

    def device(self, *words: Ctl) -> str:
        """Run `device.sh`."""
        command = [str(self.script), *map(str, words)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=300, env=self.environment, close_fds=True
        )
        if done.returncode:
            raise RuntimeError(f"{shlex.join(command)}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "FAKEDROID_STATE": str(self.state), "PYTHON": sys.executable}

    def phone(self, profile: str) -> Phone:
        """The phone of a profile; started when it is asked for the first time (about 15 seconds)."""
        if profile not in self._phones:
            port = self._port(profile)
            try:
                self.device("start", profile, port, "--auth", "always", "--delay", "0.1")
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                unavailable(f"the device kit does not start: {error}")
            self._phones[profile] = Phone(self, profile, port)
        return self._phones[profile]

    def _port(self, profile: str) -> int:
        """The port on which the phone was built in an earlier run, where it is free."""
        for stamp in self.state.glob("*/stamp"):
            if json.loads(stamp.read_text("utf-8"))[0] == profile:
                with socket.socket() as probe, contextlib.suppress(OSError):
                    probe.bind(("127.0.0.1", int(stamp.parent.name)))
                    return int(stamp.parent.name)
        return free_port()

    def usb(self, phones: str, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run Python code with phones plugged in; see the kit's `usb/README.md` for the options in `phones`."""
        command = [str(self.usb_script), "run", phones, "--", sys.executable, "-c", code]
        env = {**self.environment, "PYTHONPATH": str(ROOT), **environment}
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, env=env)

    def stop(self) -> None:
        for phone in self._phones.values():
            self.device("stop", phone.port)


@dataclass
class AdbServer:
    """A stock adb server of its own, with its own home and keys."""

    port: int
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANDROID_", "ADB_"))}
        own = {"ANDROID_ADB_SERVER_PORT": str(self.port), "ADB_LOCAL_TRANSPORT_MAX_PORT": "5554", "ADB_MDNS": "0"}
        return {**kept, **own, "HOME": str(self.home), "TMPDIR": str(self.home)}

    def adb(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        """Run the stock adb client."""
        return subprocess.run(["adb", *words], capture_output=True, check=check, timeout=60, env=self.environment)

    @contextlib.contextmanager
    def connected(self, address: str) -> Iterator[str]:
        """Let the server hold a phone for a while."""
        self.adb("connect", address)
        try:
            yield address
        finally:
            self.adb("disconnect", address, check=False)


@contextlib.contextmanager
def running_kit() -> Iterator[Kit]:
    """The kit for one run of the tests."""
    with contextlib.ExitStack() as resources:
        kept = os.environ.get("PHONE_AUDIT_KIT_STATE")
        if kept is None:
            state = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="phone-audit-kit-")))
        else:
            state = Path(kept) / os.environ.get("PYTEST_XDIST_WORKER", "main")
            state.mkdir(parents=True, exist_ok=True)
        kit = Kit(shared_folder(), state)
        resources.callback(kit.stop)
        yield kit


@contextlib.contextmanager
def running_adb_server() -> Iterator[AdbServer]:
    """A stock adb server for one run of the tests."""
    with tempfile.TemporaryDirectory(prefix="phone-audit-adb-") as home:
        server = AdbServer(free_port(), Path(home))
        server.adb("start-server")
        try:
            yield server
        finally:
            server.adb("kill-server", check=False)
