"""What a scan does to the kit's phones: nothing but the key that their owner accepts, whatever their packages say."""

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from phone_audit.acquire.adb import stream_transport
from phone_audit.acquire.adb.connect import open_transport
from phone_audit.acquire.adb.stream_transport import ReconnectingTransport
from phone_audit.model.command_list import is_listed, require_listed
from phone_audit.model.device import Depth
from phone_audit.model.results import Scan
from phone_audit.pipeline.options import ScanOptions
from phone_audit.pipeline.scan import scan_device
from tests.acquire.collecting import collect
from tests.acquire.fake_phone import QUIET
from tests.kit import ROOT, Kit, Phone

pytestmark = [pytest.mark.adbd, pytest.mark.timeout(300)]

PROFILES = [
    "nokia7plus-bad",
    "nokia7plus-oreo",
    "cheap-mtk",
    "clean-pixel",
    "pixel-locked-profile",
    "hostile-names",
]
SMALL = ROOT / "fixtures" / "devices" / "kit" / "nokia7plus-small"
PATHS = ("/system/bin/sh", "/system/app", "/not/there")
KEYS = "data/misc/adb/adb_keys"
READING = {
    ("am", "get-current-user"),
    ("cmd", "package", "list", "packages"),
    ("cmd", "transparency", "get"),
    ("dumpsys", "accessibility"),
    ("dumpsys", "adb"),
    ("dumpsys", "appops"),
    ("dumpsys", "connectivity"),
    ("dumpsys", "device_policy"),
    ("dumpsys", "deviceidle", "whitelist"),
    ("dumpsys", "netstats", "detail"),
    ("dumpsys", "package"),
    ("dumpsys", "role"),
    ("dumpsys", "user"),
    ("getenforce",),
    ("getprop",),
    ("nproc",),
    ("pm", "list", "packages"),
    ("pm", "list", "users"),
    ("settings", "list"),
}
"""What may reach Android's services, by its first words."""

WRITE = """\

[[package]]
name = "org.example.writes"
version_name = "1\\n  Package [write] (abc):\\n    userId=1000"

[[package]]
name = "org.example.writes.below"
version_name = "1\\n    splits=[base]\\n  Package [write] (abc):\\n  Package [check-permission] (abc):"

[[package]]
name = "org.example.quotes"
version_name = "1\\n    splits=[base]\\n  Package [org.x' write '] (abc):\\n  Package [org.x;touch /data/x] (abc):"
"""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every command that was to be sent, also one that is not listed and so was not."""
    texts: list[str] = []
    check = require_listed

    def note(text: str) -> None:
        texts.append(text)
        check(text)

    monkeypatch.setattr(stream_transport, "require_listed", note)
    return texts


def state(phone: Phone) -> dict[str, tuple[Any, ...]]:
    """Every file of the phone: path → mode, owner, time of the last change, size, link, hash of its bytes."""
    found = {}
    for path in _below(phone.root):
        facts = path.lstat()
        said: str | None = None
        if stat.S_ISLNK(facts.st_mode):
            said = str(path.readlink())
        elif stat.S_ISREG(facts.st_mode) and facts.st_size < 2**24:
            said = hashlib.sha256(path.read_bytes()).hexdigest()
        name = str(path.relative_to(phone.root))
        found[name] = (oct(facts.st_mode), facts.st_uid, facts.st_gid, facts.st_mtime_ns, facts.st_size, said)
    return found


def _below(folder: Path) -> Iterator[Path]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = Path(entry.path)
        if path.name == "proc" and entry.is_dir():
            continue  # the kernel's; it counts on
        yield path
        if entry.is_dir(follow_symlinks=False):
            yield from _below(path)


def services(phone: Phone) -> dict[str, Any]:
    """What the phone's services hold: packages and their state, settings, authorities, users."""
    facts = phone.facts()
    packages = [{key: value for key, value in one.items() if key != "sockets"} for one in facts["packages"]]
    return {"packages": packages, **{key: facts[key] for key in ("users", "settings", "cacerts")}}


def scan(phone: Phone, depth: Depth) -> Scan:
    return scan_device(phone.address, depth=depth, options=ScanOptions(via="direct", cache=False))


def read_whole(phone: Phone, into: Path) -> None:
    """Read every file whole, as a deep scan does; nothing is analysed."""
    transport = ReconnectingTransport(open_transport(phone.address, via="direct"))
    try:
        acquired = collect(transport, depth="deep", users="all", into=into, on_progress=QUIET, paths=PATHS)
    finally:
        transport.close()
    assert acquired.apks


def check_calls(calls: list[dict[str, Any]]) -> None:
    assert calls
    for call in calls:
        words = tuple(call["argv"])
        assert any(words[: len(read)] == read for read in READING), words
        assert words[:2] != ("dumpsys", "package") or len(words) == 2 or "." in words[2], words


@pytest.mark.promise("phone-unchanged")
@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_but_the_key_differs_after_a_scan(kit: Kit, profile: str, tmp_path: Path, sent: list[str]) -> None:
    phone = kit.phone(profile)
    before, held, called = state(phone), services(phone), len(phone.calls())
    scanned = scan(phone, "standard")
    read_whole(phone, tmp_path)
    assert scanned.coverage.apks_analysed
    after = state(phone)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed <= {KEYS, str(Path(KEYS).parent)}
    assert services(phone) == held
    assert [text for text in sent if not is_listed(text)] == []
    check_calls(phone.calls()[called:])


@pytest.mark.promise("phone-unchanged")
def test_a_version_name_does_not_make_android_write_its_settings(kit: Kit, tmp_path: Path, sent: list[str]) -> None:
    profile = tmp_path / "writes"
    shutil.copytree(SMALL, profile)
    with (profile / "profile.toml").open("a", encoding="utf-8") as file:
        file.write(WRITE)
    phone = kit.phone(str(profile))
    before = state(phone)
    scanned = scan(phone, "quick")
    dumped = [call["argv"][2:] for call in phone.calls() if call["argv"][:2] == ["dumpsys", "package"]]
    assert dumped == [[]]
    noted = {note.subject for note in scanned.coverage.skipped if note.code == "unconfirmed-package"}
    assert noted == {"write", "check-permission", "org.x' write '", "org.x;touch /data/x"}
    assert {"org.example.writes", "org.example.quotes"} <= {package.name for package in scanned.packages}
    assert [text for text in sent if not is_listed(text)] == []
    changed = {name for name, facts in state(phone).items() if before.get(name) != facts}
    assert changed <= {KEYS, str(Path(KEYS).parent)}
