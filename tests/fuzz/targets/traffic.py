"""Traffic that somebody else recorded: captures of packets and logs, whatever they hold."""

from typing import Final

from phone_audit.acquire.traffic.read_traffic import read_traffic
from phone_audit.acquire.traffic.tally import MOST_PLACES
from phone_audit.detect.traffic.traffic_findings import traffic_findings
from phone_audit.detect.traffic.traffic_join import join_traffic, phone_apps
from phone_audit.errors import UsageError
from phone_audit.model.device import PhoneIdentifier
from phone_audit.model.stated import is_address, is_package, is_shown_host
from phone_audit.model.traffic import HostTraffic
from phone_audit.pipeline.traffic import published_traffic
from tests.fuzz.target import Target, knowledge, promise, written

_IMEI: Final = "490154203237518"
_KNOWN: Final = (
    PhoneIdentifier(kind="imei", value=_IMEI),
    PhoneIdentifier(kind="mac", value="a0:b1:c2:d3:e4:f5"),
    PhoneIdentifier(kind="serial", value="B2NGAA8851000123"),
)
_APPS: Final = phone_apps([("com.a", 10_001), ("com.b", 10_001)], [])


def traffic(data: bytes) -> None:
    """Read a capture or a log, join it with the apps of a phone, and publish it."""
    try:
        log = read_traffic(written(data, "capture"), _KNOWN)
    except UsageError:
        return
    promise(len(log.hosts) <= MOST_PLACES, "more places than are kept")
    promise(log.hosts == tuple(dict.fromkeys(log.hosts)), "a place is there twice")
    for seen in log.hosts:
        _check(seen)
    list(traffic_findings(join_traffic([log], _APPS), knowledge(), {}))
    (published,) = published_traffic([log], knowledge())
    promise(_IMEI not in published.model_dump_json(), "an identifier is published")


def _check(seen: HostTraffic) -> None:
    promise(seen.host is None or is_shown_host(seen.host), "a host is none")
    promise(seen.address is None or is_address(seen.address), "an address is none")
    promise(seen.port is None or 0 <= seen.port <= 99_999, "a port is none")
    promise(seen.package is None or is_package(seen.package), "a package is none")
    promise(seen.times >= 0, "something was seen less than never")
    promise(all(one.times > 0 for one in seen.sent), "an identifier was sent no time")


TARGETS: Final = {
    "traffic": Target(
        traffic,
        (
            "phone_audit.acquire.traffic",
            "phone_audit.detect.traffic",
        ),
        (
            b"\xd4\xc3\xb2\xa1", b"\n\r\r\n", b"IPProto,SrcIP,", b'{"QH":"', b"timestamp,domain,query_type",
            b"dnsmasq[1]: ", b"query[A] ", b" from ", b"reply ", b" is ", b"\x16\x03\x01", b"\xc0\x0c",
            b"POST / HTTP/1.1\r\nHost: ",
            b"u-1", _IMEI.encode(), b"imei=", b"%3A", b"\x1f\x8b\x08",
        ),
    )
}  # fmt: skip
