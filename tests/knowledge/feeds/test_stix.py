"""STIX patterns and bundles, beyond what MVT writes."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.knowledge.feeds.indicator import About, Indicator, Rejected
from phone_audit.knowledge.feeds.stix import read_stix
from phone_audit.knowledge.feeds.stix_pattern import Comparison, PatternError, comparisons
from phone_audit.knowledge.feeds.text import FeedError
from tests.knowledge.feeds.feeds import with_one_changed

UNNAMED = About("file", "malware")


def bundle(*patterns: str, **malware: Any) -> bytes:
    objects: list[dict[str, Any]] = [{"type": "malware", "id": "malware--1", "name": "SpyOne", **malware}]
    for number, pattern in enumerate(patterns):
        objects.append({"type": "indicator", "id": f"indicator--{number}", "pattern": pattern, "pattern_type": "stix"})
        objects.append(
            {"type": "relationship", "source_ref": f"indicator--{number}", "target_ref": "malware--1",
             "id": f"relationship--{number}", "relationship_type": "indicates"}
        )  # fmt: skip
    return json.dumps({"type": "bundle", "objects": objects}).encode()


def taken(*patterns: str, **malware: Any) -> list[tuple[str, str, str]]:
    items = [item for item in read_stix(bundle(*patterns, **malware), UNNAMED) if isinstance(item, Indicator)]
    assert {item.about.name for item in items} <= {"SpyOne"}
    return [(item.kind, item.value, item.about.weight) for item in items]


def left_out(*patterns: str) -> list[str]:
    return [item.why for item in read_stix(bundle(*patterns), UNNAMED) if isinstance(item, Rejected)]


@pytest.mark.parametrize(
    ("pattern", "indicator"),
    [
        ("[domain-name:value='evil.example']", ("host", "evil.example", "strong")),
        ("[ domain-name:value == 'evil.example' ]", ("host", "evil.example", "strong")),
        ("[ipv4-addr:value='8.8.8.8']", ("address", "8.8.8.8", "strong")),
        ("[ipv6-addr:value = '2001:4860:4860::8888']", ("address", "2001:4860:4860::8888", "strong")),
        ("[ipv4-addr:value = '8.8.8.0/24']", ("network", "8.8.8.0/24", "strong")),
        ("[url:value='http://evil.example/a?b=c&d=e']", ("url", "evil.example/a?b=c&d=e", "strong")),
        (r"[url:value='http://evil.example/it\'s']", ("url", "evil.example/it's", "strong")),
        (f"[file:hashes.sha256='{'A' * 64}']", ("hash", "a" * 64, "strong")),
        (f"[file:hashes.'SHA-256' = '{'a' * 64}']", ("hash", "a" * 64, "strong")),
        (f"[file:hashes.MD5 = '{'b' * 32}']", ("hash", "b" * 32, "strong")),
        (f"[file:hashes['SHA-1'] = '{'c' * 40}']", ("hash", "c" * 40, "strong")),
        ("[file:name='payload.dex']", ("file", "payload.dex", "strong")),
        ("[file:name='/data/x/payload.dex']", ("path", "/data/x/payload.dex", "strong")),
        ("[file:path='/data/x/']", ("path", "/data/x", "strong")),
        ("[app:id='com.spy.one']", ("package", "com.spy.one", "strong")),
        (f"[app:cert.sha1='{'d' * 40}']", ("certificate", "d" * 40, "strong")),
        (f"[x509-certificate:hashes.'SHA-256'='{'d' * 64}']", ("certificate", "d" * 64, "strong")),
        ("[android-property:name='sys.brand.note']", ("property", "sys.brand.note", "strong")),
        ("[x-android-property:name='a.b' AND x-android-property:value='x=y']", ("property", "a.b=x=y", "strong")),
        ("[process:name='spyd']", ("process", "spyd", "strong")),
        ("[url:value='http://evil.example/'] START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'",
         ("host", "evil.example", "strong")),
    ],
)  # fmt: skip
def test_patterns_of_one_comparison(pattern: str, indicator: tuple[str, str, str]) -> None:
    assert taken(pattern) == [indicator]
    assert left_out(pattern) == []


def test_or_keeps_each_part_whole_and_and_weakens_what_is_no_file_and_no_key() -> None:
    assert taken("[app:id='a.b' OR app:id='c.d']") == [("package", "a.b", "strong"), ("package", "c.d", "strong")]
    both = f"[file:hashes.MD5='{'a' * 32}' AND file:name='payload.dex']"
    assert taken(both) == [("hash", "a" * 32, "strong"), ("file", "payload.dex", "weak")]
    order = "[domain-name:value='a.example'] FOLLOWEDBY ([app:id='a.b'] OR [app:id='c.d']) WITHIN 5 SECONDS"
    assert [weight for _, _, weight in taken(order)] == ["weak", "weak", "weak"]
    mixed = "[app:id='a.b'] OR [app:id='c.d' AND file:name='payload.dex'] REPEATS 2 TIMES"
    assert [weight for _, _, weight in taken(mixed)] == ["strong", "weak", "weak"]


def test_a_set_is_each_of_its_values() -> None:
    assert taken("[domain-name:value IN ('a.example', 'b.example')]") == [
        ("host", "a.example", "strong"),
        ("host", "b.example", "strong"),
    ]


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("[domain-name:value != 'a.example']", "what must not be there"),
        ("[domain-name:value NOT = 'a.example']", "what must not be there"),
        ("[file:name LIKE '%.dex']", "LIKE cannot be looked up"),
        ("[file:name MATCHES '^a']", "MATCHES cannot be looked up"),
        ("[configuration-profile:id='x']", "iPhones only"),
        ("[email-addr:value='a@b.example']", "mail addresses"),
        ("[windows-registry-key:key='x']", "not looked for on a phone"),
        ("[android-property:value='x']", "without its name"),
        ("[domain-name:value='com.br']", "public suffix"),
        ("[domain-name:value='a.example'", "']' is missing"),
        ("[domain-name:value]", "is no operator"),
        ("domain-name:value='a.example' [", "nothing may follow"),
        ("[domain-name:value=]", "is no value"),
        ("", "the pattern ends"),
        ("[" * 100, "nested too deeply"),
        ("\u2603", "is no part of a STIX pattern"),
    ],
)
def test_what_is_left_out_says_why(pattern: str, why: str) -> None:
    assert taken(pattern) == []
    assert len(left_out(pattern)) == 1
    assert why in left_out(pattern)[0]


def test_one_bad_indicator_costs_only_itself() -> None:
    assert taken("[broken", "[app:id='a.b']", "[app:id='not a name']") == [("package", "a.b", "strong")]
    assert len(left_out("[broken", "[app:id='a.b']", "[app:id='not a name']")) == 2


def test_the_malware_gives_name_and_class() -> None:
    items = [*read_stix(bundle("[app:id='a.b']", malware_types=["Spyware", "trojan"]), UNNAMED)]
    assert items == [Indicator("package", "a.b", About("SpyOne", "spyware"))]
    alone = json.dumps([{"type": "indicator", "id": "indicator--9", "pattern": "[app:id='a.b']", "name": "x"}]).encode()
    assert [*read_stix(alone, UNNAMED)] == [Indicator("package", "a.b", UNNAMED)]


def test_what_was_taken_back_and_other_languages_are_left_out() -> None:
    objects = [
        {"type": "indicator", "id": "indicator--1", "pattern": "[app:id='a.b']", "revoked": True},
        {"type": "indicator", "id": "indicator--2", "pattern": "alert tcp any", "pattern_type": "snort"},
        "no object", {"type": "indicator"},
    ]  # fmt: skip
    found = [*read_stix(json.dumps({"objects": objects}).encode(), UNNAMED)]
    assert [item.why for item in found if isinstance(item, Rejected)] == [
        "the publisher took it back (revoked)",
        "its pattern is snort, not STIX",
        "the pattern ends where an object path such as file:name belongs",
    ]


def changed(kind: str, *patterns: str, **changes: Any) -> bytes:
    """Return a bundle whose objects of one type have other fields."""
    document = json.loads(bundle(*patterns))
    for it in document["objects"]:
        it.update(changes if it["type"] == kind else {})
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("types", "why"),
    [
        (["benign"], "the publisher calls it benign"),
        (["Benign", "malicious-activity"], "the publisher calls it benign"),
        (["unknown", "anonymization"], "the publisher calls it anonymization and unknown"),
        (["unknown", "malicious-activity"], None),
        (["malicious-activity"], None),
        ([], None),
    ],
)
def test_what_the_publisher_calls_harmless_is_left_out(types: list[str], why: str | None) -> None:
    data = changed("indicator", "[domain-name:value='a.example']", indicator_types=types)
    assert [getattr(it, "why", None) for it in read_stix(data, UNNAMED)] == [why]


@pytest.mark.parametrize(
    ("until", "weight"),
    [
        ("2026-01-31T23:59:59.5Z", "weak"), ("2026-01-31", "weak"), ("2026-02-01T00:00:01Z", "strong"),
        ("2026-02-01T00:30:00+01:00", "weak"), ("soon", "strong"), (7, "strong"),
    ],
)  # fmt: skip
def test_a_host_whose_time_is_over_is_weak(until: object, weight: str) -> None:
    patterns = ("[domain-name:value='a.example']", "[ipv4-addr:value='8.8.8.8']", "[app:id='com.a']")
    data = changed("indicator", *patterns, valid_until=until)
    found = read_stix(data, UNNAMED, lambda: datetime(2026, 2, 1, tzinfo=UTC))
    assert [(it.kind, it.about.weight) for it in found if isinstance(it, Indicator)] == [
        ("host", weight), ("address", weight), ("package", "strong"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("relationship", {"revoked": True}),
        ("relationship", {"relationship_type": "related-to"}),
        ("malware", {"revoked": True}),
    ],
)
def test_only_what_an_indicator_indicates_names_it(kind: str, changes: dict[str, Any]) -> None:
    data = changed(kind, "[app:id='com.a']", **changes)
    assert [*read_stix(data, UNNAMED)] == [Indicator("package", "com.a", UNNAMED)]


@pytest.mark.parametrize("wrong", [7, "x", None, {"a": 1}, [7, {"b": [2]}, None]])
def test_a_value_of_another_shape_costs_no_more_than_itself(wrong: object) -> None:
    pair = "[android-property:name='a' AND android-property:value='b']"
    document = json.loads(bundle("[app:id='a.b']", pair, malware_types=["spyware"], labels=["x"]))
    for changed in with_one_changed(document, wrong):
        with contextlib.suppress(FeedError):
            list(read_stix(json.dumps(changed).encode(), UNNAMED))


@pytest.mark.parametrize("data", [b"", b"{", b'{"a": 1}', b"[" * 100_000, b"\xff\xfe", b'"x"'])
def test_what_is_no_bundle(data: bytes) -> None:
    with pytest.raises(FeedError):
        list(read_stix(data, UNNAMED))


def test_a_comparison_as_a_whole() -> None:
    assert comparisons("[a:b IN (1, 'x') AND NOT a:c = true]") == [
        Comparison("a:b", "IN", ("1", "x"), joint=True),
        Comparison("a:c", "=", ("true",), joint=True, negated=True),
    ]


PIECES = (
    "[", "]", "(", ")", " AND ", " OR ", " FOLLOWEDBY ", "NOT ", "a:b", "=", " IN ", "'x'", "'", ",",
    " WITHIN 5 SECONDS",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES)))
def test_almost_patterns_raise_only_our_error(parts: list[str]) -> None:
    with contextlib.suppress(PatternError):
        assert all(part.path.startswith("a:b") for part in comparisons("".join(parts)))
