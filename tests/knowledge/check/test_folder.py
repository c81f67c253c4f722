import json
from pathlib import Path
from typing import Any

import pytest

from phone_audit.knowledge.check.counts import counts_of
from phone_audit.knowledge.check.folder import check_folder
from phone_audit.knowledge.load import BUNDLED
from tests.knowledge.folders import (
    host,
    incident,
    key,
    library,
    rule,
    source,
    switch,
    tracker,
    write,
    write_facts,
    write_incident,
)

PACKAGE = {"value": "com.bad", "confidence": "sourced", "source": 1, "standalone": False}
PATH = {"value": "/system/bin/bad", "confidence": "sourced", "source": 1, "standalone": True}
ANY = {"any_phone": "a made-up number, of no phone"}
BUILD = {"value": "X", "confidence": "sourced", "source": 1, "field": "ro.build.id", "status": "affected", **ANY}
FINGERPRINT = "a/b/c:9/PPR1/1:user/release-keys"
ENDPOINT = {"value": "bad.io", "confidence": "sourced", "source": 1, "kind": "domain", "weight": "strong"}
HASH = {"value": "a" * 64, "confidence": "sourced", "source": 1, "algo": "sha256", "file": "bad.apk"}
SOURCED = {"confidence": "sourced", "source": 1}


def lines(folder: Path) -> list[str]:
    return [str(problem) for problem in check_folder(folder).problems]


def of_incident(folder: Path, **changes: Any) -> list[str]:
    """The problems of one incident, without the words that name its file."""
    found = lines(write_incident(folder, incident(**changes)))
    return [line.removeprefix("incidents/maker-leak-2026.json: maker-leak-2026: ") for line in found]


def of_facts(folder: Path, kind: str, entry: dict[str, Any]) -> list[str]:
    name = entry.get("id") or entry["host"]
    found = lines(write_facts(folder, kind, entry))
    return [line.removeprefix(f"{kind}/facts.json: {name}: ") for line in found]


def test_a_folder_without_faults(tmp_path: Path) -> None:
    write_incident(
        tmp_path,
        incident(
            packages=[PACKAGE],
            paths=[PATH],
            endpoints=[ENDPOINT],
            hashes=[HASH],
            builds=[{**BUILD, "match": "exact"}],
            tests={
                "matches": [{"kind": "path", "value": "/system/bin/bad", "status": "confirmed"}],
                "ignores": [{"kind": "package", "value": "com.bad", "why": "the name alone"}],
            },
        ),
    )
    for kind, entry in (
        ("trackers", tracker()),
        ("hosts", host()),
        ("keys", key()),
        ("rules", rule()),
        ("libraries", library()),
    ):
        write_facts(tmp_path, kind, entry)
    assert lines(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"summary": " "}, "summary: missing; write one to three sentences: who, what was sent or done, since when"),
        ({"id": "Maker"}, "incidents/Maker.json: Maker: id: write a-z, 0-9 and - only"),
        ({"category": "telemetry"}, "raises: known-bad is too much for telemetry, fixed; write exposed or less"),
        (
            {"status": "disputed", "vendor_response": [{"value": "Maker denies it", **SOURCED}]},
            "raises: known-bad is too much for data-leak, disputed; write suspicious or less",
        ),
        ({"status": "by-design"}, "raises: known-bad is too much for data-leak, by-design; write exposed or less"),
        ({"raises": "exposed"}, "raises_note: missing; say why it raises exposed and not known-bad"),
        ({"sources": [], "vendors": []}, "sources: missing; name the publication that the facts were read in"),
        (
            {"data_types": [{"value": "IMEI", "confidence": "sourced", "source": 9}]},
            "data_types[0].source: there is no source 9 in this entry",
        ),
        (
            {"data_types": [{"value": "IMEI", "confidence": "sourced"}]},
            "data_types[0].source: missing; name the number of the source, or write recalled as confidence",
        ),
        ({"data_types": [{"value": " IMEI", **SOURCED}]}, "data_types[0].value: missing, or with space around it"),
        (
            {"models": [{"value": "M", **SOURCED, "field": "description", "value_source": 3}]},
            "models[0].value_source: there is no source 3 in this entry",
        ),
        (
            {"packages": [{**PACKAGE, "standalone": True, "confidence": "recalled"}]},
            "packages[0].standalone: only a sourced name that can be compared is enough alone; write false",
        ),
        (
            {"packages": [{**PACKAGE, "value": "Bad thing"}]},
            "packages[0].value: 'Bad thing' is no package name; correct it or give a kind",
        ),
        (
            {"packages": [{**PACKAGE, "version_name": "9"}]},
            "packages[0].version_name: '9' is shared by many packages, or several in one; move it to note",
        ),
        (
            {"paths": [{**PATH, "value": "system/bin/bad"}]},
            "paths[0].value: 'system/bin/bad' is no full path; correct it or give a kind",
        ),
        (
            {"properties": [{"value": "ro.debuggable", **SOURCED, "standalone": True, "expected": "1"}]},
            "properties[0].standalone: ro.debuggable is never enough alone; write false",
        ),
        (
            {"properties": [{"value": "ro debuggable", **SOURCED, "standalone": False, "expected": None}]},
            "properties[0].value: 'ro debuggable' is no name of a property",
        ),
        (
            {"hashes": [{**HASH, "algo": "sha1"}]},
            f"hashes[0].value: '{'a' * 64}' is no sha1; write 40 digits of lower-case hexadecimal",
        ),
        (
            {"certificates": [{"value": "aa", **SOURCED, "algo": "md5", "role": "signer", "standalone": False}]},
            "certificates[0].value: 'aa' is no md5; write 32 digits of lower-case hexadecimal",
        ),
        ({"cves": [{"value": "CVE-1", **SOURCED}]}, "cves[0].value: 'CVE-1' is no CVE number"),
        (
            {"endpoints": [{**ENDPOINT, "value": "com.cn"}]},
            "endpoints[0].value: 'com.cn' is a public suffix, under which anybody has a name; write the host below it",
        ),
        (
            {"endpoints": [{**ENDPOINT, "value": "10.0.0.1", "kind": "ip"}]},
            "endpoints[0].value: 10.0.0.1 is no public address; nobody on the internet has it",
        ),
        (
            {"endpoints": [{**ENDPOINT, "kind": "url"}]},
            "endpoints[0].kind: 'bad.io' is no URL; write http(s)://… or another kind",
        ),
        (
            {"endpoints": [{**ENDPOINT, "kind": "host:port"}]},
            "endpoints[0].kind: 'bad.io' has no port; write host:port or another kind",
        ),
        (
            {"tests": {}},
            "tests.matches: missing; give an identifier that must match, or say under unmatchable why none can",
        ),
        (
            {"tests": {"matches": [{"kind": "path", "value": "/a", "status": "confirmed"}]}},
            "tests.ignores: missing; give a near miss that must stay quiet",
        ),
    ],
)
def test_a_fault_of_an_incident_is_said_with_what_to_write(
    tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    assert of_incident(tmp_path, **changes) == [expected]


def test_a_test_of_unknown_kind_and_one_beside_unmatchable(tmp_path: Path) -> None:
    tests = {
        "matches": [{"kind": "smell", "value": "a", "status": "weak", "why": "a smell alone proves nothing"}],
        "ignores": [{"kind": "path", "value": "b", "why": "c"}],
        "unmatchable": "no reason",
    }
    found = of_incident(tmp_path, tests=tests)
    assert found[0].startswith("tests.matches[0].kind: 'smell'; write one of build, certificate, dex-string")
    assert found[1:] == ["tests.unmatchable: has matches too; remove one of them"]


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (BUILD, "builds[0].match: missing; say how to compare, or write description as field"),
        (
            {**BUILD, "field": "description", "match": "exact"},
            "builds[0].match: a description is not compared; remove match",
        ),
        (
            {**BUILD, "match": "exact", "value": "X (and later)"},
            "builds[0].value: 'X (and later)' is prose; write one value to compare, the rest into note or label",
        ),
        (
            {**BUILD, "match": "exact", "field": "ro.build.fingerprint", "value": "a/b/c"},
            "builds[0].match: 'a/b/c' is no whole fingerprint; write suffix, contains or regex",
        ),
        (
            {**BUILD, "match": "regex"},
            "builds[0].pattern: missing; write the regular expression, and a label for people as value",
        ),
        (
            {**BUILD, "match": "regex", "pattern": "("},
            "builds[0].pattern: no regular expression: missing ), unterminated subpattern at position 0, found '('",
        ),
        ({**BUILD, "match": "range"}, "builds[0].match: a range needs a scheme, and from, below or both"),
        (
            {**BUILD, "match": "range", "scheme": "hmd", "below": "SP05"},
            "builds[0].branch: hmd compares inside a branch and the other schemes have none",
        ),
        (
            {**BUILD, "match": "exact", "field": "package-version", "value": "5.4"},
            "builds[0].package: missing; name the package whose version it is",
        ),
        (
            {**BUILD, "match": "exact", "inferred": True},
            "builds[0].status: inferred, not printed in the source; write candidate",
        ),
        (
            {**BUILD, "match": "exact", "unless": [{"field": "ro.build.id", "match": "regex", "value": "["}]},
            "builds[0].unless[0]: no regular expression: unterminated character set at position 0, "
            "found {'field': 'ro.build.id', 'match': 'regex', 'value': '['}",
        ),
        (
            {**BUILD, "match": "exact", "only_if": [{"field": "ro.build.id", "match": "exact"}]},
            "builds[0].only_if[0].value: missing; exact needs a value",
        ),
    ],
)
def test_a_fault_of_a_build_is_said_with_what_to_write(tmp_path: Path, fact: dict[str, Any], expected: str) -> None:
    assert of_incident(tmp_path, builds=[fact]) == [expected]


def test_builds_that_can_be_compared(tmp_path: Path) -> None:
    builds = [
        {**BUILD, "match": "exact", "field": "ro.build.fingerprint", "value": FINGERPRINT},
        {**BUILD, "match": "range", "scheme": "hmd", "branch": "00WW_3_22C", "below": "SP05", "value": "00WW below"},
        {**BUILD, "match": "range", "scheme": "dotted", "from": "5.4", "field": "package-version", "package": "com.a"},
    ]
    assert of_incident(tmp_path, builds=builds) == []


def test_an_unknown_field_of_a_model_or_condition_names_those_that_are_known(tmp_path: Path) -> None:
    model = {"value": "M", **SOURCED, "field": "ro.colour", "match": "exact", **ANY}
    found = of_incident(tmp_path, models=[model], unless=[{"field": "ro.size", "match": "present"}])
    assert [line[:60] for line in found] == [
        "incident.unless[0].field: 'ro.size'; write one of ro.board.p",
        "models[0].field: 'ro.colour'; write description, or one of r",
    ]


def test_a_name_that_is_enough_alone_in_one_incident_only(tmp_path: Path) -> None:
    write_incident(tmp_path, incident(packages=[{**PACKAGE, "standalone": True}]))
    write_incident(tmp_path, incident(id="other", packages=[PACKAGE]))
    text = "packages[0].standalone: com.bad is enough alone in one incident and not in another; write the same in both"
    assert lines(tmp_path) == [
        f"incidents/maker-leak-2026.json: maker-leak-2026: {text}",
        f"incidents/other.json: other: {text}",
    ]


def test_a_file_is_called_like_its_incident(tmp_path: Path) -> None:
    write(tmp_path, "incidents", incident(), "another.json")
    assert lines(tmp_path) == [
        "incidents/another.json: maker-leak-2026: id: the file is called another.json; both have to be the same"
    ]


@pytest.mark.parametrize(
    ("kind", "entry", "expected"),
    [
        (
            "trackers",
            tracker(code=["com"], matches=["eu.spotter.io"], ignores=["notspotter.io"]),
            "code[0]: 'com' is no prefix of class names; "
            "write it from the start and with two labels or more: com.vendor.sdk",
        ),
        (
            "trackers",
            tracker(hosts=["github.io"], matches=["com.spotter.sdk.Start"]),
            "hosts[0]: 'github.io' is a public suffix, under which anybody has a name; write the host below it",
        ),
        (
            "trackers",
            tracker(matches=["com.spotter.sdkx.Start"], ignores=["a.io"]),
            "matches[0]: 'com.spotter.sdkx.Start' is not met; correct the facts or the self-test",
        ),
        (
            "trackers",
            tracker(ignores=["eu.spotter.io"]),
            "ignores[0]: 'eu.spotter.io' is met; correct the facts or the self-test",
        ),
        ("trackers", tracker(matches=[]), "matches: missing; give a name that must be met"),
        ("trackers", tracker(ignores=[]), "ignores: missing; give a near miss that must not be met"),
        (
            "trackers",
            tracker(source="elsewhere"),
            "source: there is no source 'elsewhere' at the head of this file; add it",
        ),
        ("hosts", host(host="Maker.io"), "host: 'Maker.io' is not in lower case"),
        ("hosts", host(owner=""), "owner: missing; name the company"),
        ("keys", key(sha256="ab"), "sha256: 'ab' is no sha256; write 64 digits of lower-case hexadecimal"),
        ("keys", key(sha256=None), "sha256: missing; give the SHA-256 of the certificate, or its SHA-1"),
        (
            "libraries",
            library(code=["rx"], matches=["rx.Observable"]),
            "code[0]: 'rx' is no prefix of class names; write whole labels: com.vendor.library",
        ),
        (
            "trackers",
            tracker(opt_out=[switch(name="a b")]),
            "opt_out[0].name: 'a b' is no name of meta-data; write it as it stands in the manifest",
        ),
        (
            "trackers",
            tracker(opt_out=[switch(values={})]),
            "opt_out[0].values: missing; say for one value at least what the tracker then does",
        ),
        (
            "trackers",
            tracker(opt_out=[switch(values={"True": "sends"})]),
            "opt_out[0].values: 'True': write the value in lower case, and what it means",
        ),
        (
            "trackers",
            tracker(opt_out=[switch(values={"true": " "})]),
            "opt_out[0].values: 'true': write the value in lower case, and what it means",
        ),
        (
            "trackers",
            tracker(needs={"source": "https://spotter.io"}),
            "needs: missing; name a resource or meta-data without which it does nothing",
        ),
        (
            "trackers",
            tracker(needs={"resources": ["a b"], "source": "https://spotter.io"}),
            "needs: 'a b' is no name of a resource or of meta-data",
        ),
        (
            "trackers",
            tracker(needs={"code": ["a"], "source": "https://spotter.io"}),
            "needs: 'a' is no name of a class",
        ),
        (
            "trackers",
            tracker(needs={"meta_data": ["a"], "source": "spotter.io"}),
            "needs.source: 'spotter.io' is no address; name where the maker says it: https://…",
        ),
        (
            "trackers",
            tracker(opt_out=[switch(source="spotter.io")]),
            "opt_out[0].source: 'spotter.io' is no address; name where the maker says it: https://…",
        ),
        (
            "trackers",
            tracker(takes={"data": [], "source": "https://spotter.io"}),
            "takes.data: missing; name what it takes, such as: the IMEI",
        ),
        (
            "trackers",
            tracker(takes={"data": ["the IMEI"], "source": "spotter.io"}),
            "takes.source: 'spotter.io' is no address; name the page that says it: https://…",
        ),
        (
            "trackers",
            tracker(country="Finland"),
            "country: is that of the owner; name both, or leave the country out",
        ),
        (
            "trackers",
            tracker(components=["Start"]),
            "components[0]: 'Start' is no name of a class; write com.vendor.sdk.PushService",
        ),
        ("libraries", library(owner=" "), "owner: missing; name who makes it"),
        ("libraries", library(ignores=[]), "ignores: missing; give a near miss that must not be met"),
        (
            "libraries",
            library(matches=["com.maker.webx.Client"], ignores=["com.Client"]),
            "matches[0]: 'com.maker.webx.Client' is not met; correct the facts or the self-test",
        ),
        (
            "libraries",
            library(switches={"com.other.Client": "com.other.Debug.trusts"}),
            "switches: 'com.other.Client' or 'com.other.Debug.trusts' is no part of the library; see its code",
        ),
        (
            "libraries",
            library(options={"com.other.Client": "ssl"}),
            "options: 'com.other.Client' is no part of the library; see its code",
        ),
        *(
            ("libraries", library(parts=[{"addresses": ["a.example/x"], "source": "https://a.example"} | wrong]), fault)
            for wrong, fault in (
                (
                    {"addresses": []},
                    "parts[0].addresses: missing; name what it alone connects to, such as: api.example.com/path",
                ),
                (
                    {"addresses": ["https://a.example/x"]},
                    "parts[0].addresses: 'https:' is no host name; write host.example, without scheme, port or path",
                ),
                ({"meta_data": ["a b"]}, "parts[0].meta_data: 'a b' is no name of meta-data"),
                (
                    {"source": "somewhere"},
                    "parts[0].source: 'somewhere' is no address; name where that stands: https://…",
                ),
            )
        ),
        ("rules", rule(reason=""), "reason: missing; say why nothing is sent there"),
        *(
            (
                "rules",
                rule(**wrong),
                "spares: a rule by use, and no other, says what it spares; it names URLs and no whole host",
            )
            for wrong in (
                {"by": "use", "hosts": [], "matches": ["http://www.names.org/ns/a"]},
                {"spares": "always"},
                {"by": "use", "spares": "always"},
            )
        ),
        (
            "rules",
            rule(hosts=["10.0.0.1/8"]),
            "hosts: 10.0.0.1/8 has host bits set, found ['10.0.0.1/8']",
        ),
        (
            "rules",
            rule(url_prefixes=["www.names.org"]),
            "url_prefixes[0]: 'www.names.org'; write host and path without scheme: www.host.example/licenses/",
        ),
        (
            "rules",
            rule(ignores=["http://www.names.org/ns/a"]),
            "ignores[0]: 'http://www.names.org/ns/a' is met; correct the facts or the self-test",
        ),
    ],
)
def test_a_fault_of_a_fact_is_said_with_what_to_write(
    tmp_path: Path, kind: str, entry: dict[str, Any], expected: str
) -> None:
    assert of_facts(tmp_path, kind, entry) == [expected]


def test_a_tracker_that_nothing_is_known_of_needs_no_self_test(tmp_path: Path) -> None:
    assert of_facts(tmp_path, "trackers", tracker(code=[], hosts=[], matches=[], ignores=[])) == []


def test_a_source_of_facts_needs_publisher_licence_address_and_date(tmp_path: Path) -> None:
    bare = source(publisher="", licence=" ", url="lab.example", date="2026")
    write(tmp_path, "keys", {"sources": [bare], "entries": []}, "keys.json")
    assert [line.removeprefix("keys/keys.json: s: ") for line in lines(tmp_path)] == [
        "sources.date: '2026'; write the day it was read: 2026-01-31",
        "sources.licence: missing",
        "sources.publisher: missing",
        "sources.url: 'lab.example' is no address; write http(s)://…",
    ]


def test_the_same_id_or_certificate_twice(tmp_path: Path) -> None:
    write_facts(tmp_path, "keys", key(), key(id="k-2"))
    write_facts(tmp_path, "hosts", host(), host(owner="Other"))
    assert set(lines(tmp_path)) == {
        "hosts/facts.json: maker.io: id: stands 2 times; keep one of them",
        f"keys/facts.json: {'a' * 64}: id: stands 2 times; keep one of them",
    }


@pytest.mark.parametrize(
    ("kind", "entry", "who"),
    [
        ("trackers", tracker(hosts=["spotter.io"], name="Spotter"), "Spotter"),
        ("hosts", host(host="spotter.io", category="telemetry", owner="Maker"), "Maker"),
    ],
)
def test_a_rule_may_not_take_out_a_host_that_data_is_sent_to(
    tmp_path: Path, kind: str, entry: dict[str, Any], who: str
) -> None:
    write_facts(tmp_path, kind, entry)
    write_facts(tmp_path, "rules", rule(hosts=["spotter.io"], matches=["spotter.io"], ignores=["a.io"]))
    assert lines(tmp_path) == [
        f"rules/facts.json: namespace: hosts: takes out spotter.io, to which data is sent ({who}); "
        "name a narrower host or a URL prefix"
    ]


def test_a_rule_may_not_take_out_an_endpoint_of_an_incident(tmp_path: Path) -> None:
    write_incident(tmp_path, incident(endpoints=[{**ENDPOINT, "value": "collect.schemas.names.org"}]))
    write_facts(tmp_path, "rules", rule())
    assert [line[:85] for line in lines(tmp_path)] == [
        "rules/facts.json: namespace: hosts: takes out collect.schemas.names.org, to which dat"
    ]


def test_what_breaks_the_schema_is_listed_beside_the_rest(tmp_path: Path) -> None:
    write_facts(tmp_path, "keys", {**key(), "colour": "red"})
    write_facts(tmp_path, "hosts", host(owner=""))
    assert lines(tmp_path) == [
        "hosts/facts.json: maker.io: owner: missing; name the company",
        "keys/facts.json: k-1: colour: there is no such field; remove it or correct its name",
    ]


def confidences(value: Any) -> list[str]:
    """Return the word of each fact in a part of an entry."""
    if isinstance(value, list):
        return [word for part in value for word in confidences(part)]
    if not isinstance(value, dict):
        return []
    return [value["confidence"]] if "confidence" in value else confidences(list(value.values()))


def test_what_is_there_is_counted() -> None:
    entries = [json.loads(path.read_text("utf-8")) for path in (BUNDLED / "incidents").glob("*.json")]
    facts, sources = confidences(entries), sum(len(entry["sources"]) for entry in entries)
    sourced = facts.count("sourced")
    assert len(facts) > sourced > 1_000
    assert counts_of(check_folder(BUNDLED))[0].startswith(
        f"incidents {len(entries)}: {len(facts)} facts ({sourced} sourced, {facts.count('recalled')} recalled), "
        f"{sources} sources, "
    )
