"""Look-up of hosts by whole labels, and the owners that follow from trackers."""

from hypothesis import given
from hypothesis import strategies as st

from phone_audit.knowledge.hosts import HostIndex, category_of, host_facts_of, host_under, plain_host, suffixes
from phone_audit.knowledge.schema.facts import HostFact, TrackerFact
from tests.knowledge.folders import tracker

LABELS = st.sampled_from(["a", "b", "ads", "notads", "example", ""])
HOSTS = st.lists(LABELS, min_size=1, max_size=5).map(".".join)


def test_a_host_is_spelled_in_lower_case_without_last_dot_and_brackets() -> None:
    assert plain_host("EU.Ads.Example.") == "eu.ads.example"
    assert plain_host("[2001:DB8::1]") == "2001:db8::1"


def test_suffixes_go_from_the_whole_host_to_its_last_label() -> None:
    assert list(suffixes("eu.ads.example")) == ["eu.ads.example", "ads.example", "example"]


def test_longest_takes_the_host_with_most_labels() -> None:
    index = HostIndex([("example", "tld"), ("ads.example", "ads"), ("eu.ads.example", "eu")])
    assert index.longest("x.eu.ads.example") == "eu"
    assert index.longest("us.ads.example") == "ads"
    assert index.longest("Ads.Example.") == "ads"


def test_of_two_items_for_one_host_the_last_one_counts() -> None:
    assert HostIndex([("ads.example", "first"), ("ads.example", "last")]).longest("ads.example") == "last"


def test_a_longer_label_is_another_host() -> None:
    assert HostIndex([("ads.example", 1)]).longest("notads.example") is None


def test_every_gives_all_that_cover_a_host_most_labels_first() -> None:
    index = HostIndex([("example", 1), ("ads.example", 2), ("ads.example", 3)])
    assert index.every("eu.ads.example") == (2, 3, 1)
    assert index.every("other.test") == ()


@given(HOSTS, st.lists(HOSTS, max_size=6))
def test_the_index_finds_what_comparing_one_by_one_finds(host: str, known: list[str]) -> None:
    index = HostIndex((name, name) for name in known)
    covering = [name for name in known if host_under(host, name)]
    assert sorted(index.every(host)) == sorted(covering)
    longest = index.longest(host)
    assert (None if longest is None else plain_host(longest)) == max(map(plain_host, covering), key=len, default=None)


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
