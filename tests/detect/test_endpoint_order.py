"""The order of addresses by what a person would care about most."""

from collections.abc import Sequence

import pytest

from phone_audit.detect.endpoint_order import by_harm, cleartext_use_of
from phone_audit.model.apk import AddressUse, Endpoint, HeldBy, Party
from phone_audit.model.finding import Evidence
from tests.judge.cases import endpoint


def held(host: str, party: Party, *urls: str, owner: str | None = None, category: str = "unknown") -> Endpoint:
    holder = HeldBy(party=party, library="Ads" if party == "library" else None, evidence=())
    return endpoint(host, held_by=(holder,), urls=urls, owner=owner, category=category)


@pytest.mark.parametrize(
    ("first", "second"),
    [("fetched", "unknown"), ("fetched", "opened"), ("unknown", "opened"), ("unknown", "compared"),
     ("unknown", "unused")],
)  # fmt: skip
def test_what_is_connected_to_comes_before_all_others(first: AddressUse, second: AddressUse) -> None:
    link = held("a.example", "first-party", "http://a.example/login").model_copy(update={"use": second})
    fetched = held("z.example", "library").model_copy(update={"use": first})
    assert order(link, fetched) == ["z.example", "a.example"]


def test_what_is_connected_to_without_encryption() -> None:
    """One is fetched encrypted, and stands as a link without encryption; of the other nothing is known."""
    link = held("a.example", "first-party").model_copy(update={"use": "fetched", "cleartext_use": "opened"})
    other = held("z.example", "first-party")
    assert [one.host for one in by_harm([link, other], None, cleartext_use_of)] == ["z.example", "a.example"]
    assert [one.host for one in by_harm([link, other], None)] == ["a.example", "z.example"]


@pytest.mark.parametrize("file", ["fonts/map.txt", "res/raw/alarm.mp3"])
def test_what_only_a_file_of_data_holds_comes_behind_code(file: str) -> None:
    def holding(host: str, party: Party, **changes: object) -> Endpoint:
        place = Evidence(kind="asset", where=file, value="http://x.example", offset=1).model_copy(update=changes)
        return endpoint(host, held_by=(HeldBy(party=party, library=None, evidence=(place,)),))

    in_data, in_code = holding("a.example", "unknown"), holding("z.example", "library", kind="dex-string")
    assert order(in_data, in_code) == ["z.example", "a.example"]
    assert order(holding("a.example", "unknown", where="assets/app.js"), in_code) == ["a.example", "z.example"]
    fetched = in_data.model_copy(update={"use": "fetched"})
    assert order(fetched, in_code) == ["a.example", "z.example"]


def test_what_nothing_was_seen_to_use_comes_behind_what_something_is_done_with() -> None:
    def used(host: str, party: Party, what: str) -> Endpoint:
        shown = Evidence(kind="dex-string", where="classes.dex", value=f"unknown: {what}", offset=1)
        return held(host, party).model_copy(update={"use_evidence": (shown,)})

    idle = used("a.example", "first-party", "no use of it was seen: it may be used by its name")
    assert order(idle, used("z.example", "library", "a.B.call")) == ["z.example", "a.example"]
    assert order(idle, used("z.example", "first-party", "no use of it was seen")) == ["a.example", "z.example"]
    assert order(idle, endpoint("z.example").model_copy(update={"use": "opened"})) == ["a.example", "z.example"]


def test_what_code_reads_out_of_the_resources_comes_before_what_nothing_reads() -> None:
    def resource(host: str, class_: str | None) -> Endpoint:
        place = Evidence(kind="resource", where="resources.arsc", value=f"http://{host}", offset=1, class_=class_)
        return endpoint(host, held_by=(HeldBy(party="unknown", library=None, evidence=(place,)),))

    assert order(resource("a.example", None), resource("z.example", "com.acme.shop.Main")) == ["z.example", "a.example"]


def test_of_unencrypted_addresses_those_of_a_host_that_code_connects_to_come_first() -> None:
    asked = held("z.example", "first-party").model_copy(update={"use": "fetched", "cleartext_use": "unknown"})
    other = held("a.example", "first-party").model_copy(update={"use": "unknown", "cleartext_use": "unknown"})
    assert [one.host for one in by_harm([other, asked], None, cleartext_use_of)] == ["z.example", "a.example"]
    own = held("y.example", "first-party").model_copy(update={"use": "unknown", "cleartext_use": "unknown"})
    of_library = held("b.example", "library").model_copy(update={"use": "fetched", "cleartext_use": "unknown"})
    assert [one.host for one in by_harm([of_library, own], None, cleartext_use_of)] == ["y.example", "b.example"]


def order(*endpoints: Endpoint) -> Sequence[str]:
    return [one.host for one in by_harm(endpoints, "com.acme.shop")]


def test_its_own_login_before_an_advertising_host_that_comes_first_in_the_alphabet() -> None:
    login = held("z.example", "first-party", "http://z.example/api/login")
    advertising = held("ads.example", "library", "http://ads.example/login", owner="Ads", category="advertising")
    assert order(advertising, login) == ["z.example", "ads.example"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (held("z.example", "first-party"), held("a.example", "unknown")),
        (held("z.example", "unknown"), held("a.example", "library")),
        (held("z.example", "obfuscated"), held("a.example", "library")),
        (held("z.example", "first-party", "http://z.example/Sign-In?x"), held("a.example", "first-party")),
        (held("z.example", "first-party", "http://z.example/oauth/2"), held("acme.com", "first-party")),
        (held("www.acme.com", "first-party"), held("a.example", "first-party")),
        (held("z.example", "first-party"), held("a.example", "first-party", owner="Ads", category="advertising")),
        (held("z.cloud.example", "first-party", owner="Cloud", category="cloud"),
         held("a.example", "first-party", owner="Ads", category="social")),
        (held("a.example", "first-party"), held("b.example", "first-party")),
    ],
    ids=lambda one: one.host,
)  # fmt: skip
def test_which_comes_first(first: Endpoint, second: Endpoint) -> None:
    assert order(second, first) == order(first, second) == [first.host, second.host]


@pytest.mark.parametrize("path", ["author", "blogin", "passwordless", "loginess"])
def test_words_that_only_hold_one_that_counts(path: str) -> None:
    near = held("z.example", "first-party", f"http://z.example/{path}")
    assert order(near, held("a.example", "first-party")) == ["a.example", "z.example"]


def test_nothing_is_left_out() -> None:
    assert order() == []
    nowhere = endpoint("b.example", held_by=())
    assert order(nowhere, held("z.example", "library")) == ["z.example", "b.example"]
