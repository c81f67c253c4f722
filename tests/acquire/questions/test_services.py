"""Who may watch and steer: administrators, accessibility services, roles, battery saving, networks."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.questions.accessibility import (
    AccessibilityServices,
    accessibility_items,
    capabilities,
    parse_accessibility,
)
from phone_audit.acquire.questions.connectivity import Networks, network_items, parse_networks
from phone_audit.acquire.questions.device_policy import Administrator, administrator_items, parse_device_policy
from phone_audit.acquire.questions.idle_list import idle_items, parse_idle_list
from phone_audit.acquire.questions.roles import parse_roles, role_items
from phone_audit.model.device import StateItem

DUMPS = Path(__file__).parent / "dumps"


def dump(name: str) -> str:
    return (DUMPS / f"{name}.txt").read_text("utf-8")


def values(items: list[StateItem]) -> dict[str, str | None]:
    return {item.key: item.value for item in items}


def test_a_service_that_is_on_with_what_it_may_do() -> None:
    found = parse_accessibility(dump("accessibility-14-emulator"))
    service = "com.malware.accessibility/com.malware.service.malwareservice"
    may = ("read the screen", "take over touch exploration", "see every key")
    assert found == (AccessibilityServices(0, (service,), (("Accessibility service", may),)),)
    assert values(list(accessibility_items(found))) == {
        "accessibility_services": service,
        "accessibility_powers": f"Accessibility service: {', '.join(may)}",
    }


def test_a_samsung_phone_with_nothing_on() -> None:
    assert parse_accessibility(dump("accessibility-11-samsung")) == (AccessibilityServices(0, (), ()),)


def test_samsungs_list_and_that_of_several_users() -> None:
    text = (
        "User state[attributes:{id=0, currentUser=true\n  }\n  enabled services: {\n    0 : com.a/.S\n"
        "    1 : com.b/.T\n  }\n]\nUser state[\n     attributes:{id=10, x=false}\n"
        "     Bound services:{Service[label=A], odd, feedbackType[F], capabilities=160, x], "
        "Service[label=B, feedbackType[], capabilities=0, x]}\n     Enabled services:{{com.c/com.c.S}, {com.d/.S}}\n"
    )
    assert parse_accessibility(text) == (
        AccessibilityServices(0, ("com.a/.S", "com.b/.T"), ()),
        AccessibilityServices(10, ("com.c/com.c.S", "com.d/.S"),
                 (("A], odd", ("tap and swipe", "take screenshots")), ("B", ()))),
    )  # fmt: skip
    items = values(list(accessibility_items(parse_accessibility(text))))
    assert items["accessibility_services@10"] == "com.c/com.c.S:com.d/.S"
    assert items["accessibility_powers@10"] == "A], odd: tap and swipe, take screenshots; B: no special powers"
    assert capabilities(0) == ()


def test_a_device_owner() -> None:
    owner = "com.rosan.dhizuku/com.rosan.dhizuku.server.DhizukuDAReceiver"
    admin = "com.rosan.dhizuku/.server.DhizukuDAReceiver"
    may = ("disable-camera", "encrypted-storage", "force-lock", "limit-password", "reset-password", "set-global-proxy",
           "wipe-data")  # fmt: skip
    found = parse_device_policy(dump("device-policy-owner"))
    assert found == (Administrator(0, "admin", admin, may), Administrator(0, "device-owner", owner))
    items = list(administrator_items(found))
    assert values(items) == {"device_admins": admin, "device_owner": owner}
    assert items[0].evidence[0].value == f"{admin} {' '.join(may)}"


def test_administrators_of_two_users_and_a_profile_owner() -> None:
    found = parse_device_policy(
        "Current Device Policy Manager state:\n  Profile Owner (User 10):\n    admin=ComponentInfo{com.w/com.w.A}\n"
        "    name=com.x/.Pretended:\n\n  Enabled Device Admins (User 0, provisioningState: 0):\n    com.a/.A:\n"
        "      uid=1\n      policies:\n        wipe-data\n      com.fake/.NotAnAdmin:\n    com.b/.B:\n"
        "    mPasswordOwner=-1\n  User 10:\n    Enabled Device Admins (User 10):\n      com.w/.A:\n  com.no/.No:\n"
    )
    assert found == (
        Administrator(0, "admin", "com.a/.A", ("wipe-data",)),
        Administrator(0, "admin", "com.b/.B"),
        Administrator(10, "admin", "com.w/.A"),
        Administrator(10, "profile-owner", "com.w/com.w.A"),
    )
    assert values(list(administrator_items(found)))["profile_owner@10"] == "com.w/com.w.A"


def test_a_section_of_the_same_depth_ends_the_list() -> None:
    text = "  Enabled Device Admins (User 0):\n  com.other/.Section:\n    com.deeper/.Deeper:\n"
    assert parse_device_policy(text) == ()


def test_no_dump_is_not_no_administrator() -> None:
    assert parse_device_policy("Can't find service: device_policy\n") is None
    assert parse_device_policy("Current Device Policy Manager state:\n") == ()
    assert values(list(administrator_items(()))) == {"device_admins": ""}


def test_the_roles_of_android_10() -> None:
    found = parse_roles(dump("roles-10-beta"))
    assert found == {
        (0, "BROWSER"): ("com.android.chrome",),
        (0, "EMERGENCY"): ("com.android.emergency",),
        (0, "SMS"): ("com.google.android.apps.messaging",),
    }
    assert values(list(role_items(found)))["role:SMS"] == "com.google.android.apps.messaging"


def test_several_holders_and_users() -> None:
    text = (
        "user_states=[\n {\n user_id=0\n roles=[\n {\n name=android.app.role.X\n holders=[\n com.b\n com.a\n ]\n }\n"
        " {\n name=vendor.role.Y\n holders=[ com.c, com.d ]\n }\n {\n user_id=10\n name=android.app.role.X\n"
        " holders=com.e\n }\n"
    )
    assert parse_roles(text) == {
        (0, "X"): ("com.a", "com.b"), (0, "vendor.role.Y"): ("com.c", "com.d"), (10, "X"): ("com.e",),
    }  # fmt: skip
    assert values(list(role_items(parse_roles(text))))["role:X@10"] == "com.e"


def test_battery_saving() -> None:
    found = parse_idle_list(
        "白名单\nsystem-excidle,com.android.shell,2000\nsystem,android,1000\nuser,com.b,10\nuser,bad;rm,1\n"
    )
    assert found == {"system": ("android",), "system-excidle": ("com.android.shell",), "user": ("com.b",)}
    assert values(list(idle_items(found))) == {"battery_exempt": "com.b"}
    assert parse_idle_list("Can't find service: deviceidle\n") is None
    assert list(idle_items(None)) == []


AGENT = (
    "  NetworkAgentInfo{network{101}  lp{{InterfaceName: wlan0 %s }}  "
    "nc{[ Transports: %s Capabilities: X OwnerUid: %s ]}}\n"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (AGENT % ("HttpProxy: [203.0.113.9] 8080", "WIFI", "1000"), Networks(("203.0.113.9:8080",), (), ())),
        (AGENT % ("PrivateDnsServerName: dns.example", "WIFI", "1000"), Networks((), ("dns.example",), ())),
        (AGENT % ("", "WIFI|VPN", "1010123"), Networks((), (), (1010123,))),
        (AGENT % ("", "VPN", "10123"), Networks((), (), (10123,))),
        (AGENT % ("", "WIFI", "10123"), Networks((), (), ())),
        (AGENT % ("HttpProxy: PAC Script: http://p.example/p.pac", "WIFI", "1"),
         Networks(("http://p.example/p.pac",), (), ())),
        ("Can't find service: connectivity\n", None),
        ("", None),
    ],
)  # fmt: skip
def test_networks(text: str, expected: Networks | None) -> None:
    assert parse_networks(text) == expected


def test_the_maker_of_a_tunnel_is_named() -> None:
    items = list(network_items(Networks((), (), (1010123, 10999)), {10123: ("com.vpn",)}))
    assert values(items) == {"network_proxy": "", "vpn_in_use": "com.vpn uid 10999"}
    assert list(network_items(None, {})) == []


@given(st.text(alphabet="User state[attributes:{id=0}Enabled services:Bound{,\n/.a", max_size=200))
def test_almost_valid_text_never_raises(text: str) -> None:
    parse_accessibility(text)
    parse_device_policy(f"Enabled Device Admins (User 0):\n{text}")
    parse_roles(text)
