"""Looks put together: how often, how many connections, whose, and what was missed."""

from datetime import UTC, datetime, timedelta

from phone_audit.acquire.live.poller import Moment
from phone_audit.acquire.live.sampler import Sample
from phone_audit.acquire.live.socket_tables import parse_tables
from phone_audit.acquire.packages.owners import Owners
from phone_audit.pipeline.connection_log import ConnectionLog, Place
from tests.watch_phone import socket_line, tables

OWNERS = Owners({(0, 1001): ("com.a", "com.b"), (10, 10123): ("com.c",)}, users=(0, 10))
START = datetime(2026, 1, 1, tzinfo=UTC)
UNKNOWN = Moment(None, None)


def look(
    log: ConnectionLog, at: float, *lines: str, moment: Moment = UNKNOWN, spent: float | None = None
) -> list[Place]:
    sample = Sample(parse_tables(tables(*lines)), spent, at)
    return log.note(sample, START + timedelta(seconds=at), moment)


def test_a_place_is_new_once_and_its_connections_are_counted() -> None:
    log = ConnectionLog(OWNERS)
    first = socket_line("203.0.113.7", 80, 1001, local=1, inode=1)
    second = socket_line("203.0.113.7", 80, 1001, local=2, inode=2)
    assert look(log, 0, first) == [(1001, "tcp", "203.0.113.7", 80)]
    assert look(log, 1, first, second) == []
    assert look(log, 2) == []
    one = log.observation((1001, "tcp", "203.0.113.7", 80))
    assert (one.times_seen, one.connections, one.packages, one.user) == (2, 2, ("com.a", "com.b"), 0)
    assert (one.first_seen, one.last_seen) == ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z")
    assert (one.foreground, one.screen_off, one.joined_by) == (None, None, "app-only")


def test_a_closed_socket_is_nobodys() -> None:
    log = ConnectionLog(OWNERS)
    look(log, 0, socket_line("203.0.113.9", 80, 0, local=9, inode=0, state="06"))
    look(log, 1, socket_line("203.0.113.7", 80, 1001, local=1))
    look(
        log,
        2,
        socket_line("203.0.113.9", 80, 0, local=9, inode=0, state="06"),
        socket_line("203.0.113.7", 80, 0, local=1, inode=0, state="06"),
        socket_line("203.0.113.8", 80, 0, local=2, inode=0, state="06"),
    )
    assert log.places == ((1001, "tcp", "203.0.113.7", 80),)
    assert log.samples().missed_connections == 1, "one was there before the first look, one was seen open"


def test_circumstances() -> None:
    log = ConnectionLog(OWNERS)
    work = socket_line("203.0.113.7", 443, 1010123)
    look(log, 0, work, moment=Moment(True, frozenset({(0, "com.c")})))
    assert log.observation(log.places[0]).foreground is False, "that of another user"
    look(log, 1, work, moment=Moment(True, frozenset({(10, "com.c")})))
    look(log, 2, work, moment=Moment(False, frozenset()))
    one = log.observation(log.places[0])
    assert (one.foreground, one.screen_off, one.user) == (True, True, 10)


def test_how_well_was_looked() -> None:
    log = ConnectionLog(OWNERS)
    for at in (10.0, 10.1, 10.6, 11.0):
        look(log, at, spent=at - 9)
    log.failed = 1
    samples = log.samples()
    assert (samples.taken, samples.failed, samples.interval_ms, samples.longest_gap_ms) == (4, 1, 333, 500)
    assert samples.core_share == 2.0


def test_no_look_at_all() -> None:
    assert ConnectionLog(OWNERS).samples().model_dump() == {
        "taken": 0, "failed": 0, "interval_ms": 0, "longest_gap_ms": 0, "missed_connections": 0, "core_share": None,
    }  # fmt: skip


def test_memory_is_bound() -> None:
    log = ConnectionLog(OWNERS)
    for block in range(30):
        lines = [socket_line(f"10.{block}.{number % 256}.{number // 256}", 80, 1001) for number in range(1000)]
        look(log, block, *lines)
    assert log.too_many
    assert len(log.places) == 20_000
