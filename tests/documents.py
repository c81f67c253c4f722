"""Small documents for the tests of reports and of the command line."""

from pathlib import Path

from phone_audit.model.apk import Apk, ApkRun, Apks, ApksRun
from phone_audit.model.base import Frozen
from phone_audit.model.device import AcquisitionInfo, Build, Device, User
from phone_audit.model.finding import (
    Evidence,
    Finding,
    Incident,
    KnowledgeInfo,
    Outcome,
    Reason,
    Remedy,
    Skipped,
    Source,
    Subject,
    Tool,
    Verdict,
)
from phone_audit.model.results import Coverage, Scan, ScanRun
from phone_audit.pipeline.report import parse_result, read_result

TOOL = Tool(name="phone-audit", version="0")
KNOWLEDGE = KnowledgeInfo(version="2026.1", digest="d" * 64, newest_entry="2026-01-01", counts={"incidents": 2})
SOURCE = Source(title="A study", publisher="A lab", date="2019-03-21", url="https://lab.example/study")
SKIPPED = Skipped(subject="/system/app/B.apk", step="dex", code="truncated", reason="The file ends too early.")


def load_result(path: Path) -> Frozen:
    """Read a saved JSON result, as the commands do."""
    return parse_result(path, read_result(path))


def finding(name: str = "com.a", key: str = "k1") -> Finding:
    return Finding(
        id="known-bad-batch",
        key=key,
        category="data-leak",
        title="A published incident",
        message=f"{name} matches a published incident.",
        severity="high",
        confidence="confirmed",
        subject=Subject(kind="package", name=name),
        evidence=(Evidence(kind="dex-string", where="classes.dex", value="http://a.example", offset=16),),
        incident="inc-1",
        sources=(SOURCE,),
        remedy=(
            Remedy(
                text="Disable the package.",
                command="adb shell pm disable-user --user 0 com.a",
                undo="adb shell pm enable --user 0 com.a",
            ),
        ),
    )


INCIDENT = Incident(
    id="inc-1",
    title="A published incident",
    summary="It sent things.",
    data_types=("IMEI",),
    status="fixed",
    raises="known-bad",
    sources=(SOURCE,),
)


def apk(path: str = "a.apk", outcome: Outcome = "nothing-found", skipped: tuple[Skipped, ...] = ()) -> Apk:
    return Apk(
        schema_="phone-audit/apk/1",
        path=path,
        sha256="0" * 64,
        size=1,
        files=(),
        package="com.a",
        app_name="A",
        version_name="1",
        version_code=1,
        min_sdk=21,
        target_sdk=28,
        shared_user_id=None,
        has_code=True,
        debuggable=False,
        signature=None,
        signers=(),
        permissions=(),
        components=(),
        network_policy=None,
        trackers=(),
        endpoints=(),
        behaviours=None,
        obfuscation=None,
        skipped=skipped,
        findings=(finding(),) if outcome == "known-bad" else (),
        incidents=(INCIDENT,) if outcome == "known-bad" else (),
        outcome=outcome,
        tool=TOOL,
        knowledge_digest=KNOWLEDGE.digest,
        run=ApkRun(seconds=0.1, cached=False),
    )


def verdict(outcome: Outcome, key: str | None = None) -> Verdict:
    return Verdict(
        outcome=outcome, headline=f"The headline of {outcome}", reasons=(Reason(finding=key, text="A reason."),)
    )


def apks(*records: Apk, outcome: Outcome = "nothing-found") -> Apks:
    return Apks(
        schema_="phone-audit/apks/1",
        label=None,
        apks=records,
        files_seen=len(records),
        counts={outcome: len(records)},
        skipped=(),
        verdict=verdict(outcome),
        knowledge=KNOWLEDGE,
        tool=TOOL,
        run=ApksRun(started="2026-01-01T00:00:00Z", finished="2026-01-01T00:00:01Z", seconds=1),
    )


def scan(outcome: Outcome = "nothing-found", skipped: tuple[Skipped, ...] = (), model: str = "Nokia 7 plus") -> Scan:
    bad = outcome == "known-bad"
    return Scan(
        schema_="phone-audit/scan/1",
        label=None,
        device=Device(
            serial=None,
            pseudonym="0" * 16,
            manufacturer="HMD",
            brand="Nokia",
            model=model,
            product="P",
            device="B2N_sprout",
        ),
        build=Build(
            fingerprint=None,
            id="PPR1",
            display_id="00WW_3_22C",
            incremental=None,
            type="user",
            tags="release-keys",
            android_version="9",
            sdk=28,
            security_patch="2018-09-01",
            date_utc=None,
            verified_boot_state=None,
            bootloader_locked=None,
            partitions={},
        ),
        users=(User(id=0, type=None, readable=True),),
        state=(),
        packages=(),
        apks=(apk(outcome=outcome),),
        observations=(),
        findings=(finding(),) if bad else (),
        incidents=(INCIDENT,) if bad else (),
        verdict=verdict(outcome, "k1" if bad else None),
        coverage=Coverage(
            packages_listed=1,
            apks_listed=1,
            apks_analysed=1,
            bytes_on_device=1,
            complete=not skipped,
            skipped=skipped,
            untested=(),
        ),
        acquisition=AcquisitionInfo(
            source="live", depth="standard", via="direct", manifest_sha256=None, phone_clock_offset=0.0, cannot_hold=()
        ),
        knowledge=KNOWLEDGE,
        tool=TOOL,
        run=ScanRun(
            started="2026-01-01T00:00:00Z",
            finished="2026-01-01T00:00:01Z",
            seconds=1,
            bytes_transferred=1,
            apks_from_cache=0,
            replayed=False,
        ),
    )
