from phone_audit.knowledge.hosts import category_of, host_facts_of
from phone_audit.knowledge.schema.facts import HostFact, TrackerFact
from tests.knowledge.folders import tracker


def fact(name: str, *hosts: str, owner: str | None = None, categories: tuple[str, ...] = ("analytics",)) -> TrackerFact:
    return TrackerFact.model_validate(tracker(name=name, hosts=hosts, owner=owner, categories=categories))


def test_a_tracker_without_owner_gives_its_own_name() -> None:
    expected = HostFact(host="spotter.io", owner="Spotter", category="telemetry", source="s")
    assert list(host_facts_of([fact("Spotter", "spotter.io")])) == [expected]


def test_a_host_of_two_owners_says_nothing_about_either() -> None:
    assert list(host_facts_of([fact("A", "shared.io"), fact("B", "shared.io")])) == []


def test_two_trackers_of_one_owner_agree() -> None:
    facts = [fact("A", "shared.io", owner="Maker"), fact("B", "shared.io", owner="Maker", categories=("advertising",))]
    assert [(found.owner, found.category) for found in host_facts_of(facts)] == [("Maker", "advertising")]


def test_the_category_that_says_most_about_the_sending_counts() -> None:
    assert category_of([fact("A", categories=("crash-reporting", "profiling"))]) == "telemetry"
    assert category_of([fact("A", categories=("crash-reporting",))]) == "crash-reporting"
    assert category_of([fact("A", categories=("identification",))]) == "identity"
    assert category_of([fact("A", categories=())]) == "unknown"
