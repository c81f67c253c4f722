"""What the product must tell apart, by the sources' own identifiers: affected, fixed, candidate, model only, near miss.

`must_show.json` holds the cases. A build goes through `phone-audit firmware`, everything else through the judging of
a phone and of a single APK. Where a row is missing, the incident itself holds no fact that could give that word: the
last tests hold the rows against the incidents, so that nothing comparable stays untried.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.knowledge.schema.incident import IncidentEntry
from phone_audit.model.apk import ApkFile, ApkInfo
from phone_audit.model.finding import OUTCOMES, Finding
from phone_audit.model.results import CheckedBuild
from phone_audit.pipeline.firmware import check_firmware
from tests.judge.cases import apk_info, endpoint, judge_apk, judge_scan, package, signer, snapshot

REPOSITORY = Path(__file__).parents[3]
CASES = json.loads((Path(__file__).parent / "must_show.json").read_text("utf-8"))
BUILDS = [(case["incident"], row) for case in CASES for row in case["builds"]]
THINGS = [(case["incident"], row) for case in CASES for row in case["things"]]
CVE_GROUPS = sorted(entry.id for entry in load_knowledge().incidents if entry.generated_from)
WORDS = {
    "confirmed": ("published-incident", "confirmed"),
    "affected": ("published-incident", "high"),
    "weak": ("possible-incident", "medium"),
    "candidate": ("candidate-build", "low"),
    "model": ("named-model", "low"),
}
BUILD_ONLY = ("preinstall-alcatel-a30", "preinstall-cve-2018-6598", "preinstall-cve-2018-6599")
"""Groups whose records name no package and no property: the build is all that can be compared."""
APK = "/system/app/A/A.apk"


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def as_text(given: str | dict[str, str]) -> str:
    """What a person gives to `firmware`: a build number, or lines of getprop."""
    return given if isinstance(given, str) else "\n".join(f"[{name}]: [{value}]" for name, value in given.items())


def name_of(part: Any) -> str:
    return part if isinstance(part, str) else f"{part.get('near') or part['gives']}: {part.get('given', '')}"[:70]


def word_of_build(checked: CheckedBuild, incident: str) -> str | None:
    """The strongest thing that is said of this incident."""
    said = {
        "model" if match.match == "model" else match.status for match in checked.matches if match.incident == incident
    }
    return next((word for word in ("affected", "candidate", "fixed", "model") if word in said), None)


def word_of_findings(findings: tuple[Finding, ...], incident: str, *, on: str | None = None) -> str | None:
    """The strongest word of the findings that cite this incident, on a subject of that kind only where one is given."""
    said = {(one.id, one.confidence) for one in findings if one.incident == incident and on in (None, one.subject.kind)}
    return next((word for word, claim in WORDS.items() if claim in said), None)


# ---- builds, through `phone-audit firmware`


@pytest.mark.parametrize(("incident", "row"), BUILDS, ids=name_of)
def test_a_build_gets_its_word_and_its_outcome(incident: str, row: dict[str, Any], knowledge: Knowledge) -> None:
    (checked,) = check_firmware([as_text(row["given"])], knowledge=knowledge).builds
    assert word_of_build(checked, incident) == row["gives"]
    said = [finding for finding in checked.findings if finding.incident == incident]
    if row["gives"] == "affected":
        assert checked.verdict.outcome == knowledge.incident(incident).raises
    elif row["gives"] in ("candidate", "model"):
        others = {match.incident for match in checked.matches} - {incident}
        assert checked.verdict.outcome == "inconclusive" or others  # another incident may say more of the same build
        assert [finding.severity for finding in said] == ["info"]
    else:
        assert said == []
    if row["gives"]:
        (match, *_) = [match for match in checked.matches if match.incident == incident]
        assert match.sources
        assert all(source.publisher for source in match.sources)


def test_the_command_says_the_same_of_all_of_them_at_once(tmp_path: Path, knowledge: Knowledge) -> None:
    """One run of the real command over every build that is one line."""
    rows = [(incident, row) for incident, row in BUILDS if isinstance(row["given"], str)]
    assert {row["gives"] for _, row in rows} == {"affected", "candidate", "fixed", None}
    command = [sys.executable, "-m", "phone_audit", "firmware", "-f", "json", *(row["given"] for _, row in rows)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=REPOSITORY,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 12, done.stderr
    for (incident, row), checked in zip(rows, json.loads(done.stdout)["builds"], strict=True):
        words = {
            match["status"]
            for match in checked["matches"]
            if match["incident"] == incident and match["match"] != "model"
        }
        assert words == ({row["gives"]} if row["gives"] else set()), row


# ---- packages, hashes, certificates, endpoints, paths and properties, as `scan` and `apks` judge them


def read_apk(row: dict[str, Any]) -> ApkInfo | None:
    """The APK of a row, as the analyser would give it."""
    if "package" not in row:
        return None
    return apk_info(
        row["package"],
        APK,
        version_name=row.get("version_name", "99.1"),
        endpoints=tuple(endpoint(host) for host in row.get("endpoints", ())),
        signers=tuple(signer(digest) for digest in row.get("signers", ())),
    )


@pytest.mark.parametrize(("incident", "row"), THINGS, ids=name_of)
def test_a_thing_on_a_phone_gets_its_word(incident: str, row: dict[str, Any], knowledge: Knowledge) -> None:
    info = read_apk(row)
    listed = [package(info.package or "", APK, version_name=info.version_name)] if info else []
    judged = judge_scan(
        snapshot(row.get("properties", {}), listed), [info] if info else [], (), "standard", knowledge,
        row.get("paths", {}), {path: [digest] for path, digest in row.get("digests", {}).items()},
    )  # fmt: skip
    assert word_of_findings(judged.findings, incident) == row.get("build", row["gives"])
    if row["gives"] == "confirmed":
        assert judged.verdict.outcome == knowledge.incident(incident).raises
    elif row["gives"] == "weak":
        assert judged.verdict.outcome == "suspicious"
    else:  # nothing but what the build says, if anything
        assert {finding.severity for finding in judged.findings if finding.incident == incident} <= {"info"}
        assert word_of_findings(judged.findings, incident, on="package") in (None, row["gives"])


@pytest.mark.parametrize(("incident", "row"), [it for it in THINGS if it[1].get("package") and it[1].get("endpoints")],
                         ids=name_of)  # fmt: skip
def test_a_file_alone_gets_the_same_word_at_most(incident: str, row: dict[str, Any], knowledge: Knowledge) -> None:
    """With no phone, a condition on the build is not known: a confirmed match may be less, and never more."""
    info = read_apk(row)
    assert info is not None
    word = word_of_findings(judge_apk(info, (), knowledge).findings, incident)
    if row["gives"] == "confirmed":
        assert word == ("weak" if row.get("properties") else "confirmed")
    elif row["gives"] is None and row.get("properties"):
        assert word in (None, "weak")
    else:
        assert word == row["gives"]


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_a_hash_of_any_algorithm_confirms(algorithm: str, knowledge: Knowledge) -> None:
    """Each published hash, as the hash of a file of an APK; one digit more or less is another file."""
    facts = [(entry.id, fact.value) for entry in knowledge.incidents for fact in entry.hashes if fact.algo == algorithm]
    assert facts
    for incident, digest in facts:
        other = digest[:-1] + ("0" if digest[-1] != "0" else "1")
        for value, word in ((digest, "confirmed"), (other, None)):
            hashes = {"sha256": "c" * 64, algorithm: value}
            info = apk_info(
                "com.other", files=(ApkFile(path=APK, size=1, role="base", **hashes),), sha256=hashes["sha256"]
            )
            entry = knowledge.incident(incident)
            expected = word if not entry.requires and not entry.applies_to else None
            assert word_of_findings(judge_apk(info, (), knowledge).findings, incident) == expected, (incident, value)


# ---- Kryptowire's CVE records: fifty-five groups, all of whose fingerprints are printed in the records


def test_the_groups_are_there() -> None:
    assert len(CVE_GROUPS) == 55


@pytest.mark.parametrize("incident", CVE_GROUPS)
def test_each_printed_fingerprint_is_affected_and_its_neighbour_is_not(incident: str, knowledge: Knowledge) -> None:
    entry = knowledge.incident(incident)
    printed = [fact for fact in entry.builds if fact.field == "ro.build.fingerprint"]
    whole = [fact.value for fact in printed if fact.match == "exact" and fact.status == "affected"]
    given = whole + [f"brand/product/{fact.value}" for fact in printed if fact.match == "suffix"]
    near = ["9:".join(text.rsplit(":", 1)) for text in given]  # the incremental is one digit longer
    assert given
    assert not set(near) & set(given)
    result = check_firmware([*given, *near], knowledge=knowledge).builds
    for checked in result[: len(given)]:
        assert word_of_build(checked, incident) == "affected"
        assert checked.verdict.outcome == _strongest(checked.findings, knowledge)
    for checked in result[len(given) :]:
        assert word_of_build(checked, incident) in (None, "model")


def _strongest(findings: Sequence[Finding], knowledge: Knowledge) -> str:
    """Several incidents may name one build; a small hole in what was preinstalled makes nothing suspicious."""
    proven = [item for item in findings if item.id == "published-incident"]
    entries = [knowledge.incident(item.incident or "") for item in proven]
    large = [entry for entry in entries if (entry.category, entry.severity) != ("vulnerable-preinstall", "low")]
    return max((entry.raises for entry in large), key=OUTCOMES.index, default="exposed")


@pytest.mark.parametrize("incident", CVE_GROUPS)
def test_their_packages_and_properties_confirm_only_on_such_a_build(incident: str, knowledge: Knowledge) -> None:
    """The same name on other firmware stays quiet."""
    entry = knowledge.incident(incident)
    builds = [fact.value for fact in entry.builds if fact.field == "ro.build.fingerprint" and fact.match == "exact"]
    builds += [f"brand/product/{fact.value}" for fact in entry.builds if fact.match == "suffix"]
    names = [fact.value for fact in entry.packages if fact.kind is None and fact.confidence == "sourced"]
    set_there = {fact.value: fact.expected or "1" for fact in entry.properties if fact.confidence == "sourced"}
    if not names and not set_there:
        assert incident in BUILD_ONLY
        return
    for fingerprint, word in (
        (builds[0], "confirmed"),
        ("google/shiba/shiba:15/AP4A.241205.013/1:user/release-keys", None),
    ):
        properties = {"ro.build.fingerprint": fingerprint, **set_there}
        listed = [package(name, f"/system/app/{name}.apk", version_name="99.1") for name in names]
        judged = judge_scan(snapshot(properties, listed), [], (), "quick", knowledge)
        assert word_of_findings(judged.findings, incident) == word
        assert judged.verdict.outcome in (_strongest(judged.findings, knowledge), "inconclusive")


# ---- the rows are those of the sources, and nothing comparable is left out


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_each_identifier_is_one_that_the_sources_print(case: dict[str, Any], knowledge: Knowledge) -> None:
    """A build that must match stands in a sourced fact; one that was made to try a range or a pattern says so."""
    entry = knowledge.incident(case["incident"])
    printed = {fact.value for _, fact in entry.facts() if fact.confidence == "sourced"}
    for row in case["builds"]:
        if row["gives"] and "why" not in row:
            values = [row["given"]] if isinstance(row["given"], str) else row["given"].values()
            assert printed & set(values), row
        assert bool(row.get("near")) == (row["gives"] is None), row
    for row in case["things"]:
        assert bool(row.get("near")) == (row["gives"] is None), row


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_every_word_that_the_facts_can_give_is_tried(case: dict[str, Any], knowledge: Knowledge) -> None:
    """No row for a word means: no source printed anything comparable that would give it."""
    entry = knowledge.incident(case["incident"])
    held: set[str] = {it.status for it in entry.builds if it.field not in ("description", "package-version")}
    held |= {"model" for fact in entry.models if fact.field != "description"}
    tried = {row["gives"] for row in case["builds"]}
    assert {word for word in tried if word} == held
    assert None in tried or not held


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_every_kind_of_fact_is_tried(case: dict[str, Any], knowledge: Knowledge) -> None:
    entry = knowledge.incident(case["incident"])
    tried = {key for row in case["things"] if row["gives"] for key in row}
    assert kinds_held(entry) <= tried


def kinds_held(entry: IncidentEntry) -> set[str]:
    """The kinds of facts of an incident that can give a word by themselves or together, as the rows call them."""
    hosts = [fact for fact in entry.endpoints if fact.weight == "strong" and fact.kind != "url-path"]
    names = [fact for fact in entry.packages if fact.kind is None and fact.confidence == "sourced"]
    seconds = bool(entry.hashes or entry.certificates or hosts)
    held = {
        "package": any(fact.standalone for fact in names) or (bool(names) and seconds),
        "signers": bool(entry.certificates),
        "endpoints": bool(hosts),
        "digests": bool(entry.hashes),
        "paths": any(fact.standalone and fact.kind is None for fact in entry.paths),
        "properties": any(fact.standalone for fact in entry.properties),
    }
    return {kind for kind, there in held.items() if there}
