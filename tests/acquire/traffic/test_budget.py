"""How much of recorded traffic is read: counted in records, so that a small file costs little on every machine."""

import gzip
from pathlib import Path

import pytest

from phone_audit.acquire.traffic.budget import CONNECTION, LOOK_UP, MOST_WORK, PACKET, RecordCost, TrafficBudget
from phone_audit.files.bounds import MB
from phone_audit.model.traffic import TrafficLog
from phone_audit.pipeline.traffic import read_logs
from tests.acquire.traffic.captures import pcap

LINE = b"Oct 26 10:01:01 dnsmasq[1]: query[A] a.example from 192.0.2.9\n"
HEAD = (
    b"IPProto,SrcIP,SrcPort,DstIp,DstPort,UID,App,Proto,Status,Info,BytesSent,BytesRcvd,PktsSent,PktsRcvd,FirstSeen,"
    b"LastSeen\n"
)
ROW = b"6,192.0.2.9,1,203.0.113.1,80,10000,a,HTTP,Closed,a.example,1,1,1,1,1,1\n"


def logs(tmp_path: Path, *files: bytes) -> tuple[TrafficLog, ...]:
    paths = []
    for number, data in enumerate(files):
        paths.append(tmp_path / f"{number}.gz")
        paths[-1].write_bytes(data)
    return read_logs(paths, ())


def seen(log: TrafficLog) -> int:
    return sum(host.times for host in log.hosts)


@pytest.mark.parametrize(
    ("data", "cost"),
    [(pcap([]) + bytes(16) * 3_000, PACKET), (LINE * 3_000, LOOK_UP), (HEAD + ROW * 3_000, CONNECTION)],
    ids=["packets", "look-ups", "connections"],
)
def test_a_small_file_with_many_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, cost: RecordCost
) -> None:
    monkeypatch.setattr("phone_audit.acquire.traffic.budget.FREE_WORK", 1_000)
    packed = gzip.compress(data)
    (log,) = logs(tmp_path, packed)
    most = 1_000 // cost.work + len(packed) // cost.size
    assert log.skipped[0].code == "too-large"
    assert f"{most:,}" in log.skipped[0].reason
    assert seen(log) <= most


def test_the_bytes_of_a_file_pay_for_its_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.acquire.traffic.budget.FREE_WORK", 0)
    (log,) = logs(tmp_path, LINE * 3_000)
    assert (log.skipped, seen(log)) == ((), 3_000)


def test_all_files_of_a_run_share_what_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.acquire.traffic.budget.FREE_WORK", 4_000)
    packed = gzip.compress(LINE * 1_500)
    read = logs(tmp_path, packed, packed, packed)
    assert [bool(log.skipped) for log in read] == [False, True, True]
    assert sum(map(seen, read)) <= 4_000 // LOOK_UP.work + 3 * len(packed) // LOOK_UP.size


def test_all_files_of_a_run_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.acquire.traffic.budget.MOST_WORK", 4_000)
    assert [seen(log) for log in logs(tmp_path, LINE * 1_500, LINE * 1_500, LINE)] == [1_500, 500, 0]


@pytest.mark.parametrize(
    ("cost", "size", "records"),
    [(LOOK_UP, 40 * MB, 4_000_000), (PACKET, 4_000 * MB, 6_000_000), (CONNECTION, 10 * MB, 800_000)],
    ids=["a month of look-ups, packed", "some GB of packets", "connections of a phone, packed"],
)
def test_what_a_busy_home_records_is_read_whole(cost: RecordCost, size: int, records: int) -> None:
    assert TrafficBudget().records(cost, size).most >= records


@pytest.mark.parametrize("cost", [LOOK_UP, PACKET, CONNECTION])
def test_what_a_small_file_may_cost(cost: RecordCost) -> None:
    assert TrafficBudget().records(cost, MB).most * cost.work < MOST_WORK / 4


def test_what_unpacks_to_far_more_than_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.acquire.traffic.read_traffic._FREE", MB)
    (log,) = logs(tmp_path, gzip.compress(LINE + b"x" * (8 * MB)))
    assert log.skipped[0].reason == "Reading ended early: it unpacks to more than any capture."
    assert not logs(tmp_path, gzip.compress(LINE * 10_000))[0].skipped
