"""Inputs for the readers of recorded traffic."""

import base64
import gzip
import json
import struct

from tests.acquire.traffic import captures
from tests.fuzz import expansion
from tests.fuzz.seeds.common import Inputs, grown

_HOST, _PLACE = "a.example", "203.0.113.77"
_BODY = b'{"imei":"490154203237518","mac":"A0:B1:C2:D3:E4:F5"}'


def _frames() -> list[bytes]:
    return [
        *captures.look_up(_HOST, _PLACE, "2001:db8::1", alias="b.example"),
        *captures.connection(_PLACE, 443, [captures.hello(_HOST)]),
        *captures.connection(
            _PLACE, 80, [captures.post(_HOST, "/a?b", base64.b64encode(_BODY)), b"more"], local=41_000
        ),
        captures.udp(captures.PHONE, 9, _PLACE, 443, b"\xc0" * 30),
        captures.udp("2001:db8::2", 9, "2001:db8::1", 9000, _BODY),
    ]


def traffic() -> Inputs:
    frames = _frames()
    yield "pcap", captures.pcap(frames)
    yield "ethernet", captures.pcap([captures.ethernet(frame, tag=3) for frame in frames[:6]], 1, order=">", nano=True)
    yield "cooked", captures.pcap([b"\x08\0" + b"\0" * 18 + frame for frame in frames[:4]], 276)
    yield "pcapng", captures.pcapng([(frame, 10_001) for frame in frames[2:8]], {10_001: "com.a"})
    yield "packed", gzip.compress(captures.pcap(frames))
    yield "pcapdroid", captures.pcapdroid(captures.pcapdroid_row(_PLACE, 443, 10_001, "com.a", "TLS", _HOST))
    yield "dnsmasq", captures.dnsmasq(_HOST)
    yield "adguard", captures.adguard(_HOST)
    yield "pihole", json.dumps({"queries": [{"time": 1.0, "domain": _HOST}]}).encode()
    yield "nextdns", f"timestamp,domain,query_type\n2026-11-28T08:00:00Z,{_HOST},A\n".encode()
    yield "columns", f'"timestamp","domain"\n1795611574,{_HOST}\n'.encode()
    yield "early", captures.pcap([*captures.connection(_PLACE, 80, [b"GET / HTTP/1.1\r\n"] * 40)[::-1]])
    yield "unpacked", grown(captures.dnsmasq(_HOST), expansion.GZIP, 0, 0, 0, 0)
    one = struct.pack("<IIII", 1, 1, len(frames[0]), len(frames[0])) + frames[0]
    yield "many", grown(captures.pcap([]) + one, expansion.REPEAT, 24, len(one) % 256, 0, 10_000)


MAKERS = {"traffic": traffic}
