"""Texts as a phone writes them, small, for tests that put something into them."""

import json
from pathlib import Path
from typing import Any

from phone_audit.acquire.collect import Acquired
from phone_audit.acquire.importers.imported import ImportedAcquisition, ImportedTransport
from phone_audit.acquire.importers.open import open_imported
from phone_audit.acquire.importers.reading import ImportedReading
from phone_audit.acquire.store.container import FileContainer
from tests.acquire.collecting import plan_of
from tests.acquire.fake_phone import QUIET

PROPERTIES = "[ro.build.display.id]: [TEST-1]\n[ro.build.version.sdk]: [31]\n[ro.product.model]: [M]\n"
DASHES = "-" * 79
RULE = "=" * 56
HEAD = f"{RULE}\n== dumpstate: 2026-01-01 00:00:00\n{RULE}\n\n"


def service(name: str, body: str) -> str:
    ending = f"--------- 0.01s was the duration of dumpsys {name}, ending at: 2026-01-01 00:00:00\n"
    return f"{DASHES}\nDUMP OF SERVICE {name}:\n{body}{ending}"


def section(title: str, command: str, body: str) -> str:
    return f"------ {title} ({command}) ------\n{body}------ 0.2s was the duration of '{title}' ------\n"


def packages(*names: str, version: str = "1") -> str:
    """A dump of the package service; `version` is what the first one calls its version."""
    blocks = []
    for number, name in enumerate(names):
        blocks.append(
            f"  Package [{name}] (1a2b3c):\n    userId=10{number:03d}\n    codePath=/system/priv-app/{name}\n"
            f"    versionCode=1 minSdk=1 targetSdk=1\n    versionName={version if number == 0 else 1}\n"
            "    splits=[base]\n    flags=[ SYSTEM ]\n    User 0: ceDataInode=1 installed=true enabled=0\n"
        )
    return "Packages:\n" + "".join(blocks) + "\n"


def report(path: Path, *parts: str) -> Path:
    path.write_text(HEAD + "".join(parts))
    return path


def report_properties(text: str = PROPERTIES) -> str:
    return section("SYSTEM PROPERTIES", "getprop", text)


def folder(path: Path, texts: dict[str, str | bytes]) -> Path:
    for name, text in texts.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def androidqf(path: Path, listed: list[dict[str, Any]] | None, **texts: str | bytes) -> Path:
    """An acquisition of androidqf; `texts` have names without their ending."""
    files: dict[str, str | bytes] = {"acquisition.json": "{}", "getprop.txt": PROPERTIES}
    files["packages.json"] = json.dumps(listed)
    return folder(path, files | {f"{name}.txt": text for name, text in texts.items()})


def read(path: Path, tmp_path: Path) -> tuple[ImportedAcquisition, Acquired]:
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    with open_imported(path, scratch) as (imported, container):
        return imported, acquired(imported, container, scratch)


def acquired(imported: ImportedAcquisition, container: FileContainer, scratch: Path) -> Acquired:
    transport = ImportedTransport(imported.answers, container.path)
    reading = ImportedReading(imported, container, transport, QUIET)
    reading.identify()
    return reading.collect(depth=imported.depth, users="all", into=scratch, plan=plan_of())


def names(collected: Acquired) -> list[str]:
    return [one.name for one in collected.snapshot.packages]


def notes(collected: Acquired) -> set[tuple[str, str]]:
    return {(note.subject, note.code) for note in collected.snapshot.skipped}
