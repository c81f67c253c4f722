"""The rules of behaviour: schema, examples, and that every kind of thing the product promises has a rule."""

from typing import Any

import pytest
from pydantic import ValidationError

from phone_audit.knowledge.check.rules import check_behaviour
from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.schema.behaviour import BehaviourRule, Condition, Features, Held, Leaf

RULE: dict[str, Any] = {
    "id": "read.x", "title": "Reads X", "meaning": "It reads X.", "category": "identifier", "data": "x",
    "scope": "method", "match": {"all_of": [{"calls": ["a.B.c"]}, {"string_starts": ["pm "]}]},
    "source": "https://developer.android.com/reference/", "example": {"calls": ["a.B.c"], "strings": ["pm list"]},
    "near_miss": {"calls": ["a.B.c"], "strings": ["pmx"]},
}  # fmt: skip
NEED: dict[str, Any] = {"permissions": ["a.P"], "source": "https://developer.android.com/reference/"}
HELD: dict[str, Any] = {"sdk": 30, "target": 30}
ENOUGH: dict[str, Any] = HELD | {"permissions": ["a.P"]}
ASKED = {
    "imei", "imsi", "iccid", "serial", "mac", "android-id", "advertising-id", "location", "packages", "accounts",
    "contacts", "sms", "call-log", "clipboard", "audio", "camera", "screen",
}  # fmt: skip
ASKED_IDS = {
    "act.silent-install", "act.shell", "act.dynamic-code", "act.hidden-api", "listen.boot", "act.accessibility",
    "act.device-admin", "act.overlay", "act.vpn", "send.http-url-connection", "send.okhttp", "send.socket",
    "send.webview", "send.datagram", "send.native",
}  # fmt: skip


def problems(**changes: Any) -> list[str]:
    found: list[str] = []
    check_behaviour(BehaviourRule.model_validate(RULE | changes), lambda place, text: found.append(f"{place}: {text}"))
    return found


def test_every_kind_that_is_promised_has_a_rule() -> None:
    rules = load_knowledge().behaviours
    assert len(rules) >= 60
    assert {rule.data for rule in rules} >= ASKED
    assert {rule.id for rule in rules} >= ASKED_IDS
    assert {rule.scope for rule in rules} >= {"method", "class", "app"}


@pytest.mark.parametrize("rule", load_knowledge().behaviours, ids=lambda rule: rule.id)
def test_the_example_matches_and_the_near_miss_does_not(rule: BehaviourRule) -> None:
    found: list[str] = []
    check_behaviour(rule, lambda place, text: found.append(f"{place}: {text}"))
    assert found == []
    near = {leaf.kind for leaf in rule.near_miss.own_leaves}
    assert near & {leaf.kind.replace("_start", "") for leaf in rule.match.leaves()}, "it does not even look alike"


def test_a_rule_without_faults() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"id": "Read.X"}, "id: 'Read.X'; write read.…, act.…, listen.… or send.… in lower case"),
        ({"title": " "}, "title: missing; say it in plain words"),
        ({"meaning": "no end"}, "meaning: write whole sentences"),
        ({"source": "the docs"}, "source: 'the docs' is no address; name the reference, such as "),
        ({"example": {"calls": ["a.B.c"]}}, "example: does not match; correct it or the condition"),
        ({"near_miss": RULE["example"]}, "near_miss: matches; correct it or narrow the condition"),
        ({"near_miss": {}}, "near_miss: empty; name what looks alike and is something else"),
        (
            {"match": {"permissions": ["a.P"]}, "example": {"permissions": ["a.P"]}},
            "scope: nothing of it stands in code; a rule over the manifest alone has the scope app",
        ),
        ({"needs": [NEED | {"source": "the docs"}]}, "needs[0].source: 'the docs' is no address; name the reference"),
        (
            {"needs": [NEED | {"permissions": ["P"]}], "allowed_with": [HELD | {"permissions": ["P"]}]},
            "needs[0].permissions: 'P' is no whole name of a permission",
        ),
        ({"needs": [NEED], "refused_with": []}, "refused_with: missing; name what is not enough"),
        ({"needs": [NEED], "allowed_with": []}, "allowed_with: missing; name what is enough"),
        ({"needs": [NEED | {"since": 31}]}, "allowed_with[0]: is not enough; correct it or the needs"),
        ({"needs": [NEED], "refused_with": [ENOUGH]}, "refused_with[0]: is not refused; correct it or the needs"),
    ],
)
def test_faults(changes: dict[str, Any], expected: str) -> None:
    cases = {"allowed_with": [ENOUGH], "refused_with": [HELD]} if "needs" in changes else {}
    assert [line[: len(expected)] for line in problems(**(cases | changes))][:1] == [expected]


def test_what_android_asks_for() -> None:
    asks = [NEED | {"until": 28}, NEED | {"permissions": ["a.Q"], "since": 29, "target_since": 30}]
    rule = BehaviourRule.model_validate(RULE | {"needs": asks})

    def answer(sdk: int, target: int, *permissions: str) -> bool | None:
        return rule.allows(Held(sdk=sdk, target=target, permissions=permissions))

    assert [answer(28, 30, "a.P"), answer(28, 30, "a.Q"), answer(28, 30)] == [True, False, False]
    assert [answer(29, 30, "a.P"), answer(29, 30, "a.Q"), answer(29, 29)] == [False, True, None]


def test_each_need_that_applies_has_to_be_met() -> None:
    both = BehaviourRule.model_validate(RULE | {"needs": [NEED, NEED | {"permissions": ["a.Q"]}]})
    assert both.allows(Held(sdk=30, target=30, permissions=("a.P",))) is False
    assert both.allows(Held(sdk=30, target=30, permissions=("a.P", "a.Q"))) is True
    component = NEED | {"components": ["service guarded by a.BIND"]}
    either = BehaviourRule.model_validate(RULE | {"needs": [component]})
    assert either.allows(Held(sdk=30, target=30, components=("service guarded by a.BIND",))) is True
    assert either.allows(Held(sdk=30, target=30, components=("service guarded by a.OTHER",))) is False


@pytest.mark.parametrize(
    "match",
    [
        {}, {"calls": []}, {"calls": ["a.B.c"], "strings": ["x"]}, {"any_of": [{}]}, {"calls": ["getImei"]},
        {"calls": ["a.B.*"]}, {"components": ["receiver a.b.BOOT"]}, {"fields": ["B"]}, {"permissions": ["INTERNET"]},
    ],
)  # fmt: skip
def test_a_condition_that_cannot_be_read(match: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Condition.model_validate(match)


def test_conditions() -> None:
    call, text = Leaf("call", "a.B.c"), Leaf("string", "s")
    both = Condition.model_validate({"all_of": [{"calls": ["a.B.c", "a.B.d"]}, {"strings": ["s"]}]})
    either = Condition.model_validate({"any_of": [{"calls": ["a.B.c"]}, {"strings": ["s"]}]})
    assert [both.holds(seen) for seen in ({call, text}, {call}, {text}, set())] == [True, False, False, False]
    assert [either.holds(seen) for seen in ({call, text}, {call}, {text}, set())] == [True, True, True, False]
    assert list(both.leaves()) == [call, Leaf("call", "a.B.d"), text]


def test_features_show_beginnings_of_their_strings() -> None:
    starts = Condition.model_validate({"string_starts": ["pm ", "am "]})
    assert Features(strings=("pm list",)).seen_by(starts) >= {Leaf("string_start", "pm ")}
    assert not starts.holds(Features(strings=("pmx", "xpm ")).seen_by(starts))
