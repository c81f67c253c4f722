"""Apps and findings on which the answers of a verdict rest."""

from typing import Any

from phone_audit.judge.questions.basis import Basis
from phone_audit.model.apps import App, CameFrom, Destination, Power
from phone_audit.model.finding import Finding, Incident, Source
from tests.judge.cases import finding

NOW = "2026-01-10T12:00:00Z"
AGO = "2026-01-10T11:50:00Z"
CASE = Incident(
    id="case",
    title="A case",
    summary="s",
    data_types=("IMEI", "contacts"),
    status="fixed",
    raises="known-bad",
    sources=(Source(title="t", publisher="A lab", date="2019-03-21", url=""),),
)


def power(what: str, *, watching: Any = "none", **changes: Any) -> Power:
    return Power(
        **({"what": what, "granted": True, "title": what, "can": f"use {what}", "watching": watching} | changes)
    )


def app(name: str = "com.app", *, origin: Any = "hand", label: str | None = "App", **changes: Any) -> App:
    fields: dict[str, Any] = {
        "package": name, "label": label, "user": 0, "system": origin == "firmware",
        "came_from": CameFrom(kind=origin, installer=None, installed=None, updated=None),
    }  # fmt: skip
    return App(**(fields | changes))


def place(host: str | None, by: Any, **changes: Any) -> Destination:
    return Destination(**({"host": host, "owner": None, "category": "unknown", "cleartext": None, "by": by} | changes))


def published(name: str = "com.app", **changes: Any) -> Finding:
    fields: dict[str, Any] = {"incident": "case", "confidence": "confirmed", "headline": "", "held": False}
    return finding("published-incident", name, **(fields | changes))


def basis(*findings: Finding, apps: tuple[App, ...] = (), **changes: Any) -> Basis:
    fields: dict[str, Any] = {"now": NOW, "whole": True}
    return Basis.of(findings, (CASE,), apps, **(fields | changes))
