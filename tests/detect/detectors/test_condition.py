"""What the condition of a phone shows: certificates, hosts, keys, root, mounts, patches, checks, tunnels."""

import json
from pathlib import Path
from typing import Any

import pytest

from phone_audit.detect.detectors.certificate_authorities import SYSTEM_CA_UNLISTED, system_ca_unlisted, user_ca_added
from phone_audit.detect.detectors.firmware_state import (
    adb_key_built_in,
    build_prop_contradicted,
    install_checks_off,
    ota_test_key,
    patch_level_old,
    root_program_found,
    storage_unencrypted,
    system_writable,
)
from phone_audit.detect.detectors.network_settings import hosts_file_changed, network_proxy_set, vpn_set
from phone_audit.judge.outcomes import supports
from phone_audit.knowledge.files import DataFile
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.finding import Finding, Source, Subject, finding_key
from tests.detect.detectors.seen import SOURCE, knowledge
from tests.detect.detectors.states import item, on_phone, says

KNOWN, OTHER = "ab" * 32, "cd" * 32


def one(detector: Any, *state: Any, **more: Any) -> Finding:
    (found,) = on_phone(detector, *state, **more)
    assert isinstance(found, Finding)
    return found


def authorities(*levels: int) -> Knowledge:
    source = {"id": "aosp", "title": "A list", "publisher": "AOSP", "url": "https://x.example", "revision": "1",
              "date": "2026-01-01", "licence": "fact"}  # fmt: skip
    entry = {"id": "a", "sha256": KNOWN, "name": "Root A", "api_levels": levels or (28,), "sources": ["aosp"]}
    content = json.dumps({"sources": [source], "entries": [entry]}).encode()
    return Knowledge((DataFile("authorities", 0, Path("a.json"), content),))


def test_an_authority_that_android_does_not_bring() -> None:
    store = item("ca_certificates", "2", says(f"{KNOWN} Root A"), says(f"{OTHER} Filter CA"))
    subject = Subject(kind="setting", name="ca_certificates")
    assert on_phone(system_ca_unlisted, store, knowledge=authorities()) == [
        Finding(
            id="system-ca-unlisted",
            key=finding_key("system-ca-unlisted", subject, ""),
            category="certificates",
            sign="altered",
            title="The system trusts authorities that Android does not ship",
            message="1 of the 2 certificate authorities of the system is on none of AOSP's lists: Filter CA.",
            severity="medium",
            confidence="confirmed",
            subject=subject,
            evidence=(says(f"{OTHER} Filter CA"),),
            sources=(Source(title="A list", publisher="AOSP", date="2026-01-01", url="https://x.example"),),
            remedy=SYSTEM_CA_UNLISTED.remedy,
        )
    ]


def test_of_many_unknown_authorities_none_is_to_be_switched_off() -> None:
    few = [says(f"{number:064x} CA {number}") for number in range(8)]
    assert one(system_ca_unlisted, item("ca_certificates", "9", *few), knowledge=authorities()).remedy
    many = [*few, says(f"{9:064x} CA 9")]
    found = one(system_ca_unlisted, item("ca_certificates", "9", *many), knowledge=authorities())
    assert found.remedy == ()
    assert "our list does not fit this phone" in found.message
    assert (found.severity, found.confidence, len(found.evidence)) == ("low", "medium", 9)
    assert supports(found, {}) == "inconclusive"


def test_the_store_that_android_14_uses() -> None:
    system = item("ca_certificates", "1", says(f"{OTHER} Old"))
    module = item("ca_certificates_conscrypt", "1", says(f"{KNOWN} Root A"))
    assert on_phone(system_ca_unlisted, system, module, knowledge=authorities(28, 34), sdk=34) == []
    found = one(system_ca_unlisted, system, module, knowledge=authorities(28, 34), sdk=33)
    assert found.subject.name == "ca_certificates"


def test_an_authority_that_android_took_out() -> None:
    store = item("ca_certificates", "2", says(f"{KNOWN} Root A"))
    found = one(system_ca_unlisted, store, knowledge=authorities(), sdk=29)
    assert found.title == "The system trusts authorities that Android took out"
    assert (
        found.message == "Android had taken 1 of the system's certificate authorities out before this version: Root A."
    )
    assert (found.severity, found.confidence) == ("low", "low")
    for level in (26, 28):
        assert on_phone(system_ca_unlisted, store, knowledge=authorities(), sdk=level) == []


def test_no_authority_is_judged_without_a_list() -> None:
    store = item("ca_certificates", "1", says(f"{OTHER} X"))
    assert on_phone(system_ca_unlisted, store) == []
    assert on_phone(system_ca_unlisted, item("ca_certificates", "0"), knowledge=authorities()) == []


def test_many_unlisted_authorities_are_counted() -> None:
    names = [says(f"{number:02d}{OTHER[2:]} CA {number}") for number in range(5)]
    found = one(system_ca_unlisted, item("ca_certificates", "5", *names), knowledge=authorities())
    assert found.message.endswith(": CA 0, CA 1, CA 2 and 2 more.")
    assert len(found.evidence) == 5


def test_authorities_that_somebody_added() -> None:
    found = one(user_ca_added, item("ca_certificates_added", "1", says(f"{OTHER} Filter CA")))
    assert found.message.startswith("1 certificate authority was added (Filter CA): ")
    other = one(user_ca_added, item("ca_certificates_added@10", "2", says(OTHER), says(f"{KNOWN} B")))
    assert other.message.startswith(f"2 certificate authorities were added (user 10) ({OTHER[:16]}, B): ")
    assert other.key != found.key
    for nothing in (item("ca_certificates_added", "0"), item("ca_certificates_added", None, says("may not look"))):
        assert on_phone(user_ca_added, nothing) == []


def test_system_updates_that_anybody_can_sign() -> None:
    store = item("ota_certificates", "2", says(f"{'01' * 32} Android"), says(f"{OTHER} Maker"))
    found = one(ota_test_key, store, knowledge=knowledge())
    assert found.message == (
        "An update of the whole system is accepted if it is signed with AOSP test key "
        "'platform', a key that anyone can get."
    )
    assert (found.severity, found.evidence, found.sources) == ("high", (says(f"{'01' * 32} Android"),), (SOURCE,))
    assert on_phone(ota_test_key, item("ota_certificates", "1", says(OTHER)), knowledge=knowledge()) == []


def test_names_that_are_led_elsewhere() -> None:
    led, blocked = says("203.0.113.9 bank.example"), says("0.0.0.0 ads.example")
    found = one(hosts_file_changed, item("hosts_entries", "2", led, blocked))
    assert (
        found.message
        == "The system's hosts file sends host names to other computers, such as 203.0.113.9 bank.example."
    )
    assert (found.severity, found.confidence, found.evidence) == ("medium", "high", (led,))
    found = one(hosts_file_changed, item("hosts_entries", "70000", blocked, says("127.0.0.1 x"), says("::1 y")))
    assert found.message == "The system's hosts file blocks 70000 names; AOSP's has none."
    assert (found.severity, found.confidence) == ("info", "low")
    assert on_phone(hosts_file_changed, item("hosts_entries", "0")) == []


@pytest.mark.parametrize("key", ["adb_keys_built_in", "adb_keys_in_dump"])
def test_a_computer_that_is_never_asked(key: str) -> None:
    found = one(adb_key_built_in, item(key, "1", says("F0:A1")))
    assert (found.severity, found.confidence, found.evidence) == ("high", "high", (says("F0:A1"),))
    assert on_phone(adb_key_built_in, item(key, "0"), item("adb_keys", "3", says("F0:A1"))) == []


def test_root() -> None:
    programs = item("root_programs", "/system/xbin/su", says("is there"))
    shell = item("shell", "uid=0(root)", says("uid=0(root) gid=0"))
    assert one(root_program_found, programs, shell).message == (
        "What the phone says about itself may have been changed: there is /system/xbin/su and "
        "the debugging shell is root."
    )
    assert one(root_program_found, shell).evidence == (says("uid=0(root) gid=0"),)
    ordinary = item("shell", "uid=2000(shell)", says("uid=2000(shell)"))
    assert on_phone(root_program_found, item("root_programs", ""), ordinary) == []


def test_firmware_that_is_not_as_it_was_installed() -> None:
    found = on_phone(
        system_writable,
        item("mounts_writable", "/ /vendor", says("x rw")),
        item("mounts_covering", "/system/bin", says("tmpfs")),
    )
    assert [(finding.message, finding.confidence) for finding in found] == [
        ("The firmware at /, /vendor is writable; Android mounts it read-only.", "high"),
        ("The firmware at /system/bin is covered by another file system; root programs do that, and some makers' own "
         "firmware.", "low"),
    ]  # fmt: skip
    assert on_phone(system_writable, item("mounts_writable", ""), item("mounts_covering", "")) == []


def test_properties_that_were_changed() -> None:
    found = one(build_prop_contradicted, item("build_prop_differs", "ro.build.tags ro.secure", says("x")))
    assert found.message == "What the phone says differs from its own build.prop: ro.build.tags, ro.secure."
    other = one(build_prop_contradicted, item("vbmeta_differs", "ro.boot.vbmeta.digest", says("x")))
    assert other.message == (
        "What the phone says differs from its transparency service noted at the start: ro.boot.vbmeta.digest."
    )
    assert other.key != found.key
    assert on_phone(build_prop_contradicted, item("build_prop_differs", ""), item("vbmeta_differs", "")) == []


@pytest.mark.parametrize(("value", "told"), [("unencrypted", True), ("unsupported", True), ("encrypted", False)])
def test_encryption(value: str, told: bool) -> None:
    assert bool(on_phone(storage_unencrypted, item("ro.crypto.state", value, says(value)))) == told


@pytest.mark.parametrize(
    ("days", "severity"), [("183", None), ("184", "low"), ("730", "low"), ("731", "medium"), ("-3", None)]
)
def test_old_patches(days: str, severity: str | None) -> None:
    found = on_phone(patch_level_old, item("patch_age_days", days, says("x")))
    assert [finding.severity for finding in found] == ([severity] if severity else [])
    if severity == "medium":
        assert (
            found[0].message
            == "The security patches are 24 months old: vulnerabilities published since then are not fixed."
        )


def test_checks_that_are_off() -> None:
    state = (
        item("package_verifier_enable", "0", says("a")), item("package_verifier_user_consent", "-1", says("b")),
        item("install_non_market_apps@10", "1", says("c")),
    )  # fmt: skip
    assert [found.message for found in on_phone(install_checks_off, *state, sdk=25)] == [
        "Packages are not checked when they are installed (Play Protect is off).",
        "The check of packages (Play Protect) was declined.",
        "Packages from anywhere may be installed (user 10).",
    ]
    assert len(on_phone(install_checks_off, *state, sdk=26)) == 2
    good = (item("package_verifier_enable", "1", says("a")), item("package_verifier_user_consent", "1", says("b")))
    assert on_phone(install_checks_off, *good) == []


def test_tunnels() -> None:
    found = on_phone(
        vpn_set,
        item("always_on_vpn_app", "com.vpn", says("a")),
        item("vpn_in_use", "com.vpn com.other", says("b")),
    )
    assert [(finding.message, finding.evidence) for finding in found] == [
        ("The traffic of this phone goes through com.vpn, which can see where to.", (says("a"), says("b"))),
        ("The traffic of this phone goes through com.other, which can see where to.", (says("b"),)),
    ]
    assert on_phone(vpn_set, item("vpn_in_use", "")) == []


def test_a_proxy_of_one_network() -> None:
    network = item("network_proxy", "203.0.113.9:8080 p.example:1", says("203.0.113.9:8080"), says("p.example:1"))
    found = one(network_proxy_set, network, item("http_proxy", "203.0.113.9:8080", says("x")))
    assert found.message == (
        "On the network that is in use, traffic of packages that honour the proxy goes through p.example:1."
    )
    assert found.evidence == (says("p.example:1"),)
    parts = (item("global_http_proxy_host", "p.example", says("x")), item("global_http_proxy_port", "1", says("x")))
    assert len(one(network_proxy_set, network, *parts).evidence) == 1
    assert on_phone(network_proxy_set, item("network_proxy", "p.example:1", says("x")), *parts) == []
    assert on_phone(network_proxy_set, item("network_proxy", ""), *parts) == []
