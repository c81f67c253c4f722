"""The file that `--accept` names: read within bounds, and what is wrong with it is said so that it can be mended."""

import json
import os
from pathlib import Path

import pytest

from phone_audit.errors import AcceptanceError
from phone_audit.files.bounds import ACCEPTED_SIZE
from phone_audit.model.acceptance import AcceptedEntry
from phone_audit.pipeline.accept_file import read_accepted
from tests.model.test_acceptance import ENTRY, KEY

WHOLE = f"""
# what we answer for
accept:
  - finding: {KEY}
    by: Jo
    at: 2026-01-31
    reason: Our own proxy.
    severity: high
    until: 2026-06-30
"""


def accepted(folder: Path, text: str | bytes) -> tuple[AcceptedEntry, ...]:
    path = folder / "accept.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_accepted(path)


def test_yaml_and_json(tmp_path: Path) -> None:
    assert accepted(tmp_path, WHOLE) == (ENTRY,)
    assert accepted(tmp_path, json.dumps({"accept": [ENTRY.model_dump()]})) == (ENTRY,)
    assert accepted(tmp_path, "accept: []") == ()
    without_end = accepted(tmp_path, WHOLE.replace("    until: 2026-06-30\n", ""))
    assert without_end == (ENTRY.model_copy(update={"until": None}),)
    digits = accepted(tmp_path, WHOLE.replace(KEY, "1" * 16).replace("Jo", "true story"))
    assert (digits[0].finding, digits[0].by) == ("1" * 16, "true story")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds no list called accept"),
        ("[]", "holds no list called accept"),
        ("accept: x", "holds no list called accept"),
        ("accept: []\nmore: 1", "has a part 'more', which has no place there"),
        ("accept: [x]", "Entry 1 of .* is no set of fields"),
        ("accept: [{}]", "Entry 1 of .* lacks finding: the key of a finding, 16 hexadecimal digits"),
        (WHOLE.replace("    reason: Our own proxy.\n", ""), "Entry 1 of .* lacks reason: why it is accepted"),
        (WHOLE.replace("Our own proxy.", ""), "has a wrong reason: it has to be why it is accepted"),
        (WHOLE.replace("Jo", "'  '"), "has a blank by"),
        (WHOLE.replace("Our own proxy.", "'\u2800'"), "has a blank reason"),
        (WHOLE.replace("Jo", "yes"), "has a wrong by: it has to be who answers for it"),
        (WHOLE.replace("Jo", "'" + "J" * 1001 + "'"), "has a wrong by"),
        (WHOLE.replace(KEY, KEY.upper()), "has a wrong finding"),
        (WHOLE.replace(KEY, KEY + "0"), "has a wrong finding"),
        (WHOLE.replace("2026-06-30", "30.6.2026"), "has a wrong until: it has to be the last day"),
        (WHOLE.replace("2026-06-30", "2026-02-30"), "until is 2026-02-30, and there is no such day"),
        (WHOLE.replace("2026-06-30", "2026-01-30"), "ends before it begins"),
        (WHOLE.replace("    severity: high\n", ""), "lacks severity: the worst severity that is accepted"),
        (WHOLE.replace("high", "none"), "has a wrong severity: it has to be the worst severity that is accepted"),
        (WHOLE + "    seen: x\n", "has a wrong seen: it has to be what the finding shows, 16 hexadecimal digits"),
        (
            WHOLE.replace("reason:", "why:"),
            "lacks reason|has a field 'why'; fields are finding, by, at, reason, severity, seen, until",
        ),
        (WHOLE + WHOLE.split("accept:\n")[1], "Entries 1 and 2 of .* name the same finding"),
        (WHOLE + WHOLE, "was not understood: 'accept' stands twice in one place, again in line 12"),
        (WHOLE + "    severity: low\n", "was not understood: 'severity' stands twice in one place"),
        ('{"accept": [], "accept": []}', "'accept' stands twice in one place, again in line 1"),
        ("accept: [", "was not understood: it is no YAML"),
        ("accept: &a []", "was not understood: it holds an alias or an anchor"),
        ("accept: !!python/object:os.system []", "was not understood: it holds a tag"),
        ("accept: " + "[" * 100 + "]" * 100, "nested more than 32 levels"),
        (b"accept: \xff", "was not understood"),
        ("#" * (ACCEPTED_SIZE + 1), "is larger than 1,048,576 bytes"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    with pytest.raises(AcceptanceError, match=sentence) as raised:
        accepted(tmp_path, text)
    assert len(raised.value.message) < 600
    assert raised.value.hint


@pytest.mark.timeout(10)
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AcceptanceError, match="it is no regular file"):
        read_accepted(tmp_path / "pipe")
    with pytest.raises(AcceptanceError, match="cannot be read"):
        read_accepted(tmp_path / "none")
