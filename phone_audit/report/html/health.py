"""The health of the system: what the phone says of its start, its connections and who may control it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.model.device import StateItem
from phone_audit.model.results import Scan
from phone_audit.report.html.ages import DAY, in_words
from phone_audit.report.html.findings import anchor_of
from phone_audit.report.safe import shortened

_LONGEST: Final = 120
_PATCH_AGE: Final = "patch_age_days"
_CHECKS: Final = (
    ("Updates and start of the system", (
        (_PATCH_AGE, "age of the security patches"),
        ("ro.boot.verifiedbootstate", "verified boot"),
        ("ro.boot.flash.locked", "bootloader locked"),
        ("ro.boot.vbmeta.device_state", "state of the bootloader"),
        ("ro.boot.veritymode", "check of the system partition"),
        ("ro.build.tags", "keys that signed the system"),
        ("ro.build.type", "type of the build"),
        ("ro.debuggable", "system open for debugging"),
        ("ro.secure", "restricted shell"),
        ("selinux", "SELinux"),
        ("ro.crypto.state", "storage"),
        ("root_programs", "programs that give root"),
        ("mounts_writable", "system files that can be written"),
        ("mounts_covering", "system files that are covered"),
        ("build_prop_differs", "properties that changed since the start"),
    )),
    ("Connections", (
        ("ca_certificates", "certificate authorities of the system"),
        ("ca_certificates_added", "certificate authorities that a user added"),
        ("ca_certificates_removed", "certificate authorities that a user switched off"),
        ("http_proxy", "proxy"),
        ("global_http_proxy_host", "proxy for everything"),
        ("global_proxy_pac_url", "script that chooses a proxy"),
        ("network_proxy", "proxy of the network in use"),
        ("private_dns_mode", "private DNS"),
        ("private_dns_specifier", "server of private DNS"),
        ("network_private_dns", "private DNS of the network in use"),
        ("vpn_in_use", "VPN in use"),
        ("always_on_vpn_app", "VPN that is always on"),
        ("hosts_entries", "names in the hosts file"),
        ("captive_portal_mode", "check for a log-in page"),
        ("captive_portal_http_url", "address of that check"),
        ("captive_portal_https_url", "encrypted address of that check"),
    )),
    ("Who may control the phone", (
        ("adb_enabled", "USB debugging"),
        ("adb_wifi_enabled", "debugging over Wi-Fi"),
        ("adb_keys", "computers that may debug it"),
        ("adb_keys_built_in", "computers that the firmware lets debug it"),
        ("device_owner", "device owner"),
        ("profile_owner", "profile owner"),
        ("device_admins", "device administrators"),
        ("accessibility_services", "accessibility services that are on"),
        ("enabled_notification_listeners", "apps that read notifications"),
        ("default_input_method", "keyboard"),
        ("assistant", "assistant"),
        ("install_non_market_apps", "installing from other sources"),
        ("package_verifier_enable", "check of apps by Play Protect"),
        ("verifier_verify_adb_installs", "check of apps installed over USB"),
        ("ota_certificates", "keys that system updates are accepted by"),
    )),
)  # fmt: skip
_FLAGS: Final = frozenset({
    "ro.boot.flash.locked", "ro.debuggable", "ro.secure", "adb_enabled", "adb_wifi_enabled", "install_non_market_apps",
    "package_verifier_enable", "verifier_verify_adb_installs", "captive_portal_mode",
})  # fmt: skip
_MEANS: Final = {
    ("ro.boot.verifiedbootstate", "green"): "only the maker's system starts",
    ("ro.boot.verifiedbootstate", "yellow"): "a system that somebody else signed started",
    ("ro.boot.verifiedbootstate", "orange"): "unlocked, so any system starts",
    ("ro.boot.verifiedbootstate", "red"): "the system failed its check",
    ("ro.boot.veritymode", "enforcing"): "what was altered is refused",
    ("ro.boot.veritymode", "eio"): "a part was altered or is damaged, and cannot be read",
    ("ro.boot.veritymode", "logging"): "what was altered is used all the same",
    ("ro.boot.veritymode", "disabled"): "nothing is checked",
}
"""What words of Android mean (its documentation of verified boot and dm-verity)."""
_YES_OR_NO: Final = {"1": "yes", "0": "no"}


@dataclass(frozen=True)
class HealthRow:
    """What a phone says of one thing, beside what an ordinary phone says.

    `differs` is null where anything is ordinary. `anchor` leads to a finding on it, where there is one.
    """

    name: str
    key: str
    value: str
    expected: str
    differs: bool | None
    anchor: str


@dataclass(frozen=True)
class HealthPart:
    """Things that belong together, and those of which the phone gave no answer."""

    title: str
    rows: tuple[HealthRow, ...]
    unanswered: tuple[str, ...]


def health_of(scan: Scan) -> tuple[HealthPart, ...]:
    """Return what a phone says of itself, as far as it answered."""
    anchors = {finding.subject.name: anchor_of(finding.key) for finding in reversed(scan.findings)}
    items: dict[str, list[StateItem]] = {}
    for item in scan.state:
        items.setdefault(item.key, []).append(item)
    parts = (
        HealthPart(
            title,
            tuple(row for key, name in checks for row in _rows(items.get(key, ()), name, anchors.get(key, ""))),
            tuple(name for key, name in checks if key not in items),
        )
        for title, checks in _CHECKS
    )
    return tuple(part for part in parts if part.rows)


def _rows(items: Sequence[StateItem], name: str, anchor: str) -> Iterator[HealthRow]:
    """Yield a row for each value that the phone gave; a setting can stand in two places."""
    for key, value, expected in dict.fromkeys((item.key, item.value, item.expected) for item in items):
        yield HealthRow(
            name=name,
            key=key,
            value=_value(key, value),
            expected="" if expected is None else _value(key, expected),
            differs=None if expected is None else value != expected,
            anchor=anchor,
        )


def _value(key: str, value: str | None) -> str:
    if value is None:
        return "the phone does not show it"
    if key == _PATCH_AGE and value.isascii() and value.isdigit():
        return in_words(int(value[:9]) * DAY)
    if key in _FLAGS:
        return _YES_OR_NO.get(value, shortened(value, _LONGEST))
    said = shortened(value, _LONGEST) or "none"
    return f"{said}: {_MEANS[key, value]}" if (key, value) in _MEANS else said
