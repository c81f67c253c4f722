"""Settings of the phone that decide where data goes and who may change it."""

import re
from collections.abc import Mapping

from phone_audit.acquire.parse.text import known, shown
from phone_audit.model.device import StateItem
from phone_audit.model.finding import Evidence

PROPERTIES: Mapping[str, str | None] = {
    "ro.adb.secure": "1",
    "ro.boot.flash.locked": "1",
    "ro.boot.vbmeta.device_state": "locked",
    "ro.boot.verifiedbootstate": "green",
    "ro.boot.veritymode": "enforcing",
    "ro.build.tags": "release-keys",
    "ro.build.type": "user",
    "ro.crypto.state": "encrypted",
    "ro.debuggable": "0",
    "ro.secure": "1",
}
"""Property → what an ordinary phone says."""

SETTINGS: Mapping[str, str | None] = {
    "adb_enabled": None,
    "adb_wifi_enabled": "0",
    "always_on_vpn_app": None,
    "captive_portal_http_url": None,
    "captive_portal_https_url": None,
    "captive_portal_mode": None,
    "captive_portal_server": None,
    "development_settings_enabled": None,
    "global_http_proxy_host": "",
    "global_http_proxy_port": "",
    "global_proxy_pac_url": "",
    "http_proxy": "",
    "install_non_market_apps": "0",
    "package_verifier_enable": "1",
    "package_verifier_user_consent": None,
    "private_dns_mode": None,
    "private_dns_specifier": None,
    "verifier_verify_adb_installs": "1",
}
"""Global setting → what an ordinary phone says; None where anything is ordinary, empty where nothing is set."""

SELINUX_MODE = re.compile("[A-Za-z]{1,20}")
NO_PROXY = (":0", "null", "")


def read_state(
    properties: Mapping[str, str], settings: Mapping[str, tuple[str, ...]], selinux: str | None, shell_id: str | None
) -> tuple[StateItem, ...]:
    """Return the settings that were found, by key.

    Args:
        properties: the whole getprop, as decoded.
        settings: the global settings, every value of a key.
        selinux: answer of getenforce; None where there was none.
        shell_id: answer of id; None where there was none.
    """
    items = [_property(name, properties[name], expected) for name, expected in PROPERTIES.items() if name in properties]
    items += [_setting(name, settings[name], expected) for name, expected in SETTINGS.items() if name in settings]
    if selinux and SELINUX_MODE.fullmatch(mode := selinux.strip()):
        items.append(_item("selinux", mode, "Enforcing", "command", "getenforce", mode))
    if shell_id and (who := shell_id.strip()).startswith("uid="):
        items.append(_item("shell", who.partition(" ")[0], "uid=2000(shell)", "command", "id", who))
    return tuple(sorted(items, key=lambda item: item.key))


def _property(name: str, value: str, expected: str | None) -> StateItem:
    return _item(name, value, expected, "property", "getprop", f"[{name}]: [{value}]")


def _setting(name: str, values: tuple[str, ...], expected: str | None) -> StateItem:
    """A key that is there twice is in the value of another setting: neither is believed, both are shown."""
    value = values[0] if len(set(values)) == 1 else None
    if name == "http_proxy" and value in NO_PROXY:
        value = ""
    evidence = tuple(
        Evidence(kind="setting", where="settings list global", value=shown(f"{name}={said}")) for said in values
    )
    return StateItem(key=name, value=None if value is None else shown(value), expected=expected, evidence=evidence)


def _item(key: str, value: str, expected: str | None, kind: str, where: str, seen: str) -> StateItem:
    evidence = Evidence.model_validate({"kind": kind, "where": where, "value": shown(seen)})
    return StateItem(key=key, value=known(value), expected=expected, evidence=(evidence,))
