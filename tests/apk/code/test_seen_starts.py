"""What was seen to be started, beside what other code that cannot be followed may start."""

from collections.abc import Collection, Mapping, Sequence

import pytest

from phone_audit.apk.code import call_search
from phone_audit.apk.code.started_code import StartedCode
from phone_audit.apk.code.started_flows import with_started_steps
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import DexIndex, index_file
from phone_audit.apk.endpoints.address_nodes import Spot, TextUse
from phone_audit.apk.endpoints.started_hosts import UsesOf, with_started
from phone_audit.model.apk import Endpoint, HeldBy
from phone_audit.model.finding import Evidence
from tests.apk.code.test_started_code import HTTP, SEND, Units, flow, held, method, owner
from tests.apk.dex.assembler import Class, Ref, assemble, const_string

LOADS = (0x1070, Ref("method", "Ldalvik/system/DexClassLoader;-><init>()V"), 0)
"""Loads code from elsewhere, which may call anything."""
CALL = Evidence(
    kind="call", where="classes.dex", value="fetched: java.net.URL.openConnection", class_="lib.Http", method="send()V"
)


def main(*units: int | Ref) -> Class:
    create = method("onCreate(Landroid/os/Bundle;)V", *units, direct=False, access=1, ins=2)
    return Class("Lapp/Main;", [create], parent="Landroid/app/Activity;")


def indexed(*classes: Class) -> Sequence[DexIndex]:
    return index_file(read_dex("classes.dex", assemble(sorted(classes, key=lambda one: one.name))))


def started(indexes: Sequence[DexIndex], named: tuple[str, ...] | None = ("app.Main",)) -> StartedCode:
    return StartedCode(indexes, owner, named)


def settled(
    one: Endpoint,
    *classes: Class,
    named: tuple[str, ...] | None = ("app.Main",),
    uses_of: UsesOf = lambda _: {},
) -> Endpoint:
    indexes = indexed(*classes)
    file = indexes[0].file
    texts = {one.host: [(file.name, offset) for offset, _ in file.strings.holding(b"lib.example")]}
    ((found),) = with_started([one], [file], indexes, started(indexes, named), texts, uses_of=uses_of)
    return found


def connecting(**changes: object) -> Endpoint:
    return held(use_evidence=(CALL,), cleartext_use="fetched", **changes)


def test_what_was_seen_to_start_connects() -> None:
    assert settled(connecting(), HTTP, main(*SEND)) == connecting()
    assert settled(connecting(), HTTP, main(*LOADS, *SEND)) == connecting()


def test_what_only_other_code_may_start_is_not_settled_and_counts() -> None:
    """A maker who starts code by what cannot be followed hides nothing by it."""
    found = settled(connecting(), HTTP, main(*LOADS))
    assert (found.use, found.cleartext_use, found.start_seen, found.started) == ("unknown", "unknown", False, None)
    assert found.counts
    assert found.counts_in_cleartext
    (place,) = found.use_evidence
    assert place.value == ("unknown: nothing was seen to start this code, which connects: java.net.URL.openConnection")
    assert (place.class_, place.method) == (CALL.class_, CALL.method)


def test_what_a_library_may_call_on_an_object_is_not_seen_and_may_start() -> None:
    """What is called on an object in a way that is seen is; so are constructors, and methods that others stand for."""
    made = Class("Lapp/Made;", [method("other()V", *SEND, direct=False, access=1, ins=1)])
    makes = (0x0022, Ref("type", "Lapp/Made;"))
    calls = (0x106E, Ref("method", "Lapp/Made;->other()V"), 0)
    found = settled(connecting(), HTTP, made, main(*makes))
    assert (found.use, found.started, found.counts) == ("unknown", None, True)
    assert settled(connecting(), HTTP, made, main(*makes, *calls)) == connecting()


@pytest.mark.parametrize("is_open", [False, True])
def test_an_address_that_code_loads_which_is_started_and_other_code_connects_to(is_open: bool) -> None:
    """Where it is not settled what else becomes of it, it is not said that nothing starts what connects to it."""
    loads = Class("Llib/Loads;", [method("text()V", *const_string("http://lib.example/x"))])
    silent = Class("Llib/Http;", [method("send()V")])
    begins = main(0x0071, Ref("method", "Llib/Loads;->text()V"), 0)
    told: list[Sequence[Spot]] = []

    def uses_of(spots: Collection[Spot]) -> Mapping[Spot, TextUse]:
        told.append(tuple(spots))
        return {spot: TextUse("fetched", CALL, runs=False, is_open=is_open) for spot in spots}

    found = settled(connecting(), loads, silent, begins, uses_of=uses_of)
    assert (found.use, found.start_seen, found.started) == ("unknown", is_open, None)
    assert found.counts
    assert [spot.where for spots in told for spot in spots] == ["classes.dex"]
    runs = main(*(0x0071, Ref("method", "Llib/Loads;->text()V"), 0), *SEND)
    assert settled(connecting(), loads, silent, runs, uses_of=uses_of) == connecting()


def test_what_nothing_can_start_is_told_as_before() -> None:
    found = settled(connecting(), HTTP, main())
    assert (found.use, found.start_seen, found.started) == ("fetched", True, False)
    assert not found.counts


def test_other_texts_that_do_not_encrypt_keep_their_use() -> None:
    one = held(use_evidence=(CALL,), cleartext_use="opened")
    assert settled(one, HTTP, main(*LOADS)).cleartext_use == "opened"


def test_what_a_page_connects_to_is_not_asked_of_code() -> None:
    page = Evidence(kind="asset", where="assets/a.html", value="fetched: a script hands it to a call that connects")
    one = held(use_evidence=(page,))
    assert settled(one, HTTP, main(*LOADS)) == one


def test_a_host_that_an_asset_holds_too_is_asked_where_code_connects() -> None:
    asset = HeldBy(party="unknown", library=None, evidence=(Evidence(kind="asset", where="assets/a", value="x"),))
    one = held(asset, use_evidence=(CALL,))
    assert settled(one, HTTP, main()).use == "unknown"
    assert settled(one, HTTP, main(*SEND)).use == "fetched"


def test_where_the_manifest_was_not_read_nothing_is_said_of_starts() -> None:
    assert settled(connecting(), HTTP, main(*LOADS), named=None) == connecting()


def test_where_there_is_too_much_nothing_is_said_of_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_search, "_MOST", 0)
    assert settled(connecting(), HTTP, main()) == connecting()


def test_a_class_is_seen_to_be_used() -> None:
    indexes = indexed(HTTP, main(*LOADS))
    code = started(indexes)
    assert code.is_seen_ready(b"Lapp/Main;")
    assert not code.is_seen_ready(b"Llib/Http;")
    assert code.is_ready(b"Llib/Http;")


@pytest.mark.parametrize(
    ("units", "told", "seen"),
    [(SEND, True, True), (LOADS, True, False), ((*LOADS, *SEND), True, True), ((), False, False)],
)
def test_the_steps_of_a_flow(units: Units, told: bool, seen: bool) -> None:
    steps = flow(
        ("app.Main", "onCreate(Landroid/os/Bundle;)V"), ("lib.Http", "send()V"), ("android.os.Handler", "post()V")
    )
    (found,) = with_started_steps([steps], started(indexed(HTTP, main(*units))))
    assert (found.told, found.start_seen) == (told, seen)


HIDDEN = Class(
    "Lapp/Hidden;",
    [method("onCreate(Landroid/os/Bundle;)V", *SEND, direct=False, access=1, ins=2)],
    parent="Landroid/app/Activity;",
)
"""A screen that the manifest does not name, so that Android does not make it."""


def taking(name: str) -> Units:
    """Keep a class as a value, where whoever finds it may make an object of it."""
    return 0x001C, Ref("type", name), 0x0069, Ref("field", "Lapp/Main;->kept:Ljava/lang/Class;")


@pytest.mark.parametrize("named", [taking("Lapp/Hidden;"), const_string("app.Hidden")])
def test_a_screen_that_the_manifest_does_not_name_may_be_made_and_was_not_seen_to_be(named: Units) -> None:
    found = settled(connecting(), HTTP, HIDDEN, main(*named))
    assert (found.use, found.start_seen, found.started) == ("unknown", False, None)
    assert settled(connecting(), HTTP, HIDDEN, main(*named), named=("app.Main", "app.Hidden")) == connecting()
    assert settled(connecting(), HTTP, HIDDEN, main(*named, *SEND)) == connecting()


def test_an_application_that_the_manifest_does_not_name_may_be_made_and_was_not_seen_to_be() -> None:
    other = Class(
        "Lapp/Other;", [method("onCreate()V", *SEND, direct=False, access=1, ins=1)], parent="Landroid/app/Application;"
    )
    found = settled(connecting(), HTTP, other, main(*taking("Lapp/Other;")))
    assert (found.use, found.start_seen, found.started) == ("unknown", False, None)
    assert settled(connecting(), HTTP, other, main(*taking("Lapp/Other;")), named=("app.Main", "app.Other")).start_seen


LAST = Class("Lapp/Last;", [method("last()V")])
"""Nothing starts it: whoever asks for it has all looked through."""


@pytest.mark.parametrize("sends", ["between", "hidden"])
def test_a_screen_that_such_a_screen_names_may_be_made_too(sends: str) -> None:
    def screen(name: str, *units: int | Ref) -> Class:
        create = method("onCreate(Landroid/os/Bundle;)V", *units, direct=False, access=1, ins=2)
        return Class(name, [create], parent="Landroid/app/Activity;")

    names = taking("Lapp/Hidden;")
    between = screen("Lapp/Between;", *names, *(SEND if sends == "between" else ()))
    hidden = screen("Lapp/Hidden;", *(SEND if sends == "hidden" else ()))
    classes = HTTP, hidden, between, main(*taking("Lapp/Between;"))
    found = settled(connecting(), *classes)
    assert (found.use, found.start_seen, found.started) == ("unknown", False, None)
    code = started(indexed(*classes, LAST))
    assert not code.starts(*rows_of(code, "app.Last", "last()V"))
    assert not code.sees(*rows_of(code, "lib.Http", "send()V"))


ASKED = Class("Lapp/Asked;", [method("<init>()V"), method("byName()V", *SEND, direct=False, access=1, ins=1)])
"""What a library may call by the name of its method, once there is an object of it."""
MAKES: Units = (0x0022, Ref("type", "Lapp/Asked;"), 0x1070, Ref("method", "Lapp/Asked;-><init>()V"), 0)


def test_what_a_library_may_call_is_not_seen_to_be_started_whenever_its_object_is_made() -> None:
    create = method("onCreate(Landroid/os/Bundle;)V", *MAKES, direct=False, access=1, ins=2)
    making = Class("Lapp/Hidden;", [create], parent="Landroid/app/Activity;")
    for classes in ((main(*MAKES),), (making, main(*taking("Lapp/Hidden;")))):
        found = settled(connecting(), HTTP, ASKED, *classes)
        assert (found.use, found.start_seen, found.started) == ("unknown", False, None)
    assert settled(connecting(), HTTP, ASKED, main()).started is False


def rows_of(code: StartedCode, class_: str, name: str) -> tuple[int, int]:
    (row,) = code.named(class_, name)
    return row


def test_what_nothing_starts_is_idle() -> None:
    send = "send()V"
    for units, is_idle, is_settled in (((), True, True), (SEND, False, True), (LOADS, False, False)):
        code = started(indexed(HTTP, main(*units)))
        assert code.is_idle(*rows_of(code, "lib.Http", send)) is is_idle
        assert code.is_settled is is_settled


def test_a_component_that_the_manifest_does_not_name_is_idle_unless_it_was_seen_to_start() -> None:
    create = "onCreate(Landroid/os/Bundle;)V"
    called = (0x0071, Ref("method", f"Lapp/Hidden;->{create}"), 0)
    for units, named, is_idle in (
        (LOADS, ("app.Main",), True),
        ((*LOADS, *called), ("app.Main",), False),
        (LOADS, ("app.Main", "app.Hidden"), False),
        (LOADS, None, False),
    ):
        code = started(indexed(HTTP, HIDDEN, main(*units)), named)
        assert code.is_idle(*rows_of(code, "app.Hidden", create)) is is_idle
