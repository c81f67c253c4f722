"""Values in messages are cut before their text is built."""

from phone_audit.files.short_repr import short_repr


def test_large_values_are_cut() -> None:
    assert short_repr("a" * 10**7, 13) == "'aaaa...aaaa'"
    assert short_repr([0] * 10**6) == "[0, 0, 0, 0, ...]"
    assert short_repr(dict.fromkeys(range(1000), "x")) == "{0: 'x', 1: 'x', 2: 'x', 3: 'x', ...}"
    assert short_repr([[[[[1]]]]]) == "[[[...]]]"
    assert len(short_repr({"k" * 500: ["v" * 500] * 9})) <= 80
    assert "bits" in short_repr(10**5000)
    assert short_repr(None) == "None"
    assert short_repr(["\ud800\x1b"]) == "['\\ud800\\x1b']"
