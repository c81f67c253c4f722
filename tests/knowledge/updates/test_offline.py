"""Nothing but `db update` ever opens a connection on account of knowledge."""

import ast
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from phone_audit.knowledge.updates.locks import reading
from tests.knowledge.updates.conftest import Fed

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "phone_audit"
DOWNLOAD = "phone_audit.knowledge.updates.download"
UPDATE = "phone_audit.knowledge.updates.update"
CLAIM = "phone_audit.knowledge.updates.claim"
HOOK = """
import os, sys
def told(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        with open(os.environ["TOLD"], "a") as file:
            file.write(f"{event} {arguments[-1]}\\n")
sys.addaudithook(told)
"""


@cache
def imports(path: Path) -> set[str]:
    """Return the modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def importers(*modules: str) -> set[str]:
    return {
        path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if not imports(path).isdisjoint(modules)
    }


@pytest.mark.promise("no-connection")
def test_what_fetches_is_imported_by_the_update_alone() -> None:
    assert importers(DOWNLOAD) == {"cli/db.py", "knowledge/updates/claim.py", "knowledge/updates/update.py"}
    assert importers(CLAIM) == {"knowledge/updates/update.py"}
    assert importers(UPDATE) == {"cli/db.py"}


@pytest.mark.promise("no-connection")
def test_nothing_else_speaks_to_servers() -> None:
    fetching = ("ssl", "http.client", "urllib.request", "ftplib", "smtplib", "requests", "urllib3", "httpx", "aiohttp")
    assert importers(*fetching) == {"knowledge/updates/download.py"}
    cluster = "pipeline/cluster"
    assert importers("distributed", "fsspec.core") == {f"{cluster}/dask_executor.py", f"{cluster}/storage.py"}
    assert importers("phone_audit.pipeline.cluster.dask_executor") == {"cli/cluster.py"}


def run(fed: Fed, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the program; what it or a child of it connects to is written to `told`."""
    folder = fed.own.parents[2] / "hook"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(HOOK, "utf-8")
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "TOLD": str(folder / "told")}
    command = [sys.executable, "-m", "phone_audit", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=110, check=False, cwd=folder, env=environment
    )


def told(fed: Fed) -> str:
    path = fed.own.parents[2] / "hook" / "told"
    return path.read_text("utf-8") if path.exists() else ""


def fetched(fed: Fed) -> None:
    fed.lists("lab")
    fed.serves("lab", b"one.example\n", "timestamp:1767225600")
    fed.update()
    fed.serves("lab", b"two.example\n", "timestamp:1767312000")
    fed.server.asked.clear()


@pytest.mark.slow
@pytest.mark.promise("no-connection")
@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        (("scan", ROOT / "fixtures" / "devices" / "nokia7plus-small", "--jobs", "1"), (12,)),
        (("apks", ROOT / "fixtures" / "apks" / "built" / "com.example.debug.apk", "--jobs", "1"), (0, 11)),
        (("firmware", "00WW_3_22C_SP03"), (10,)),
        (("db", "info"), (0,)),
        (("db", "list", "feeds"), (0,)),
        (("db", "check"), (0,)),
        (("db", "export", "hosts"), (0,)),
        (("db", "rollback"), (1,)),
    ],
)
def test_no_other_command_opens_a_connection(
    fed: Fed, arguments: tuple[str | Path, ...], codes: tuple[int, ...]
) -> None:
    fetched(fed)
    done = run(fed, *arguments)
    assert done.returncode in codes, done.stderr
    assert fed.server.asked == []
    assert told(fed) == ""


def test_the_update_does_and_that_is_seen(fed: Fed) -> None:
    fetched(fed)
    done = run(fed, "db", "update", "--ca-file", fed.authority.file)
    assert (done.returncode, done.stdout) == (0, "lab: taken, 2026-01-01 -> 2026-01-02: 1 entry\n"), done.stderr
    assert f"socket.connect ('127.0.0.1', {fed.server.port})" in told(fed)


@pytest.mark.promise("scan-one-version")
def test_a_scan_keeps_an_update_out_until_it_has_ended(fed: Fed) -> None:
    """The lock is that of another process, as it is in life."""
    fetched(fed)
    with reading(fed.own):
        done = run(fed, "db", "update", "--ca-file", fed.authority.file)
        assert done.returncode == 1
        assert "phone-audit: A scan is running" in done.stderr
        assert run(fed, "firmware", "00WW_3_22C_SP03").returncode == 10
    assert told(fed) == ""
    assert run(fed, "db", "update", "--ca-file", fed.authority.file).returncode == 0
