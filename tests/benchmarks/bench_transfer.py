"""How fast whole APKs come off a phone, beside `adb pull` and adb-shell.

    python tests/benchmarks/bench_transfer.py [--mb N] [--slow-mb N] [--repeat N] [--links no-limit,usb-2.0,…]

Starts the kit's profile `clean-pixel --sizes real` (332 packages, 660 MB) on the real adbd and reads its APKs, N
megabytes of them: over loopback, through the kit's proxy as USB 2.0 and as Wi-Fi, and on the kit's USB bus. The
adb-shell ways take slow-mb megabytes, every so-many-th file. Prints each way's speed, what it is of `adb pull` in one
call, and the CPU seconds of both sides: the phone's (adbd and its userland) and the kit's (proxy), which share the
cores. A way that gives other bytes than the phone has is an error.
"""

import argparse
import contextlib
import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from phone_audit.acquire.adb.connect import open_transport
from phone_audit.acquire.transport import FileRequest
from tests.kit import AdbServer, Kit, Phone, free_port, shared_folder

LINKS = {
    "no-limit": (),
    "usb-2.0": ("--rate", "35", "--latency", "0.3"),
    "wi-fi": ("--rate", "8", "--latency", "3"),
}
TICK = os.sysconf("SC_CLK_TCK")
WAYS = ("ours", "adb pull", "adb-shell", "adb-shell, TCP_NODELAY", "ours through the adb server")


@dataclass(frozen=True)
class Apk:
    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Run:
    """One way over one link. Seconds; `cpu` is our own and our children's, `phone` and `kit` those of the others."""

    size: int
    seconds: float
    cpu: float
    phone: float
    kit: float

    @property
    def speed(self) -> float:
        return self.size / self.seconds / 1e6


def apks_of(phone: Phone, megabytes: float) -> list[Apk]:
    found = {
        package["path"]: Apk(package["path"], package["size"], package["sha256"])
        for package in phone.facts()["packages"]
        if package["kind"] == "file"
    }
    in_order = [apk for _, apk in sorted(found.items())]
    step = max(1, int(sum(apk.size for apk in in_order) / (megabytes * 1e6)))
    return in_order[::step]


def cpu_of(pids: set[int]) -> float:
    """CPU seconds of processes and of their children that have ended."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / TICK


def family(*roots: int) -> set[int]:
    """Processes and all that descend from them."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    known = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in known} - known:
        known |= more
    return known


def phone_processes(phone: Phone) -> set[int]:
    """The phone's daemon and userland: whoever names its folder of state."""
    mine = str(phone.kit.state / str(phone.port)).encode()
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                texts = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
                if mine in texts:
                    found.add(int(folder.name))
    return family(*found) - {os.getpid()}


def check(apks: list[Apk], where: Callable[[int, Apk], Path]) -> None:
    for number, apk in enumerate(apks):
        with where(number, apk).open("rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == apk.sha256, apk.path


def ours(target: str, apks: list[Apk], folder: Path, via: str = "direct") -> float:
    left = [FileRequest(apk.path, folder / str(number)) for number, apk in enumerate(apks)][::-1]
    transport = open_transport(target, via="server" if via == "server" else "direct", patience=20)
    failed: list[str] = []
    started = time.monotonic()
    transport.pull_many(
        lambda _: left.pop() if left else None, lambda _, error: failed.extend([error.message] if error else [])
    )
    seconds = time.monotonic() - started
    transport.close()
    assert not failed, failed[0]
    check(apks, lambda number, _: folder / str(number))
    return seconds


def adb_pull(server: AdbServer, target: str, apks: list[Apk], folder: Path) -> float:
    """One call for all. Most are called base.apk: they overwrite each other, which spares the others some disk."""
    command = ["adb", "-s", target, "pull", *(apk.path for apk in apks), str(folder)]
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, check=False, env=server.environment)
    seconds = time.monotonic() - started
    assert done.returncode == 0, done.stderr[-300:]
    assert f"{len(apks)} files pulled".encode() in done.stdout + done.stderr, done.stdout[-300:]
    return seconds


ADB_SHELL = """
import socket, sys, time
sys.modules["adb_shell.transport.usb_transport"] = None
from adb_shell.adb_device import AdbDeviceTcp
from adb_shell.auth.sign_cryptography import CryptographySigner
host, port, key, folder, nodelay, *paths = sys.argv[1:]
device = AdbDeviceTcp(host, int(port), default_transport_timeout_s=60)
device.connect(rsa_keys=[CryptographySigner(key)], auth_timeout_s=20)
if nodelay == "1":
    device._io_manager._transport._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
started = time.monotonic()
for number, path in enumerate(paths):
    device.pull(path, f"{folder}/{number}")
print(time.monotonic() - started)
"""


def adb_shell(target: str, apks: list[Apk], folder: Path, nodelay: bool) -> float:
    host, _, port = target.partition(":")
    key = Path.home() / ".android" / "adbkey"
    words = [host, port, str(key), str(folder), str(int(nodelay)), *(apk.path for apk in apks)]
    done = subprocess.run([sys.executable, "-c", ADB_SHELL, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    check(apks, lambda number, _: folder / str(number))
    return float(done.stdout)


def measured(apks: list[Apk], phone: set[int], kit: set[int], way: Callable[[Path], float]) -> Run:
    with tempfile.TemporaryDirectory(prefix="bench-transfer-") as folder:
        before = cpu_of(phone), cpu_of(kit), own_cpu()
        seconds = way(Path(folder))
        after = cpu_of(phone), cpu_of(kit), own_cpu()
    spent = [late - early for early, late in zip(before, after, strict=True)]
    return Run(sum(apk.size for apk in apks), seconds, spent[2], spent[0], spent[1])


def own_cpu() -> float:
    times = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(time.ru_utime + time.ru_stime for time in times)


@contextlib.contextmanager
def link(phone: Phone, name: str) -> Iterator[tuple[str, set[int]]]:
    """The phone behind a link, and the processes of the link."""
    if not LINKS[name]:
        yield phone.address, set()
        return
    before = family(os.getpid())
    with phone.proxy(*LINKS[name]) as address:
        yield address, family(os.getpid()) - before


def over_tcp(phone: Phone, server: AdbServer, name: str, args: argparse.Namespace) -> dict[str, list[Run]]:
    many, few = apks_of(phone, args.mb), apks_of(phone, min(args.mb, args.slow_mb))
    known = phone_processes(phone)
    runs: dict[str, list[Run]] = {way: [] for way in WAYS}
    with link(phone, name) as (address, kit):
        for _ in range(args.repeat):
            runs["ours"].append(measured(many, known, kit, lambda folder: ours(address, many, folder)))
            with server.connected(address):
                serving = kit | family(*server_pids(server))
                runs["adb pull"].append(
                    measured(many, known, serving, lambda folder: adb_pull(server, address, many, folder))
                )
                os.environ["ANDROID_ADB_SERVER_PORT"] = str(server.port)
                runs["ours through the adb server"].append(
                    measured(many, known, serving, lambda folder: ours(address, many, folder, "server"))
                )
            for way, nodelay in (("adb-shell", False), ("adb-shell, TCP_NODELAY", True)):
                runs[way].append(
                    measured(few, known, kit, lambda folder, fast=nodelay: adb_shell(address, few, folder, fast))  # type: ignore[misc]
                )
    return runs


def server_pids(server: AdbServer) -> set[int]:
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                if f"\0{server.port}\0".encode() in (folder / "cmdline").read_bytes().replace(b":", b"\0"):
                    found.add(int(folder.name))
    return found


USB = """
import sys, time
from pathlib import Path
from phone_audit.acquire.adb.connect import open_transport
from phone_audit.acquire.transport import FileRequest
folder, *paths = sys.argv[1:]
left = [FileRequest(path, Path(folder, str(number))) for number, path in enumerate(paths)][::-1]
transport = open_transport("usb", via="direct", patience=20)
failed = []
started = time.monotonic()
transport.pull_many(lambda _: left.pop() if left else None, lambda _, error: failed.extend([error] if error else []))
seconds = time.monotonic() - started
transport.close()
assert not failed, failed
print(seconds)
"""

USB_ADB_SHELL = """
import ctypes, sys, time
import libusb_package, usb1
usb1.loadLibrary(ctypes.CDLL(str(libusb_package.get_library_path()), use_errno=True))
from adb_shell.adb_device import AdbDeviceUsb
from adb_shell.auth.sign_cryptography import CryptographySigner
key, folder, *paths = sys.argv[1:]
device = AdbDeviceUsb(default_transport_timeout_s=60)
device.connect(rsa_keys=[CryptographySigner(key)], auth_timeout_s=20)
started = time.monotonic()
for number, path in enumerate(paths):
    device.pull(path, f"{folder}/{number}")
print(time.monotonic() - started)
"""

USB_ADB = """
import subprocess, sys, time
folder, *paths = sys.argv[1:]
subprocess.run(["adb", "start-server"], check=True, capture_output=True)
try:
    subprocess.run(["adb", "wait-for-usb-device"], check=True, timeout=20)
    started = time.monotonic()
    done = subprocess.run(["adb", "pull", *paths, folder], check=True, capture_output=True)
    seconds = time.monotonic() - started
    assert f"{len(paths)} files pulled".encode() in done.stdout + done.stderr
finally:
    subprocess.run(["adb", "kill-server"], check=True, capture_output=True)
print(seconds)
"""


def over_usb(phone: Phone, args: argparse.Namespace) -> dict[str, list[Run]]:
    """The kit's USB bus; it is a program in Python, which gives the pace, and is counted with our children."""
    many = apks_of(phone, min(args.mb, 300))
    known = phone_processes(phone)
    environment = {
        "ANDROID_ADB_SERVER_PORT": str(free_port()),
        "ADB_LOCAL_TRANSPORT_MAX_PORT": "5554",
        "ADB_MDNS": "0",
        "ADB_LIBUSB": "0",
    }
    key = str(Path.home() / ".android" / "adbkey")
    ways: dict[str, tuple[str, list[str]]] = {
        "ours": (USB, []),
        "adb pull": (USB_ADB, []),
        "adb-shell": (USB_ADB_SHELL, [key]),
    }
    runs: dict[str, list[Run]] = {way: [] for way in ways}

    def run(code: str, words: list[str], folder: Path) -> float:
        command = [str(phone.kit.usb_script), "run", str(phone.port), "--", sys.executable, "-c", code]
        command += [*words, str(folder), *(apk.path for apk in many)]
        env = {**phone.kit.environment, **environment, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
        assert done.returncode == 0, done.stderr[-500:]
        if code != USB_ADB:
            check(many, lambda number, _: folder / str(number))
        return float(done.stdout.splitlines()[-1])

    for _ in range(args.repeat):
        for way, (code, words) in ways.items():
            runs[way].append(measured(many, known, set(), lambda folder, c=code, w=words: run(c, w, folder)))  # type: ignore[misc]
    return runs


def report(name: str, runs: dict[str, list[Run]]) -> None:
    middle = {
        way: sorted(several, key=lambda run: run.speed)[len(several) // 2] for way, several in runs.items() if several
    }
    base = middle["adb pull"]
    print(f"\n{name:28} {'MB':>6} {'MB/s':>7} {'of adb pull':>12} {'own CPU s':>10} {'phone':>7} {'kit':>7}")
    for way, run in middle.items():
        print(
            f"  {way:26} {run.size / 1e6:6.0f} {run.speed:7.1f} {run.speed / base.speed:11.2f}x {run.cpu:10.1f}"
            f" {run.phone:7.1f} {run.kit:7.1f}"
        )
    mine, slow = middle["ours"], middle["adb-shell"]
    ratios = [run.speed / other.speed for run, other in zip(runs["ours"], runs["adb pull"], strict=True)]
    print(
        f"  ours / adb pull {mine.speed / base.speed:.2f} (each run: {', '.join(f'{ratio:.2f}' for ratio in ratios)};"
        f" median {statistics.median(ratios):.2f}), ours / adb-shell as it comes {mine.speed / slow.speed:.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=float, default=660, help="megabytes that the fast ways read")
    parser.add_argument("--slow-mb", type=float, default=60, help="megabytes that adb-shell reads")
    parser.add_argument("--links", default="no-limit,usb-2.0,wi-fi,usb-bus")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument(
        "--state", type=Path, help="folder of the kit's state, kept (building the phone takes a minute)"
    )
    args = parser.parse_args()
    with contextlib.ExitStack() as resources:
        home = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="bench-transfer-home-")))
        os.environ["HOME"] = str(home)
        state = args.state or Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="bench-transfer-kit-")))
        kit = Kit(shared_folder(), state)
        port = next((int(folder.name) for folder in state.iterdir() if folder.name.isdigit()), None) or free_port()
        kit.device("start", "clean-pixel", port, "--sizes", "real", "--auth", "always", "--delay", "0.1")
        resources.callback(kit.device, "stop", port)
        phone = Phone(kit, "clean-pixel", port)
        open_transport(phone.address, via="direct", patience=20).close()  # the key is made and accepted
        server = AdbServer(free_port(), home)
        for name in args.links.split(","):
            if name == "usb-bus":
                if shutil.which("cc"):
                    report("usb-bus", over_usb(phone, args))
                continue
            server.adb("start-server")
            try:
                report(name, over_tcp(phone, server, name, args))
            finally:
                server.adb("kill-server", check=False)


if __name__ == "__main__":
    main()
