"""Numbers that a person states: how a list of them is read, and what is refused."""

from pathlib import Path

import pytest

from phone_audit.errors import UsageError
from phone_audit.model.device import PhoneIdentifier
from phone_audit.pipeline.own_numbers import read_own_numbers

TRAFFIC = (Path("a.pcap"),)


def written(folder: Path, text: str) -> Path:
    path = folder / "numbers.txt"
    path.write_text(text, "utf-8")
    return path


def test_each_line_is_a_kind_and_a_number(tmp_path: Path) -> None:
    text = (
        "# mine\n\nIMEI 49-015420-323751-8\nimei 490154203237526 # second SIM\nmac 00:1a:2b:3c:4d:5e\n"
        "iccid 8947080012345678901\nimsi 242011234567890\nserial B2N0001\nandroid-id 0123456789abcdee\n"
    )
    assert read_own_numbers(written(tmp_path, text), TRAFFIC) == (
        PhoneIdentifier(kind="imei", value="490154203237518"),
        PhoneIdentifier(kind="imei", value="490154203237526"),
        PhoneIdentifier(kind="mac", value="00:1a:2b:3c:4d:5e"),
        PhoneIdentifier(kind="iccid", value="8947080012345678901"),
        PhoneIdentifier(kind="imsi", value="242011234567890"),
        PhoneIdentifier(kind="serial", value="B2N0001"),
        PhoneIdentifier(kind="android-id", value="0123456789abcdee"),
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds no number"),
        ("imei 490154203237518\nimei 4711\n", "Line 2 of"),
        ("imei\n", "Line 1 of"),
        ("phone 490154203237518\n", "Line 1 of"),
        ("490154203237518\n", "Line 1 of"),
        ("serial a b c d e f\n", "Line 1 of"),
        ("serial 12345\n", "Line 1 of"),
        ("#" * 20_000, "larger than"),
    ],
)
def test_what_is_none_is_refused_and_not_repeated(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as raised:
        read_own_numbers(written(tmp_path, text), TRAFFIC)
    assert "imei 490154203237518" in raised.value.hint
    assert "4711" not in raised.value.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_own_numbers(tmp_path / "none.txt", TRAFFIC)
