"""Lists of connections and logs of look-ups → the places in them."""

import gzip
import json
import os
from pathlib import Path

import pytest

from phone_audit.acquire.traffic.read_traffic import check_traffic, read_traffic
from phone_audit.errors import UsageError
from phone_audit.model.traffic import TrafficLog
from tests.acquire.traffic.captures import adguard, dnsmasq, look_up, pcap, pcapdroid, pcapdroid_row

HOST = "zzhc.vnet.example"
PLACE = "203.0.113.77"


def read(path: Path, data: bytes) -> TrafficLog:
    file = path / "log"
    file.write_bytes(data)
    return read_traffic(file)


def looked_up(log: TrafficLog) -> list[tuple[str | None, str | None, int]]:
    assert all(one.protocol == "dns" and one.port is None and one.package is None for one in log.hosts)
    return [(one.host, one.address, one.times) for one in log.hosts]


def test_pcapdroid_states_package_and_uid(tmp_path: Path) -> None:
    rows = (
        pcapdroid_row(PLACE, 9999, 1001, "com.qualcomm.qti.autoregistration", "HTTP", HOST),
        pcapdroid_row(PLACE, 9999, 1001, "com.qualcomm.qti.autoregistration", "HTTP", HOST),
        pcapdroid_row("198.51.100.20", 443, 10123, "com.a", "TLS.Google", "www.example.com", app="A, B"),
        pcapdroid_row("198.51.100.21", 443, 10123, "com.a", "QUIC", "", protocol=17),
        pcapdroid_row("10.215.173.2", 53, 1051, "netd", "DNS", "www.example.com", protocol=17),
        pcapdroid_row("10.215.173.2", 8080, 10123, "com.a", "HTTP", ""),
        "17,broken",
        pcapdroid_row("no address", 1, 1, "com.a", "TLS", ""),
    )
    log = read(tmp_path, pcapdroid(*rows))
    assert log.format == "pcapdroid-csv"
    assert (log.first, log.last) == ("2026-11-28T08:00:00Z", "2026-11-28T08:00:03Z")
    assert [
        (one.host, one.address, one.port, one.protocol, one.package, one.uid, one.cleartext, one.times)
        for one in log.hosts
    ] == [
        (None, "198.51.100.21", 443, "quic", "com.a", 10123, False, 1),
        ("www.example.com", None, None, "dns", None, 1051, None, 1),
        ("www.example.com", "198.51.100.20", 443, "tls", "com.a", 10123, False, 1),
        (HOST, PLACE, 9999, "http", "com.qualcomm.qti.autoregistration", 1001, True, 2),
    ]
    assert log.not_seen[-1] == "2 lines were not understood."


def test_pcapdroid_with_a_column_for_malware(tmp_path: Path) -> None:
    first, row = pcapdroid(pcapdroid_row(PLACE, 443, 10123, "com.a", "TLS", HOST)).decode().splitlines()
    log = read(tmp_path, f"{first},Malicious\n{row},yes\n".encode())
    assert [(one.host, one.package) for one in log.hosts] == [(HOST, "com.a")]
    assert log.first == "2026-11-28T08:00:00Z"


def test_the_log_of_dnsmasq(tmp_path: Path) -> None:
    more = (
        "Nov 28 09:00:01 dnsmasq[812]: 42 192.168.1.9/54321 query[AAAA] a.example from 192.168.1.9\n"
        "Nov 28 09:00:01 dnsmasq[812]: query[PTR] 9.1.168.192.in-addr.arpa from 127.0.0.1\n"
        "Nov 28 09:00:01 dnsmasq[812]: gravity blocked ads.example is 0.0.0.0\n"
        "Nov 28 09:00:01 dnsmasq[812]: reply a.example is NXDOMAIN\n"
        "Nov 28 09:00:01 dnsmasq[812]: query[A] \x1b[2Jevil from 192.168.1.9\n"
    )
    log = read(tmp_path, dnsmasq(HOST, HOST) + more.encode())
    assert log.format == "dnsmasq"
    assert looked_up(log) == [("a.example", None, 1), (HOST, PLACE, 2)]
    assert (log.first, log.last) == (None, None)


def test_the_log_of_dnsmasq_with_whole_times(tmp_path: Path) -> None:
    line = f"2026-11-28T09:00:00+01:00 router dnsmasq[8]: query[A] {HOST} from 192.168.1.9\n"
    assert read(tmp_path, line.encode()).first == "2026-11-28T08:00:00Z"


def test_the_queries_of_pihole(tmp_path: Path) -> None:
    row = {
        "id": 1,
        "time": 1_795_611_574.5,
        "type": "A",
        "domain": HOST,
        "client": {"ip": "192.168.1.23", "name": None},
    }
    log = read(tmp_path, json.dumps({"queries": [row, row, {"domain": 7}], "cursor": 1}).encode())
    assert (log.format, looked_up(log)) == ("pihole-json", [(HOST, None, 2)])
    assert log.first == "2026-11-25T12:59:34Z"
    old = {"data": [["1795611574", "A", HOST, "192.168.1.23", "2"], ["short"], 5]}
    assert looked_up(read(tmp_path, json.dumps(old).encode())) == [(HOST, None, 1)]


def test_the_table_of_pihole(tmp_path: Path) -> None:
    text = f'"id","timestamp","type","status","domain","client"\n1,1795611574,1,2,{HOST},192.168.1.23\n2,x,1,2,"","a"\n'
    log = read(tmp_path, text.encode())
    assert (log.format, looked_up(log), log.first) == ("pihole-csv", [(HOST, None, 1)], "2026-11-25T12:59:34Z")


def test_the_log_of_adguard_home(tmp_path: Path) -> None:
    log = read(tmp_path, adguard(HOST, HOST.upper(), "b.example") + b'{"QH": 5}\n{broken\n')
    assert (log.format, looked_up(log)) == ("adguard-json", [("b.example", PLACE, 1), (HOST, PLACE, 2)])
    assert log.first == "2026-11-28T08:00:00Z"
    assert log.not_seen[-1] == "2 lines were not understood."


def test_the_export_of_adguard_home(tmp_path: Path) -> None:
    head = (
        "ans_dnssec,ans_rcode,ans_type,ans_value,cached,client_ip,client_id,ecs,elapsed,filter_id,filter_rule,proto,"
        "qclass,qname,qtype,reason,time,upstream"
    )
    row = f"false,NOERROR,A,{PLACE},false,192.168.1.23,,,1.2,,,,IN,{HOST},A,NotFilteredNotFound,2026-11-28T08:00:00Z,"
    log = read(tmp_path, f"{head}\n{row}\n".encode())
    assert (log.format, looked_up(log), log.last) == ("adguard-csv", [(HOST, None, 1)], "2026-11-28T08:00:00Z")


def test_the_log_of_nextdns(tmp_path: Path) -> None:
    head = (
        "timestamp,domain,query_type,dnssec,protocol,client_ip,status,reasons,destination_country,root_domain,device_id"
    )
    row = f"2026-11-28T08:00:00.123Z,{HOST},A,false,DNS-over-HTTPS,192.0.2.9,,,CN,vnet.example,AB12C"
    log = read(tmp_path, f"\ufeff{head}\r\n{row}\r\n".encode())
    assert (log.format, looked_up(log), log.first) == ("nextdns-csv", [(HOST, None, 1)], "2026-11-28T08:00:00Z")


def test_a_log_of_look_ups_says_what_it_cannot_show(tmp_path: Path) -> None:
    assert read(tmp_path, dnsmasq(HOST)).not_seen[0].startswith("A log of look-ups shows which names were asked for")


def test_packed_files_are_the_same(tmp_path: Path) -> None:
    plain, data = read(tmp_path, pcap(look_up(HOST, PLACE))), pcap(look_up(HOST, PLACE))
    packed = read(tmp_path, gzip.compress(data[:40]) + gzip.compress(data[40:]))
    assert packed.hosts == plain.hosts
    assert packed.sha256 != plain.sha256
    cut = read(tmp_path, gzip.compress(data)[:-12])
    assert [one.code for one in cut.skipped] == ["damaged"]


def test_what_unpacks_to_more_than_any_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.acquire.traffic.read_traffic.CAPTURE", 200_000)
    log = read(tmp_path, gzip.compress(dnsmasq(HOST) + b"\n" * 400_000))
    assert [one.host for one in log.hosts] == [HOST]
    assert log.skipped[0].reason == "Reading ended early: it unpacks to more than any capture."


def test_what_has_more_lines_than_any_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.acquire.traffic.budget.TRAFFIC_RECORDS", 1_000)
    log = read(tmp_path, gzip.compress(dnsmasq(HOST) + b"\n" * 1_000))
    assert [one.host for one in log.hosts] == [HOST]
    assert log.skipped[0].reason == "Reading ended early: it has more than 1,000 lines."
    assert not read(tmp_path, dnsmasq(HOST) + b"\n" * 990).skipped


@pytest.mark.parametrize("data", [b"", b"hello", b"\x1f\x8bdamaged", b"{}", b"PK\3\4", b"a,b\n1,2\n"])
def test_what_is_no_recorded_traffic_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "x\udcff"
    file.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        check_traffic([file])
    assert str(caught.value).startswith(f"{tmp_path}/x\\xff ")


def test_only_regular_files_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "fifo", tmp_path / "none"):
        with pytest.raises(UsageError):
            check_traffic([path])
    file = tmp_path / "big"
    file.write_bytes(dnsmasq(HOST))
    monkeypatch.setattr("phone_audit.acquire.traffic.read_traffic.CAPTURE", 10)
    with pytest.raises(UsageError, match="more than is read of a capture"):
        read_traffic(file)


def test_a_line_longer_than_any(tmp_path: Path) -> None:
    log = read(tmp_path, dnsmasq(HOST) + b"x" * 100_000 + b"\n" + dnsmasq(HOST))
    assert looked_up(log) == [(HOST, PLACE, 2)]
    assert log.not_seen[-1] == "1 line was not understood."
