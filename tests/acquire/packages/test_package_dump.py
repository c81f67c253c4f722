from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.packages.package_block import DumpedPackage, DumpedUser
from phone_audit.acquire.packages.package_dump import PackageDump, parse_package_dump
from tests.acquire.packages.dumps_of import FOLDER, dump

HERE = DumpedUser(installed=True, hidden=False, suspended=False, enabled=0)
NOT_HERE = DumpedUser(installed=False, hidden=False, suspended=False, enabled=0)
P = "android.permission."


def only(text: str) -> DumpedPackage:
    [(block,)] = parse_package_dump(text).packages.values()
    return block


def test_android_8() -> None:
    assert only(dump("android-08-two-users.txt")) == DumpedPackage(
        name="jp.co.cyberagent.stf",
        app_id=11261,
        code_path="/data/app/jp.co.cyberagent.stf-AAAAAAAAAAAAAAAAAAAAAA==",
        version_code=4,
        version_name="2.1.0",
        splits=("base",),
        flags=frozenset({"HAS_CODE", "ALLOW_CLEAR_USER_DATA", "ALLOW_BACKUP"}),
        first_install="2017-09-08 22:06:07",
        last_update="2017-09-08 22:06:07",
        granted=frozenset({P + "MANAGE_ACCOUNTS", P + "INTERNET", P + "READ_PHONE_STATE"}),
        users={0: HERE, 10: HERE},
    )


def test_android_9_hidden_package_and_the_grants_of_a_shared_user() -> None:
    read = parse_package_dump(dump("android-09-hidden-and-shared.txt"))
    [live], [hidden] = read.packages["com.memfault.usagereporter"], read.hidden["com.memfault.usagereporter"]
    assert (live.code_path, live.version_name) == (
        "/data/app/com.memfault.usagereporter-AAAAAAAAAAAAAAAAAAAAAA==",
        "2.7.1+0-DEV-144c8b06b",
    )
    assert (hidden.code_path, hidden.version_name) == (
        "/system/priv-app/MemfaultUsageReporter",
        "2.7.1+0-DEV-66d7c5a38",
    )
    assert live.shared_user == "android.uid.system"
    assert live.granted == frozenset()
    [shared] = read.shared["android.uid.system"]
    assert shared.granted == {P + "BIND_INCALL_SERVICE", P + "WRITE_SETTINGS", P + "CONFIGURE_WIFI_DISPLAY"}
    assert shared.users[0].granted == {P + "READ_CALL_LOG", P + "ACCESS_FINE_LOCATION"}


def test_android_10_samsung_disabled_until_used() -> None:
    read = parse_package_dump(dump("android-10-samsung.txt"))
    assert set(read.packages) == {"com.samsung.android.provider.filterprovider", "com.instagram.android"}
    [instagram] = read.packages["com.instagram.android"]
    assert instagram.users == {0: replace(HERE, enabled=4)}
    assert instagram.granted == {"com.google.android.c2dm.permission.RECEIVE", P + "INTERNET"}
    assert instagram.installer == "com.android.vending"


def test_android_11_apex_and_hidden_packages() -> None:
    title = "Hidden system packages:\n"
    updated = "".join(f"  Package [{name}] (1):\n" for name in ("com.android.vending", "com.google.android.webview"))
    read = parse_package_dump(dump("android-11-hidden.txt").replace(title, updated + title))
    [tethering] = read.packages["com.google.android.networkstack.tethering"]
    assert tethering.code_path == "/apex/com.android.tethering/priv-app/TetheringGoogle"
    assert tethering.users == {0: HERE}
    assert {name: block.code_path for name, (block,) in read.hidden.items()} == {
        "com.android.vending": "/product/priv-app/Phonesky",
        "com.google.android.webview": "/product/app/WebViewGoogle",
    }
    assert read.hidden["com.android.vending"][0].version_name == "22.4.25-21 [0] [PR] 337959405"


def test_android_12_second_user_without_the_package() -> None:
    block = only(dump("android-12-clone-user.txt"))
    assert block.granted == {P + "INTERNET", P + "ACCESS_WIFI_STATE"}
    assert block.users == {
        0: replace(HERE, granted=frozenset({P + "ACCESS_FINE_LOCATION", P + "BLUETOOTH_SCAN"})),
        900: replace(NOT_HERE, granted=frozenset({P + "ACCESS_FINE_LOCATION"})),
    }


def test_android_13_install_time_of_each_user() -> None:
    block = only(dump("android-13-two-users.txt"))
    assert block.app_id == 10030
    assert block.first_install is None
    assert {user: state.first_install for user, state in block.users.items()} == {
        0: "2009-01-01 00:00:00",
        10: "1970-01-01 01:00:00",
    }
    assert block.users[0].granted == {P + "POST_NOTIFICATIONS", P + "OTHER_SENSORS"}


def test_android_14_many_users() -> None:
    block = only(dump("android-14-five-users.txt"))
    assert block.app_id == 10076
    assert block.granted == {P + "ACCESS_NETWORK_STATE"}
    assert {user: state.installed for user, state in block.users.items()} == {0: False, 11: True, 13: False}
    assert block.users[11].granted == {P + "POST_NOTIFICATIONS", P + "INTERNET"}


def test_android_14_splits_and_past_signers() -> None:
    block = only(dump("android-14-splits.txt"))
    assert block.splits == ("base", "config.arm64_v8a", "config.en", "config.xxhdpi")
    assert block.signers is None
    assert "UPDATED_SYSTEM_APP" in block.flags


def test_samsung_prints_its_install_log_first() -> None:
    read = parse_package_dump(dump("android-14-samsung-install-log.txt"))
    assert set(read.packages) == {"com.bitchat.droid"}
    assert read.packages["com.bitchat.droid"][0].users[10].installed is False


def test_android_16_suspended_package_with_a_paragraph_inside_the_user() -> None:
    block = only(dump("android-16-suspended.txt"))
    assert block.version_name == "0.0.82-SNAPSHOT"
    assert block.users == {0: replace(HERE, suspended=True, first_install="2026-10-03 16:07:01")}
    assert block.granted == {P + "INTERNET", P + "WAKE_LOCK"}


def test_android_16_system_package_removed_for_the_user() -> None:
    block = only(dump("android-16-system-uninstalled.txt"))
    assert block.users[0].installed is False
    assert block.users[0].granted == {P + "POST_NOTIFICATIONS"}


def test_later_than_16() -> None:
    block = only(dump("later-than-16.txt"))
    assert (block.app_id, block.version_code, block.version_name) == (13121, 1, "1.0.0")
    assert block.users == {0: replace(HERE, first_install="2026-07-04 16:00:41")}


def test_android_9_is_told_by_what_it_prints() -> None:
    text = dump("android-09-hidden-and-shared.txt")
    assert "past signatures" in text
    assert "flags=[ SYSTEM_FIXED GRANTED_BY_DEFAULT ]" in text
    assert "org.apache.http.legacy.boot.jar" in text


def test_android_11_watch_with_both_versions_of_an_updated_system_package() -> None:
    read = parse_package_dump(dump("android-11-watch-updated.txt"))
    [live], [hidden] = read.packages["com.tekartik.package1"], read.hidden["com.tekartik.package1"]
    assert (live.version_code, live.splits) == (20, ("base", "config.fr", "config.xhdpi"))
    assert (hidden.version_code, hidden.code_path) == (15, "/vendor/app/com.tekartik.package1")
    assert live.users[0].granted == {"com.google.android.wearable.permission.RECEIVE_COMPLICATION_DATA"}
    assert "UPDATED_SYSTEM_APP" in live.flags


def test_android_15_grants_of_a_shared_user_with_three_users() -> None:
    [shared] = parse_package_dump(dump("android-15-shared-users-and-apex.txt")).shared["android.media"]
    assert shared.app_id == 10074
    assert {P + "INTERNET", P + "QUERY_ALL_PACKAGES"} < shared.granted
    assert {user: state.granted for user, state in shared.users.items()} == dict.fromkeys(
        (0, 10, 11), frozenset({P + "POST_NOTIFICATIONS", P + "READ_EXTERNAL_STORAGE"})
    )


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("android-16-hidden.txt", replace(HERE, hidden=True)),
        ("android-16-disabled.txt", replace(HERE, enabled=3)),
        ("android-16-kept-data.txt", NOT_HERE),
    ],
)
def test_android_16_states_of_a_package(name: str, state: DumpedUser) -> None:
    block = only(dump(name))
    assert block.users == {0: replace(state, first_install="2026-10-03 16:07:01")}
    assert block.version_name == (None if name == "android-16-kept-data.txt" else "0.0.82-SNAPSHOT")
    assert (block.version_code, block.last_update) == (1, "2026-10-03 17:28:08")
    assert P + "WAKE_LOCK" in block.granted


def test_android_17() -> None:
    block = only(dump("android-17-block.txt"))
    assert (block.app_id, block.version_code, block.version_name) == (10122, 1, "1.0")
    assert block.flags == {"HAS_CODE", "ALLOW_CLEAR_USER_DATA"}


# What the reader does not know


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*-[01]*.txt")))
def test_every_line_of_the_real_dumps_is_known(name: str) -> None:
    assert parse_package_dump(dump(name)).strange == {}


def test_unknown_lines_are_counted_by_their_form() -> None:
    text = dump("later-than-16.txt")
    text = text.replace("    splits=[base]\n", "    splits=[base]\n    newKey=1\n    text without a form\n")
    text = text.replace("    User 0:", "    new list:\n      one entry\n      another: entry\n    User 0:", 1)
    text = text.replace("      installReason=0\n", "      installReason=0\n      otherKey=2\n")
    read = parse_package_dump(text)
    assert read.strange == {"newKey=": 1, "text without a form": 1, "new list:": 3, "otherKey=": 1}
    assert read.packages == parse_package_dump(dump("later-than-16.txt")).packages


def test_a_key_behind_the_version_name_cannot_be_told_from_it_and_is_counted() -> None:
    text = dump("later-than-16.txt").replace(
        "    hiddenApiEnforcementPolicy=", "    newKey=1\n    hiddenApiEnforcementPolicy="
    )
    read = parse_package_dump(text)
    assert read.strange == {"versionName= over several lines": 1}
    assert only(text).version_name == "1.0.0\n    newKey=1"


def test_what_stands_no_deeper_than_the_title_of_a_list_is_no_entry_of_it() -> None:
    text = dump("android-16-suspended.txt")
    text = text.replace("    requested permissions:\n", "    requested permissions:\n    loose words\n", 1)
    assert parse_package_dump(text).strange == {"loose words": 1}


def test_a_list_below_an_unknown_one_is_read() -> None:
    text = dump("later-than-16.txt").replace(
        "    install permissions:\n", "    new:\n      x\n    install permissions:\n"
    )
    assert only(text).granted == only(dump("later-than-16.txt")).granted


# A static library (AOSP: the header has its own name, `compat name=` the one that tells its versions apart)

LIBRARY = """\
Packages:
  Package [com.google.android.trichromelibrary] (1a2b3c):
    compat name=com.google.android.trichromelibrary_609919332
    userId=10132
    versionCode=609919332 minSdk=29 targetSdk=34
    versionName=121.0
    splits=[base]
  Package [com.google.android.trichromelibrary] (4d5e6f):
    compat name=com.google.android.trichromelibrary_661308832
    userId=10133
    versionCode=661308832 minSdk=29 targetSdk=34
    versionName=132.0
    splits=[base]
"""


def test_versions_of_a_static_library_are_packages_of_their_own() -> None:
    read = parse_package_dump(LIBRARY)
    assert {name: [block.app_id for block in blocks] for name, blocks in read.packages.items()} == {
        "com.google.android.trichromelibrary_609919332": [10132],
        "com.google.android.trichromelibrary_661308832": [10133],
    }
    assert read.strange == {}


def test_a_static_library_that_is_in_no_list_is_named_as_the_phone_does() -> None:
    read = parse_package_dump(LIBRARY, {"org.other"})
    assert read.packages == {}
    assert read.unknown == (
        "com.google.android.trichromelibrary_609919332",
        "com.google.android.trichromelibrary_661308832",
    )


def test_some_versions_begin_a_user_twice() -> None:
    text = dump("later-than-16.txt").replace(
        "      gids=[3003]\n", "    User 0:\n      gids=[3003]\n      runtime permissions:\n        p.Q: granted=true\n"
    )
    assert only(text).users[0] == replace(HERE, first_install="2026-07-04 16:00:41", granted=frozenset({"p.Q"}))


def test_whole_hashes_of_signers_are_taken_and_past_ones_left() -> None:
    new, old = "ab" * 32, "cd" * 32
    text = dump("android-14-splits.txt").replace("[fa41615]", f"[{new}]").replace("[7d3bce25", f"[{old}")
    assert only(text).signers == (new,)


# A version name is text of the package, printed as it is.

PRETENDING = (
    "1\n    userId=0\n    codePath=/system/priv-app/Settings\n    flags=[ SYSTEM ]\n"
    "  Package [a.fake] (deadbee):\n    userId=1000\n\nDexopt state:\n\nPackages:"
)


def hostile(version_name: str) -> str:
    second = dump("android-08-two-users.txt").split("Packages:\n")[1].replace("jp.co.cyberagent.stf", "a.second")
    first = dump("android-08-two-users.txt").split("\nPackage Changes:")[0]
    return first.replace("versionName=2.1.0", f"versionName={version_name}").rstrip("\n") + "\n" + second


def test_a_version_name_cannot_pretend_keys_packages_or_titles() -> None:
    names = {"jp.co.cyberagent.stf", "a.second"}
    read = parse_package_dump(hostile(PRETENDING), names)
    assert set(read.packages) == names
    [first] = read.packages["jp.co.cyberagent.stf"]
    expected = only(dump("android-08-two-users.txt"))
    assert first == replace(expected, version_name=PRETENDING)
    assert (read.unknown, read.pretended_names) == ((), ("a.fake",))


def test_a_version_name_that_pretends_a_package_that_exists_is_seen() -> None:
    text = hostile("1\n  Package [a.second] (deadbee):\n    userId=1000")
    read = parse_package_dump(text, {"jp.co.cyberagent.stf", "a.second"})
    assert [block.app_id for block in read.packages["a.second"]] == [1000, 11261]


TITLES_BELOW = (
    "1\n    splits=[base]\nShared users:",
    "1\n    splits=[base]\nShared users:\n  SharedUser [a.shared] (1a):\n    userId=1000",
    "1\n    splits=[base]\nPackage Changes:",
    "1\n    splits=[base]\nPackages:",
    "1\n    splits=[base]\nHidden system packages:",
    "1\n    splits=[base]\nHidden system packages:\n\nCompiler stats:",
)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("version_name", TITLES_BELOW)
def test_a_title_in_a_version_name_hides_no_package(version_name: str, known: bool) -> None:
    names = {"jp.co.cyberagent.stf", "a.second"}
    read = parse_package_dump(hostile(version_name), names if known else None)
    [first], [second] = read.packages["jp.co.cyberagent.stf"], read.packages["a.second"]
    expected = only(dump("android-08-two-users.txt"))
    assert first == replace(expected, version_name="1")
    assert second == only(dump("android-08-two-users.txt").replace("jp.co.cyberagent.stf", "a.second"))
    assert read.pretended == 1


def test_packages_below_a_title_with_a_package_of_its_own_are_still_packages() -> None:
    pretending = "1\n    splits=[base]\nHidden system packages:\n  Package [a.none] (1a):\n    versionName=1"
    read = parse_package_dump(hostile(pretending), {"jp.co.cyberagent.stf", "a.second"})
    [second] = read.packages["a.second"]
    assert second == only(dump("android-08-two-users.txt").replace("jp.co.cyberagent.stf", "a.second"))
    assert (read.pretended, read.unknown, read.hidden) == (1, ("a.none",), {})


def test_an_ordinary_dump_pretends_nothing() -> None:
    names = [path.name for path in FOLDER.glob("android-*.txt") if path.name != "android-11-hidden.txt"]
    assert [parse_package_dump(dump(name)).pretended for name in names] == [0] * len(names)


def test_a_vendor_without_the_keys_after_the_version_name_is_read_all_the_same() -> None:
    text = hostile("2.1.0").replace("    splits=[base]\n", "")
    read = parse_package_dump(text, {"jp.co.cyberagent.stf", "a.second"})
    assert [block.version_name for (block,) in read.packages.values()] == ["2.1.0", "2.1.0"]
    assert read.packages["a.second"][0].granted


def test_of_keys_that_are_there_twice_the_one_away_from_the_version_name_counts() -> None:
    text = hostile("1\n    userId=0\n    codePath=/fake\n    pkgFlags=[ SYSTEM ]").replace("    splits=[base]\n", "")
    [block] = parse_package_dump(text, {"jp.co.cyberagent.stf"}).packages["jp.co.cyberagent.stf"]
    assert block.app_id == 11261
    assert block.code_path == "/data/app/jp.co.cyberagent.stf-AAAAAAAAAAAAAAAAAAAAAA=="
    assert "SYSTEM" not in block.flags


def test_a_grant_that_stands_in_no_list_is_none() -> None:
    text = dump("later-than-16.txt").replace("      installReason=0\n", "      p.STRAY: granted=true\n")
    assert only(text).users[0].granted == frozenset()


def test_a_permission_may_be_called_anything() -> None:
    odd = "com.hostile.permission.=1+1|<b>\x1b[31m"
    text = dump("later-than-16.txt").replace(P + "INTERNET: granted=true", f"{odd}: granted=true")
    assert only(text).granted == {odd}


def test_deeper_indentation_is_measured() -> None:
    text = "\n".join(
        "  " + line if line.startswith(" ") else line for line in dump("android-14-splits.txt").split("\n")
    )
    assert only(text) == only(dump("android-14-splits.txt"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Can't find service: package\n",
        "Unable to find package: x\n",
        "Packages:\n",
        "  Package [a] (1):\n    x=1\n",
    ],
)
def test_what_holds_no_package_gives_none(text: str) -> None:
    assert parse_package_dump(text) == PackageDump({}, {}, {}, ())


def test_a_cut_dump_gives_what_it_holds() -> None:
    text = dump("android-10-samsung.txt")
    cut = text[: text.index("    versionCode=364105349")]
    assert set(parse_package_dump(cut).packages) == {
        "com.samsung.android.provider.filterprovider",
        "com.instagram.android",
    }


LINES = [
    *sorted({line for file in FOLDER.glob("*-0*.txt") for line in file.read_text().split("\n")}),
    "Packages:",
    "    User 0:",
    "    versionName=\x1b[31m",
    "      runtime permissions:",
    "\udcff: granted=true",
]


@given(st.lists(st.sampled_from(LINES), max_size=60), st.booleans())
def test_lines_in_any_order_never_raise(lines: list[str], some: bool) -> None:
    read = parse_package_dump("\n".join(lines), {"jp.co.cyberagent.stf"} if some else None)
    assert all(blocks for blocks in read.packages.values())
    assert not some or set(read.packages) <= {"jp.co.cyberagent.stf"}
