from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.questions.settings import parse_settings


def test_values_may_hold_equals_signs_and_line_feeds() -> None:
    text = "adb_enabled=1\ncaptive_portal_http_url=http://x/?a=b\nempty=\nhttp_proxy=proxy.example\n:8080\n"
    assert parse_settings(text) == {
        "adb_enabled": ("1",),
        "captive_portal_http_url": ("http://x/?a=b",),
        "empty": ("",),
        "http_proxy": ("proxy.example\n:8080",),
    }


def test_a_key_that_is_there_twice_keeps_both_values() -> None:
    assert parse_settings("adb_enabled=1\nx=a\nadb_enabled=0\n")["adb_enabled"] == ("1", "0")


def test_what_is_no_list_gives_nothing() -> None:
    assert parse_settings("Error: no such namespace\n") == {}
    assert parse_settings("") == {}


@given(st.lists(st.sampled_from(["a", "=", "\n", " ", "\0", "b.c"])).map("".join))
def test_almost_valid_input_never_raises(text: str) -> None:
    assert all(values for values in parse_settings(text).values())
