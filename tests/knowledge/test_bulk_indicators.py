"""The bundled indicators: made by the script from the shared lists, and only from lists that may be copied."""

from pathlib import Path

import pytest

from fixtures.knowledge.indicators import LISTS, List, licence_text, make, ordinary
from phone_audit.knowledge.feeds.indicator import MALICIOUS
from phone_audit.knowledge.feeds.store import feed_files, write_feed
from phone_audit.knowledge.files import FEED_FOLDER
from phone_audit.knowledge.load import BUNDLED, Knowledge, load_knowledge
from tests.knowledge.feeds.feeds import item
from tests.knowledge.folders import shared

MAY_BE_BUNDLED = ("CC-BY-4.0", "CC-BY-2.0", "MIT", "CC0-1.0")


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.mark.parametrize("source", LISTS, ids=lambda source: source.feed)
def test_the_script_makes_the_bundled_bytes(source: List, knowledge: Knowledge, tmp_path: Path) -> None:
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
        "amnesty-investigations": 3015, "badbox-iocs": 71, "maltrail-android": 5269, "misp-galaxy": 782,
        "mvt-indicators": 901, "stalkerware-indicators": 6342,
    }  # fmt: skip


def test_no_bundled_certificate_or_host_is_everybodys(knowledge: Knowledge) -> None:
    for listed in knowledge.indicators.database:
        if listed.indicator.about.class_ in MALICIOUS:
            assert ordinary(listed.indicator, knowledge) is None, listed.indicator


def test_what_is_everybodys_is_left_out(knowledge: Knowledge) -> None:
    public = next(iter(sorted(knowledge.public_certificates)))
    assert ordinary(item("certificate", public), knowledge) is not None
    assert ordinary(item("host", "app-measurement.com"), knowledge) is not None
    assert ordinary(item("host", "spy.firebaseio.com"), knowledge) is None
