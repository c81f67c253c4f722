"""The questions to many firmwares in docs/parquet.md have the answers that they promise."""

import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from phone_audit.knowledge.files import BUNDLED
from phone_audit.model.apk import Apk, Signer
from phone_audit.model.results import Scan
from phone_audit.report.canvas import Style
from phone_audit.report.parquet import render_parquet
from tests.documents import apk, scan
from tests.judge.cases import package
from tests.report.test_indicators import endpoint

PAGE = (Path(__file__).parents[2] / "docs" / "parquet.md").read_text("utf-8")
BLOCK = re.search(r"<!-- firmware -->\n```sql\n(.*?)```", PAGE, re.DOTALL)
QUESTIONS = [part.strip() for part in (BLOCK[1] if BLOCK else "").split(";\n") if part.strip()]
AOSP, OWN = "a" * 64, "b" * 64


def signer(sha256: str, known_key: str | None = None) -> Signer:
    day = "2020-01-01T00:00:00Z"
    told = {"sha256": sha256, "sha1": "0" * 40, "subject": "CN=A", "schemes": ("v2",), "known_key": known_key}
    return Signer.model_validate(told | {"not_before": day, "not_after": day})


def app(name: str, signed_by: Signer, *hosts: tuple[str, str | None, str], **changes: Any) -> Apk:
    endpoints = tuple(endpoint(host, owner=owner, use=use) for host, owner, use in hosts)
    told = {"package": name, "path": f"/system/app/{name}.apk", "endpoints": endpoints, "signers": (signed_by,)}
    return apk().model_copy(update=told | changes)


def firmware(maker: str, *apps: Apk, installed: tuple[str, ...] = ()) -> Scan:
    found = scan()
    device = found.device.model_copy(update={"manufacturer": maker})
    system = [one.package or "" for one in apps if one.package not in installed]
    packages = (*(package(name, system=True) for name in system), *(package(name, system=False) for name in installed))
    return found.model_copy(update={"device": device, "apks": apps, "packages": packages})


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[tuple[Any, ...]]]:
    """What DuckDB answers to each question, asked of three firmwares of two makers."""
    shutil.copytree(BUNDLED / "trackers", tmp_path / "trackers")
    push = ("p.example.com", "Adwo", "fetched"), ("x.example.cn", None, "fetched"), ("y.example.cn", None, "unused")
    plain = ("m.example.com", None, "fetched")
    january = firmware("Maker", app("com.push", signer(OWN), *push), app("com.a", signer(AOSP, "aosp-testkey"), plain))
    newer = app("com.a", signer(AOSP, "aosp-testkey"), plain, ("new.example", None, "fetched"), permissions=("p.NEW",))
    february = firmware(
        "Maker",
        app("com.push", signer(OWN), *push),
        newer,
        app("com.own", signer(OWN), push[0]),
        installed=("com.own",),
    )
    other = firmware("Other", app("com.b", signer(AOSP, "aosp-testkey"), plain))
    (tmp_path / "firmware").mkdir()
    for name, one in (("maker-2026-01", january), ("maker-2026-02", february), ("other", other)):
        (tmp_path / "firmware" / f"{name}.parquet").write_bytes(b"".join(render_parquet(one, Style())))
    monkeypatch.chdir(tmp_path)
    return [duckdb.connect().execute(question).fetchall() for question in QUESTIONS]


def test_the_questions_have_their_answers(answers: list[list[tuple[Any, ...]]]) -> None:
    countries, signers, new = answers
    assert countries == [
        ("Maker", "com.a", "", ["m.example.com", "new.example"]),
        ("Maker", "com.push", ".cn", ["x.example.cn"]),
        ("Maker", "com.push", "China", ["p.example.com"]),
        ("Other", "com.b", "", ["m.example.com"]),
    ], "what the user installed, and what no code fetches, is not among them"
    assert signers == [(AOSP, "aosp-testkey", 2, ["Maker", "Other"])]
    assert new == [
        ("com.a", "host", "new.example"),
        ("com.a", "permission", "p.NEW"),
        ("com.own", "host", "p.example.com"),
        ("com.own", "package", "1"),
    ]
