"""A watch from the first question to the result, with a phone that answers from a table."""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import phone_audit
from fixtures.oat.vdex import vdex
from phone_audit.acquire.transport import Answer
from phone_audit.errors import CommandError, DeviceLostError, UsageError
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.watch import ObservationLine, Watch
from phone_audit.pipeline import watch_session as watch_module
from phone_audit.pipeline.options import Budget
from phone_audit.pipeline.watch import watch_device, watch_transport
from phone_audit.pipeline.watch_session import WatchOptions, WatchSession
from tests.pipeline.test_stripped_apks import stripped
from tests.watch_phone import Look, WatchPhone, socket_line, tables

KNOWN = load_knowledge()
ACTIVATION = "com.qualcomm.qti.autoregistration"
APK = Path(phone_audit.__file__).parent / "simulated" / "data" / "nokia7plus" / f"{ACTIVATION}.apk"
BASE = "/system/app/AutoRegistration/AutoRegistration.apk"
BEACON = socket_line("203.0.113.77", 9999, 1001)
ANSWERS: dict[str, str | Exception] = {
    "getprop": "[ro.product.model]: [Nokia 7 plus]\n[ro.product.device]: [B2N_sprout]\n[ro.serialno]: [B2NGAA1]\n"
    "[ro.product.name]: [Onyx_00WW]\n[ro.build.display.id]: [00WW_3_22C]\n",
    "pm list users": "Users:\n\tUserInfo{0:Owner:c13} running\n",
    "pm list packages -f -U --user 0": f"package:{BASE}={ACTIVATION} uid:1001\n",
    "pm list packages -s": f"package:{ACTIVATION}\n",
    "cat /proc/net/xt_qtaguid": "idx iface\n2 wlan0 0x0 1001 0 100 1 10 1\n",
}


def phone_of(
    *looks: Look, answers: dict[str, str | Exception] | None = None, files: dict[str, Path] | None = None
) -> WatchPhone:
    return WatchPhone(looks, {**ANSWERS, **(answers or {})}, {BASE: APK} if files is None else files)


def watched(
    phone: WatchPhone,
    *,
    until: Callable[[], bool] | None = None,
    until_idle: bool = False,
    cache: bool = False,
    on_look: Callable[[WatchSession], None] = lambda _: None,
) -> tuple[Watch, list[ObservationLine]]:
    """Watch for five looks, or until an end is asked for."""
    lines: list[ObservationLine] = []
    options = WatchOptions(
        stopped=until or (lambda: phone.given >= 5),
        until_idle=until_idle,
        on_line=lines.append,
        on_look=on_look,
        budget=Budget(jobs=1),
        with_identifiers=True,
        cache=cache,
    )
    return watch_transport(phone, KNOWN, options), lines


def test_the_connection_and_what_the_packages_own_code_holds() -> None:
    result, lines = watched(phone_of(tables(), tables(BEACON)))
    (one,) = result.observations
    assert (one.uid, one.packages, one.place, one.joined_by) == (1001, (ACTIVATION,), "203.0.113.77:9999", "app-only")
    assert one.endpoints is not None
    assert "zzhc.vnet.cn" in one.endpoints
    assert "not shown to be the same" in one.said()
    assert result.verdict.outcome == "known-bad"
    assert {"published-incident", "watch.incident"} <= {finding.id for finding in result.findings}
    assert [(line.schema_, line.place, line.endpoints) for line in lines] == [
        ("phone-audit/observation/1", one.place, one.endpoints)
    ]
    assert result.skipped == ()
    assert result.device.serial == "B2NGAA1"
    assert result.samples.taken >= 3


def test_nothing_connected() -> None:
    result, lines = watched(phone_of(tables()))
    assert (result.observations, result.findings, lines) == ((), (), [])
    assert result.verdict.outcome == "nothing-found"
    assert "The phone does not tell whether its screen was on." in result.cannot_see


def test_code_that_cannot_be_read_is_told() -> None:
    result, _ = watched(phone_of(tables(BEACON), files={}))
    assert result.observations[0].endpoints is None
    assert result.observations[0].said() == "connected to 203.0.113.77:9999; its code was not read"
    assert result.verdict.outcome == "inconclusive"
    assert {note.code for note in result.skipped} == {"not-copied"}


def test_a_file_that_is_no_apk_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"nothing")
    result, _ = watched(phone_of(tables(BEACON), files={BASE: tmp_path / "x"}))
    assert result.verdict.outcome == "inconclusive"
    assert [note.subject for note in result.skipped] == [BASE]


def test_a_file_that_was_analysed_before_is_not_copied_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    digest = hashlib.sha256(APK.read_bytes()).hexdigest()
    hashed: dict[str, str | Exception] = {": hash;": f"@0\n{digest}  -\n"}
    first, _ = watched(phone_of(tables(BEACON), answers=hashed), cache=True)
    again, _ = watched(phone_of(tables(BEACON), answers=hashed, files={}), cache=True)
    assert again.skipped == ()
    assert again.observations[0].endpoints == first.observations[0].endpoints != ()
    assert [finding.key for finding in again.findings] == [finding.key for finding in first.findings]


def test_code_that_was_taken_out_of_a_file_is_read_from_beside_it(tmp_path: Path) -> None:
    content, dexes = stripped(APK.read_bytes())
    (tmp_path / "apk").write_bytes(content)
    (tmp_path / "vdex").write_bytes(vdex("019", dexes, compacted=True))
    beside = BASE.replace("AutoRegistration.apk", "oat/arm64/AutoRegistration.vdex")
    there = f": look;set --;for a in '{BASE.rpartition('/')[0]}'/oat/"
    phone = phone_of(
        tables(BEACON),
        answers={there: f"\0files\x00{(tmp_path / 'vdex').stat().st_size}\n\0{beside}"},
        files={BASE: tmp_path / "apk", beside: tmp_path / "vdex"},
    )
    result, _ = watched(phone)
    assert result.observations[0].endpoints is not None
    assert "zzhc.vnet.cn" in result.observations[0].endpoints
    without, _ = watched(phone_of(tables(BEACON), files={BASE: tmp_path / "apk"}))
    assert [note.code for note in without.skipped if note.step == "dex"] == ["no-code"]


def test_tables_that_may_not_be_read() -> None:
    refused = "".join(f"cat: /proc/net/{name}: Permission denied\n" for name in ("tcp", "tcp6", "udp", "udp6"))
    result, _ = watched(phone_of(refused))
    assert result.verdict.outcome == "inconclusive"
    assert [(note.subject, note.code) for note in result.skipped] == [
        (f"/proc/net/{name}", "refused") for name in ("tcp", "tcp6", "udp", "udp6")
    ]


def test_a_cut_cable_is_plugged_in_again() -> None:
    phone = phone_of(tables(), DeviceLostError("It is gone."), tables(BEACON), files={})
    result, _ = watched(phone)
    assert phone.reconnected == 1
    assert len(result.observations) == 1
    assert "samples-failed" in {note.code for note in result.skipped}


def test_a_phone_that_stays_away_leaves_what_was_seen() -> None:
    phone = phone_of(tables(BEACON), DeviceLostError("It is gone."), files={})
    phone.comes_back = False
    result, _ = watched(phone, until=lambda: False)
    assert len(result.observations) == 1
    assert ("phone", "device-lost", "The phone does not come back.") in {
        (note.subject, note.code, note.reason) for note in result.skipped
    }


def test_a_phone_that_runs_nothing() -> None:
    result, _ = watched(phone_of(CommandError("The phone does not run commands.")))
    assert result.verdict.outcome == "inconclusive"
    assert {note.code for note in result.skipped} == {"no-sample"}


def test_until_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "IDLE", 0.3)
    phone = phone_of(tables())
    result, _ = watched(phone, until=lambda: False, until_idle=True)
    assert result.observations == ()
    assert phone.given > 1  # it looked again before it took the phone for idle


def test_a_line_does_not_wait_for_code_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "LINE_PATIENCE", 0.0)
    held = threading.Event()

    class Slow(WatchPhone):
        def pull(self, path: str, into: Path, *, timeout: float = 0, limit: int = 0) -> Path:
            held.wait(10)
            return super().pull(path, into)

    phone = Slow([tables(BEACON)], ANSWERS, {BASE: APK})
    seen: list[int] = []

    def look(live: WatchSession) -> None:
        seen.append(len(live.observations()))
        if len(seen) == 3:
            held.set()

    result, lines = watched(phone, on_look=look)
    assert [line.endpoints for line in lines] == [None]
    assert result.observations[0].endpoints
    assert seen[0] == 1


def test_bytes_of_the_only_place() -> None:
    counts = iter(range(1000))
    head = "idx iface"

    class Counting(WatchPhone):
        def shell(self, command: str, *, timeout: float = 0, limit: int = 0) -> Answer:
            if "xt_qtaguid" in command:
                number = next(counts)
                self.answers[command] = f"{head}\n2 wlan0 0x0 1001 0 {100 + number * 50} 1 {10 + number} 1\n"
            return super().shell(command, timeout=timeout, limit=limit)

    one, _ = watched(Counting([tables(BEACON)], dict(ANSWERS)))
    assert (one.observations[0].received, one.observations[0].sent) == (50, 1)
    assert [(moved.uid, moved.received, moved.sent) for moved in one.traffic] == [(1001, 50, 1)]
    other = socket_line("203.0.113.78", 80, 1001, local=5)
    both, _ = watched(Counting([tables(BEACON, other)], dict(ANSWERS)))
    assert [(seen.received, seen.sent) for seen in both.observations] == [(None, None), (None, None)]


def test_a_saved_acquisition_is_no_phone(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="only a phone can be watched"):
        watch_device(str(tmp_path / "folder"))
