"""What is shown to be the same, and what is not."""

from collections.abc import Mapping, Sequence

import pytest

from phone_audit.detect.watch import connection_join
from phone_audit.detect.watch.connection_join import MOST_ENDPOINTS, EndpointIndex, cleartext, join, observed_endpoint
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.model.apk import Endpoint
from phone_audit.model.watch import Observation, Protocol, Remote

KNOWN = load_knowledge()


def with_join(
    one: Observation, held: Mapping[str, Sequence[Endpoint]] | None, names: Sequence[str], known: Knowledge
) -> Observation:
    return connection_join.with_join(one, None if held is None else EndpointIndex(held), names, known)


def seen(
    address: str = "203.0.113.7", port: int = 80, packages: tuple[str, ...] = ("com.a",), protocol: Protocol = "tcp"
) -> Observation:
    return Observation(
        uid=10123,
        user=0,
        packages=packages,
        protocol=protocol,
        remote=Remote(address=address, port=port),
        host=None,
        joined_by="app-only",
        endpoints=None,
        times_seen=3,
        first_seen="2026-01-01T00:00:00Z",
        last_seen="2026-01-01T00:00:09Z",
        foreground=None,
        sent=None,
        received=None,
        owner=None,
        cleartext=None,
    )


def endpoint(
    host: str, *, ruled_out: str | None = None, ports: tuple[int, ...] = (), schemes: tuple[str, ...] = ()
) -> Endpoint:
    kind = "ipv6" if ":" in host else "ipv4" if host[-1].isdigit() else "domain"
    return Endpoint.model_validate(
        {
            "host": host, "kind": kind, "registered_domain": None, "urls": (), "schemes": schemes, "ports": ports,
            "cleartext": "http" in schemes, "owner": None, "category": "unknown", "ruled_out": ruled_out, "held_by": (),
        }
    )  # fmt: skip


def test_an_address_that_stands_in_the_code_is_the_same() -> None:
    one = with_join(seen(), {"com.a": [endpoint("203.0.113.7"), endpoint("x.example")]}, (), KNOWN)
    assert (one.joined_by, one.host, one.endpoints) == ("address", "203.0.113.7", ("203.0.113.7", "x.example"))
    assert one.said() == "found in its code and seen on the wire: connected to 203.0.113.7:80"


def test_a_rule_that_takes_addresses_out_does_not_hold_for_what_was_seen() -> None:
    one = with_join(seen(), {"com.a": [endpoint("203.0.113.7", ruled_out="documentation")]}, (), KNOWN)
    assert (one.joined_by, one.endpoints) == ("address", ("203.0.113.7",))


def test_other_ways_to_write_an_address() -> None:
    held = {"com.a": [endpoint("2001:0DB8:0:0::1")]}
    one = with_join(seen("2001:db8::1", 443), held, (), KNOWN)
    assert one.joined_by == "address"
    assert one.said() == "found in its code and seen on the wire: connected to [2001:db8::1]:443"
    assert join("203.0.113.7", EndpointIndex({"com.a": [endpoint("::ffff:203.0.113.7")]}), (), KNOWN).by == "address"


def test_a_name_in_the_code_is_not_shown_to_be_the_same() -> None:
    one = with_join(seen(), {"com.a": [endpoint("x.example"), endpoint("y.example", ruled_out="namespace")]}, (), KNOWN)
    assert (one.joined_by, one.host, one.owner, one.endpoints) == ("app-only", None, None, ("x.example",))
    assert one.said() == "connected to 203.0.113.7:80; its code holds x.example; not shown to be the same"


def test_the_name_that_the_phone_reported() -> None:
    held = {"com.a": [endpoint("x.example"), endpoint("app-measurement.com")]}
    one = with_join(seen(), held, ("app-measurement.com",), KNOWN)
    assert (one.joined_by, one.host, one.owner) == ("phone-dns", "app-measurement.com", "Google")
    assert one.said() == (
        "found in its code and seen on the wire: connected to app-measurement.com (203.0.113.7:80), "
        "a name that the phone itself reported"
    )
    other = with_join(seen(), {"com.a": []}, ("z.example",), KNOWN)
    assert other.said() == "connected to z.example (203.0.113.7:80), a name that the phone itself reported"


def test_an_address_of_an_incident() -> None:
    facts = [fact for incident in KNOWN.incidents for fact in incident.endpoints]
    listed = next(
        fact.value for fact in facts if fact.kind == "ip" and fact.weight != "none" and fact.confidence == "sourced"
    )
    one = with_join(seen(listed), {"com.a": [endpoint("x.example")]}, (), KNOWN)
    assert (one.joined_by, one.endpoints) == ("address", ("x.example",))
    assert one.said() == f"connected to {listed}:80, an address that is published"


def test_code_that_was_not_read_is_unknown_and_code_that_holds_nothing_is_none() -> None:
    assert with_join(seen(), None, (), KNOWN).endpoints is None
    assert with_join(seen(), None, (), KNOWN).said() == "connected to 203.0.113.7:80; its code was not read"
    nobody = with_join(seen(packages=()), None, (), KNOWN)
    assert nobody.said() == "connected to 203.0.113.7:80; no package is known for this uid"
    assert with_join(seen(), {"com.a": []}, (), KNOWN).endpoints == ()
    assert (
        with_join(seen(), {"com.a": []}, (), KNOWN).said() == "connected to 203.0.113.7:80; its code holds no address"
    )


def test_hosts_with_the_very_port_are_named_first() -> None:
    held = {"com.a": [endpoint("a.example"), endpoint("z.example", ports=(9999,))]}
    one = with_join(seen(port=9999), held, (), KNOWN)
    assert one.same_port == ("z.example",)
    assert one.said() == "connected to 203.0.113.7:9999; its code holds z.example; not shown to be the same"


def test_of_packages_that_share_a_uid_the_one_that_holds_it_is_named() -> None:
    held = {"com.a": [endpoint("a.example")], "com.b": [endpoint("z.example", ports=(9999,))], "com.c": []}
    one = with_join(seen(port=9999, packages=("com.a", "com.b", "com.c")), held, (), KNOWN)
    assert one.held_in == ("com.b",)
    assert one.said() == ("connected to 203.0.113.7:9999; the code of com.b holds z.example; not shown to be the same")


def test_of_too_many_hosts_the_closest_are_kept() -> None:
    many = [endpoint(f"h{number:04}.example") for number in range(300)]
    held = {"com.a": [*many, endpoint("zz.example", ports=(80,)), endpoint("203.0.113.7")]}
    one = with_join(seen(), held, (), KNOWN)
    assert one.endpoints is not None
    assert len(one.endpoints) == MOST_ENDPOINTS
    assert {"zz.example", "203.0.113.7", "h0000.example"} <= set(one.endpoints)
    assert list(one.endpoints) == sorted(one.endpoints)


@pytest.mark.parametrize(
    ("protocol", "port", "readable"),
    [
        ("tcp", 80, True),
        ("tcp", 443, False),
        ("udp", 443, False),
        ("udp", 53, True),
        ("udp", 80, None),
        ("tcp", 9999, None),
    ],
)
def test_cleartext_by_the_port(protocol: Protocol, port: int, readable: bool | None) -> None:
    assert cleartext(seen(port=port, protocol=protocol)) is readable


def test_cleartext_by_the_scheme_of_what_is_the_same() -> None:
    plain = endpoint("203.0.113.7", ports=(443,), schemes=("http",))
    assert cleartext(seen(port=443), (plain,)) is True
    assert cleartext(seen(port=8443), (plain,)) is False, "another port than that of the scheme"
    assert cleartext(seen(port=443), (plain, endpoint("203.0.113.7", schemes=("https",)))) is False, "they differ"


def test_only_what_is_the_same_counts_as_an_endpoint() -> None:
    assert observed_endpoint(with_join(seen(), {"com.a": [endpoint("x.example")]}, (), KNOWN)) is None
    same = observed_endpoint(with_join(seen(), {"com.a": [endpoint("203.0.113.7")]}, (), KNOWN))
    assert same is not None
    assert (same.host, same.kind, same.observed, same.ruled_out) == ("203.0.113.7", "ipv4", True, None)
    piece = same.held_by[0].evidence[0]
    assert (piece.kind, piece.value, piece.observed_at) == ("socket", "203.0.113.7:80", "2026-01-01T00:00:00Z")
