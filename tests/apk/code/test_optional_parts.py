"""Hosts of parts of a library that a package has to ask for."""

from collections.abc import Iterator
from typing import Any

import pytest

from phone_audit.apk.behaviours.declared import Declared
from phone_audit.apk.code.optional_parts import OptionalParts
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.endpoints.started_hosts import with_started
from phone_audit.apk.package_code import read_code
from phone_audit.errors import ApkError
from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.schema.facts import LibraryFact, LibraryPartFact
from phone_audit.model.apk import Component, Endpoint, HeldBy
from phone_audit.model.finding import Evidence
from tests.apk.code.test_seen_starts import CALL, LOADS, main, started
from tests.apk.code.test_started_code import HTTP, SEND, URL, held
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble, const_string, invoke_static

META = "lib.parts.enabled"
LIBRARY = HeldBy(party="library", library="Lib", evidence=(CALL,))
RENAMED = HeldBy(party="obfuscated", library=None, evidence=(CALL,))
OWN = HeldBy(party="first-party", library=None, evidence=(CALL,))


def parts(*addresses: str, by_manifest: bool = False, said: tuple[tuple[str, str], ...] | None = ()) -> OptionalParts:
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


PLACED = parts("lib.example/x")


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


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        ((URL, f"{URL}?a=%s", f"{URL}/"), True),
        (("http://lib.example/",), True),
        ((), True),
        ((URL, "http://lib.example/collect"), False),
        (("http://lib.example/xy",), False),
        ((f"{URL}/b",), False),
    ],
)
def test_each_text_has_to_be_one_of_its_addresses(urls: tuple[str, ...], expected: bool) -> None:
    assert parts("lib.example/x", "lib.example").has(connecting(urls=urls)) is expected
    assert not parts("lib.example/y").has(connecting(urls=urls))


def test_what_a_file_holds_too_is_of_no_part() -> None:
    place = Evidence(kind="asset", where="assets/a", value=URL)
    in_file = LIBRARY.model_copy(update={"evidence": (place,)})
    for holder in (HeldBy(party="unknown", library=None, evidence=(place,)), in_file):
        assert not PLACED.has(connecting(LIBRARY, holder))
        assert not parts("lib.example/x", by_manifest=True).has(connecting(LIBRARY, holder))
    assert not PLACED.has(connecting(held_by=()))


def test_where_the_manifest_was_not_read_nothing_is_of_a_part() -> None:
    assert not parts("lib.example/x", said=None).has(connecting())
    assert not parts("lib.example/x", by_manifest=True, said=None).has(connecting())


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ((), False),
        (((META, "false"),), False),
        (((META, " False"),), False),
        (((META, "0"),), False),
        (((META, "true"),), True),
        (((META, "@0x7f010001"),), True),
        ((("lib.other", "true"),), False),
    ],
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


def declared(**changes: object) -> Declared:
    screen = Component(kind="activity", name="app.Main", exported=True, permission=None, actions=())
    known: dict[str, Any] = {"components": (screen,), "package": "app", "active": frozenset({"app.Main"})} | changes
    return Declared(**known)


URL_CLASS = "Ljava/net/URL;"


def connects(name: str, url: str) -> Class:
    """Return a class whose static method `go` opens a stream from an address."""
    init = Ref("method", f"{URL_CLASS}-><init>(Ljava/lang/String;)V")
    made = (*const_string(url), 0x0122, Ref("type", URL_CLASS), 0x2070, init, 1)
    opened = (0x106E, Ref("method", f"{URL_CLASS}->openStream()Ljava/io/InputStream;"), 1)
    return Class(name, [Method("go()V", (*made, *opened, RETURN))])


@pytest.mark.parametrize(
    ("name", "url", "said"),
    [
        ("Lcom/google/appinventor/components/runtime/Voting;", "http://androvote.appspot.com", ()),
        (
            "Lcom/google/android/gms/measurement/A;",
            "https://www.googleadservices.com/pagead/conversion/app/deeplink?id=%s",
            (("google_analytics_deferred_deep_link_enabled", "true"),),
        ),
        (
            "Lcom/google/android/gms/ads/identifier/A;",
            "https://pagead2.googlesyndication.com/pagead/gen_204?id=gmob-apps",
            (),
        ),
    ],
)
def test_parts_that_are_known(name: str, url: str, said: tuple[tuple[str, str], ...]) -> None:
    """Nothing was seen to start them, or the manifest does not ask; where code starts them or it does, they count."""
    for more, meta, counts in ((LOADS, (), False), ((*LOADS, *invoke_static(f"{name}->go()V")), said, True)):
        data = assemble(sorted([connects(name, url), main(*more)], key=lambda one: one.name))
        (found,) = read_code([("classes.dex", data)], load_knowledge(), declared(meta_data=meta)).endpoints
        assert found.counts is counts


def test_files_that_cannot_be_read_may_name_whatever_starts_a_part() -> None:
    def unread() -> Iterator[bytes]:
        raise ApkError("", code="damaged")

    data = assemble(
        [main(), connects("Lcom/google/appinventor/components/runtime/Voting;", "http://androvote.appspot.com")]
    )
    for others, counts in ((tuple, False), (unread, True)):
        (found,) = read_code([("classes.dex", data)], load_knowledge(), declared(), others=others).endpoints
        assert (found.counts, found.started) == (counts, None if counts else False)
