"""What was read is judged and told in time that grows with its amount, not with its square."""

from collections.abc import Callable

import pytest

from phone_audit.detect.detectors.network_policy import cleartext_endpoint
from phone_audit.detect.incidents.citations import cited
from phone_audit.detect.incidents.match_input import input_of_phone
from phone_audit.detect.watch.connection_join import EndpointIndex, with_join
from phone_audit.judge.findings import deduplicated, merged
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.device import MOST_DEEP, folders_above
from phone_audit.model.finding import Evidence, Finding, Subject
from tests.detect.detectors.seen import knowledge, policy
from tests.detect.watch.test_connection_join import seen as connection
from tests.judge.cases import apk_info, endpoint, finding, incident, judge_scan, package, snapshot
from tests.steps import LINEAR, growth

Made = Callable[[int], Callable[[], object]]


def same_finding_in_many_files(count: int) -> Callable[[], object]:
    found = [
        finding(evidence=(Evidence(kind="class", where=f"{number}.dex", value="x"),), key="one")
        for number in range(count)
    ]
    return lambda: merged(found)


def findings_of_many_apks(count: int) -> Callable[[], object]:
    """As many findings as APKs, each of another one."""
    paths = [f"/system/app/a{number}/a.apk" for number in range(count)]
    apks = [apk_info(f"com.a{number}", path) for number, path in enumerate(paths)]
    phone = snapshot({}, [package(f"com.a{number}", path) for number, path in enumerate(paths)])
    detected = [finding(name=f"com.a{number}") for number in range(count)]
    detected += [
        finding("known-key", path, subject=Subject(kind="certificate", name=path), evidence=(shown(path),))
        for path in paths
    ]
    known = load_knowledge()
    return lambda: judge_scan(phone, apks, detected, "standard", known)


def shown(path: str) -> Evidence:
    return Evidence(kind="certificate", where=path, value="ab")


def incident_with_much_evidence(count: int) -> Callable[[], object]:
    """One incident that many packages show, and as many findings that it may cover."""
    pieces = tuple(Evidence(kind="class", where="classes.dex", value=f"c{number}") for number in range(count))
    published = finding("published-incident", "com.x", incident="case", evidence=pieces, severity="high")
    detected = [finding(name=f"com.a{number}") for number in range(count)]
    incidents = {"case": cited(incident("case"))}

    def work() -> tuple[Finding, ...]:
        return deduplicated([published, *detected], incidents)

    return work


def addresses_and_domains(count: int) -> Callable[[], object]:
    """Unencrypted addresses, and domains of the network policy, none of which they belong to."""
    endpoints = tuple(endpoint(f"a{number}.example", cleartext=True) for number in range(count))
    allowed = policy(domains=tuple(f"b{number}.example" for number in range(count)))
    info = apk_info("com.a", endpoints=endpoints, network_policy=allowed)
    return lambda: list(cleartext_endpoint(info, knowledge()))


def connections_and_endpoints(count: int) -> Callable[[], object]:
    """Connections of one package, and endpoints in its code, all of them at the port."""
    code = EndpointIndex({"com.a": [endpoint(f"a{number}.example", ports=(443,)) for number in range(count)]})
    known = load_knowledge()
    seen = [connection(f"203.0.{number // 256}.{number % 256}", 443) for number in range(count)]
    return lambda: [with_join(one, code, (), known) for one in seen]


MADE: dict[str, tuple[Made, int]] = {
    "the same finding in many files": (same_finding_in_many_files, 150),
    "findings of many APKs": (findings_of_many_apks, 400),
    "an incident with much evidence": (incident_with_much_evidence, 150),
    "connections and endpoints": (connections_and_endpoints, 200),
    "addresses and domains": (addresses_and_domains, 150),
}


@pytest.mark.promise("work-grows-with-size")
@pytest.mark.parametrize("what", MADE)
def test_twice_as_much_is_twice_the_work(what: str) -> None:
    made, size = MADE[what]
    assert growth(made, size) < LINEAR


def test_the_folders_of_a_path_are_few() -> None:
    assert len(list(folders_above("/a" * 1_000_000))) == MOST_DEEP + 1
    assert list(folders_above("/" * 2_000_000)) == ["/"]
    assert list(folders_above("a/b")) == []
    phone = snapshot({}, [package("com.a", f"{'/a' * 1000}/base.apk")])
    assert len(input_of_phone(phone, (), {}).paths) == MOST_DEEP + 2
