"""A knowledge folder of the tests' own, and the server from which it is fed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from phone_audit.knowledge.updates.download import fetch_settings
from phone_audit.knowledge.updates.update import SourceResult, UpdateJob, rollback, update
from phone_audit.pipeline.db import check_all
from tests.knowledge.updates.server import Authority, Server, body
from tests.knowledge.updates.signing import public_key, sign


@dataclass
class Fed:
    """A knowledge folder with its `sources.json`, a server, and the commands."""

    own: Path
    server: Server
    authority: Authority
    entries: list[dict[str, Any]] = field(default_factory=list)
    hour: int = 0

    def lists(self, name: str, **changes: Any) -> None:
        """List a source that is signed."""
        signed = {"public_key": public_key(), "signature_url": self.server.url(f"/{name}.minisig")}
        self.entries = [entry for entry in self.entries if entry["id"] != name]
        self.entries.append(
            {"id": name, "url": self.server.url(f"/{name}"), "format": "values", "minisign": signed} | changes
        )
        self.own.mkdir(parents=True, exist_ok=True)
        (self.own / "sources.json").write_text(json.dumps({"sources": self.entries}), "utf-8")

    def serves(self, name: str, data: bytes, comment: str = "timestamp:1767225600", **said: Any) -> None:
        """Serve content under its signature, which is for the source of that name where the comment says nothing."""
        comment = comment if "file:" in comment or "source:" in comment else f"{comment}\tfile:{name}"
        self.server.answers |= {f"/{name}": body(data), f"/{name}.minisig": body(sign(data, comment, **said))}

    def update(self, *wanted: str, seconds: float = 20, again: bool = False) -> list[SourceResult]:
        self.server.asked.clear()
        self.hour += 1
        now = datetime(2026, 2, 1, self.hour, tzinfo=UTC)
        by = fetch_settings(self.authority.file, seconds)
        return list(update(UpdateJob(self.own, by, lambda made: check_all(made).problems, lambda: now, again), wanted))

    def rollback(self, *wanted: str) -> list[SourceResult]:
        return list(rollback(self.own, wanted))

    def standing(self) -> dict[str, bytes]:
        """Return every file of the versions that stand, by source and name."""
        pointer = json.loads((self.own / "updates" / "current.json").read_bytes())
        folders = {name: kept["current"]["generation"] for name, kept in pointer["sources"].items()}
        found: dict[str, bytes] = {}
        for name, generation in folders.items():
            folder = self.own / "updates" / "kept" / name / generation
            found |= {f"{name}:{file.name}": file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        return found

    def lying(self) -> list[str]:
        """Return the names of all that lies in the folder of the updates, generations by number."""
        return sorted(
            path.relative_to(self.own / "updates").as_posix()
            for path in (self.own / "updates").rglob("*")
            if path.is_file()
        )


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def fed(tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fed]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with Server(authority.certify(tmp_path)) as server:
        yield Fed(tmp_path / "data" / "phone-audit" / "knowledge", server, authority)
