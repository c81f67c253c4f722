"""`-f` and `-o`: paired in order, files by suffix, one result for standard output."""

from pathlib import Path

import pytest

from phone_audit.cli.outputs import Output, pair_outputs, write_outputs
from phone_audit.errors import UsageError
from tests.documents import scan

ALL = ("text", "json", "jsonl")


@pytest.mark.parametrize(
    ("formats", "paths", "outputs"),
    [
        ([], [], [Output("text", None)]),
        (["json"], [], [Output("json", None)]),
        ([], ["x.json"], [Output("json", Path("x.json"))]),
        (["text"], ["x.json"], [Output("text", Path("x.json"))]),
        (["json", "text"], ["x"], [Output("json", Path("x")), Output("text", None)]),
        (["json"], ["-"], [Output("json", None)]),
    ],
)
def test_pairs(formats: list[str], paths: list[str], outputs: list[Output]) -> None:
    assert list(pair_outputs(formats, [Path(path) for path in paths], ALL)) == outputs


@pytest.mark.parametrize(
    ("formats", "paths"), [(["pdf"], []), ([], ["x.pdf"]), ([], ["x"]), (["json", "text"], []), (["jsonl"], ["-", "-"])]
)
def test_wrong_usage(formats: list[str], paths: list[str]) -> None:
    with pytest.raises(UsageError):
        pair_outputs(formats, [Path(path) for path in paths], ALL)


def test_a_file_that_cannot_be_written_has_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_outputs(scan(), [Output("json", tmp_path / "none" / "x.json")])


def test_files_are_written_whole(tmp_path: Path) -> None:
    write_outputs(scan(), [Output("json", tmp_path / "x.json")])
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]
