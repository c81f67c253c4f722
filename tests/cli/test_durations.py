import pytest
import typer

from phone_audit.cli.durations import duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10m", 600),
        ("90s", 90),
        ("45", 45),
        ("1h30m", 5400),
        ("1d", 86400),
        (" 2M ", 120),
        ("1.5s", 1.5),
        ("5min", 300),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "0", "0s", "-5", "ten", "1x", "5 m m", "m10"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        duration(text)


def test_none_is_none() -> None:
    assert duration(None) is None
