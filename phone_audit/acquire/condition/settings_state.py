"""The tables `secure` and `system` of the settings → items of the state."""

from collections.abc import Callable, Iterator, Mapping

from phone_audit.acquire.condition.item import item, key_of, seen
from phone_audit.model.device import StateItem

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
"""Setting of a user → what an ordinary phone says; None where anything is ordinary. Identifiers are left out."""

SYSTEM: Mapping[str, str | None] = {
    "http_proxy": "",
    "wifi_static_dns1": None,
    "wifi_static_dns2": None,
    "wifi_use_static_ip": "0",
}
"""Settings of the table that any package may write in old versions, and that vendors still read."""


def secure_items(user: int, settings: Mapping[str, tuple[str, ...]]) -> Iterator[StateItem]:
    """Yield the settings of one user that decide who sees data, by the name that `key_of` gives."""
    yield from _items(SECURE, settings, f"settings list --user {user} secure", lambda name: key_of(name, user))


def system_items(settings: Mapping[str, tuple[str, ...]]) -> Iterator[StateItem]:
    """Yield the settings of the system's table; a name that another table has too begins with `system:`."""
    yield from _items(SYSTEM, settings, "settings list --user 0 system", lambda name: f"system:{name}")


def _items(
    wanted: Mapping[str, str | None], settings: Mapping[str, tuple[str, ...]], where: str, key: Callable[[str], str]
) -> Iterator[StateItem]:
    """A key that is there twice is in the value of another setting: neither is believed, both are shown."""
    for name, expected in wanted.items():
        values = settings.get(name, ())
        if values:
            value = values[0] if len(set(values)) == 1 else None
            evidence = [seen("setting", where, f"{name}={said}") for said in values]
            yield item(key(name), "" if value == "null" else value, evidence, expected)
