"""Data is said to go out unencrypted where all hosts that its method connects to are unencrypted, and nowhere else."""

import pytest

from phone_audit.apk.code.libraries import Owner
from phone_audit.apk.flows.connections import with_connections
from phone_audit.apk.flows.taints import TO_NATIVE
from phone_audit.model.apk import Behaviour, Endpoint, FlowStep
from phone_audit.model.finding import Evidence
from tests.judge.cases import endpoint

OWN = Owner("first-party", None)
SENDING = ("x.Http", "send()V")


def connects(host: str, *schemes: str, method: tuple[str, str] = SENDING, use: str = "fetched") -> Endpoint:
    call = Evidence(kind="call", where="classes.dex", value="fetched: x", class_=method[0], method=method[1])
    plain = "http" in schemes
    return endpoint(host, use=use, schemes=schemes, cleartext=plain, use_evidence=(call,))


def said(
    *endpoints: Endpoint,
    cleartext: bool | None = None,
    what: str = "calls a.B.c",
    sink: str = "network",
    owner: Owner = OWN,
) -> bool | None:
    steps = [("x.Main", "f()V", what), (*SENDING, "calls a.Http.send")]
    flow = Behaviour(
        id=f"flow.imei-{sink}", title="", evidence=(), data="imei", cleartext=cleartext,
        steps=tuple(FlowStep(class_=name, method=method, offset=0, what=done) for name, method, done in steps),
    )  # fmt: skip
    (found,) = with_connections([flow], endpoints, lambda _name: owner)
    shown = [one.value for one in found.evidence]
    assert shown == (["fetched: x"] * len(endpoints) if found.cleartext != cleartext else [])
    return found.cleartext


def test_all_hosts_of_the_method_are_unencrypted_or_all_encrypted() -> None:
    assert said(connects("a.example", "http")) is True
    assert said(connects("a.example", "http"), connects("b.example", "http")) is True
    assert said(connects("a.example", "https")) is False


@pytest.mark.parametrize(
    "endpoints",
    [
        (),
        (connects("a.example", "http"), connects("b.example", "https")),
        (connects("a.example", "http", "https"),),
        (connects("a.example"),),
        (connects("a.example", "http", method=("x.Http", "other()V")),),
        (connects("a.example", "http", use="unknown"),),
        tuple(connects(f"{letter}.example", "http") for letter in "abcd"),
    ],
    ids=["none", "both", "both of one", "no scheme", "another method", "not settled", "many"],
)
def test_otherwise_nothing_is_said(endpoints: tuple[Endpoint, ...]) -> None:
    assert said(*endpoints) is None


def test_what_was_seen_on_the_way_decides_and_what_may_be_encrypted_is_not_said_to_be_readable() -> None:
    plain = connects("a.example", "http")
    assert said(plain, cleartext=False) is False
    assert said(plain, what=TO_NATIVE) is None
    assert said(plain, sink="log") is None


@pytest.mark.parametrize("owner", [Owner("library", "Lib"), Owner("unknown", None), Owner("obfuscated", None)])
def test_of_code_that_is_not_the_packages_own_nothing_is_said(owner: Owner) -> None:
    assert said(connects("a.example", "http"), owner=owner) is None
