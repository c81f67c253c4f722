"""Phones, APKs and incidents for the tests of the judge."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from phone_audit.detect.detect import match_listed
from phone_audit.detect.detectors import APK_DETECTORS, all_detectors
from phone_audit.detect.incidents.incident_findings import CLAIMS
from phone_audit.detect.incidents.match_input import PackageInput, PathKind, input_of_apk, input_of_phone
from phone_audit.detect.indicator_findings import INDICATOR_SIGNS
from phone_audit.detect.traffic.traffic_findings import TRAFFIC_SIGNS
from phone_audit.detect.watch.watch_findings import WATCH_SIGNS
from phone_audit.judge import judge
from phone_audit.judge.folder import FolderJudge
from phone_audit.judge.judge import ApkJudgement, PhoneJudgement
from phone_audit.knowledge.files import BUNDLED, DataFile, read_folder
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.knowledge.schema.incident import IncidentEntry
from phone_audit.model.apk import Apk, ApkFile, ApkInfo, ApkRun, Endpoint, HeldBy, Signer
from phone_audit.model.device import Build, Depth, Package, PackageFile, Snapshot
from phone_audit.model.finding import Evidence, Finding, Severity, Sign, Skipped, Subject, Tool, Verdict

NOKIA_FINGERPRINT = "Nokia/Onyx_00WW/B2N_sprout:9/PPR1.180610.011/00WW_3_22C:user/release-keys"
NOKIA: Mapping[str, str] = {
    "ro.build.fingerprint": NOKIA_FINGERPRINT,
    "ro.build.display.id": "00WW_3_22C",
    "ro.product.model": "Nokia 7 plus",
    "ro.product.device": "B2N_sprout",
    "ro.product.name": "Onyx_00WW",
}
PIXEL: Mapping[str, str] = {
    "ro.build.fingerprint": "google/shiba/shiba:15/AP4A.241205.013/12621605:user/release-keys",
    "ro.build.display.id": "AP4A.241205.013",
    "ro.build.type": "user",
    "ro.build.tags": "release-keys",
    "ro.product.model": "Pixel 8",
}
HELD = {detector.id: detector.held for detector, _ in APK_DETECTORS}
SIGNS: Mapping[str, Sign] = {
    **{detector.id: detector.sign for detector in all_detectors(load_knowledge())},
    **{claim.id: claim.sign for claim in CLAIMS.values()},
    **INDICATOR_SIGNS,
    **TRAFFIC_SIGNS,
    **WATCH_SIGNS,
}
"""What findings are signs of, by their id."""
REGISTRATION = "com.qualcomm.qti.autoregistration"
REGISTRATION_PATH = "/system/app/AutoRegistration/AutoRegistration.apk"


def endpoint(host: str, *, where: str = "classes.dex", text: str | None = None, **changes: Any) -> Endpoint:
    """An endpoint that stands in one string of one file."""
    evidence = Evidence(kind="dex-string", where=where, value=text or host, offset=64)
    fields: dict[str, Any] = {
        "host": host,
        "kind": "domain",
        "registered_domain": ".".join(host.split(".")[-2:]),
        "urls": (),
        "schemes": (),
        "ports": (),
        "cleartext": False,
        "owner": None,
        "category": "unknown",
        "ruled_out": None,
        "held_by": (HeldBy(party="unknown", library=None, evidence=(evidence,)),),
    }
    return Endpoint(**(fields | changes))


def signer(sha256: str, sha1: str = "1" * 40) -> Signer:
    return Signer(
        sha256=sha256, sha1=sha1, subject="CN=Test", schemes=("v2",), not_before="2020-01-01T00:00:00Z",
        not_after="2050-01-01T00:00:00Z",
    )  # fmt: skip


def apk_info(package: str | None, path: str = "a.apk", **changes: Any) -> ApkInfo:
    """An APK that was read as a whole and holds nothing, with what the test needs put in."""
    sha256 = changes.get("sha256", "ab" * 32)
    fields: dict[str, Any] = {
        "path": path,
        "sha256": sha256,
        "size": 1000,
        "files": (ApkFile(path=path, sha256=sha256 or "", size=1000, role="base"),),
        "package": package,
        "app_name": None,
        "version_name": "1.0",
        "version_code": 1,
        "min_sdk": 21,
        "target_sdk": 30,
        "shared_user_id": None,
        "has_code": True,
        "debuggable": False,
        "signature": None,
        "signers": (),
        "permissions": ("android.permission.INTERNET",),
        "components": (),
        "network_policy": None,
        "trackers": (),
        "endpoints": (),
        "behaviours": None,
        "obfuscation": None,
        "skipped": (),
    }
    return ApkInfo(**(fields | changes))


def package(name: str, *paths: str, **changes: Any) -> Package:
    """An installed package with its files."""
    files = tuple(
        PackageFile(path=path, sha256=None, hash_source="none", size=1, role="split" if "split" in path else "base")
        for path in paths
    )
    fields: dict[str, Any] = {
        "name": name, "app_id": 10001, "system": True, "version_code": 1, "version_name": "1.0", "signers": None,
        "files": files, "users": (),
    }  # fmt: skip
    return Package(**(fields | changes))


def snapshot(
    properties: Mapping[str, str], packages: Sequence[Package] = (), skipped: Sequence[Skipped] = (), **changes: Any
) -> Snapshot:
    """A phone with these properties and packages."""
    build = dict.fromkeys(Build.model_fields, None) | {"partitions": {}}
    fields: dict[str, Any] = {
        "serial": None, "properties": dict(properties), "build": Build(**build), "users": (), "state": (),
        "packages": tuple(packages), "skipped": tuple(skipped),
    }  # fmt: skip
    return Snapshot(**(fields | changes))


def nokia(*, properties: Mapping[str, str] = NOKIA) -> tuple[Snapshot, ApkInfo]:
    """The phone of the seed case: the package and the host in its code."""
    info = apk_info(
        REGISTRATION,
        REGISTRATION_PATH,
        endpoints=(endpoint("zzhc.vnet.cn", text="http://zzhc.vnet.cn:9999/", cleartext=True),),
    )
    return snapshot(properties, [package(REGISTRATION, REGISTRATION_PATH)]), info


def observed(name: str | None, **changes: Any) -> PackageInput:
    return PackageInput(name, path="/system/app/A/A.apk", **changes)


def incident(incident_id: str = "case", **changes: Any) -> IncidentEntry:
    """A made-up incident with no facts but those that the test needs."""
    fields: dict[str, Any] = {
        "id": incident_id,
        "title": "Acme One: weather service that sends the IMEI",
        "summary": "A made-up case.",
        "category": "data-leak",
        "severity": "high",
        "status": "fixed",
        "raises": "known-bad",
        "disclosed": "2024-05-01",
        "vendors": [], "models": [], "builds": [], "packages": [], "hashes": [], "certificates": [], "paths": [],
        "properties": [], "endpoints": [], "data_types": [], "cves": [], "vendor_response": [],
        "sources": [
            {"n": 1, "title": "The study", "publisher": "A lab", "date": "2024-05-01",
             "url": "https://lab.example/study", "kind": "primary"},
            {"n": 2, "title": "The reply", "publisher": "Acme", "date": "2024-06-01", "url": "", "kind": "primary"},
        ],
        "tests": {"unmatchable": "made up"},
    }  # fmt: skip
    return IncidentEntry.model_validate(fields | changes)


def fact(value: str, **more: Any) -> dict[str, Any]:
    """A sourced fact."""
    return {"value": value, "confidence": "sourced", "source": 1, **more}


def knowledge_of(*incidents: IncidentEntry) -> Knowledge:
    """Knowledge that holds these incidents, and the bundled schemes of build numbers."""
    files = [file for file in read_folder(BUNDLED, 0) if file.kind == "schemes"]
    files += [
        DataFile("incidents", 0, Path(f"{entry.id}.json"), entry.model_dump_json(by_alias=True).encode())
        for entry in incidents
    ]
    return Knowledge(tuple(files))


def finding(
    detector: str = "tracker-present", name: str = "com.a", *, severity: Severity = "low", **changes: Any
) -> Finding:
    """A finding of a detector, with a key of its own."""
    fields: dict[str, Any] = {
        "id": detector,
        "key": f"{detector} {name} {changes.get('title', '')}",
        "category": "tracker",
        "title": "Tracker: Ads",
        "message": f"{name} holds the code of the tracker Ads.",
        "severity": severity,
        "confidence": "high",
        "subject": Subject(kind="package", name=name),
        "evidence": (Evidence(kind="class", where="classes.dex", value="com.ads.Sdk"),),
        "headline": HELD.get(detector, ""),
        "held": bool(HELD.get(detector)),
        "sign": SIGNS.get(detector, "none"),
    }
    return Finding(**(fields | changes))


def record(info: ApkInfo, judged: ApkJudgement) -> Apk:
    """The published record of a judged APK."""
    return Apk(
        **dict(info),
        schema_="phone-audit/apk/1",
        findings=judged.findings,
        incidents=judged.incidents,
        outcome=judged.outcome,
        tool=Tool(name="phone-audit", version="0"),
        knowledge_digest="d",
        run=ApkRun(seconds=0.1, cached=False),
    )


def judge_apk(info: ApkInfo, detected: Sequence[Finding], known: Knowledge) -> ApkJudgement:
    """Judge an APK by what is listed and by these findings of detectors."""
    return judge.judge_apk(info, match_listed(input_of_apk(info), known, on_phone=False).plus(detected))


def judge_scan(
    phone: Snapshot,
    apks: Sequence[ApkInfo],
    detected: Sequence[Finding],
    depth: Depth,
    known: Knowledge,
    paths: Mapping[str, PathKind] = MappingProxyType({}),
    digests: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> PhoneJudgement:
    """Judge a phone by what is listed and by these findings of detectors."""
    listed = match_listed(input_of_phone(phone, apks, paths, digests), known, on_phone=True)
    return judge.judge_phone(phone, apks, listed.plus(detected), depth)


def judge_folder(apks: Iterable[Apk], skipped: Sequence[Skipped]) -> Verdict:
    """Judge a folder of APKs by their records; `skipped` is what was not read besides what these say."""
    folder = FolderJudge()
    for apk in apks:
        folder.add(apk)
    return folder.verdict(skipped)
