"""Who else holds a phone, as far as the process table shows it."""

from pathlib import Path

import pytest

from phone_audit.acquire.adb.states import Process, adb_servers, usb_users
from phone_audit.acquire.adb.usb_devices import may_be_charging
from tests.kit import AdbServer


def process(proc: Path, number: int, *words: str, files: tuple[str, ...] = ()) -> None:
    folder = proc / str(number)
    (folder / "fd").mkdir(parents=True)
    (folder / "cmdline").write_bytes("".join(f"{word}\0" for word in words).encode())
    for at, file in enumerate(files):
        (folder / "fd" / str(at)).symlink_to(file)


def test_adb_servers_and_their_ports(tmp_path: Path) -> None:
    process(tmp_path, 1, "/sbin/init")
    process(
        tmp_path, 30, "/opt/platform-tools/adb", "-L", "tcp:localhost:5038", "fork-server", "server", "--reply-fd", "4"
    )
    process(tmp_path, 20, "adb", "-L", "tcp:5240", "fork-server", "server")
    process(tmp_path, 21, "adb", "-P", "5055", "fork-server", "server")
    process(tmp_path, 22, "adb", "fork-server", "server")
    process(tmp_path, 23, "adb", "shell")
    process(tmp_path, 24, "vim", "fork-server", "server")
    process(tmp_path, 25)
    (tmp_path / "self").mkdir()
    (tmp_path / "99").mkdir()
    assert adb_servers(tmp_path) == (
        Process(20, "adb", 5240),
        Process(21, "adb", 5055),
        Process(22, "adb", 5037),
        Process(30, "adb", 5038),
    )


def test_programs_with_a_usb_device_open(tmp_path: Path) -> None:
    process(tmp_path, 5, "/usr/bin/scrcpy", files=("/dev/null", "/dev/bus/usb/001/004"))
    process(tmp_path, 6, "bash", files=("/dev/pts/0", "/tmp/dev/bus/usb/001/004"))
    assert usb_users(tmp_path) == (Process(5, "scrcpy"),)


def test_no_process_table_is_nobody(tmp_path: Path) -> None:
    assert adb_servers(tmp_path / "none") == ()
    assert usb_users(tmp_path / "none") == ()


@pytest.mark.stock_adb
def test_a_real_adb_server_is_found(adb_server: AdbServer) -> None:
    assert adb_server.port in [found.port for found in adb_servers()]


@pytest.mark.parametrize(
    ("vendor", "kinds", "charging"),
    [
        (0x2E04, [], True),
        (0x2E04, [(0xFF, 0xFF, 0x00)], True),
        (0x04E8, [(0x02, 0x02, 0x01), (0x0A, 0x00, 0x00)], True),
        (0x04E8, [(0x08, 0x06, 0x50)], False),
        (0x04E8, [(0x03, 0x01, 0x01), (0xFF, 0, 0)], False),
        (0x18D1, [(0x0E, 0x01, 0x00)], False),
        (0x1D6B, [], False),
        (0x18D1, [(0x06, 0x01, 0x01)], False),
    ],
)
def test_a_phone_that_only_charges(vendor: int, kinds: list[tuple[int, int, int]], charging: bool) -> None:
    assert may_be_charging(vendor, kinds) == charging
