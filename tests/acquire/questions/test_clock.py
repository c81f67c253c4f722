import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.questions.identity import parse_date, utc


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("1795611574 +0200\n", (1795611574, 7200)),
        ("1795611574 -0330\n", (1795611574, -12600)),
        ("1795611574 %z\n", (1795611574, 0)),
        ("1795611574\n", (1795611574, 0)),
        ("Wed Nov 25 12:59:34 UTC 2026\n", None),
        ("date: not found\n", None),
        ("", None),
    ],
)
def test_date(text: str, date: tuple[int, int] | None) -> None:
    assert parse_date(text) == date


@pytest.mark.parametrize(
    ("local", "offset", "time"),
    [
        ("2019-06-28 10:18:15", 7200, "2019-06-28T08:18:15Z"),
        ("2019-01-01 00:30:00", 3600, "2018-12-31T23:30:00Z"),
        ("2026-09-20 10:11:12.345", 0, "2026-09-20T10:11:12Z"),
        (
            "\u06f2\u06f0\u06f2\u06f6-\u06f1\u06f0-\u06f0\u06f3 \u06f0\u06f3:\u06f3\u06f8:\u06f3\u06f3",
            0,
            "2026-10-03T03:38:33Z",
        ),
        ("1970-01-01 01:00:00", 0, None),
        ("1969-12-31 18:00:00", -21600, None),
        ("2019-13-28 10:18:15", 0, None),
        ("2019-06-28", 0, None),
        ("", 0, None),
        (None, 0, None),
    ],
)
def test_utc(local: str | None, offset: int, time: str | None) -> None:
    assert utc(local, offset) == time


@given(st.text(st.sampled_from("0123456789-: +.\n"), max_size=25), st.integers(-50400, 50400))
def test_almost_valid_input_never_raises(text: str, offset: int) -> None:
    parse_date(text)
    utc(text, offset)
    utc(f"9999-12-31 23:59:{text[:2]}", offset)
