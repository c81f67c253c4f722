"""The whole reading of a phone's condition: what is asked, what is kept, what is noted."""

from pathlib import Path

import pytest

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.condition import Condition, PhoneFacts, read_condition
from phone_audit.acquire.packages.merge import with_usage
from phone_audit.acquire.questions.accessibility import ACCESSIBILITY
from phone_audit.acquire.questions.appops import APPOPS
from phone_audit.acquire.questions.idle_list import IDLE_LIST
from phone_audit.acquire.questions.mounts import MOUNTS
from phone_audit.acquire.questions.netstats import NETSTATS, NetStats, Usage, traffic_of
from phone_audit.acquire.questions.roles import ROLES
from phone_audit.acquire.questions.settings import SYSTEM_SETTINGS, secure_items, secure_settings_command, system_items
from phone_audit.acquire.questions.small_files import small_files_command
from phone_audit.acquire.questions.transparency import TRANSPARENCY
from phone_audit.acquire.store.record import RecordingTransport
from phone_audit.acquire.store.replay import ReplayTransport
from phone_audit.acquire.transport import Answer, Transport
from phone_audit.errors import DeviceLostError
from phone_audit.model.device import AppOp, Package, PackageUser, StateItem, Traffic
from phone_audit.model.finding import Evidence
from tests.acquire.fake_phone import QUIET, FakePhone, Said

MOUNTS_TEXT = "/dev/block/dm-0 / ext4 rw,seclabel 0 0\n"
APPOPS_TEXT = (
    "1700000000 +0100\nCurrent AppOps Service state:\n  Uid u0a12:\n    Package com.a:\n      CAMERA (allow):\n"
    "          Access: [bg-s] 2023-11-14 20:00:00.000 (-2h)\n"
)
NETSTATS_TEXT = (
    "UID stats:\n  ident=[{type=1, ratType=COMBINED}] uid=10012 set=DEFAULT tag=0x0\n"
    "    NetworkStatsHistory: bucketDuration=7200\n      st=1699990000 rb=9 rp=1 tb=4 tp=1 op=0\n"
)
TIME_OUT = "*** SERVICE 'appops' DUMP TIMEOUT (10000ms) EXPIRED ***"
SAYS: dict[str, Said] = {
    MOUNTS.text: MOUNTS_TEXT,
    secure_settings_command(0).text: "assistant=com.a/.A\nandroid_id=0123456789abcdef\n",
    secure_settings_command(10).text: "assistant=null\n",
    SYSTEM_SETTINGS.text: "http_proxy=203.0.113.9:1\n",
    APPOPS.text: APPOPS_TEXT,
    NETSTATS.text: NETSTATS_TEXT,
    TRANSPARENCY.text: f"Image Info\n{'ab' * 32}\n",
    ROLES.text: " user_id=0\n name=android.app.role.SMS\n holders=com.a\n",
    IDLE_LIST.text: "user,com.a,12\n",
}


def read(
    transport: Transport, *, users: tuple[int, ...] = (0, 10), sdk: int | None = 34, offset: float | None = None
) -> tuple[Condition, list[tuple[str, str]]]:
    reader = Reader(transport, QUIET)
    condition = Condition()
    properties = {"ro.build.version.security_patch": "2023-11-04", "ro.boot.vbmeta.digest": "CD" * 32}
    read_condition(reader, condition, PhoneFacts(sdk, users, {}, properties, offset))
    return condition, [(note.subject, note.code) for note in reader.skipped]


def values(condition: Condition) -> dict[str, str | None]:
    return {item.key: item.value for item in condition.state}


def test_everything_that_a_phone_says() -> None:
    condition, notes = read(FakePhone(says=dict(SAYS)))
    assert notes == []
    assert values(condition) == {
        "assistant": "com.a/.A",
        "assistant@10": "",
        "battery_exempt": "com.a",
        "mounts_covering": "",
        "mounts_writable": "/",
        "patch_age_days": "10",
        "role:SMS": "com.a",
        "system:http_proxy": "203.0.113.9:1",
        "transparency_image": "ab" * 32,
        "vbmeta_differs": "ro.boot.vbmeta.digest",
    }
    assert condition.appops is not None
    assert dict(condition.appops) == {
        (0, "com.a"): (
            AppOp(
                op="CAMERA", mode="allow", last_access="2023-11-14T19:00:00Z", last_background="2023-11-14T19:00:00Z"
            ),
        )
    }
    assert condition.traffic == {
        (0, 10012): moved("2023-11-14T19:26:40Z", 9, 4, background=(9, 4)),
    }


def moved(
    since: str | None,
    received: int,
    sent: int,
    *,
    background: tuple[int, int] = (0, 0),
    mobile: tuple[int, int] = (0, 0),
) -> Traffic:
    return Traffic(since=since, received=received, sent=sent, sent_background=background[1],
                   received_background=background[0], mobile_received=mobile[0], mobile_sent=mobile[1])  # fmt: skip


def test_identifiers_are_not_published() -> None:
    condition, _ = read(FakePhone(says=dict(SAYS)))
    assert "0123456789abcdef" not in "".join(item.model_dump_json() for item in condition.state)


def test_a_phone_that_has_none_of_it_is_no_fault() -> None:
    condition, notes = read(FakePhone())
    assert (condition.state, condition.appops, condition.traffic, notes) == ((), None, None, [])


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (Answer(MOUNTS_TEXT.encode(), None, truncated=True), "cut-off"),
        (Answer(b"Segmentation fault\n", 139, truncated=False), "command-failed"),
        (Answer(b"cat: /proc/mounts: Permission denied\n", 1, truncated=False), None),
        (Answer(b"Can't find service: mounts\n", 20, truncated=False), None),
    ],
)
def test_what_takes_too_long_or_fails_is_noted_and_the_rest_goes_on(said: Answer, code: str | None) -> None:
    condition, notes = read(FakePhone(says={**SAYS, MOUNTS.text: said}))
    assert notes == ([] if code is None else [(MOUNTS.text, code)])
    assert values(condition)["assistant"] == "com.a/.A"
    assert ("mounts_writable" in values(condition)) == (code == "cut-off")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (Answer(b"1700000000 +0100\nCan't find service: appops\n", 20, truncated=False), None),
        (Answer(b"1700000000 +0100\nWARNING: linker: x\nSecurity exception: no\n\tat a.b\n", 1, truncated=False), None),
        (Answer((APPOPS_TEXT + "      x: Permission denied\n").encode(), 139, truncated=False), "command-failed"),
        (Answer(f"{APPOPS_TEXT}\n{TIME_OUT}\n\n".encode(), 0, truncated=False), "cut-off"),
        (Answer(f"{APPOPS_TEXT}\n      {TIME_OUT}\n".encode(), 0, truncated=False), None),
        (Answer(f"{APPOPS_TEXT}\n{TIME_OUT}\n{MOUNTS_TEXT}".encode(), 0, truncated=False), None),
    ],
)
def test_only_the_phone_itself_says_that_it_has_none_or_broke_off(said: Answer, code: str | None) -> None:
    _, notes = read(FakePhone(says={**SAYS, APPOPS.text: said}))
    assert notes == ([] if code is None else [("dumpsys appops", code)])


FILES = (
    b"\0folders\0open\0/system/etc/security/cacerts\0\0there\0\0files\0%b\0/system/etc/hosts\0\0bytes\0"
    b"127.0.0.1 localhost\n"
)


@pytest.mark.parametrize(
    ("said", "exit_status", "codes"),
    [
        (FILES % b"20\n", 0, []),
        (FILES % b"stat: Unknown option L\n", 0, ["not-understood"]),
        (FILES % b"19\n", 0, ["not-understood"]),
        (FILES % b"" + b"# x: not found", 1, ["command-failed"]),
        (b"", 0, ["not-understood"]),
    ],
)
def test_small_files_that_contradict_themselves_are_noted(said: bytes, exit_status: int, codes: list[str]) -> None:
    answer = Answer(said, exit_status, truncated=False)
    condition, notes = read(FakePhone(says={**SAYS, small_files_command((0, 10)).text: answer}))
    assert notes == [("the small files of the system", code) for code in codes]
    assert ("hosts_entries" in values(condition)) == (not codes)


def test_what_few_phones_have_is_not_promised() -> None:
    cut = Answer(f"Image Info\n{'ab' * 32}\n".encode(), None, truncated=True)
    condition, notes = read(FakePhone(says={**SAYS, TRANSPARENCY.text: cut}))
    assert notes == []
    assert values(condition)["transparency_image"] == "ab" * 32


@pytest.mark.parametrize(("sdk", "asked"), [(28, False), (29, True), (None, True)])
def test_services_are_asked_from_the_version_on_that_has_them(sdk: int | None, asked: bool) -> None:
    phone = FakePhone(says=dict(SAYS))
    condition, _ = read(phone, sdk=sdk)
    assert (ROLES.text in phone.asked) == asked
    assert ("role:SMS" in values(condition)) == asked


def test_the_age_of_the_patches_does_not_believe_a_wrong_clock() -> None:
    assert values(read(FakePhone(says=dict(SAYS)), offset=86400.0 * 3)[0])["patch_age_days"] == "7"
    no_time = APPOPS_TEXT.replace("1700000000 +0100", "date: not found")
    assert "patch_age_days" not in values(read(FakePhone(says={**SAYS, APPOPS.text: no_time}))[0])


def test_a_phone_that_goes_away_leaves_what_it_said() -> None:
    phone = FakePhone(says={**SAYS, ACCESSIBILITY.text: DeviceLostError("gone")})
    condition = Condition()
    with pytest.raises(DeviceLostError):
        read_condition(Reader(phone, QUIET), condition, PhoneFacts(34, (0,), {}, {}))
    assert values(condition)["mounts_writable"] == "/"


def test_a_replay_says_the_same_and_an_older_acquisition_nothing(tmp_path: Path) -> None:
    recording = RecordingTransport(FakePhone(says=dict(SAYS)), tmp_path / "new", depth="quick")
    live, _ = read(recording)
    recording.finish()
    replayed, notes = read(ReplayTransport(tmp_path / "new"))
    assert (replayed, notes) == (live, [])
    older = RecordingTransport(FakePhone(says={"getprop": ""}), tmp_path / "old", depth="quick")
    older.shell("getprop")
    older.finish()
    assert read(ReplayTransport(tmp_path / "old")) == (Condition(), [])


def test_an_older_acquisition_that_broke_off_ends_as_it_did(tmp_path: Path) -> None:
    older = RecordingTransport(FakePhone(says={"getprop": ""}), tmp_path / "old", depth="quick")
    older.shell("getprop")
    older.note_lost(DeviceLostError("gone"))
    older.finish()
    replay = ReplayTransport(tmp_path / "old")
    replay.shell("getprop")
    with pytest.raises(DeviceLostError, match="gone"):
        read(replay)


def test_a_setting_that_is_there_twice_is_shown_and_not_believed() -> None:
    (found,) = secure_items(10, {"assistant": ("com.a/.A", "com.b/.B"), "android_id": ("x",)})
    where = "settings list --user 10 secure"
    assert found == StateItem(
        key="assistant@10",
        value=None,
        expected=None,
        evidence=(
            Evidence(kind="setting", where=where, value="assistant=com.a/.A"),
            Evidence(kind="setting", where=where, value="assistant=com.b/.B"),
        ),
    )
    assert list(system_items({})) == []


def package(users: tuple[int, ...] = (0, 10), app_id: int | None = 12) -> Package:
    copies = tuple(
        PackageUser(id=user, installed=user == 0, enabled=None, hidden=None, suspended=None, installer=None,
                    first_install=None, last_update=None, granted=None, appops=None, traffic=None)
        for user in users
    )  # fmt: skip
    unknown = dict.fromkeys(("system", "version_code", "version_name", "signers"))
    return Package.model_validate({"name": "com.a", "app_id": app_id, "files": (), "users": copies, **unknown})


def test_what_each_copy_of_a_package_did() -> None:
    done = (AppOp(op="CAMERA", mode="allow", last_access=None, last_background=None),)
    sent = Traffic(since=None, received=1, sent=2, sent_background=0)
    owner, other = with_usage(package(), {(0, "com.a"): done}, {(0, 12): sent}).users
    assert (owner.appops, owner.traffic) == (done, sent)
    assert (other.appops, other.traffic) == ((), None)
    nothing = with_usage(package(users=(0,)), {}, {}).users[0]
    assert (nothing.appops, nothing.traffic) == ((), moved(None, 0, 0))
    assert with_usage(package(), None, None) == package()
    assert with_usage(package(users=(0,), app_id=None), None, {}).users[0].traffic is None


def test_traffic_of_all_networks_but_the_tunnels_own() -> None:
    stats = NetStats(
        usages=(
            Usage(1010012, foreground=False, network="wifi", received=10, sent=1, since=200),
            Usage(1010012, foreground=True, network="mobile", received=20, sent=2, since=100),
            Usage(1010012, foreground=True, network="vpn", received=30, sent=3, since=50),
            Usage(-4, foreground=False, network="wifi", received=40, sent=4, since=10),
        )
    )
    assert traffic_of(stats) == {
        (10, 10012): moved("1970-01-01T00:01:40Z", 30, 3, background=(10, 1), mobile=(20, 2)),
    }
    assert traffic_of(NetStats()) is None
