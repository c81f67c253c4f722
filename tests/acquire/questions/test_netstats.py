"""Dumps after AOSP's `NetworkStatsService.dump` (packages/modules/Connectivity).

Compared with excerpts of real ones: Android 7.1 (appium/appium-android-driver, `lib/commands/performance`), 11, 13, 16.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.questions.netstats import (
    ByteCounter,
    NetStats,
    Usage,
    app_of,
    parse_netstats,
    parse_qtaguid,
    traffic_of,
)
from phone_audit.model.device import Traffic

HOME_9 = '{type=WIFI, subType=COMBINED, networkId="1107", metered=false, defaultNetwork=true}'
MOBILE_9 = "{type=MOBILE, subType=COMBINED, subscriberId=310260..., metered=true}"
HOME_16 = (
    '{type=1, ratType=COMBINED, wifiNetworkKey="home"wpa2-psk, metered=false, defaultNetwork=true, '
    "oemManaged=OEM_NONE, subId=-1, transports={1}}"
)
MOBILE_16 = (
    "{type=0, ratType=COMBINED, metered=true, defaultNetwork=true, oemManaged=OEM_NONE, subId=1, transports={0}}"
)
VPN_16 = "{type=17, metered=true, defaultNetwork=true, transports={0, 4}}"


def block(ident: str, uid: int, counter_set: str, *buckets: str, tag: str = "0x0", indent: str = "  ") -> str:
    lines = [
        f"{indent}ident=[{ident}] uid={uid} set={counter_set} tag={tag}",
        f"{indent}  NetworkStatsHistory: bucketDuration=7200",
        *(f"{indent}    {bucket}" for bucket in buckets),
    ]
    return "".join(f"{line}\n" for line in lines)


def test_android_9() -> None:
    text = (
        "Active interfaces:\n  iface=wlan0 ident=[" + HOME_9 + "]\n"
        "Dev stats:\n  Pending bytes: 7\n  History since boot:\n"
        + block(HOME_9, -1, "ALL", "st=1626933600 rb=999999 rp=60 tb=6247 tp=106 op=0")
        + "UID stats:\n  Pending bytes: 7\n  History since boot:\n"
        + block(
            HOME_9,
            10142,
            "FOREGROUND",
            "st=1626940800 rb=11127 rp=200 tb=22005 tp=389 op=0",
            "st=1626933600 rb=3533 rp=60 tb=6247 tp=106 op=0",
        )
        + block(MOBILE_9, 10142, "DEFAULT", "(omitting 3 buckets)", "st=1626948000 rb=5 rp=1 tb=6 tp=1 op=0")
        + "UID tag stats:\n  Pending bytes: 7\n  History since boot:\n"
        + block(HOME_9, 10142, "FOREGROUND", "st=1626933600 rb=100 rp=1 tb=1 tp=1 op=0", tag="0x1000040b")
    )
    assert parse_netstats(text) == NetStats(
        usages=(
            Usage(10142, False, "mobile", 5, 6, 1626948000),
            Usage(10142, True, "wifi", 14660, 28252, 1626933600),
        ),
    )


def test_android_16_with_the_kernels_counters() -> None:
    text = (
        "UID stats:\n"
        + block(HOME_16, 10306, "DEFAULT", "st=1788955200 rb=1000 rp=10 tb=200 tp=4 op=0", indent="      ")
        + block(MOBILE_16, 10306, "DEFAULT", "st=1788958800 rb=1 rp=1 tb=2 tp=1 op=0", indent="      ")
        + block(VPN_16, 10306, "DEFAULT", "st=1788958800 rb=1 rp=1 tb=2 tp=1 op=0", indent="      ")
        + block(HOME_16, 10306, "FOREGROUND", "st=1788958800 rb=500 rp=5 tb=100 tp=2 op=0", indent="      ")
        + block(HOME_16, 10306, "FOREGROUND", "st=1788958800 rb=77 rp=5 tb=7 tp=2 op=0", tag="0xff", indent="      ")
        + "BPF map status:\n  mAppUidStatsMap: OK\n  mStatsMapA: OK\n"
        "BPF map content:\n  mAppUidStatsMap:\n    uid rxBytes rxPackets txBytes txPackets\n"
        "    10502 131259371 87762 796372 15107\n"
        "    Entry is deleted while dumping, iterating from first entry\n"
        "    10502 131259371 87762 796372 15107\n    10140 489026 831 288329 842\n"
        "  mStatsMapA:\n    ifaceIndex ifaceName tag_hex uid_int cnt_set rxBytes rxPackets txBytes txPackets\n"
        "    10999 1 1 1 1\n"
    )
    stats = parse_netstats(text)
    assert stats.usages == (
        Usage(10306, False, "mobile", 1, 2, 1788958800),
        Usage(10306, False, "vpn", 1, 2, 1788958800),
        Usage(10306, False, "wifi", 1000, 200, 1788955200),
        Usage(10306, True, "wifi", 500, 100, 1788958800),
    )
    assert stats.counters == {10502: ByteCounter(131259371, 796372), 10140: ByteCounter(489026, 288329)}
    assert stats.unknown == 0


@pytest.mark.parametrize(
    "name",
    [
        "a}] uid=1 set=X tag=0x0",
        "\n  ident=[] uid=1 set=A tag=0x0",
        "\nst=1 rb=9 rp=9 tb=9 tp=9 op=0\n",
        "\nUID tag stats:\n",
        "{type=0",
    ],
)
def test_the_name_of_a_network_forges_nothing(name: str) -> None:
    hostile = HOME_16.replace("home", name)
    text = "UID stats:\n" + block(hostile, 10306, "DEFAULT", "st=1788955200 rb=1000 rp=10 tb=200 tp=4 op=0")
    text += block(HOME_16, 10307, "DEFAULT", "st=1788955200 rb=3 rp=10 tb=2 tp=4 op=0")
    assert parse_netstats(text).usages == (
        Usage(10306, False, "wifi", 1000, 200, 1788955200),
        Usage(10307, False, "wifi", 3, 2, 1788955200),
    )


def test_a_name_that_completes_an_identity_costs_that_row_only() -> None:
    hostile = HOME_16.replace("home", "\n] uid=1 set=A tag=0x0\n")
    text = "UID stats:\n" + block(hostile, 10306, "DEFAULT", "st=1788955200 rb=1000 rp=10 tb=200 tp=4 op=0")
    text += block(HOME_16, 10307, "DEFAULT", "st=1788955200 rb=3 rp=10 tb=2 tp=4 op=0")
    stats = parse_netstats(text)
    assert stats.usages == (Usage(10307, False, "wifi", 3, 2, 1788955200),)
    assert stats.unknown == 1


def test_a_new_kind_of_line_is_counted() -> None:
    text = "UID stats:\n" + block(HOME_16, 10306, "DEFAULT", "st=1788955200 rxBytes=10 txBytes=4")
    assert parse_netstats(text) == NetStats(unknown=1)


def test_cut_in_the_middle() -> None:
    text = "UID stats:\n" + block(HOME_16, 10306, "DEFAULT", "st=1788955200 rb=1000 rp=10 tb=200 tp=4 op=0")
    for end in range(len(text)):
        assert all(usage.received == 1000 for usage in parse_netstats(text[:end]).usages)


def test_traffic_of_packages() -> None:
    usages = (
        Usage(10306, False, "mobile", 1, 2, 1788958800),
        Usage(10306, True, "wifi", 500, 100, 1788955200),
        Usage(10306, False, "vpn", 1, 2, 1788951600),
        Usage(1010306, False, "wifi", 7, 8, 1788958800),
        Usage(-4, False, "wifi", 9, 9, 1788958800),
    )
    assert traffic_of(NetStats(usages)) == {
        (0, 10306): Traffic(
            since="2026-09-09T12:00:00Z",
            received=501,
            sent=102,
            sent_background=2,
            received_background=1,
            mobile_received=1,
            mobile_sent=2,
        ),
        (10, 10306): Traffic(
            since="2026-09-09T13:00:00Z",
            received=7,
            sent=8,
            sent_background=8,
            received_background=7,
            mobile_received=0,
            mobile_sent=0,
        ),
    }


def test_a_time_that_no_calendar_holds_is_not_told() -> None:
    traffic = traffic_of(NetStats((Usage(1, False, "wifi", 1, 1, 10**14),)))
    assert traffic is not None
    assert traffic[0, 1].since is None


def test_users_and_sandboxes() -> None:
    assert app_of(1010144) == (10, 10144)
    assert app_of(1020144) == (10, 10144)
    assert app_of(90001) == (0, 90001)


def test_qtaguid() -> None:
    text = (
        "idx iface acct_tag_hex uid_tag_int cnt_set rx_bytes rx_packets tx_bytes tx_packets rx_tcp_bytes\n"
        "2 wlan0 0x0 10123 0 100 1 10 1 0\n"
        "3 wlan0 0x0 10123 1 200 1 20 1 0\n"
        "4 wlan0 0xfff0001 10123 1 200 1 20 1 0\n"
        "5 lo 0x0 10123 1 900 1 90 1 0\n"
        "6 rmnet_data0 0x0 10123 0 1 1 2 1 0\n"
        "7 wlan0 0x0 1000 0 5 1\n"
    )
    assert parse_qtaguid(text) == {10123: ByteCounter(301, 32)}


@given(
    st.lists(
        st.sampled_from(
            [
                "UID stats:",
                "  ident=[{type=1}] uid=1 set=DEFAULT tag=0x0",
                "  ident=[",
                "mAppUidStatsMap:",
                "      st=1 rb=2 rp=3 tb=4 tp=5 op=0",
                "    1 2 3 4 5",
                "] uid=9 set=DEFAULT tag=0x0",
            ]
        )
    )
)
def test_nothing_breaks_it(lines: list[str]) -> None:
    assert parse_netstats("\n".join(lines)).unknown >= 0
