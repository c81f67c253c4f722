"""A whole scan through a cable and through Wi-Fi: the first one, the second one, and the first at full depth.

Run by hand, as root, where the device kit works: `python tests/benchmarks/bench_scan.py [usb|wifi|none|corpus]…`.
One phone (`clean-pixel --sizes real`: 332 packages, 680 MB) serves all, with a proxy as the link; every scan is the
command as a person runs it, in a home of its own. Phone, link and scanner share the cores of this machine, so the
processor seconds of the kit are printed beside those of the scan. `corpus` puts real APKs (`PHONE_AUDIT_CORPUS`) on the
phone instead and compares standard and full depth.

Goals: the first scan at most 1.25 times the larger of (bytes over the cable / link) and (the phone's own `sha256sum` of
the same files, nothing else running); the second scan copies no APK, and takes at most a tenth of a first one at full
depth. The result of each scan must equal that of the others apart from `run` and what depth changes.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from phone_audit.acquire.adb import stream_transport  # noqa: E402
from phone_audit.acquire.adb.connect import open_transport  # noqa: E402
from tests.kit import Kit, Phone, free_port, shared_folder  # noqa: E402

PROFILE = "clean-pixel"
MEGABYTE = 10**6
LINKS = {"usb": (35, 0.3), "wifi": (8, 3), "none": (None, 0)}
"""Megabytes a second and milliseconds: USB 2.0, Wi-Fi, and the loopback as it is."""
FIRST, SECOND = 1.25, 0.10
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Run:
    """One scan: wall seconds, processor seconds of the scan and of the kit, and the document."""

    seconds: float
    own: float
    kit: float
    document: dict[str, Any]

    @property
    def transferred(self) -> int:
        return int(self.document["run"]["bytes_transferred"])


def started(kit: Kit, *options: str) -> Phone:
    """Start a phone; building one with many large files takes minutes on a busy machine."""
    port = free_port()
    words = [str(kit.script), "start", PROFILE, str(port), "--auth", "always", "--delay", "0.1", *options]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, timeout=1200, env=kit.environment)
    return Phone(kit, PROFILE, port)


def kit_seconds(phone: Phone) -> float:
    """Processor seconds of the phone and of the proxies in front of it, with those of processes that have ended."""
    sessions = {int((phone.kit.state / str(phone.port) / "pid").read_text())}
    total = 0
    processes = [(stat, _fields(stat)) for stat in Path("/proc").glob("[0-9]*/stat")]
    for stat, fields in processes:
        if fields and f" {phone.port} " in _command(stat):
            sessions.add(int(fields[3]))
    for _, fields in processes:
        if fields and int(fields[3]) in sessions:
            total += sum(int(field) for field in fields[11:15])
    return total / _TICK


def _fields(stat: Path) -> list[str]:
    try:
        return stat.read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _command(stat: Path) -> str:
    try:
        return (stat.parent / "cmdline").read_text("utf-8", "replace").replace("\0", " ")
    except OSError:
        return ""


def scan(phone: Phone, address: str, home: Path, depth: str) -> Run:
    """Run the command, and give what it took."""
    output = home / "scan.json"
    command = [sys.executable, "-m", "phone_audit", "scan", address, "--via", "direct", "--depth", depth, "-q"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANDROID_", "ADB_", "XDG_"))}
    before, kit, started = resource.getrusage(resource.RUSAGE_CHILDREN), kit_seconds(phone), time.monotonic()
    subprocess.run(
        [*command, "-o", str(output)], env={**kept, "HOME": str(home), "PYTHONPATH": str(ROOT)}, cwd=ROOT, check=False
    )
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(seconds, own, kit_seconds(phone) - kit, json.loads(output.read_text("utf-8")))


def hashed_by_the_phone(phone: Phone, document: dict[str, Any]) -> float:
    """Let the phone hash the files that were scanned, each once, in one command; give the seconds."""
    paths = sorted({file["path"] for package in document["packages"] for file in package["files"] if file["size"]})
    vars(stream_transport)["require_listed"] = lambda text: None  # these commands are the benchmark's own
    transport = open_transport(phone.address, via="direct")
    try:
        transport.shell(f"echo '{chr(10).join(paths)}' >/data/local/tmp/all")
        started = time.monotonic()
        answer = transport.shell("xargs sha256sum </data/local/tmp/all", timeout=600)
        seconds = time.monotonic() - started
    finally:
        transport.close()
    hashed = answer.output.count(b"\n")
    if hashed != len(paths):
        raise SystemExit(f"The phone hashed {hashed} of {len(paths)} files.")
    return seconds


def without_run(value: Any) -> Any:
    """Leave out what may differ between two scans of one phone."""
    if isinstance(value, dict):
        left_out = ("run", "manifest_sha256", "hash_source", "questions")  # those tell how many hours ago
        return {key: without_run(item) for key, item in value.items() if key not in left_out}
    return [without_run(item) for item in value] if isinstance(value, list) else value


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Name the parts of two documents that are not the same; a phone's clock and counters go on meanwhile."""
    first, second = without_run(one), without_run(other)
    names = ("apks", "findings", "incidents", "verdict", "users", "build")
    return [name for name in names if first[name] != second[name]]


def measure(phone: Phone, link: str, work: Path) -> bool:
    """Print one link's figures; whether all goals were met."""
    rate, latency = LINKS[link]
    options: Sequence[float | str] = () if rate is None else ("--rate", rate, "--latency", latency)
    homes = [work / f"{link}-{name}" for name in ("standard", "deep")]
    for home in homes:
        home.mkdir()
    with phone.proxy(*options) as address:
        first = scan(phone, address, homes[0], "standard")
        second = scan(phone, address, homes[0], "standard")
        deep = scan(phone, address, homes[1], "deep")
    hashing = hashed_by_the_phone(phone, first.document)
    cable = first.transferred / MEGABYTE / rate if rate else 0.0
    bound = max(cable, hashing)
    apk_bytes = sum(file["size"] for apk in first.document["apks"] for file in apk["files"])
    print(f"\n{link}: {rate or 'no limit'} MB/s, {latency} ms; {apk_bytes / MEGABYTE:.0f} MB in APKs")
    for name, run in (("first", first), ("second", second), ("first, deep", deep)):
        cached = run.document["run"]["apks_from_cache"]
        print(
            f"  {name:12} {run.seconds:6.1f} s  {run.transferred / MEGABYTE:6.1f} MB over the cable  "
            f"{cached:4} from cache  processor: scan {run.own:5.1f} s, kit {run.kit:5.1f} s"
        )
    print(f"  bytes / link {cable:.1f} s, the phone's own sha256sum {hashing:.1f} s")
    goals = {
        f"first / larger of both: {first.seconds / bound:.2f} (at most {FIRST})": first.seconds <= FIRST * bound,
        f"second / first at full depth: {second.seconds / deep.seconds:.3f} (at most {SECOND})": (
            second.seconds <= SECOND * deep.seconds
        ),
        f"APKs copied by the second: {_copied(second)}": _copied(second) == 0,
        f"first and second differ in: {differing(first.document, second.document) or 'nothing'}": not differing(
            first.document, second.document
        ),
    }
    for text, met in goals.items():
        print(f"  {'ok  ' if met else 'MISS'} {text}")
    print(f"  standard and deep differ in: {', '.join(differing(first.document, deep.document)) or 'nothing'}")
    return all(goals.values())


def _copied(run: Run) -> int:
    """Files that were not from the cache."""
    files = sum(len(package["files"]) for package in run.document["packages"])
    return files - int(run.document["run"]["apks_from_cache"])


def compare_depths(kit: Kit, work: Path) -> bool:
    """Scan a phone with real APKs at both depths; print what was transferred, and what only one of them found."""
    count = os.environ.get("PHONE_AUDIT_CORPUS_MAX", "100")
    phone = started(kit, "--corpus", os.environ["PHONE_AUDIT_CORPUS"], "--corpus-max", count)
    try:
        runs = {}
        for depth in ("standard", "deep"):
            (work / depth).mkdir()
            runs[depth] = scan(phone, phone.address, work / depth, depth)
    finally:
        kit.device("stop", phone.port)
    standard, deep = (
        {(apk["path"], finding["key"]): finding for apk in run.document["apks"] for finding in apk["findings"]}
        for run in runs.values()
    )
    share = runs["standard"].transferred / runs["deep"].transferred
    print(f"\ncorpus: {len(runs['deep'].document['apks'])} records, {len(deep)} findings at full depth")
    print(f"  {runs['deep'].transferred / MEGABYTE:.0f} MB at full depth, of them {share:.1%} at standard depth")
    for name, only in (("standard", standard.keys() - deep.keys()), ("deep", deep.keys() - standard.keys())):
        print(f"  {'ok  ' if not only else 'MISS'} findings only at depth {name}: {len(only)}")
        for path, key in sorted(only):
            finding = {**deep, **standard}[path, key]
            print(f"       {path} {finding['id']}: {finding['message']}")
    return standard.keys() == deep.keys()


def main(words: Sequence[str]) -> int:
    """Measure the links that were named, or the two that have goals."""
    links = [word for word in words if word != "corpus"]
    with tempfile.TemporaryDirectory(prefix="phone-audit-bench-") as folder:
        work = Path(folder)
        kit = Kit(shared_folder(), Path(os.environ.get("FAKEDROID_STATE", work / "kit")))
        same = compare_depths(kit, work) if "corpus" in words else True
        if "corpus" in words and not links:
            return 0 if same else 1
        phone = started(kit, "--sizes", "real")
        try:
            met = [measure(phone, link, work) for link in links or ("usb", "wifi")]
        finally:
            kit.device("stop", phone.port)
    return 0 if all(met) and same else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
