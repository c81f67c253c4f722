"""Hosts of parts of a library that a package has to ask for."""

import pytest

from phone_audit.apk.code.optional_parts import OptionalParts
from phone_audit.apk.code.started_hosts import with_started
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.knowledge.schema.facts import LibraryFact, LibraryPartFact
from phone_audit.model.apk import Endpoint, HeldBy
from phone_audit.model.finding import Evidence
from tests.apk.code.test_seen_starts import CALL, LOADS, main, started
from tests.apk.code.test_started_code import HTTP, SEND, URL, held
from tests.apk.dex.assembler import Class, assemble

META = "lib.parts.enabled"
LIBRARY = HeldBy(party="library", library="Lib", evidence=(CALL,))
RENAMED = HeldBy(party="obfuscated", library=None, evidence=(CALL,))
OWN = HeldBy(party="first-party", library=None, evidence=(CALL,))


def parts(*addresses: str, by_manifest: bool = False, said: tuple[tuple[str, str], ...] = ()) -> OptionalParts:
    part = LibraryPartFact(addresses=addresses, meta_data=(META,) if by_manifest else (), source="https://lib.example")
    fact = LibraryFact(
        id="lib",
        name="Lib",
        owner="L",
        role="library",
        code=("lib",),
        source="s",
        matches=(),
        ignores=(),
        parts=(part,),
    )
    return OptionalParts((fact,), said)


PLACED = parts("lib.example")


def settled(one: Endpoint, asked: OptionalParts, *classes: Class) -> Endpoint:
    file = read_dex("classes.dex", assemble(sorted(classes, key=lambda each: each.name)))
    texts = {one.host: [(file.name, offset) for offset, _ in file.strings.holding(b"lib.example")]}
    indexes = index_file(file)
    ((found),) = with_started([one], [file], indexes, started(indexes), texts, asked)
    return found


def connecting(*holders: HeldBy, **changes: object) -> Endpoint:
    return held(
        *holders or (LIBRARY,), **{"use_evidence": (CALL,), "cleartext_use": "fetched", "urls": (URL,)} | changes
    )


def test_a_part_that_nothing_was_seen_to_start_counts_for_nothing() -> None:
    found = settled(connecting(), PLACED, HTTP, main(*LOADS))
    assert (found.started, found.counts, found.counts_in_cleartext) == (False, False, False)
    assert settled(connecting(use="unknown", use_evidence=()), PLACED, HTTP, main(*LOADS)).started is False


def test_the_same_text_where_code_that_is_started_connects_to_it_counts() -> None:
    for units in (SEND, (*LOADS, *SEND)):
        found = settled(connecting(), PLACED, HTTP, main(*units))
        assert found.counts
        assert found.counts_in_cleartext
        assert found.use == "fetched"


def test_code_of_the_package_that_holds_the_text_counts_however_it_is_started() -> None:
    for holders in ((OWN,), (LIBRARY, OWN), (RENAMED,), (HeldBy(party="library", library="Lib2", evidence=(CALL,)),)):
        assert settled(connecting(*holders), PLACED, HTTP, main(*LOADS)).counts


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("lib.example.evil.example", "http://lib.example.evil.example/x"),
        ("evil.example", "http://lib.example@evil.example/x"),
        ("a.lib.example", "http://a.lib.example/x"),
    ],
)
def test_another_host_of_the_same_code_counts(host: str, url: str) -> None:
    assert not PLACED.has(connecting(host=host, urls=(url,)))


def test_of_an_address_with_a_path_each_text_has_to_begin_with_it() -> None:
    asked = parts("lib.example/x")
    assert asked.has(connecting())
    assert asked.has(connecting(urls=(f"{URL}?a=%s", f"{URL}/b")))
    assert not asked.has(connecting(urls=(URL, "http://lib.example/collect")))
    assert not asked.has(connecting(urls=("http://lib.example/xy",)))
    assert not asked.has(connecting(urls=()))


@pytest.mark.parametrize(
    ("said", "counts"),
    [((), False), (((META, "false"),), False), (((META, "true"),), True), (((META, "@0x7f010001"),), True)],
)
@pytest.mark.parametrize("holder", [LIBRARY, RENAMED])
def test_a_part_that_the_manifest_asks_for(said: tuple[tuple[str, str], ...], counts: bool, holder: HeldBy) -> None:
    asked = parts("lib.example/x", by_manifest=True, said=said)
    assert settled(connecting(holder), asked, HTTP, main(*SEND)).counts is counts
    assert settled(connecting(holder, OWN), asked, HTTP, main(*SEND)).counts


def test_what_is_ruled_out_is_left_alone() -> None:
    one = connecting(ruled_out="prose")
    assert not PLACED.has(one)
    assert settled(one, PLACED, HTTP, main(*LOADS)) == one


def test_what_is_of_no_part_is_told_as_before() -> None:
    assert settled(connecting(), parts("other.example"), HTTP, main(*LOADS)).start_seen is False
    place = Evidence(kind="asset", where="assets/a", value="x")
    assert settled(
        connecting(HeldBy(party="unknown", library=None, evidence=(place,))), PLACED, HTTP, main(*LOADS)
    ).counts
