"""`settings list TABLE` → the settings that decide where data goes and who may change it."""

import re
from collections.abc import Iterator, Mapping

from phone_audit.acquire.commands import MEGABYTE, Command, listed_command
from phone_audit.acquire.questions.question import Question, item, key_of, seen
from phone_audit.acquire.text import lines_of
from phone_audit.model.device import StateItem

Settings = Mapping[str, tuple[str, ...]]
"""Key → its values, normally one; see `parse_settings`."""

GLOBAL_SETTINGS = listed_command("global settings", limit=8 * MEGABYTE)
SYSTEM_SETTINGS = listed_command("system settings", limit=8 * MEGABYTE)

GLOBAL: Mapping[str, str | None] = {
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

SECURE: Mapping[str, str | None] = {
    "accessibility_enabled": None,
    "always_on_vpn_app": None,
    "always_on_vpn_lockdown": None,
    "assistant": None,
    "autofill_service": None,
    "backup_enabled": None,
    "credential_service": None,
    "default_input_method": None,
    "enabled_accessibility_services": None,
    "enabled_input_methods": None,
    "enabled_notification_assistant": None,
    "enabled_notification_listeners": None,
    "enabled_notification_policy_access_packages": None,
    "enabled_trust_agents": None,
    "install_non_market_apps": "0",
    "location_mode": None,
    "lock_screen_show_notifications": None,
    "mock_location": "0",
    "sms_default_application": None,
    "trust_agents_initialized": None,
    "voice_interaction_service": None,
}
"""Setting of a user → what an ordinary phone says, as above. Identifiers are left out."""

SYSTEM: Mapping[str, str | None] = {
    "http_proxy": "",
    "wifi_static_dns1": None,
    "wifi_static_dns2": None,
    "wifi_use_static_ip": "0",
}
"""Settings of the table that any package may write in old versions, and that vendors still read."""

NO_PROXY = (":0", "null", "")
ENTRY = re.compile(r"([A-Za-z0-9_.:\-]+)=(.*)", re.DOTALL)


def parse_settings(text: str) -> dict[str, tuple[str, ...]]:
    r"""Read `key=value` lines; a line that is none goes on with the value above it.

    A key is normally there once. A value that holds a line feed can pretend another key, so all values of a key are
    kept, and a key with more than one is not to be believed.

    Example:
        >>> parse_settings("adb_enabled=1\nhttp_proxy=proxy.example\n:8080\n")
        {'adb_enabled': ('1',), 'http_proxy': ('proxy.example\n:8080',)}
    """
    entries: list[tuple[str, list[str]]] = []
    for line in lines_of(text.removesuffix("\n")):
        match = ENTRY.fullmatch(line)
        if match:
            entries.append((match[1], [match[2]]))
        elif entries:
            entries[-1][1].append(line)
    values: dict[str, list[str]] = {}
    for key, lines in entries:
        values.setdefault(key, []).append("\n".join(lines))
    return {key: tuple(found) for key, found in values.items()}


def global_items(settings: Settings) -> Iterator[StateItem]:
    """Yield the settings of the phone as a whole; a proxy that is off has the value of one that was never set."""
    for one in _items(GLOBAL, settings, GLOBAL_SETTINGS.text):
        unset = one.key == "http_proxy" and one.value in NO_PROXY
        yield one.model_copy(update={"value": ""}) if unset else one


def secure_items(user: int, settings: Settings) -> Iterator[StateItem]:
    """Yield the settings of one user that decide who sees data, by the name that `key_of` gives."""
    for one in _items(SECURE, settings, secure_settings_command(user).text, unset="null"):
        yield one.model_copy(update={"key": key_of(one.key, user)})


def system_items(settings: Settings) -> Iterator[StateItem]:
    """Yield the settings of the system's table; each name begins with `system:`, as other tables have some too."""
    for one in _items(SYSTEM, settings, SYSTEM_SETTINGS.text, unset="null"):
        yield one.model_copy(update={"key": f"system:{one.key}"})


def secure_settings_command(user: int) -> Command:
    """Ask for the table that each user has of their own."""
    return listed_command("secure settings", user=user, limit=8 * MEGABYTE)


def secure_settings(user: int) -> Question[Settings]:
    """Make the question about the table of one user."""
    return Question(secure_settings_command(user), parse_settings, lambda settings: secure_items(user, settings))


QUESTION = Question(SYSTEM_SETTINGS, parse_settings, system_items)


def _items(
    wanted: Mapping[str, str | None], settings: Settings, where: str, unset: str | None = None
) -> Iterator[StateItem]:
    """A key that is there twice is in the value of another setting: neither is believed, both are shown.

    `unset` is the value that stands for none.
    """
    for name, expected in wanted.items():
        values = settings.get(name, ())
        if values:
            value = values[0] if len(set(values)) == 1 else None
            evidence = [seen("setting", where, f"{name}={text}") for text in values]
            yield item(name, "" if value is not None and value == unset else value, evidence, expected)
