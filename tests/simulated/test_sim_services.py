"""`shell` with and without packets, and `exec`."""

import struct

import pytest

from phone_audit.model.command_list import line, listed
from tests.simulated.lab_phone import LabPhone
from tests.simulated.wire import Wire, greeted

HOSTS = "/system/etc/hosts"
HOSTS_BYTES = b"127.0.0.1       localhost\n::1             ip6-localhost\n"
MISSING = b"cat: /nosuch: No such file or directory\n"
MARK = "phone-audit:0123456789abcdef"


def packets(data: bytes) -> list[tuple[int, bytes]]:
    """Cut what came over a shell v2 stream."""
    found = []
    while data:
        number, length = struct.unpack_from("<BI", data)
        found.append((number, data[5 : 5 + length]))
        data = data[5 + length :]
    return found


def stdin(number: int, data: bytes = b"") -> bytes:
    return struct.pack("<BI", number, len(data)) + data


def test_packets_tell_output_errors_and_status_apart(phone: LabPhone) -> None:
    with greeted(phone) as wire:
        assert packets(wire.run(f"shell,v2,raw:cat {HOSTS} /nosuch")) == [(1, HOSTS_BYTES), (2, MISSING), (3, b"\x01")]
        assert packets(wire.run("shell,v2,raw:exit 7")) == [(3, b"\x07")]


@pytest.mark.parametrize("service", ["shell:", "exec:", "shell,raw:"])
def test_without_packets_everything_is_one(phone: LabPhone, service: str) -> None:
    with greeted(phone) as wire:
        assert wire.run(f"{service}cat {HOSTS} /nosuch") == HOSTS_BYTES + MISSING


def test_an_unknown_command_ends_as_on_a_phone(phone: LabPhone) -> None:
    with greeted(phone) as wire:
        assert packets(wire.run("shell,v2,raw:x -y")) == [(2, b"/system/bin/sh: x: not found\n"), (3, b"\x7f")]


def test_binary_output_is_not_touched(phone: LabPhone) -> None:
    apk = (phone.profile.folder / "com.example.weather.apk").read_bytes()
    with greeted(phone) as wire:
        path = "/data/app/com.example.weather-4kQ8sT0yHn2ZrVb7LwXc1A==/base.apk"
        assert wire.run(f"exec:cat {path}") == apk


def feed(wire: Wire, line: str, first: bytes, *more: bytes) -> list[tuple[int, bytes]]:
    """Write to a command, each time as soon as the phone has taken what was before, and take all that it says."""
    us, them = wire.open(f"shell,v2,raw:{line}")
    waiting, said = list(more), b""
    wire.send(b"WRTE", us, them, first)
    while (packet := wire.receive()).command != b"CLSE":
        if packet.command == b"WRTE":
            said += packet.payload
            wire.send(b"OKAY", us, them)
        elif waiting:
            wire.send(b"WRTE", us, them, waiting.pop(0))
    return packets(said)


def test_input_comes_in_packets_cut_anywhere(phone: LabPhone) -> None:
    lines = [line("range", number=n, plain_path=f"'{HOSTS}'", block=1, skip=n, count=3).encode() for n in (1, 2)]
    data = stdin(0, lines[0]) + stdin(5, b"80x24,0x0\0") + stdin(0, lines[1]) + stdin(4)
    with greeted(phone) as wire:
        got = feed(wire, listed("ranges", mark=MARK), data[:3], data[3:9], data[9:])
    assert got[-1] == (3, b"\0")
    assert b"".join(said for number, said in got if number == 1).decode() == (
        f"{MARK}:0:0\n27.{MARK}:1:0\n7.0{MARK}:2:0\n"
    )


def test_an_impossible_packet_ends_the_input(phone: LabPhone) -> None:
    with greeted(phone) as wire:
        assert feed(wire, "cat", stdin(0, b"a"), struct.pack("<BI", 0, 2**32 - 1) + b"abc") == [(1, b"a"), (3, b"\0")]


@pytest.mark.parametrize("service", ["shell:", "shell,v2,TERM=xterm,pty:", "shell,v2,raw:", "exec:"])
def test_there_is_no_terminal(phone: LabPhone, service: str) -> None:
    with greeted(phone) as wire:
        assert b"has no terminal" in wire.run(service)


def test_large_output_is_cut_into_packets(phone: LabPhone) -> None:
    apk = (phone.profile.folder / "android.apk").read_bytes()
    with greeted(phone) as wire:
        got = packets(wire.run(f"shell,v2,raw:cat{' /system/framework/framework-res.apk' * 40}"))
    assert [number for number, _ in got][-1] == 3
    assert all(len(data) <= 64 * 1024 for _, data in got)
    assert b"".join(data for number, data in got if number == 1) == 40 * apk
