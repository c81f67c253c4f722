"""Each format but STIX: what is taken from a small file, and that a wholly other file is refused."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.files.bounds import YAML_SIZE
from phone_audit.knowledge.feeds.formats import FORMATS, recognised
from phone_audit.knowledge.feeds.indicator import About, Indicator, Rejected
from phone_audit.knowledge.feeds.text import FeedError
from phone_audit.knowledge.feeds.yaml_text import read_yaml
from tests.knowledge.feeds.cases import CASES
from tests.knowledge.feeds.feeds import with_one_changed

LINES = {"hosts", "values", "csv", "maltrail", "stalkerware-samples", "stalkerware-network"}
"""Formats in which every line stands for itself, so that nothing is wholly wrong."""


def test_every_format_has_a_case() -> None:
    assert set(CASES) | {"stix"} == set(FORMATS)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_small_file_of_each_format(name: str) -> None:
    text, taken, left_out = CASES[name]
    items = [*FORMATS[name].read(text.encode(), About("feed", FORMATS[name].class_))]
    found = [item for item in items if isinstance(item, Indicator)]
    assert [(item.kind, item.value, item.about.name, item.about.class_) for item in found] == taken
    reasons = [item.why for item in items if isinstance(item, Rejected)]
    assert len(reasons) == len(left_out), reasons
    for reason, words in zip(reasons, left_out, strict=True):
        assert words in reason


@pytest.mark.parametrize("name", sorted(set(FORMATS) - LINES))
@pytest.mark.parametrize("data", [b"", b"{", b"7", b"\x00\xff" * 50, b"[" * 100_000, b'"text"', b"a: [unclosed"])
def test_what_is_none_of_a_format_is_refused_as_a_whole(name: str, data: bytes) -> None:
    with pytest.raises(FeedError):
        list(FORMATS[name].read(data, About("feed", "malware")))


@given(
    st.sampled_from(sorted(FORMATS)),
    st.binary(max_size=200) | st.text(alphabet='[]{}:,"- \nab.1|^#', max_size=200).map(str.encode),
)
def test_any_bytes_raise_only_our_error(name: str, data: bytes) -> None:
    with contextlib.suppress(FeedError):
        for item in FORMATS[name].read(data, About("feed", "malware")):
            assert isinstance(item, Indicator | Rejected)


@pytest.mark.parametrize("wrong", [7, "x", None, {"a": 1}, [7, {"b": [2]}, None]])
@pytest.mark.parametrize("name", sorted(name for name, (text, _, _) in CASES.items() if text[0] in "[{"))
def test_a_value_of_another_shape_costs_no_more_than_itself(name: str, wrong: object) -> None:
    document = json.loads(CASES[name][0])
    for changed in with_one_changed(document, wrong):
        with contextlib.suppress(FeedError):
            list(FORMATS[name].read(json.dumps(changed).encode(), About("feed", "malware")))


@pytest.mark.parametrize("name", sorted(set(CASES) - {"values"}))
def test_a_file_is_recognised(name: str) -> None:
    text, _, _ = CASES[name]
    suffix = FORMATS[name].suffixes[0]
    found = recognised(f"feed{suffix}", text.encode())
    if name == "disconnect":
        found = recognised("feed.json", ('{"license": "Copyright Disconnect, Inc.", ' + text[1:]).encode())
    assert found is not None
    assert found.name == name


UNFOLDING = b"a: &a [x, x]\n" + b"".join(
    b"%c: &%c [*%c, *%c, *%c, *%c]\n" % (n + 1, n + 1, n, n, n, n) for n in range(97, 120)
)
MERGING = b"- &a {x: 1}\n" + b"".join(b"- &%c {<<: [*%c, *%c, *%c]}\n" % (n + 1, n, n, n) for n in range(97, 121))


@pytest.mark.promise("yaml-plain")
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"a" * (YAML_SIZE + 1), "too much for YAML"),
        (b"[unclosed", "no YAML"),
        (UNFOLDING, "alias or an anchor"),
        (MERGING, "alias or an anchor"),
        (b"- name: &x a\n", "alias or an anchor"),
        (b"- {name: *x}\n", "alias or an anchor"),
        (b"!!python/object/apply:os.system ['true']", "holds a tag"),
        (b"- !!int '1'", "holds a tag"),
        (b"[" * 100, "nested more than 32 levels"),
        (b"- a\n" * 500_001, "more than 500,000 values"),
    ],
)
def test_yaml_that_is_more_than_lists_of_texts_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(FeedError, match=sentence):
        read_yaml(data)


@pytest.mark.promise("yaml-plain")
def test_yaml_is_refused_before_anything_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(*_: object, **__: object) -> None:
        raise AssertionError("something was built")

    monkeypatch.setattr("yaml.load", build)
    with pytest.raises(FeedError, match="alias"):
        read_yaml(UNFOLDING)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None), ("~", None), ("", None), ("yes", True), ("false", False), ("7", "7"), ("1:1:1:1", "1:1:1:1"),
        ("9" * 5000, "9" * 5000), ("2026-01-31", "2026-01-31"), ("0x10", "0x10"), ("1e9", "1e9"), ("<<", "<<"),
    ],
)  # fmt: skip
def test_numbers_and_times_of_yaml_stay_texts(text: str, value: object) -> None:
    assert read_yaml(f"a: {text}".encode()) == {"a": value}


def test_samples_give_no_certificate() -> None:
    text, _, _ = CASES["stalkerware-samples"]
    items = FORMATS["stalkerware-samples"].read(text.encode(), About("feed", "stalkerware"))
    assert all(item.kind == "hash" for item in items if isinstance(item, Indicator))


@pytest.mark.parametrize(
    "data", [b"\r\x01", f"{'a' * 64}\r\n{'b' * 64}\r\n".encode(), f'"{"a" * 64}","{"b" * 64}"'.encode()]
)
def test_a_table_of_hashes_without_a_head(data: bytes) -> None:
    items = [item for item in FORMATS["csv"].read(data, About("feed", "malware")) if isinstance(item, Indicator)]
    assert [item.value for item in items] == (["a" * 64, "b" * 64] if b"a" in data else [])


@pytest.mark.parametrize("name", ["values", "hosts", "maltrail", "exodus"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_feed_as_windows_writes_it(name: str, encoding: str) -> None:
    about = About("feed", FORMATS[name].class_)
    text = CASES[name][0]
    assert [*FORMATS[name].read(text.encode(encoding), about)] == [*FORMATS[name].read(text.encode(), about)]


def test_characters_without_width_are_no_part_of_a_value() -> None:
    (item,) = FORMATS["values"].read("bad.example.net\u200b\n".encode(), About("feed", "malware"))
    assert isinstance(item, Indicator)
    assert item.value == "bad.example.net"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"signatures": {"a": {"code_signatures": ["com/a"], "code_signature": "x"}}}', "suss"),
        ('[{"id": "com.android.vending", "removal": "caution", "description": "a shop"}]', "debloat-list"),
    ],
)
def test_words_that_two_formats_have_do_not_mislead(text: str, name: str) -> None:
    found = recognised("feed.json", text.encode())
    assert found is not None
    assert found.name == name
