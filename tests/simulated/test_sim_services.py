"""`shell` with and without packets, and `exec`."""

import struct

import pytest

from phone_audit.simulated.phone import SimulatedPhone
from tests.simulated.wire import Wire, greeted


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


def test_packets_tell_output_errors_and_status_apart(phone: SimulatedPhone) -> None:
    with greeted(phone) as wire:
        assert packets(wire.run("shell,v2,raw:echo out; echo err >&2; exit 7")) == [
            (1, b"out\n"),
            (2, b"err\n"),
            (3, b"\x07"),
        ]


@pytest.mark.parametrize("service", ["shell:", "exec:", "shell,raw:"])
def test_without_packets_everything_is_one(phone: SimulatedPhone, service: str) -> None:
    with greeted(phone) as wire:
        assert wire.run(f"{service}echo out; echo err >&2; exit 7") == b"out\nerr\n"


def test_an_unknown_command_ends_as_on_a_phone(phone: SimulatedPhone) -> None:
    with greeted(phone) as wire:
        assert packets(wire.run("shell,v2,raw:x -y")) == [(2, b"/system/bin/sh: x: not found\n"), (3, b"\x7f")]


def test_binary_output_is_not_touched(phone: SimulatedPhone) -> None:
    apk = (phone.profile.folder / "com.example.weather.apk").read_bytes()
    with greeted(phone) as wire:
        path = "/data/app/com.example.weather-4kQ8sT0yHn2ZrVb7LwXc1A==/base.apk"
        assert wire.run(f"exec:cat {path}") == apk


def feed(wire: Wire, line: str, *writes: bytes) -> list[tuple[int, bytes]]:
    us, them = wire.open(f"shell,v2,raw:{line}")
    for data in writes:
        wire.send(b"WRTE", us, them, data)
        assert wire.receive().command == b"OKAY"
    return packets(wire.read_all(us, them))


def test_input_comes_in_packets_cut_anywhere(phone: SimulatedPhone) -> None:
    data = stdin(0, b"hello\n") + stdin(5, b"80x24,0x0\0") + stdin(0, b"world\n") + stdin(4)
    with greeted(phone) as wire:
        assert feed(wire, "read a; read b; echo $b $a", data[:3], data[3:9], data[9:]) == [
            (1, b"world hello\n"),
            (3, b"\0"),
        ]


def test_a_program_may_come_as_input(phone: SimulatedPhone) -> None:
    with greeted(phone) as wire:
        assert feed(wire, "", stdin(0, b"echo one\nexit 3\n"), stdin(4)) == [(1, b"one\n"), (3, b"\x03")]


def test_an_impossible_packet_ends_the_input(phone: SimulatedPhone) -> None:
    with greeted(phone) as wire:
        assert feed(wire, "cat; echo end", struct.pack("<BI", 0, 2**32 - 1) + b"abc") == [(1, b"end\n"), (3, b"\0")]


@pytest.mark.parametrize("service", ["shell:", "shell,v2,TERM=xterm,pty:"])
def test_there_is_no_terminal(phone: SimulatedPhone, service: str) -> None:
    with greeted(phone) as wire:
        assert b"has no terminal" in wire.run(service)


def test_large_output_is_cut_into_packets(phone: SimulatedPhone) -> None:
    with greeted(phone) as wire:
        got = packets(wire.run("shell,v2,raw:dumpsys package; dumpsys package"))
    assert [number for number, _ in got][-1] == 3
    assert all(len(data) <= 64 * 1024 for _, data in got)
    assert b"".join(data for number, data in got if number == 1).count(b"Dexopt state:") == 2
