"""Several phones that the real adbd serves: at once, pulled out and gone on with, encrypted, as they are plugged in."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.results import Scan
from phone_audit.pipeline.arrivals import Arrival, NamedTargets
from phone_audit.pipeline.fleet import FleetOptions, scan_fleet
from phone_audit.pipeline.options import Progress, ScanOptions
from tests.acquire.store.test_age import key_file
from tests.kit import ROOT, AdbServer, Phone
from tests.pipeline.test_fleet import Heard
from tests.test_end_to_end import run, without_run

pytestmark = [pytest.mark.adbd, pytest.mark.timeout(400)]
KNOWN = load_knowledge()
SOME = 20


def documents(folder: Path) -> dict[str, Any]:
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def test_several_targets_have_a_result_each_and_are_not_read_twice(nokia: Phone, oreo: Phone, tmp_path: Path) -> None:
    names = [nokia.address, oreo.address, "127.0.0.1:1"]
    options = ["--via", "direct", "--save", str(tmp_path / "saved"), "--no-cache"]
    shown = run("scan", *names, *options, "-o", tmp_path / "out")
    assert shown.returncode == 12, shown.stderr
    assert "Traceback" not in shown.stderr
    first = documents(tmp_path / "out")
    assert [name.split("-")[0] for name in first] == ["01", "02", "fleet"]
    scans = first["fleet"]["scans"]
    assert [one["outcome"] for one in scans] == ["known-bad", "known-bad", None]
    assert [one["file"] for one in scans] == [f"{name}.json" for name in first if name != "fleet"] + [None]
    assert (tmp_path / "saved").stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in (tmp_path / "saved").iterdir()) == [name for name in first if name != "fleet"]
    last = shown.stderr.splitlines()[-1]
    assert last == f"3 phones: 2 KNOWN-BAD, 1 not read. Full report: {tmp_path / 'out' / 'fleet.json'}"
    assert names[0] not in json.dumps(first)

    asked = len(nokia.calls())
    again = run("scan", *names, *options, "-o", tmp_path / "again")
    assert again.returncode == 12, again.stderr
    assert len(nokia.calls()) == asked
    assert without_run(documents(tmp_path / "again")) == without_run(first)


class PullingOut(Heard):
    """Pulls out one of the phones once some of its files are kept."""

    def __init__(self, target: str, phone: Phone, kept: Path) -> None:
        super().__init__()
        self.scans: list[Scan] = []
        self._target = target
        self._kept = kept
        self._phone = phone
        self._in = threading.Lock()

    def began(self, arrival: Arrival) -> Progress:
        def report(what: str, done: int, total: int) -> None:
            del what, done, total
            late = len(list(self._kept.glob("*.apk"))) >= SOME
            if late and arrival.target == self._target and self._in.acquire(blocking=False):
                self._phone.ctl("unplug")

        return report

    def read(self, arrival: Arrival, name: str, scan: Scan) -> str | None:
        if arrival.target == self._target:
            self.scans.append(scan)
        return super().read(arrival, name, scan)


def plug_in(phone: Phone) -> None:
    """Plug a phone in again, and wait until its daemon listens."""
    phone.ctl("replug")
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", phone.port), timeout=5):
            return
        time.sleep(0.1)


def test_one_that_is_pulled_out_disturbs_no_other_and_is_gone_on_with(
    nokia: Phone, pixel: Phone, tmp_path: Path
) -> None:
    options = FleetOptions(scan=ScanOptions(via="direct", save=tmp_path / "lab", cache=False))

    def scanned(heard: Heard, *targets: str) -> list[bool]:
        fleet = scan_fleet(NamedTargets(targets), heard, depth="deep", users="all", knowledge=KNOWN, options=options)
        return [one.complete for one in fleet.scans]

    with nokia.proxy("--rate", 1.5, "--latency", 1) as slow:
        name = slow.replace(":", "_")
        kept_in = tmp_path / "lab" / name / "apks"
        first, second = PullingOut(slow, nokia, kept_in), PullingOut(slow, nokia, kept_in)
        second._in.acquire()  # nothing is pulled out this time
        try:
            assert scanned(first, slow, pixel.address) == [False, True]
        finally:
            plug_in(nokia)
        assert first.failed_ == []
        scanned(second, slow)
        assert second.failed_ == []
    (cut,), (whole,) = first.scans, second.scans
    assert "device-lost" in {item.code for item in cut.coverage.skipped}
    assert cut.packages
    assert whole.coverage.skipped == ()
    saved, interrupted = sorted((tmp_path / "lab").glob("01-*"))
    assert (saved.name, interrupted.name) == (second.read_[0], f"{second.read_[0]}.interrupted-1")
    kept = sum(path.stat().st_size for path in (interrupted / "apks").glob("*.apk"))
    copied = sum(path.stat().st_size for path in (saved / "apks").glob("*.apk"))
    assert 0 < kept < copied
    assert whole.run.bytes_transferred < cut.run.bytes_transferred + copied - kept


def test_a_saved_phone_that_is_encrypted(nokia: Phone, tmp_path: Path) -> None:
    key, recipient = key_file(tmp_path)
    wrong, _ = key_file(tmp_path, "wrong.txt")
    case, sealed = tmp_path / "case", tmp_path / "case.zip.age"
    live = run("scan", nokia.address, "--via", "direct", "--save", case, "--encrypt-to", recipient, "-f", "json")
    assert live.returncode == 12, live.stderr
    assert "case.zip.age will hold serial numbers and copies of the packages, encrypted" in live.stderr
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("case")) == ["case.zip.age"]
    assert sealed.stat().st_mode & 0o777 == 0o600
    replayed = run("scan", sealed, "--identity", key, "-f", "json")
    assert replayed.returncode == 12, replayed.stderr
    assert without_run(json.loads(replayed.stdout)) == without_run(json.loads(live.stdout))
    cases: list[tuple[list[str | Path], int, str]] = [
        ([], 2, "is encrypted"),
        (["--identity", wrong], 1, "was not encrypted to the key in"),
        (["--identity", ROOT / "pyproject.toml"], 2, "holds no secret key"),
    ]
    for options, code, sentence in cases:
        shown = run("scan", sealed, *options)
        assert (shown.returncode, sentence in " ".join(shown.stderr.split())) == (code, True), shown.stderr


@pytest.mark.stock_adb
def test_each_phone_is_read_as_it_is_plugged_in_and_the_server_lives_on(
    nokia: Phone, adb_server: AdbServer, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "phone_audit", "scan", "--all", "--wait", "--via", "server", "-o", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT) as running:
        assert running.stderr is not None
        assert "Waiting for phones" in running.stderr.readline()
        with adb_server.connected(nokia.address):
            told = ""
            while "KNOWN-BAD" not in told:
                told = running.stderr.readline()
                assert told
            running.send_signal(signal.SIGINT)
            left = running.communicate(timeout=60)[1]
            assert adb_server.adb("get-state").stdout.strip() == b"device"
    assert running.returncode == 12, left
    assert [one["outcome"] for one in documents(tmp_path)["fleet"]["scans"]] == ["known-bad"]


@pytest.mark.stock_adb
def test_ctrl_c_while_nothing_is_plugged_in(adb_server: AdbServer, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "phone_audit", "scan", "--all", "--wait", "--via", "server", "-o", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT) as running:
        assert running.stderr is not None
        assert "Waiting for phones" in running.stderr.readline()
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=30)
    assert running.returncode == 3
    assert documents(tmp_path)["fleet"]["scans"] == []
