"""Whatever is written in the place of a value, a result is drawn or refused with a sentence; nothing else happens."""

import copy
import json
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from phone_audit.errors import ResultError
from phone_audit.files.bounded_json import CheckedJson
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.device import DeviceState
from phone_audit.model.diff import Diff
from phone_audit.model.results import Devices, DevicesRun, Difference, FleetModel, OddOne
from phone_audit.pipeline.firmware import check_firmware
from phone_audit.pipeline.report import judged_outcomes, parse_result
from phone_audit.report.canvas import Style
from phone_audit.report.formats import formats_of, kind_of, render
from phone_audit.report.json_v1 import render_json
from tests.detect.watch.test_connection_join import seen
from tests.documents import TOOL, apk, apks, scan
from tests.pipeline.mutated_results import ODD, places, put
from tests.report.test_draw_diff import UNREAD, change, diff
from tests.report.test_draw_phones import fleet, group, row
from tests.report.test_indicators import endpoint
from tests.watches import watch

NAME = Path("r.json")
STYLE = Style(stated_in="r.json", seal="It is not sealed.")
BESIDE = scan().model_copy(update={"apks": ()})
"""A scan beside which a comparison is drawn."""
STARTED = "2026-01-01T00:00:00Z"
SETTINGS = "Model  Nokia 7 plus\nBuild number  00WW_3_22C_SP03\nAndroid security patch level  1 March 2019\n"


@cache
def documents() -> dict[str, Any]:
    bad = apk(outcome="known-bad").model_copy(
        update={"endpoints": (endpoint("t.example", owner="Ads Inc", category="advertising"),)}
    )
    odd = Difference(what="state proxy", majority="not set", odd=(OddOne(member="02", value="x:1"),))
    device = DeviceState(serial="S", state="device", usable=True, via="usb", model="M", message="It is.", hint="")
    made = {
        "scan": scan("known-bad").model_copy(
            update={"apks": (), "observations": (seen(),)}
        ),
        "apk": bad,
        "apks": apks(outcome="known-bad"),
        "firmware": check_firmware([SETTINGS], knowledge=load_knowledge()),
        "watch": watch(seen()),
        "fleet": fleet(
            group(odd), models=(FleetModel(model="M", members=("02",), differs=(odd,)),),
            scans=(row(2), row(3, outcome=None, error="No phone.", hint="Look.")),
        ),
        "devices": Devices(
            schema_="phone-audit/devices/1", devices=(device,), tool=TOOL, run=DevicesRun(started=STARTED)
        ),
        "diff": diff(change(), not_compared=(UNREAD,), remarks=("A remark.",)),
    }  # fmt: skip
    return {name: shortened(json.loads(render_json(document))) for name, document in made.items()}


def shortened(value: Any) -> Any:
    """Return a document with the first two items of each list."""
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    return [shortened(item) for item in value[:2]] if isinstance(value, list) else value


def drawn(values: Any) -> dict[str, str] | None:
    """Return a result in every format, or None where it is refused."""
    refusal = ""
    try:
        document = parse_result(NAME, CheckedJson(json.dumps(values).encode()))
    except ResultError as error:
        refusal = error.message
    if refusal:
        assert refusal.startswith("r.json is ")
        assert len(refusal) < 600
        return None
    judged_outcomes(document)
    if isinstance(document, Diff):
        check_text(render("text", BESIDE.model_copy(update={"baseline": document}), STYLE))
    kind = kind_of(document)
    names = [name for name in formats_of([kind]) if (kind, name) != ("scan", "parquet")]  # 400 columns take their time
    return {name: render(name, document, STYLE) for name in names}


def check_text(text: str) -> None:
    assert not [char for char in text if unicodedata.category(char) in ("Cc", "Cf") and char != "\n"]


def check(shown: dict[str, str]) -> None:
    for name, text in shown.items():
        if name != "parquet":
            check_text(text)
        if name in ("json", "stix", "sarif"):
            json.loads(text)
    for line in shown.get("hosts", "").splitlines():
        assert line.startswith("#") or len(line.partition(" # ")[0].split(" ")) == 2, line


@pytest.mark.slow
@pytest.mark.promise("any-result")
@pytest.mark.parametrize("kind", ["scan", "apk", "apks", "firmware", "watch", "fleet", "devices", "diff"])
def test_one_value_is_exchanged(kind: str) -> None:
    document = documents()[kind]
    before = copy.deepcopy(document)
    refused = 0
    for place in places(before):
        for odd in ODD:
            old = put(document, place, odd)
            shown = drawn(document)
            put(document, place, old)
            if shown is None:
                refused += 1
            else:
                check(shown)
    assert document == before
    assert refused > 100


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["scan", "firmware", "watch", "diff"])
def test_one_value_is_left_out(kind: str) -> None:
    document, refused, checked = documents()[kind], 0, 0
    for place in places(document):
        changed = copy.deepcopy(document)
        above = changed
        for step in place[:-1]:
            above = above[step]
        del above[place[-1]]
        shown = drawn(changed)
        if shown is None:
            refused += 1
        else:
            check(shown)
            checked += 1
    assert min(refused, checked) > 0


def test_ages_that_do_not_fit_the_builds() -> None:
    values = copy.deepcopy(documents()["firmware"])
    values["run"]["patch_age_days"] = [1, 2, 3]
    shown = drawn(values)
    assert shown is not None
    assert "Security patch level 2019-03-01." in shown["text"]


@pytest.mark.parametrize("field", ["until", "as_of"])
def test_a_day_that_does_not_exist(field: str) -> None:
    values = copy.deepcopy(documents()["firmware"])
    holder = values["builds"][0]["support"] if field == "until" else values["run"]
    holder[field] = "9999-99-99"
    with pytest.raises(ResultError, match="'9999-99-99' is no day"):
        parse_result(NAME, CheckedJson(json.dumps(values).encode()))


def test_a_number_of_hundreds_of_digits() -> None:
    values = copy.deepcopy(documents()["firmware"])
    values["run"]["patch_age_days"] = [10**399]
    with pytest.raises(ResultError, match=r"run\.patch_age_days\.0: the number is no number of 64 bits"):
        parse_result(NAME, CheckedJson(json.dumps(values).encode()))
