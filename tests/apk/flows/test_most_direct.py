"""Of flows with the same claim the most direct are told; a longer one that says anything else is told, too."""

from collections.abc import Sequence

import pytest

from phone_audit.apk.code.libraries import Owner
from phone_audit.apk.flows.most_direct import with_most_direct
from phone_audit.model.apk import Behaviour, Endpoint, FlowStep
from phone_audit.model.finding import Evidence
from tests.judge.cases import endpoint

OWNERS = {"lib": Owner("library", "Lib"), "other": Owner("library", "Other")}


def owner(name: str) -> Owner:
    return OWNERS.get(name.partition(".")[0], Owner("first-party", None))


def step(class_: str, what: str = "calls a.B.c", offset: int = 0) -> FlowStep:
    return FlowStep(class_=class_, method="f()V", offset=offset, what=what)


READ, SEND = step("app.Main"), step("app.Http")
FIELD, NAME = step("app.Main", "keeps it in app.Main.x"), step("app.Main", "puts it under the name 'x'")


def flow(
    *steps: FlowStep, data: str = "imei", cleartext: bool | None = None, unsure: bool = False, sink: str | None = None
) -> Behaviour:
    return Behaviour(
        id=f"flow.{data}-network", title="", evidence=(), data=data, steps=steps, cleartext=cleartext, sink=sink,
        library_only=unsure,
    )  # fmt: skip


def unsure(flow: Behaviour) -> int:
    return sum(step.what.startswith(("keeps it ", "puts it ")) for step in flow.steps or ())


def told(*flows: Behaviour, endpoints: Sequence[Endpoint] = ()) -> list[bool]:
    found = list(with_most_direct(flows, endpoints, owner, unsure))
    assert [one.steps for one in found] == [one.steps for one in flows], "all stay listed, in their order"
    return [one.told for one in found]


def test_a_less_sure_way_to_the_same_claim_is_not_told_again() -> None:
    direct, kept, named = flow(READ, SEND), flow(READ, FIELD, SEND), flow(READ, FIELD, NAME, SEND)
    assert told(kept, direct, named) == [False, True, False]
    assert told(kept, named) == [True, False]
    assert told(named) == [True]
    assert told(direct, flow(step("app.Main", offset=8), FIELD, SEND)) == [True, False], "wherever it was read"
    assert told(direct, flow(READ, step("app.Web"))) == [True, True], "each of the surest ones is told"
    assert told(direct, flow(READ, step("app.Main", "encrypts it: x"), SEND)) == [True, True]


def test_nobody_hides_another_claim_behind_a_direct_one() -> None:
    direct = flow(READ, SEND, cleartext=False)
    for other in (
        flow(READ, FIELD, SEND, cleartext=True),
        flow(READ, FIELD, step("lib.Http")),
        flow(READ, FIELD, SEND, data="location"),
        flow(READ, FIELD, step("app.Web")),
        flow(READ, step("app.Main", "encrypts it: x"), FIELD, SEND),
    ):
        assert told(direct, other) == [True, True]
    assert told(flow(READ, step("lib.Http")), flow(READ, FIELD, step("other.Http"))) == [True, True]


def test_a_digest_takes_nothing_away_from_what_is_encrypted() -> None:
    digest = flow(READ, step("app.Main", "makes a digest of it: x"), SEND)
    assert told(digest, flow(READ, step("app.Main", "encrypts it: x"), FIELD, SEND)) == [True, True]
    assert told(digest, flow(READ, step("app.Main", "makes a digest of it: x"), FIELD, SEND)) == [True, False]


@pytest.mark.parametrize("changes", ["encrypts it: x", "hands it to native code, which may encrypt it"])
def test_what_is_encrypted_takes_nothing_away_from_what_can_be_read(changes: str) -> None:
    encrypted = flow(READ, step("app.Main", changes), SEND)
    assert told(encrypted, flow(READ, FIELD, SEND)) == [True, True]
    assert told(encrypted, flow(READ, step("app.Main", changes), FIELD, SEND)) == [True, False]


def test_what_is_not_told_itself_takes_nothing_away() -> None:
    assert told(flow(READ, SEND, unsure=True), flow(READ, FIELD, SEND)) == [False, True]


def test_one_that_nothing_was_seen_to_start_takes_the_place_of_none_that_was() -> None:
    unseen = flow(READ, SEND).model_copy(update={"start_seen": False})
    found = with_most_direct([unseen, flow(READ, FIELD, SEND)], (), owner, unsure)
    assert [(one.told, one.start_seen) for one in found] == [(True, False), (True, True)]


WEB = "java.net.URL.openConnection"


def test_what_a_library_does_with_what_it_is_handed_is_not_told_again() -> None:
    handed = flow(READ, SEND, sink="lib.a.Client.send")
    inside = flow(READ, step("lib.a.Call"), sink=WEB)
    assert told(handed, inside) == [True, False]
    assert told(inside) == [True]
    assert told(flow(READ, step("lib.a.Api"), sink="lib.a.Client.send"), inside) == [True, True], (
        "nobody handed it over"
    )
    assert told(handed, flow(READ, step("lib.b.Call"), sink=WEB)) == [True, True], "another package"
    assert told(flow(READ, SEND, sink="Client.send"), flow(READ, step("Own"), sink=WEB)) == [True, True]


def test_nobody_hides_another_claim_behind_what_a_library_was_handed() -> None:
    handed = flow(READ, SEND, sink="lib.a.Client.send")
    call = step("lib.a.Call")
    for other in (
        flow(READ, call, sink=WEB, cleartext=True),
        flow(READ, call, sink=WEB, data="location"),
        flow(step("app.Main", offset=8), call, sink=WEB),
        flow(READ, step("lib.a.Call", "encrypts it: x"), call, sink=WEB),
    ):
        assert told(handed, other) == [True, True]
    assert told(flow(READ, SEND, sink="lib.a.Client.send", unsure=True), flow(READ, call, sink=WEB)) == [False, True]


def test_two_libraries_that_hand_the_same_data_to_each_other_hide_nothing() -> None:
    to_b = flow(READ, step("lib.a.Evil"), sink="lib.b.Client.send")
    to_a = flow(READ, step("lib.b.Evil"), sink="lib.a.Client.send")
    assert told(to_b, to_a) == [True, True]
    own = flow(READ, SEND, sink="lib.a.Client.send")
    assert told(own, to_b) == [True, False]
    assert told(own, to_b, flow(READ, step("lib.b.Call"), sink=WEB)) == [True, False, True], (
        "what is hidden hides nothing"
    )


def test_a_longer_flow_that_is_not_told_hides_nothing() -> None:
    longer = flow(READ, FIELD, SEND, sink="lib.a.Client.send")
    assert told(flow(READ, SEND, sink=WEB), longer, flow(READ, step("lib.a.Call"), sink=WEB)) == [True, False, True]


def test_code_in_the_package_of_a_library_that_names_a_host_is_told() -> None:
    handed, inside = flow(READ, SEND, sink="lib.a.Client.send"), flow(READ, step("lib.a.Evil"), sink=WEB)
    call = Evidence(kind="call", where="classes.dex", value="fetched: x", class_="lib.a.Evil", method="f()V")
    host = endpoint("evil.example").model_copy(update={"use": "fetched", "use_evidence": (call,)})
    assert told(handed, inside, endpoints=[host]) == [True, True]
    other = call.model_copy(update={"class_": "lib.a.Other"})
    assert told(handed, inside, endpoints=[host.model_copy(update={"use_evidence": (other,)})]) == [True, False]
