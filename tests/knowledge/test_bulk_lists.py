"""The scripts that make the files of keys and of hosts."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from fixtures.knowledge import keys, oem_hosts
from fixtures.knowledge.writing import run, to_bytes
from phone_audit.knowledge.load import BUNDLED
from phone_audit.model.base import Frozen
from tests.knowledge.folders import shared


def certificate(name: str, kind: str) -> dict[str, str]:
    return {"name": name, "class": kind, "sha256": "a" * 64, "sha1": "b" * 40}


def native_lists(folder: Path, **perflyst: str) -> Path:
    for maker in oem_hosts.MAKERS:
        path = folder / "nextdns" / f"{maker}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"metrics.{maker}.example\n\n# a note\n")
    for name in oem_hosts.PERFLYST_FILES:
        path = folder / "perflyst" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(perflyst.get(name.partition(".")[0], ""))
    return folder


def test_only_keys_that_everybody_can_use_are_taken(tmp_path: Path) -> None:
    listed = [
        certificate("test_key", "aosp-test-key"),
        certificate("verity", "aosp-build-testdata"),
        certificate("maker", "vendor-known-good"),
    ]
    (tmp_path / "certificates.json").write_text(json.dumps(listed))
    made, lines = keys.make(tmp_path)
    assert [(key.id, key.kind, key.sha256) for key in made.entries] == [
        ("aosp-test-key", "aosp-test-key", "a" * 64),
        ("aosp-testdata-verity", "aosp-build-testdata", "a" * 64),
    ]
    assert lines == ["maker: left out: vendor-known-good"]


def test_a_host_of_a_makers_file_belongs_to_that_maker(tmp_path: Path) -> None:
    made, lines = oem_hosts.make(native_lists(tmp_path))
    assert [(fact.host, fact.owner, fact.category) for fact in made.entries] == [
        ("metrics.alexa.example", "Amazon", "telemetry"),
        ("metrics.huawei.example", "Huawei", "telemetry"),
        ("metrics.samsung.example", "Samsung", "telemetry"),
        ("metrics.xiaomi.example", "Xiaomi", "telemetry"),
    ]
    assert lines == []


def test_a_host_of_a_mixed_file_is_taken_only_below_a_makers_domain(tmp_path: Path) -> None:
    text = "Log.samsungacr.com # why\nnotsamsungacr.com\nsdkconfig.ad.intl.xiaomi.com\nd1.cloudfront.net\n"
    made, lines = oem_hosts.make(native_lists(tmp_path, SmartTV=text))
    taken = [(fact.host, fact.owner, fact.category) for fact in made.entries if fact.source == "perflyst"]
    assert taken == [
        ("log.samsungacr.com", "Samsung", "telemetry"),
        ("sdkconfig.ad.intl.xiaomi.com", "Xiaomi", "advertising"),
    ]
    assert lines == [
        "SmartTV.txt: notsamsungacr.com: left out: its domain is not that of a maker",
        "SmartTV.txt: d1.cloudfront.net: left out: its domain is not that of a maker",
    ]


def test_the_bytes_are_the_same_whenever_they_are_made(tmp_path: Path) -> None:
    folder = native_lists(tmp_path)
    assert to_bytes(oem_hosts.make(folder)[0]) == to_bytes(oem_hosts.make(folder)[0])


@pytest.mark.parametrize(
    ("module", "feed"), [(keys, "signing-certificates"), (oem_hosts, "native-tracking-domains")], ids=["keys", "hosts"]
)
def test_the_bundled_file_is_what_the_script_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: ModuleType, feed: str
) -> None:
    make: Callable[[Path], tuple[Frozen, list[str]]] = module.make
    made = tmp_path / "made.json"
    monkeypatch.setattr("sys.argv", ["script", str(shared("feeds", feed)), "-o", str(made)])
    run("", make, module.TARGET)
    assert made.read_bytes() == (BUNDLED / module.TARGET).read_bytes()
