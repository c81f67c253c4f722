"""Many files from the real adbd: whole, past those that cannot be had, over a cut line, beside running commands."""

import hashlib
import os
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from phone_audit.acquire.adb import stream_transport, wire
from phone_audit.acquire.adb.connect import open_transport
from phone_audit.acquire.transport import FileRequest, LiveTransport
from phone_audit.errors import CommandError, DeviceLostError
from tests import kit as kits
from tests.kit import Kit, Phone

pytestmark = pytest.mark.adbd

FOLDER = "/data/local/tmp/many"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_transport, "PAUSES", (0.1, 0.2, 0.5))


@pytest.fixture(params=["nokia7plus-bad", "nokia7plus-oreo", "clean-pixel"])
def phone(request: pytest.FixtureRequest, kit: Kit) -> Phone:
    return kit.phone(request.param)


@contextmanager
def many(phone: Phone, sizes: Sequence[int]) -> Iterator[dict[str, bytes]]:
    """A folder of files on the phone; path → SHA-256."""
    here = phone.root / FOLDER.lstrip("/")
    here.mkdir()
    try:
        digests = {}
        for number, size in enumerate(sizes):
            content = random.Random(number).randbytes(size)
            (here / f"{number} it's.apk").write_bytes(content)
            digests[f"{FOLDER}/{number} it's.apk"] = hashlib.sha256(content).digest()
        yield digests
    finally:
        for file in here.iterdir():
            file.unlink()
        here.rmdir()


def pull(
    transport: LiveTransport, folder: Path, paths: Sequence[str], timeout: float = 20
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Pull files; gives the digests of those that came and what went wrong with the others."""
    left = [FileRequest(path, folder / str(number), timeout) for number, path in enumerate(paths)]
    left.reverse()
    came: dict[str, bytes] = {}
    failed: dict[str, str] = {}

    def done(request: FileRequest, error: CommandError | None) -> None:
        if error is None:
            came[request.path] = hashlib.sha256(request.into.read_bytes()).digest()
        else:
            failed[request.path] = error.message.rpartition(": ")[2]

    transport.pull_many(lambda _: left.pop() if left else None, done)
    return came, failed


def test_all_arrive_and_those_that_cannot_be_had_cost_themselves_alone(phone: Phone, tmp_path: Path) -> None:
    transport = open_transport(phone.address, via="direct", patience=10)
    with many(phone, [number * 1013 for number in range(150)]) as digests:
        here = phone.root / FOLDER.lstrip("/")
        os.mkfifo(here / "pipe")
        (here / "zero").symlink_to("/dev/zero")
        (here / "link").symlink_to("7 it's.apk")
        (here / "secret").write_bytes(b"secret")
        (here / "secret").chmod(0)
        odd = [f"{FOLDER}/{name}" for name in ("pipe", "zero", "link", "secret", "missing")]
        paths = list(digests)
        came, failed = pull(transport, tmp_path, [*paths[:20], *odd, *paths[20:]])
    transport.close()
    assert {path: came[path] for path in paths} == digests
    assert came[odd[2]] == digests[paths[7]]
    assert [failed[path] for path in (odd[0], odd[1], odd[4])] == [
        "it is a pipe.",
        "it is a device.",
        "it is not there, or the shell may not see it.",
    ]
    assert "Permission denied" in failed[odd[3]]


def test_a_cut_line_goes_on_where_it_stood(phone: Phone, tmp_path: Path) -> None:
    """No connection lives long enough for the largest file."""
    with (
        many(phone, [700_000, 9_000_000, 10, 3_000_000, 5_000_000]) as digests,
        phone.proxy("--cut", 4_000_000) as line,
    ):
        transport = open_transport(line, via="direct", patience=10)
        came, failed = pull(transport, tmp_path, list(digests))
        transport.close()
    assert failed == {}
    assert came == digests


def test_a_line_that_is_cut_too_often_in_a_file_costs_the_file(nokia: Phone, tmp_path: Path) -> None:
    with many(nokia, [100_000, 9_000_000, 200_000]) as digests, nokia.proxy("--cut", 1_500_000) as line:
        transport = open_transport(line, via="direct", patience=10)
        came, failed = pull(transport, tmp_path, list(digests))
        transport.close()
    first, large, last = digests
    assert came == {first: digests[first], last: digests[last]}
    assert failed == {large: "the connection broke 4 times while it was read."}
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0", "2"]


def test_a_line_that_falls_silent_is_noticed_before_the_file_is_given_up(
    nokia: Phone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "REPLY_TIMEOUT", 0.7)
    with many(nokia, [100_000, 6_000_000]) as digests, nokia.proxy("--stall", 2_000_000, "--times", 1) as line:
        transport = open_transport(line, via="direct", patience=10)
        came, failed = pull(transport, tmp_path, list(digests), timeout=3600)  # longer than a test may take
        transport.close()
    assert (came, failed) == (digests, {})


def test_commands_and_transfers_run_at_the_same_time(phone: Phone, tmp_path: Path) -> None:
    sizes = [3_000_000] * 12
    with many(phone, sizes) as digests, phone.proxy("--rate", 10) as line:
        transport = open_transport(line, via="direct", patience=10)
        outcome: list[tuple[dict[str, bytes], dict[str, str]]] = []
        thread = threading.Thread(target=lambda: outcome.append(pull(transport, tmp_path, list(digests))))
        thread.start()
        hashing = transport.start(f"sha256sum {FOLDER}/*; sleep 20")
        answers = []
        while thread.is_alive():
            answers.append(transport.shell("echo beside").output)
        heard = b""
        while heard.count(b"\n") < len(sizes):
            heard += hashing.read(time.monotonic() + 10)
        hashing.close()
        thread.join()
        transport.close()
    assert outcome == [(digests, {})]
    assert set(answers) == {b"beside\n"}
    assert len(answers) > 3
    assert {bytes.fromhex(line.split()[0].decode()) for line in heard.splitlines()} == set(digests.values())


@pytest.mark.stock_adb
class TestThroughTheServer:
    def test_all_arrive(self, phone: Phone, adb_server: kits.AdbServer, tmp_path: Path) -> None:
        with many(phone, [number * 9973 for number in range(80)]) as digests, adb_server.connected(phone.address):
            transport = open_transport(phone.address, via="server", patience=10)
            came, failed = pull(transport, tmp_path, [*digests, "/missing"])
            transport.close()
        assert came == digests
        assert failed == {"/missing": "it is not there, or the shell may not see it."}

    def test_a_cut_line_goes_on_where_it_stood(self, nokia: Phone, adb_server: kits.AdbServer, tmp_path: Path) -> None:
        with many(nokia, [700_000, 9_000_000, 10, 3_000_000]) as digests, nokia.proxy("--cut", 5_000_000) as line:
            transport = open_transport(line, via="server", patience=10)
            came, failed = pull(transport, tmp_path, list(digests))
            transport.close()
        assert (came, failed) == (digests, {})

    def test_a_phone_that_stays_away_is_lost(self, nokia: Phone, adb_server: kits.AdbServer, tmp_path: Path) -> None:
        with many(nokia, [100_000, 9_000_000]) as digests:
            with nokia.proxy("--rate", 5) as line:
                transport = open_transport(line, via="server", patience=10)
                came: list[str] = []
                left = [FileRequest(path, tmp_path / str(number)) for number, path in enumerate(digests)]
                left.reverse()
                errors: list[DeviceLostError] = []

                def run() -> None:
                    try:
                        transport.pull_many(
                            lambda _: left.pop() if left else None, lambda request, _: came.append(request.path)
                        )
                    except DeviceLostError as error:
                        errors.append(error)

                thread = threading.Thread(target=run)
                thread.start()
                while not came:
                    time.sleep(0.02)
            thread.join(60)
            transport.close()
        assert len(errors) == 1
        assert came == list(digests)[:1]
        assert [file.name for file in tmp_path.iterdir()] == ["0"]
