"""Several phones side by side: what happens to one costs no other."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from phone_audit.errors import DeviceLostError, NoDeviceError, PhoneAuditError, UnauthorizedError
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.finding import Question, Skipped
from phone_audit.model.results import Fleet, FleetAssets, Scan
from phone_audit.pipeline import fleet as module
from phone_audit.pipeline.arrivals import Arrival, Arrivals, ConnectedPhones, NamedTargets
from phone_audit.pipeline.asset_list import read_assets
from phone_audit.pipeline.fleet import FleetOptions, scan_fleet
from phone_audit.pipeline.options import TURN, Budget, Progress, ScanOptions
from phone_audit.pipeline.phone_names import pseudonym
from phone_audit.report.draw_phones import asset_sentences
from tests.documents import scan

KNOWN = load_knowledge()
LOST = Skipped(subject="phone", step="transfer", code="device-lost", reason="The phone is gone.")
Doing = Callable[..., Scan]


@dataclass
class Heard:
    """A listener that remembers."""

    began_: list[Arrival] = field(default_factory=list)
    read_: list[str] = field(default_factory=list)
    failed_: list[str] = field(default_factory=list)
    reports: list[tuple[str, int, int]] = field(default_factory=list)
    waits_: list[tuple[str, str, float]] = field(default_factory=list)
    coming_: list[int] = field(default_factory=list)

    def coming(self, count: int) -> None:
        self.coming_.append(count)

    def waits(self, arrival: Arrival, sentence: str, seconds: float) -> None:
        self.waits_.append((arrival.target, sentence, seconds))

    def began(self, arrival: Arrival) -> Progress:
        self.began_.append(arrival)
        return lambda *report: self.reports.append(report)

    def read(self, arrival: Arrival, name: str, scan: Scan) -> str | None:
        del arrival, scan
        self.read_.append(name)
        return f"{name}.json"

    def failed(self, arrival: Arrival, name: str, error: PhoneAuditError) -> None:
        del arrival
        self.failed_.append(f"{name}: {error.message}")


def run(
    monkeypatch: pytest.MonkeyPatch, doing: Doing, arrivals: Arrivals, heard: Heard | None = None, **options: Any
) -> Fleet:
    monkeypatch.setattr(module, "scan_device", doing)
    how = FleetOptions(**options)
    return scan_fleet(arrivals, heard or Heard(), depth="standard", users="all", knowledge=KNOWN, options=how)


def cut() -> Scan:
    whole = scan()
    return whole.model_copy(
        update={"coverage": whole.coverage.model_copy(update={"skipped": (LOST,), "complete": False})}
    )


def test_phones_are_read_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=20)

    def doing(target: str, **_: Any) -> Scan:
        both.wait()
        return scan()

    fleet = run(monkeypatch, doing, NamedTargets(["A", "B"]))
    assert [one.outcome for one in fleet.scans] == ["nothing-found"] * 2


def test_a_row_says_whether_somebody_can_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = (Question(id="known-bad", answer="no", text="No."), Question(id="watched", answer="yes", text="A may."))
    judged = scan().verdict.model_copy(update={"questions": asked})
    fleet = run(monkeypatch, lambda *_, **__: scan().model_copy(update={"verdict": judged}), NamedTargets(["A"]))
    assert [one.watched for one in fleet.scans] == ["yes"]
    assert [one.watched for one in run(monkeypatch, lambda *_, **__: scan(), NamedTargets(["A"])).scans] == [None]


def test_no_more_at_once_than_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = [0], [0]
    lock = threading.Lock()

    def doing(target: str, **_: Any) -> Scan:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        threading.Event().wait(0.05)
        with lock:
            running[0] -= 1
        return scan()

    fleet = run(monkeypatch, doing, NamedTargets([str(number) for number in range(7)]), at_once=2)
    assert (len(fleet.scans), most[0]) == (7, 2)


def test_one_that_fails_costs_itself_alone_and_its_serial_number_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def doing(target: str, **_: Any) -> Scan:
        if target == "SERIAL9":
            raise UnauthorizedError("The phone SERIAL9 has not accepted this computer's key.", hint="Unlock SERIAL9.")
        return scan()

    heard = Heard()
    fleet = run(monkeypatch, doing, NamedTargets(["A", "SERIAL9", "C"]), heard)
    assert [one.name for one in fleet.scans] == ["01-Nokia_7_plus-00000000", "02-not-read", "03-Nokia_7_plus-00000000"]
    failed = fleet.scans[1]
    assert (failed.outcome, failed.file, failed.complete) == (None, None, False)
    assert failed.error == "The phone has not accepted this computer's key."
    assert "SERIAL9" not in fleet.model_dump_json()
    assert heard.failed_ == ["02-not-read: The phone SERIAL9 has not accepted this computer's key."]
    named = run(monkeypatch, doing, NamedTargets(["SERIAL9"]), scan=ScanOptions(with_identifiers=True))
    assert named.scans[0].serial == "SERIAL9"


def test_a_fault_of_the_program_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def doing(target: str, **_: Any) -> Scan:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(monkeypatch, doing, NamedTargets(["A"]))


def test_each_phone_has_its_share_of_the_processes_and_a_folder_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: dict[str, ScanOptions] = {}

    def doing(target: str, *, options: ScanOptions, **_: Any) -> Scan:
        seen[target] = options
        return scan()

    options = ScanOptions(save=tmp_path / "lab", budget=Budget(jobs=8), via="direct")
    run(monkeypatch, doing, NamedTargets(["A", "127.0.0.1:5", str(tmp_path)]), scan=options)
    assert {target: one.save for target, one in seen.items()} == {
        "A": tmp_path / "lab" / "A",
        "127.0.0.1:5": tmp_path / "lab" / "127.0.0.1_5",
        str(tmp_path): None,
    }
    assert seen[str(tmp_path)].via == "auto"
    assert max(one.budget.jobs for one in seen.values()) <= 4
    assert (tmp_path / "lab").stat().st_mode & 0o777 == 0o700


def test_a_phone_that_comes_back_replaces_what_was_read_of_it_before(monkeypatch: pytest.MonkeyPatch) -> None:
    times = [0]

    def doing(target: str, **_: Any) -> Scan:
        times[0] += 1
        return cut() if times[0] == 1 else scan("known-bad")

    over = [False]
    heard = Heard()

    def look(_: str) -> list[str]:
        over[0] = times[0] >= 2
        return ["A"]

    watched = ConnectedPhones(look=look, clock=iter(range(1000)).__next__)
    fleet = run(monkeypatch, doing, watched, heard, no_more=lambda: over[0])
    assert [arrival.again for arrival in heard.began_] == [False, True]
    assert [(one.outcome, one.complete) for one in fleet.scans] == [("known-bad", True)]


def test_what_was_read_before_a_phone_went_away_for_good_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    times = [0]

    def doing(target: str, **_: Any) -> Scan:
        times[0] += 1
        if times[0] == 1:
            return cut()
        raise NoDeviceError("No phone is called A.")

    watched = ConnectedPhones(look=lambda _: ["A"], clock=iter(range(1000)).__next__)
    fleet = run(monkeypatch, doing, watched, no_more=lambda: times[0] >= 2)
    assert [(one.outcome, one.complete, one.error) for one in fleet.scans] == [("nothing-found", False, None)]


def test_a_stop_does_not_wait_for_a_dialog_on_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, never = threading.Event(), threading.Event()

    def doing(target: str, *, on_progress: Progress, options: ScanOptions, **_: Any) -> Scan:
        if target == "dialog":
            never.wait(60)
        on_progress("questions", 1, 0)
        asked.set()
        while not options.stopped():
            threading.Event().wait(0.01)
        return cut()

    heard = Heard()
    try:
        fleet = run(
            monkeypatch, doing, NamedTargets(["dialog", "B", "C"]), heard, scan=ScanOptions(stopped=asked.is_set)
        )
    finally:
        never.set()
    assert fleet.scans[0].outcome is None
    assert fleet.scans[0].error == "The scan was interrupted before the phone had said anything."
    assert "nothing-found" in [one.outcome for one in fleet.scans]


def test_one_that_waits_for_its_person_lets_others_be_read_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    others_read = threading.Semaphore(0)

    def doing(target: str, *, on_progress: Progress, options: ScanOptions, **_: Any) -> Scan:
        if target == "dialog":
            assert options.on_wait is not None
            options.on_wait("Look at the screen.", 60)
            assert all(others_read.acquire(timeout=50) for _ in range(3))
        on_progress("questions", 1, 0)
        others_read.release()
        return scan()

    heard = Heard()
    fleet = run(monkeypatch, doing, NamedTargets(["dialog", "B", "C", "D"]), heard, at_once=1)
    assert [one.outcome for one in fleet.scans] == ["nothing-found"] * 4
    assert heard.waits_ == [("dialog", "Look at the screen.", 60)]
    assert heard.coming_[0] > heard.coming_[-1] == 0


def test_one_that_was_accepted_waits_for_its_turn_before_others_that_are_not_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps: list[str] = []
    gave_way, reading, queued = threading.Event(), threading.Event(), threading.Event()

    def doing(target: str, *, on_progress: Progress, options: ScanOptions, **_: Any) -> Scan:
        if target == "dialog":
            assert options.on_wait is not None
            options.on_wait("Look at the screen.", 60)
            gave_way.set()
            assert reading.wait(20)
        assert gave_way.wait(20)
        on_progress("questions", 1, 0)
        steps.append(f"{target} begins")
        if target == "B":
            reading.set()
            assert queued.wait(20)
        steps.append(f"{target} ends")
        return scan()

    class Queued(Heard):
        def began(self, arrival: Arrival) -> Progress:
            return lambda what, *_: queued.set() if what == TURN else None

    run(monkeypatch, doing, NamedTargets(["dialog", "B", "C"]), Queued(), at_once=1)
    assert steps == [f"{target} {what}" for target in ("B", "dialog", "C") for what in ("begins", "ends")]


def test_those_that_had_no_turn_when_an_end_was_asked_for_stand_in_the_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()

    def doing(target: str, *, on_progress: Progress, **_: Any) -> Scan:
        on_progress("questions", 1, 0)
        asked.set()
        return scan()

    heard = Heard()
    options = {"at_once": 1, "scan": ScanOptions(stopped=asked.is_set)}
    fleet = run(monkeypatch, doing, NamedTargets(["A", "SERIAL7"]), heard, **options)
    assert [one.outcome for one in fleet.scans] == ["nothing-found", None]
    assert fleet.scans[1].error == "The scan was ended before it was this phone's turn."
    assert heard.failed_ == []


def test_a_phone_that_was_lost_while_it_was_opened_counts_as_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def doing(target: str, **_: Any) -> Scan:
        raise DeviceLostError("The phone A is gone: it was unplugged.")

    lost: list[Arrival] = []
    named = NamedTargets(["A"])
    monkeypatch.setattr(named, "lost", lost.append)
    fleet = run(monkeypatch, doing, named)
    assert lost == [Arrival(1, "A")]
    assert fleet.scans[0].error == "The phone is gone: it was unplugged."


def test_phones_get_their_assets_and_what_does_not_fit_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "a.csv").write_text("serial,asset,owner\nS1,A-1,Ann\nS2,A-2,\nS9,A-9,\n", "utf-8")

    def doing(target: str, **_: Any) -> Scan:
        if target == "S2":
            raise UnauthorizedError("It has not accepted this computer's key.")
        whole = scan()
        named = whole.device.model_copy(update={"pseudonym": pseudonym("S1" if target == "192.0.2.1:5555" else target)})
        return whole.model_copy(update={"device": named})

    targets = NamedTargets(["192.0.2.1:5555", "S2", "S3"])
    fleet = run(monkeypatch, doing, targets, assets=read_assets(tmp_path / "a.csv"))
    assert [(one.asset, one.asset_notes) for one in fleet.scans] == [("A-1", ("owner: Ann",)), ("A-2", ()), (None, ())]
    assert fleet.assets == FleetAssets(file="a.csv", missing=("A-9",))
    assert "S1" not in fleet.model_dump_json()
    assert list(asset_sentences(fleet)) == [
        f"Phones that are not in a.csv: {fleet.scans[2].name}.", "In a.csv, and not among these phones: A-9.",
    ]  # fmt: skip
    plain = run(monkeypatch, doing, NamedTargets(["S3"]))
    assert (plain.assets, list(asset_sentences(plain))) == (None, [])
