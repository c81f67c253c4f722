"""The matcher: each kind of fact with a hit and the near misses around it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from phone_audit.detect.incidents.incident_matcher import match_incidents
from phone_audit.detect.incidents.match_input import MatchInput, PackageInput
from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.schema.incident import IncidentEntry
from phone_audit.model.detection import MatchStrength
from phone_audit.model.finding import Evidence, Subject
from tests.judge.cases import NOKIA, PIXEL, endpoint, fact, incident, knowledge_of, observed
from tests.steps import LINEAR, growth, steps

WEATHER = "com.acme.weather"
BUILD = {"ro.build.display.id": "ACME1"}
AFFECTED = fact("ACME1", field="ro.build.display.id", match="exact", status="affected")
NAME = fact(WEATHER, standalone=False)
HOST = fact("in.acme.example", kind="domain", weight="strong")
CHINA = {"field": "ro.product.name", "match": "exact", "value": "One_CN"}
ONE = {"field": "ro.product.model", "match": "exact", "value": "One"}


def word(entry: IncidentEntry, *packages: PackageInput, **seen: Any) -> MatchStrength | None:
    """The strongest word with which this is seen to meet the incident."""
    matches = match_incidents(MatchInput(packages=packages, **seen), knowledge_of(entry))
    return matches[0].strength if matches else None


def holding(*hosts: str, name: str | None = WEATHER, **changes: Any) -> PackageInput:
    return observed(name, endpoints=tuple(endpoint(host, **changes) for host in hosts))


# ---- package names


def test_a_name_that_is_legitimate_needs_a_second_fact() -> None:
    entry = incident(packages=[NAME], endpoints=[HOST])
    assert word(entry, observed(WEATHER)) is None
    assert word(entry, holding("in.acme.example")) == "confirmed"


def test_a_name_known_from_malware_is_enough() -> None:
    entry = incident(packages=[fact(WEATHER, standalone=True)])
    assert word(entry, observed(WEATHER)) == "confirmed"
    assert word(entry, observed(WEATHER + "x")) is None
    assert word(entry, observed("x." + WEATHER)) is None


def test_a_recalled_name_never_confirms() -> None:
    recalled = {"value": WEATHER, "confidence": "recalled", "standalone": False}
    entry = incident(packages=[recalled], endpoints=[HOST], builds=[AFFECTED])
    assert word(entry, holding("in.acme.example"), properties=BUILD) == "affected"
    assert word(entry, holding("in.acme.example")) == "weak"


def test_what_is_no_package_name_is_not_compared() -> None:
    entry = incident(packages=[fact(WEATHER, standalone=False, kind="class")], endpoints=[HOST])
    assert word(entry, holding("in.acme.example")) == "weak"


@pytest.mark.parametrize(
    ("second", "package"),
    [
        ({"hashes": [fact("ab" * 16, algo="md5", file="a.apk")]}, observed(WEATHER, hashes=frozenset(["ab" * 16]))),
        (
            {"certificates": [fact("cd" * 32, algo="sha256", role="platform", standalone=False)]},
            observed(WEATHER, signers=frozenset(["cd" * 32])),
        ),
    ],
)
def test_a_hash_or_a_signer_is_a_second_fact(second: dict[str, Any], package: PackageInput) -> None:
    assert word(incident(packages=[NAME], **second), package) == "confirmed"
    assert word(incident(packages=[NAME], **second), observed(WEATHER)) is None


def test_an_affected_build_is_a_second_fact_and_a_candidate_is_none() -> None:
    assert word(incident(packages=[NAME], builds=[AFFECTED]), observed(WEATHER), properties=BUILD) == "confirmed"
    candidate = {**AFFECTED, "status": "candidate"}
    assert word(incident(packages=[NAME], builds=[candidate]), observed(WEATHER), properties=BUILD) == "candidate"


def test_facts_of_two_packages_do_not_add_up() -> None:
    """The name here and the host there are two ordinary packages."""
    entry = incident(packages=[NAME], endpoints=[{**HOST, "weight": "second"}])
    assert word(entry, observed(WEATHER), holding("in.acme.example", name="com.other")) is None


def test_facts_of_two_incidents_do_not_add_up() -> None:
    one = incident("one", packages=[NAME])
    two = incident("two", endpoints=[{**HOST, "weight": "second"}])
    assert match_incidents(MatchInput(packages=(holding("in.acme.example"),)), knowledge_of(one, two)) == ()


# ---- endpoints


@pytest.mark.parametrize(
    ("host", "met"),
    [
        ("in.acme.example", True),
        ("eu.in.acme.example", True),
        ("a.b.in.acme.example", True),
        ("IN.Acme.example", True),
        ("in.acme.example.", True),
        ("acme.example", False),
        ("xin.acme.example", False),
        ("in.acme.example.org", False),
        ("example", False),
        ("", False),
    ],
)
def test_hosts_are_compared_by_whole_labels(host: str, met: bool) -> None:
    assert word(incident(endpoints=[HOST]), holding(host)) == ("weak" if met else None)


@pytest.mark.parametrize(
    ("value", "kind"),
    [("http://in.acme.example/up", "url"), ("in.acme.example:8080", "host:port")],
)
def test_a_url_means_its_own_host_only(value: str, kind: str) -> None:
    entry = incident(endpoints=[fact(value, kind=kind, weight="strong")])
    assert word(entry, holding("in.acme.example")) == "weak"
    assert word(entry, holding("eu.in.acme.example")) is None


@pytest.mark.parametrize(
    ("weight", "alone", "with_the_name"),
    [("strong", "weak", "confirmed"), ("second", None, "confirmed"), ("none", None, None)],
)
def test_weights(weight: str, alone: MatchStrength | None, with_the_name: MatchStrength | None) -> None:
    entry = incident(packages=[NAME], endpoints=[{**HOST, "weight": weight}])
    assert word(entry, holding("in.acme.example", name="com.other")) == alone
    assert word(entry, holding("in.acme.example")) == with_the_name


def test_an_endpoint_that_is_ruled_out_counts_for_nothing() -> None:
    entry = incident(packages=[NAME], endpoints=[HOST])
    assert word(entry, holding("in.acme.example", ruled_out="documentation")) is None


def test_a_path_of_a_url_is_not_compared() -> None:
    entry = incident(endpoints=[fact("/in.acme.example", kind="url-path", weight="second")], packages=[NAME])
    assert word(entry, holding("in.acme.example")) is None


def test_a_recalled_host_counts_for_nothing() -> None:
    recalled = {"value": "in.acme.example", "confidence": "recalled", "kind": "domain", "weight": "strong"}
    assert word(incident(endpoints=[recalled], packages=[NAME]), holding("in.acme.example")) is None


# ---- hashes and certificates


def test_a_hash_is_enough() -> None:
    entry = incident(hashes=[fact("ab" * 32, algo="sha256", file="a.apk")])
    assert word(entry, observed(None, hashes=frozenset(["ab" * 32]))) == "confirmed"
    assert word(entry, observed(None, hashes=frozenset(["ac" * 32]))) is None


def test_a_certificate_is_enough_only_where_its_incident_says_so() -> None:
    key = fact("cd" * 32, algo="sha256", role="test key", standalone=True)
    package = observed("com.any", signers=frozenset(["cd" * 32]))
    assert word(incident(certificates=[key]), package) == "confirmed"
    assert word(incident(certificates=[{**key, "standalone": False}]), package) is None


def test_a_package_that_carries_the_key_everywhere_proves_nothing_without_code() -> None:
    key = fact("cd" * 32, algo="sha256", role="test key", standalone=True)
    entry = incident(certificates=[key], spares=[fact("com.any", note="the test of compatibility needs it")])
    signers = frozenset(["cd" * 32])
    assert word(entry, observed("com.any", signers=signers)) is None
    assert word(entry, observed("com.any", signers=signers, has_code=False)) is None
    assert word(entry, observed("com.any", signers=signers, has_code=True)) == "confirmed"
    assert word(entry, observed("com.other", signers=signers, has_code=False)) == "confirmed"


# ---- properties and paths


def test_a_property_that_is_enough() -> None:
    entry = incident(properties=[fact("os.bad.status", expected=None, standalone=True)])
    assert word(entry, properties={"os.bad.status": "anything"}) == "confirmed"
    assert word(entry, properties={"os.bad.status": ""}) is None
    assert word(entry, properties={"os.bad.status2": "1"}) is None
    assert word(entry, holding("os.bad.status")) is None


def test_a_property_with_an_expected_value() -> None:
    entry = incident(properties=[fact("ro.app.id", expected="m9", standalone=True)])
    assert word(entry, properties={"ro.app.id": "m9"}) == "confirmed"
    assert word(entry, properties={"ro.app.id": "m9x"}) is None


def test_a_property_of_ordinary_phones_needs_an_affected_build() -> None:
    entry = incident(properties=[fact("ro.boot.wifimacaddr", expected=None, standalone=False)], builds=[AFFECTED])
    seen = {"ro.boot.wifimacaddr": "02:00:00:00:00:00"}
    assert word(entry, properties=seen) is None
    assert word(entry, properties={**seen, **BUILD}) == "confirmed"


@pytest.mark.parametrize(
    ("wanted", "there", "met"),
    [
        ("folder", "folder", True),
        ("folder", "file", False),
        ("file", "folder", False),
        (None, "file", True),
        ("file", None, True),
    ],
)
def test_a_path_is_a_file_or_a_folder_where_that_matters(wanted: Any, there: Any, met: bool) -> None:
    entry = incident(paths=[fact("/data/system/Bad", type=wanted, standalone=True)])
    assert word(entry, paths={"/data/system/Bad": there}) == ("confirmed" if met else None)


def test_a_path_of_ordinary_phones_and_a_pattern_are_not_compared() -> None:
    entry = incident(
        paths=[fact("/system/bin/wd", standalone=False), fact("/data/<pkg>", standalone=False, kind="pattern")]
    )
    assert word(entry, paths={"/system/bin/wd": "file", "/data/<pkg>": "file"}) is None


# ---- builds


def test_statuses_of_builds_and_models() -> None:
    for status in ("affected", "candidate", "fixed"):
        assert word(incident(builds=[{**AFFECTED, "status": status}]), properties=BUILD) == status
    model = incident(models=[fact("One", field="ro.product.model", match="exact")])
    assert word(model, properties={"ro.product.model": "One"}) == "model"
    assert word(model, properties={"ro.product.model": "One Plus"}) is None


def test_a_recalled_build_is_a_candidate() -> None:
    recalled = {**AFFECTED, "confidence": "recalled", "source": None}
    assert word(incident(builds=[recalled]), properties=BUILD) == "candidate"


def test_a_fixed_build_silences_the_model_and_nothing_else() -> None:
    models = [fact("One", field="ro.product.model", match="exact")]
    fixed = {**AFFECTED, "status": "fixed"}
    seen = {**BUILD, "ro.product.model": "One"}
    assert word(incident(models=models, builds=[fixed]), properties=seen) == "fixed"
    entry = incident(models=models, builds=[fixed], packages=[NAME], endpoints=[HOST])
    assert word(entry, holding("in.acme.example"), properties=seen) == "confirmed"
    (match,) = match_incidents(MatchInput(seen, (holding("in.acme.example"),)), knowledge_of(entry))
    assert [hit.strength for hit in match.hits] == ["confirmed", "weak", "fixed"]


def test_prose_is_not_compared() -> None:
    entry = incident(models=[fact("One", field="description")], builds=[{**AFFECTED, "field": "description"}])
    assert word(entry, properties={**BUILD, "description": "ACME1"}) is None


def test_the_version_of_a_package() -> None:
    below = fact("x", field="package-version", package=WEATHER, match="range", scheme="dotted", below="5.4",
                 status="candidate")  # fmt: skip
    entry = incident(builds=[below])
    assert word(entry, observed(WEATHER, version_name="5.3")) == "candidate"
    assert word(entry, observed(WEATHER, version_name="5.4")) is None
    assert word(entry, observed(WEATHER)) is None
    assert word(entry, observed("com.other", version_name="5.3")) is None


def test_an_affected_version_is_no_affected_build() -> None:
    """The version belongs to the package itself; it is not a second, independent fact for its name."""
    version = fact("1.0", field="package-version", package=WEATHER, match="exact", status="affected")
    entry = incident(builds=[version], packages=[NAME])
    assert word(entry, observed(WEATHER, version_name="1.0")) == "affected"


# ---- conditions and what an incident requires


def test_unless_that_is_not_known_leaves_a_weak_match() -> None:
    entry = incident(unless=[CHINA], packages=[NAME], endpoints=[HOST], builds=[AFFECTED])
    package = holding("in.acme.example")
    assert word(entry, package) == "weak"
    assert word(entry, properties=BUILD) == "candidate"
    assert word(entry, package, properties={"ro.product.name": "One_WW"}) == "confirmed"
    assert word(entry, package, properties={"ro.product.name": "One_CN"}) is None


def test_unless_of_a_fact() -> None:
    entry = incident(packages=[{**NAME, "unless": [CHINA]}], endpoints=[HOST])
    package = holding("in.acme.example")
    assert word(entry, package) == "weak"
    assert word(entry, package, properties={"ro.product.name": "One_WW"}) == "confirmed"
    name_only = incident(packages=[{**NAME, "standalone": True, "unless": [CHINA]}])
    assert word(name_only, package, properties={"ro.product.name": "One_CN"}) is None


@pytest.mark.parametrize(
    "facts",
    [
        {"hashes": [fact("ab" * 32, algo="sha256", file="a", unless=[CHINA])]},
        {"certificates": [fact("cd" * 32, algo="sha256", role="x", standalone=True, unless=[CHINA])]},
        {"properties": [fact("os.bad", expected=None, standalone=True, unless=[CHINA])]},
        {"paths": [fact("/bad", standalone=True, unless=[CHINA])]},
    ],
)
def test_unless_of_every_other_fact(facts: dict[str, Any]) -> None:
    entry = incident(**facts)
    package = observed("com.any", hashes=frozenset(["ab" * 32]), signers=frozenset(["cd" * 32]))
    for name, expected in (("One_WW", "confirmed"), ("One_CN", None), ("", "weak")):
        properties = {"ro.product.name": name, "os.bad": "1"}
        assert word(entry, package, properties=properties, paths={"/bad": "file"}) == expected


def test_only_if_that_is_not_known_is_no_match() -> None:
    entry = incident(packages=[{**NAME, "only_if": [ONE]}], endpoints=[{**HOST, "weight": "second"}])
    assert word(entry, holding("in.acme.example")) is None
    assert word(entry, holding("in.acme.example"), properties={"ro.product.model": "One"}) == "confirmed"
    assert word(entry, holding("in.acme.example"), properties={"ro.product.model": "Two"}) is None


def test_only_if_of_an_endpoint() -> None:
    entry = incident(packages=[NAME], endpoints=[{**HOST, "only_if": [ONE]}])
    assert word(entry, holding("in.acme.example")) is None
    assert word(entry, holding("in.acme.example"), properties={"ro.product.model": "One"}) == "confirmed"


def test_an_incident_that_requires_the_build() -> None:
    """Name, hash, property: nothing confirms before the build is one of the affected ones."""
    entry = incident(
        requires=["build"],
        builds=[AFFECTED],
        packages=[fact(WEATHER, standalone=True)],
        properties=[fact("os.bad", expected=None, standalone=True)],
    )
    assert word(entry, observed(WEATHER), properties={"os.bad": "1"}) is None
    assert word(entry, observed(WEATHER), properties={"os.bad": "1", **BUILD}) == "confirmed"


def test_a_fingerprint_alone_tells_the_properties_of_conditions() -> None:
    only_if = [{"field": "ro.product.device", "match": "exact", "value": "B2N_sprout"}]
    build = fact("PPR1.180610.011", field="ro.build.id", match="exact", status="affected", only_if=only_if)
    entry = incident(builds=[build])
    assert word(entry, properties={"ro.build.fingerprint": NOKIA["ro.build.fingerprint"]}) == "affected"
    assert word(entry, properties={"ro.vendor.build.fingerprint": NOKIA["ro.build.fingerprint"]}) is None


# ---- what comes back


def test_a_hit_says_what_was_seen_and_where() -> None:
    entry = incident(packages=[NAME], endpoints=[HOST], builds=[{**AFFECTED, "status": "candidate"}])
    package = observed(WEATHER, endpoints=(endpoint("eu.in.acme.example", where="classes2.dex"),))
    (match,) = match_incidents(MatchInput(BUILD, (package,)), knowledge_of(entry))
    string = Evidence(kind="dex-string", where="classes2.dex", value="eu.in.acme.example", offset=64)
    assert match.incident == entry
    assert [(hit.kind, hit.strength, hit.subject, hit.evidence) for hit in match.hits] == [
        (
            "package",
            "confirmed",
            Subject(kind="package", name=WEATHER),
            (Evidence(kind="package", where="/system/app/A/A.apk", value=WEATHER), string),
        ),
        ("endpoint", "weak", Subject(kind="package", name=WEATHER), (string,)),
        (
            "build",
            "candidate",
            Subject(kind="build", name="ACME1"),
            (Evidence(kind="property", where="getprop", value="ro.build.display.id=ACME1"),),
        ),
    ]


def test_matches_come_strongest_first() -> None:
    weak = incident("a-weak", endpoints=[HOST])
    strong = incident("b-strong", packages=[NAME], endpoints=[HOST])
    matches = match_incidents(MatchInput(packages=(holding("in.acme.example"),)), knowledge_of(weak, strong))
    assert [(match.incident.id, match.strength) for match in matches] == [("b-strong", "confirmed"), ("a-weak", "weak")]


def test_nothing_observed_meets_nothing() -> None:
    assert match_incidents(MatchInput(), load_knowledge()) == ()


def test_an_ordinary_phone_meets_nothing() -> None:
    packages = (observed("com.google.android.gms", endpoints=(endpoint("play.googleapis.com"),)), observed("android"))
    assert match_incidents(MatchInput(PIXEL, packages), load_knowledge()) == ()


def test_what_is_asked_of_a_phone_grows_with_its_packages_and_not_with_all_that_is_known() -> None:
    known = load_knowledge()

    def matched(count: int) -> Callable[[], object]:
        packages = tuple(
            observed(f"com.app{n}", endpoints=tuple(endpoint(f"h{m}.svc{n}.example") for m in range(20)))
            for n in range(count)
        )
        return partial(match_incidents, MatchInput(NOKIA, packages), known)

    assert growth(matched, 50) < LINEAR
    ten_more = steps(matched(60)) - steps(matched(50))
    assert ten_more / (10 * 20) < 30  # lines of Python for an endpoint; there are over a hundred incidents
