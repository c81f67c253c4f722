"""The bundled indicators: made by the script from the shared lists, and only from lists that may be copied."""

import re
from pathlib import Path

import pytest

from fixtures.knowledge.indicators import LISTS, List, licence_text, make, ordinary, popular_domains
from phone_audit.detect.incidents.match_input import MatchInput
from phone_audit.detect.indicator_findings import indicator_findings
from phone_audit.knowledge.feeds.indicator import MALICIOUS
from phone_audit.knowledge.feeds.store import feed_files, write_feed
from phone_audit.knowledge.files import FEED_FOLDER
from phone_audit.knowledge.hosts import suffixes
from phone_audit.knowledge.load import BUNDLED, Knowledge, load_knowledge
from tests.judge.cases import endpoint, observed
from tests.knowledge.feeds.feeds import item
from tests.knowledge.folders import shared

MAY_BE_BUNDLED = ("CC-BY-4.0", "CC-BY-2.0", "MIT", "CC0-1.0", "BSD-2-Clause")

SCREENED = frozenset(source.feed for source in LISTS if source.screened)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.mark.parametrize("source", LISTS, ids=lambda source: source.feed)
def test_the_script_makes_the_bundled_bytes(source: List, knowledge: Knowledge, tmp_path: Path) -> None:
    shared("feeds", source.folder)
    head, indicators, _ = make(source, shared("feeds"), knowledge)
    path = tmp_path / f"{source.feed}.jsonl"
    write_feed(path, head, indicators)
    assert path.read_bytes() == (BUNDLED / FEED_FOLDER / path.name).read_bytes()
    licence = (BUNDLED / FEED_FOLDER / f"LICENSE.{source.feed}").read_text("utf-8")
    assert licence == licence_text(source, path.name)
    assert source.publisher in licence
    assert source.licence_url in licence


def test_nothing_else_is_bundled() -> None:
    assert {path.stem for path in feed_files(BUNDLED)} == {source.feed for source in LISTS}
    assert all(source.licence.startswith(MAY_BE_BUNDLED) for source in LISTS)


def test_counts_by_feed(knowledge: Knowledge) -> None:
    counts = {feed.feed: sum(feed.counts.values()) for feed in knowledge.indicators.feeds}
    assert counts == {
        "amnesty-investigations": 3015, "badbox-iocs": 71, "eset-malware-ioc": 392, "maltrail-android": 5269,
        "maltrail-malware": 44527, "misp-galaxy": 782, "mvt-indicators": 901, "stalkerware-indicators": 6342,
    }  # fmt: skip


def test_no_bundled_certificate_or_host_is_everybodys(knowledge: Knowledge) -> None:
    for listed in knowledge.indicators.database:
        if listed.indicator.about.class_ in MALICIOUS:
            assert ordinary(listed.indicator, knowledge) is None, listed.indicator


def test_no_popular_domain_is_listed(knowledge: Knowledge) -> None:
    """Neither is one of them on a list of ordinary malware, nor a domain above one."""
    popular = popular_domains(shared("feeds", "popular-domains"))
    listed = {one.indicator.value for one in knowledge.indicators.database if one.feed.feed in SCREENED}
    assert len(popular) > 50_000
    assert [host for host in popular if listed.intersection(suffixes(host))] == []


MALWARE = "5e0fa75d9f"
"""A labelled package that is PJApps: the beginning of its SHA-256."""


def test_no_host_of_labelled_packages_is_listed_as_malware(knowledge: Knowledge) -> None:
    """The hosts of the packages that were read by hand, none of which is malware but one of the seventeenth sample."""
    folder = Path(__file__).parents[2] / "fixtures/precision"
    lines = [line for path in sorted(folder.glob("*/*.tsv")) for line in path.read_text("utf-8").splitlines()]
    text = " ".join(line for line in lines if not line.startswith(MALWARE))
    hosts = set(re.findall(r"(?<![\w.-])(?:[a-z0-9-]+\.)+[a-z]{2,}(?![\w-])", text))
    assert len(hosts) > 2000
    found = {host: one for host in hosts for one in knowledge.indicators.of_host(host) if one.feed.feed in SCREENED}
    assert found == {}


@pytest.mark.parametrize(
    ("host", "title", "said"),
    [
        ("api.beatleslover.com", "Joker (malware)", ("indicator.host", "medium", "medium")),
        ("api.yumicash.com", "SpyLoan (malware)", ("indicator.host", "medium", "medium")),
        ("aacqqcfhbgccviu.ru", "FluBot (malware)", ("indicator.host", "low", "info")),
    ],
)
def test_a_listed_host_is_told_with_its_family_and_list(
    host: str, title: str, said: tuple[str, str, str], knowledge: Knowledge
) -> None:
    app = observed("com.example.app", endpoints=(endpoint(host),))
    (found,) = indicator_findings(MatchInput(packages=(app,)), knowledge, on_phone=True)
    assert found.title == title
    assert (found.id, found.confidence, found.severity) == said
    assert found.sources[0].publisher in ("Maltrail", "ESET")
    assert "is listed as" in found.message


def test_what_is_everybodys_is_left_out(knowledge: Knowledge) -> None:
    public = next(iter(sorted(knowledge.public_certificates)))
    assert ordinary(item("certificate", public), knowledge) is not None
    assert ordinary(item("host", "app-measurement.com"), knowledge) is not None
    assert ordinary(item("host", "spy.firebaseio.com"), knowledge) is None
