"""The table of formats: what it says is so, and every document that a format draws gives hostile names back."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from phone_audit.cli.main import app
from phone_audit.cli.outputs import Output, check_formats, pair_outputs
from phone_audit.errors import UsageError
from phone_audit.files.bounded_json import CheckedJson
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.base import Frozen
from phone_audit.model.device import DeviceState
from phone_audit.model.finding import Evidence, Finding
from phone_audit.model.results import Devices, DevicesRun, Firmware
from phone_audit.pipeline.firmware import check_firmware
from phone_audit.pipeline.report import DOCUMENTS, parse_result
from phone_audit.report.canvas import Style
from phone_audit.report.formats import EXPORTED, FORMATS, KINDS, SUFFIXES, encoded, formats_of, kind_of, unfit
from phone_audit.report.json_v1 import render_json
from phone_audit.report.parquet import ROWS
from phone_audit.report.safe import visible
from tests.documents import TOOL, apk, apks, finding, scan
from tests.report.html.page_text import Page
from tests.report.test_draw_diff import change, diff
from tests.report.test_draw_phones import fleet, row
from tests.report.test_indicators import endpoint
from tests.watches import watch

ROOT = Path(__file__).parents[2]
NAME = "=1,\x1b[2J\u202e<b>\"&|`_*[x](//e)\\\u200b\n@é漢'{{7}}"
"""What an app, a phone or a file may call itself: a formula, an escape, marks of direction, HTML, Markdown, Jinja."""
STYLE = Style(stated_in="r.json", details=True)


def hostile(kind: str) -> Frozen:
    """Return a document of that kind in which something has the hostile name."""
    piece = Evidence(kind="package", where="AndroidManifest.xml", value="com.a")
    found: Finding = finding().model_copy(update={"title": NAME, "message": NAME, "evidence": (piece,)})
    package = apk(outcome="known-bad").model_copy(
        update={"findings": (found,), "endpoints": (endpoint("t.example", owner=NAME, category="advertising"),)}
    )
    device = DeviceState(serial="S", state="device", usable=True, via="usb", model=NAME, message="It is.", hint="")
    run = DevicesRun(started="2026-01-01T00:00:00Z")
    made: Mapping[str, Callable[[], Frozen]] = {
        "scan": lambda: scan("known-bad").model_copy(update={"findings": (found,), "apks": (package,)}),
        "fleet": lambda: fleet(scans=(row(1, model=NAME), row(2))),
        "apks": lambda: apks(package, outcome="known-bad"),
        "apk": lambda: package,
        "firmware": lambda: build_named(found),
        "watch": lambda: watch(outcome="known-bad", findings=(found,)),
        "devices": lambda: Devices(schema_="phone-audit/devices/1", devices=(device,), tool=TOOL, run=run),
        "diff": lambda: diff(change(subject=NAME, new=NAME, text=NAME)),
    }
    return made[kind]()


def build_named(found: Finding) -> Firmware:
    result = check_firmware(["PPR1.180610.011"], knowledge=load_knowledge())
    builds = tuple(build.model_copy(update={"input": NAME, "findings": (found,)}) for build in result.builds)
    return result.model_copy(update={"builds": builds})


def strings(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value."""
    if isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def markdown_texts(data: str) -> Iterator[str]:
    for token in MarkdownIt("commonmark").enable("table").parse(data):
        children = token.children or ()
        yield "".join(one.content for one in children if one.type in ("text", "code_inline", "text_special"))


def table_texts(data: bytes) -> Iterator[str]:
    yield from strings(pyarrow.parquet.read_table(io.BytesIO(data)).to_pylist())


READ: Mapping[str, Callable[[bytes], Iterator[str]]] = {
    "text": lambda data: iter([data.decode()]),
    "markdown": lambda data: markdown_texts(data.decode()),
    "json": lambda data: strings(json.loads(data)),
    "html": lambda data: iter([Page(data.decode()).text]),
    "jsonl": lambda data: strings([json.loads(line) for line in data.splitlines()]),
    "csv": lambda data: (cell for line in csv.reader(io.StringIO(data.decode())) for cell in line),
    "stix": lambda data: strings(json.loads(data)),
    "sarif": lambda data: strings(json.loads(data)),
    "hosts": lambda data: iter(data.decode().splitlines()),
    "parquet": table_texts,
}
"""How each format is read back: every text in it."""
EXACT = ("json", "jsonl", "stix", "sarif", "parquet")
"""Formats of values, from which a name comes back as it was; from the others as `visible` writes it."""


def squeezed(text: str) -> str:
    """Return a text without blanks: a line can be broken anywhere."""
    return "".join(text.split())


def drawn(name: str, document: Frozen) -> bytes:
    return b"".join(map(encoded, FORMATS[name].render(document, STYLE)))


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in formats_of([kind])])
def test_a_hostile_name_comes_back_and_the_bytes_are_the_same(kind: str, name: str) -> None:
    document = hostile(kind)
    data = drawn(name, document)
    assert data == drawn(name, document)
    assert data == drawn(name, parse_result(Path("r.json"), CheckedJson(render_json(document).encode())))
    texts = list(READ[name](data))
    if name in EXACT:
        assert NAME in texts
    else:
        shown = squeezed(visible(NAME))
        assert any(shown in squeezed(text) for text in texts), texts
    if name != "parquet":
        assert not set(data.decode()) & set("\x1b\u202e\u200b")


def test_what_the_table_says_is_there() -> None:
    assert [f"phone-audit/{kind}/1" for kind in sorted(KINDS)] == sorted(DOCUMENTS)
    assert set(FORMATS["parquet"].kinds) == set(ROWS)
    assert set(READ) == set(FORMATS)
    assert len(SUFFIXES) == sum(len(one.suffixes) for one in FORMATS.values())
    for kind in KINDS:
        assert kind_of(hostile(kind)) == kind
        assert {"text", "markdown", "json", "html"} <= set(formats_of([kind]))
    assert all(callable(FORMATS[name].export) for name in EXPORTED)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in ["pdf", *FORMATS]])
def test_a_format_that_does_not_fit_is_refused_in_one_sentence(kind: str, name: str) -> None:
    if name in formats_of([kind]):
        check_formats([Output(name, Path("x"))], [kind])
        return
    with pytest.raises(UsageError) as caught:
        check_formats([Output(name, Path("x"))], [kind])
    assert caught.value.message == unfit(name, [kind])
    assert caught.value.message.startswith(f"There is no format {name!r} for {KINDS[kind]}; there are text, ")


def test_what_a_saved_result_is_decides_what_it_can_be_drawn_as(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text(render_json(hostile("diff")), "utf-8")
    run = CliRunner().invoke(app, ["report", str(tmp_path / "d.json"), "-f", "hosts", "-o", str(tmp_path / "x")])
    assert isinstance(run.exception, UsageError)
    assert run.exception.message == (
        "There is no format 'hosts' for a comparison of two results; there are text, markdown, json, html and csv."
    )
    assert not (tmp_path / "x").exists()


@pytest.mark.slow
def test_the_demo_is_drawn_in_every_format_of_a_phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    files = {name: tmp_path / f"demo{FORMATS[name].suffixes[0]}" for name in formats_of(["scan"])}
    words = [word for file in files.values() for word in ("-o", str(file))]
    assert CliRunner().invoke(app, ["demo", "-q", *words]).exit_code == 0
    for name, file in files.items():
        assert any("AutoRegistration" in text or "zzhc.vnet.cn" in text for text in READ[name](file.read_bytes())), name
    one, other = (as_written(tmp_path, seed) for seed in ("1", "2"))
    assert one.keys() == other.keys() == {file.name for file in files.values()}
    assert [name for name in one if one[name] != other[name]] == []


def as_written(folder: Path, seed: str) -> dict[str, bytes]:
    """Return the demo's result in every format as another process writes it, whose sets have another order."""
    place = folder / seed
    place.mkdir()
    words = [word for name in formats_of(["scan"]) for word in ("-o", f"demo{FORMATS[name].suffixes[0]}")]
    command = [sys.executable, "-m", "phone_audit", "report", "../demo.json", *words]
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=place, env=environment, capture_output=True, check=True)
    return {file.name: file.read_bytes() for file in place.iterdir()}


def test_a_suffix_that_tells_nothing_names_those_that_fit() -> None:
    with pytest.raises(UsageError) as caught:
        pair_outputs([], [Path("x.pdf")], ["devices"])
    assert caught.value.hint == "Use one of .htm, .html, .json, .md, .txt, or give -f before -o."


def test_a_table_needs_its_extra_and_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys.stdout, "isatty", lambda: True)
        with pytest.raises(UsageError, match="parquet is no text, and standard output is a terminal"):
            check_formats([Output("parquet", None)], ["apks"])
    check_formats([Output("parquet", None)], ["apks"])
    monkeypatch.setattr("phone_audit.cli.outputs.find_spec", lambda _: None)
    with pytest.raises(UsageError, match="parquet needs pyarrow, which is not installed") as caught:
        check_formats([Output("parquet", Path("x"))], ["apks"])
    assert caught.value.hint.strip() == "pip install 'phone-audit[parquet]'"


def table() -> str:
    """Return the table of docs/report.md."""
    head = ["| format | " + " | ".join(f"`{kind}`" for kind in KINDS) + " | files |", "|---" * (len(KINDS) + 2) + "|"]
    for name, one in FORMATS.items():
        cells = ["yes" if kind in one.kinds else "" for kind in KINDS]
        head.append(f"| `{name}` | {' | '.join(cells)} | {' '.join(one.suffixes)} |")
    return "\n".join(head)


def test_the_documents_have_the_table() -> None:
    assert table() in (ROOT / "docs" / "report.md").read_text("utf-8"), table()
