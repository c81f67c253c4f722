"""Who may watch and steer: accessibility, administrators, roles, packages that battery saving leaves alone."""

from collections.abc import Iterator, Mapping, Sequence

from phone_audit.acquire.condition import questions
from phone_audit.acquire.condition.item import item, key_of, seen
from phone_audit.acquire.parse.accessibility import Services
from phone_audit.acquire.parse.device_policy import Administrator
from phone_audit.acquire.parse.networks import Networks
from phone_audit.model.device import StateItem

OWNERS = {"admin": "device_admins", "device-owner": "device_owner", "profile-owner": "profile_owner"}


def accessibility_items(services: Sequence[Services]) -> Iterator[StateItem]:
    """Yield the services that are on, and those that run with what they may do."""
    where = questions.ACCESSIBILITY.text
    for one in services:
        yield item(
            key_of("accessibility_services", one.user),
            ":".join(one.enabled),
            [seen("command", where, name) for name in one.enabled],
        )
        if one.bound:
            said = [f"{label}: {', '.join(powers) or 'no special powers'}" for label, powers in one.bound]
            yield item(
                key_of("accessibility_powers", one.user),
                "; ".join(said),
                [seen("command", where, text) for text in said],
            )


def administrator_items(administrators: Sequence[Administrator]) -> Iterator[StateItem]:
    """Yield administrators, the owner of the device, and owners of profiles, by user."""
    groups: dict[tuple[str, int], list[Administrator]] = {("device_admins", 0): []}
    for one in administrators:
        groups.setdefault((OWNERS[one.kind], one.user), []).append(one)
    for (name, user), members in groups.items():
        evidence = [
            seen("command", questions.DEVICE_POLICY.text, " ".join((one.component, *one.policies))) for one in members
        ]
        yield item(key_of(name, user), ":".join(one.component for one in members), evidence)


def role_items(roles: Mapping[tuple[int, str], tuple[str, ...]]) -> Iterator[StateItem]:
    """Yield the holders of each role, with blanks between them."""
    for (user, role), holders in roles.items():
        text = " ".join(holders)
        yield item(key_of(f"role:{role}", user), text, [seen("command", questions.ROLES.text, f"{role} {text}")])


def idle_items(names: Mapping[str, tuple[str, ...]] | None) -> Iterator[StateItem]:
    """Yield the packages that somebody, not the firmware, took out of battery saving, with blanks between them."""
    if names is not None:
        chosen = names.get("user", ())
        evidence = [seen("command", questions.IDLE_LIST.text, f"user,{name}") for name in chosen]
        yield item("battery_exempt", " ".join(chosen), evidence)


def network_items(networks: Networks | None, packages: Mapping[int, tuple[str, ...]]) -> Iterator[StateItem]:
    """Yield what the networks that are up say of proxies, private DNS and tunnels.

    Args:
        networks: as read; None where they were not.
        packages: app id → names of packages.
    """
    if networks is None:
        return
    where = questions.CONNECTIVITY.text
    yield item(
        "network_proxy", " ".join(networks.proxies), [seen("command", where, one) for one in networks.proxies], ""
    )
    if networks.private_dns:
        evidence = [seen("command", where, one) for one in networks.private_dns]
        yield item("network_private_dns", " ".join(networks.private_dns), evidence)
    apps = {app_id: packages.get(app_id) for app_id in (uid % 100_000 for uid in networks.tunnels)}
    makers = [name for its in apps.values() for name in its or ()]
    makers += [f"uid {uid}" for uid in networks.tunnels if apps[uid % 100_000] is None]
    evidence = [seen("command", where, f"VPN, OwnerUid: {uid}") for uid in networks.tunnels]
    yield item("vpn_in_use", " ".join(makers), evidence)
