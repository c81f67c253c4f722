"""Which addresses of compiled resources code connects to."""

import pytest

from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.endpoints import address_steps, resource_hosts
from phone_audit.apk.endpoints.address_flow import AddressFlow
from phone_audit.apk.endpoints.address_use import AddressUses
from phone_audit.apk.endpoints.call_effects import effects_of
from phone_audit.apk.endpoints.resource_hosts import with_connecting
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import Endpoint
from phone_audit.model.finding import Evidence
from tests.apk.dex.assembler import Class, Method, Ref, assemble
from tests.apk.endpoints.test_address_use import Units, call, direct, method, new, result, virtual
from tests.judge.cases import endpoint

_STRING = "Ljava/lang/String;"
_A = "Lorg/vendor/A;"
_URL = "http://vendor.dev/x"
_CONST: Units = (0x0014, 0x0012, 0x7F0A)
_OTHER: Units = (0x0014, 0x0013, 0x7F0A)
_ROUND: Units = (0x0015, 0x7F0A)
_ASKED = f"Landroid/content/Context;->getString(I){_STRING}"
_CONNECTS = (
    *new(1, "Ljava/net/URL;"),
    *direct(f"Ljava/net/URL;-><init>({_STRING})V", 1, 0),
    *virtual("Ljava/net/URL;->openStream()Ljava/io/InputStream;", 1),
)


def _asks(asked: str = _ASKED) -> Units:
    return *virtual(asked, 5, 0), *result(0)


def _held(*texts: str, use: str = "unknown", kind: str = "resource", cleartext: bool = True) -> Endpoint:
    pieces = tuple(Evidence(kind=kind, where="resources.arsc", value=one, offset=3) for one in texts)
    plain = endpoint("vendor.dev", text=texts[0], cleartext=cleartext, use=use)
    return plain.model_copy(update={"held_by": (plain.held_by[0].model_copy(update={"evidence": pieces}),)})


def _said(held: Endpoint, *code: int | Ref, more: tuple[Method, ...] = (), idle: bool = False) -> Endpoint:
    """Return what is said of an endpoint where a method runs some code; the text has the numbers that code loads."""
    classes = [Class(_A, [method(*code), *more], parent="Ljava/lang/Object;")]
    indexes = index_file(read_dex("classes.dex", assemble(classes)))
    known = load_knowledge()
    flow = AddressFlow(indexes, effects_of(known), sees=lambda _part, _row: not idle)
    ids = {_URL: {0x7F0A0012, 0x7F0A0000}}
    (found,) = with_connecting(
        [held], flow, AddressUses(flow), lambda texts: {one: ids[one] for one in texts if one in ids}, known
    )
    return found


@pytest.mark.parametrize("load", [_CONST, _ROUND])
def test_a_text_that_is_asked_for_by_its_number_and_connected_to(load: Units) -> None:
    found = _said(_held(_URL), *load, *_asks(), *_CONNECTS)
    assert (found.use, found.cleartext_use, found.counts_in_cleartext) == ("fetched", "fetched", True)
    (shown,) = found.use_evidence
    assert (shown.value, shown.class_) == ("fetched: java.net.URL.openStream", "org.vendor.A")


def test_the_text_may_be_handed_on_first() -> None:
    go = f"{_A}->go({_STRING})V"
    ends = method(
        *new(1, "Ljava/net/URL;"),
        *direct(f"Ljava/net/URL;-><init>({_STRING})V", 1, 7),
        *virtual("Ljava/net/URL;->openStream()Ljava/io/InputStream;", 1),
        signature=f"go({_STRING})V",
    )
    assert _said(_held(_URL), *_CONST, *_asks(), *call(go, 0), more=(ends,)).use == "fetched"


@pytest.mark.parametrize(
    "code",
    [
        (*_OTHER, *_asks(), *_CONNECTS),
        (*_CONST, *_CONNECTS),
        (*_CONST, *_asks(f"Lorg/vendor/B;->getString(I){_STRING}"), *_CONNECTS),
        (*_CONST, *_asks(f"Landroid/content/Context;->getString({_STRING}){_STRING}"), *_CONNECTS),
        (*_CONST, *_asks(f"Landroid/content/Context;->getTitle(I){_STRING}"), *_CONNECTS),
        (*_CONST, *_asks()),
        (*_CONST, *virtual(_ASKED, 0, 5), *result(0), *_CONNECTS),
    ],
    ids=["another number", "no text", "any class", "no number", "another call", "nothing done", "another argument"],
)
def test_anything_else_stays_unknown(code: Units) -> None:
    held = _held(_URL)
    assert _said(held, *code) == held


def test_code_that_nothing_was_seen_to_start_changes_nothing() -> None:
    held = _held(_URL)
    assert _said(held, *_CONST, *_asks(), *_CONNECTS, idle=True) == held


@pytest.mark.parametrize(
    "held", [_held(_URL, use="opened"), _held(_URL, kind="asset"), _held("http://vendor.dev/other")]
)
def test_only_open_texts_of_resources_are_looked_up(held: Endpoint) -> None:
    assert _said(held, *_CONST, *_asks(), *_CONNECTS) == held


def test_an_encrypted_address_tells_nothing_of_the_unencrypted_one() -> None:
    held = _held("https://vendor.dev/x", "http://vendor.dev/y").model_copy(update={"cleartext_use": "unknown"})
    known = load_knowledge()
    code = (*_CONST, *_asks(), *_CONNECTS)
    indexes = index_file(read_dex("classes.dex", assemble([Class(_A, [method(*code)], parent="Ljava/lang/Object;")])))
    flow = AddressFlow(indexes, effects_of(known))
    ids = {"https://vendor.dev/x": {0x7F0A0012}, "http://vendor.dev/y": {0x7F0A0099}}
    (found,) = with_connecting([held], flow, AddressUses(flow), lambda _: ids, known)
    assert (found.use, found.cleartext_use) == ("fetched", "unknown")


def test_more_resources_than_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    held = _held(_URL)
    monkeypatch.setattr(resource_hosts, "MAX_NUMBERS", 1)
    assert _said(held, *_CONST, *_asks(), *_CONNECTS) == held
    monkeypatch.setattr(resource_hosts, "MAX_NUMBERS", 2)
    monkeypatch.setattr(resource_hosts, "MAX_LOADS", 0)
    assert _said(held, *_CONST, *_asks(), *_CONNECTS) == held


def test_what_is_looked_at_counts_and_ends_where_the_budget_does(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (*_CONST, *_asks(), *_CONNECTS)
    known = load_knowledge()
    indexes = index_file(read_dex("classes.dex", assemble([Class(_A, [method(*code)], parent="Ljava/lang/Object;")])))
    flow = AddressFlow(indexes, effects_of(known))
    readers = resource_hosts._Readers(flow, known)
    before = flow.steps.looked_at
    assert readers.of({0x7F0A0012})[0x7F0A0012]
    assert flow.steps.looked_at > before + 2
    monkeypatch.setattr(address_steps, "MAX_LOOKED_AT", -1)
    assert not readers.of({0x7F0A0012})[0x7F0A0012]


def test_a_class_of_the_package_asks_as_the_one_above_it() -> None:
    own = Class("Lorg/vendor/Screen;", [], parent="Landroid/app/Activity;")
    for above, use in (("Landroid/app/Activity;", "fetched"), ("Ljava/lang/Object;", "unknown")):
        screen = Class(own.name, [], parent=above)
        code = (*_CONST, *_asks(f"Lorg/vendor/Screen;->getString(I){_STRING}"), *_CONNECTS)
        classes = sorted([Class(_A, [method(*code)], parent="Ljava/lang/Object;"), screen], key=lambda one: one.name)
        known = load_knowledge()
        flow = AddressFlow(index_file(read_dex("classes.dex", assemble(classes))), effects_of(known))
        (found,) = with_connecting([_held(_URL)], flow, AddressUses(flow), lambda _: {_URL: {0x7F0A0012}}, known)
        assert found.use == use
