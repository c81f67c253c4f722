"""Class prefixes of imported lists are looked for like those of bundled trackers."""

from pathlib import Path

from phone_audit.apk.dex.descriptors import Classes
from phone_audit.apk.trackers.trackers import find_trackers
from phone_audit.detect.detectors.trackers import tracker_present
from phone_audit.knowledge.load import load_knowledge
from tests.judge.cases import apk_info
from tests.knowledge.feeds.feeds import item, keep


def test_a_prefix_of_a_feed_is_a_tracker_unless_a_known_one_has_it(tmp_path: Path) -> None:
    keep(
        tmp_path,
        item("code", "com.newads.sdk.", "New ads", "tracker"),
        item("code", "com.other.lib", "X", "anti-feature"),
        item("code", "com.adjust.sdk.plugin", "Adjust again", "tracker"),
        item("host", "newads.example", "New ads", "tracker"),
    )
    keep(tmp_path, item("code", "com.newads.sdk.core", "Same ads", "tracker"), feed="later")
    bundled, mine = load_knowledge(), load_knowledge([tmp_path])
    added = [fact for fact in mine.trackers if fact not in bundled.trackers]
    assert [(fact.id, fact.name, fact.code, fact.hosts) for fact in added] == [
        ("lab:New ads", "New ads", ("com.newads.sdk.",), ())
    ]
    assert [source.publisher for source in mine.sources if source.id == "lab"] == ["A lab"]
    assert len(mine.trackers) == mine.info.counts["trackers"] == len(bundled.trackers) + 1


def test_its_code_is_found_and_the_feed_is_the_source(tmp_path: Path) -> None:
    keep(tmp_path, item("code", "com.newads.sdk", "New ads", "tracker"))
    mine = load_knowledge([tmp_path])
    classes = Classes(where="classes.dex", defined=(b"Lcom/newads/sdk/Start;",), named=())
    found = find_trackers([classes], (), mine, lambda facts: {})
    assert [(tracker.name, tracker.tier) for tracker in found] == [("New ads", "present")]
    (finding,) = tracker_present(apk_info("com.a", trackers=tuple(found)), mine)
    assert finding.sources[0].publisher == "A lab"
