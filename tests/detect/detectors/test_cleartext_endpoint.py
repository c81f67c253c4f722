"""Unencrypted addresses in the code."""

from typing import Any

import pytest

from phone_audit.detect.detectors.network_policy import CLEARTEXT_ENDPOINT, cleartext_endpoint
from phone_audit.model.apk import HeldBy
from phone_audit.model.finding import Evidence, Finding, Subject, finding_key
from tests.detect.detectors.seen import knowledge, policy
from tests.judge.cases import apk_info, endpoint

SUBJECT = Subject(kind="package", name="com.a")
PLAIN = endpoint("a.example", text="http://a.example/x", cleartext=True)
SEEN = Evidence(kind="dex-string", where="classes.dex", value="http://a.example/x", offset=64)


@pytest.mark.parametrize("allowed", [None, policy(cleartext=True), policy(domains=("example",))])
def test_an_address_that_the_policy_allows(allowed: Any) -> None:
    assert list(cleartext_endpoint(apk_info("com.a", endpoints=(PLAIN,), network_policy=allowed), knowledge())) == [
        Finding(
            id="cleartext-endpoint",
            key=finding_key("cleartext-endpoint", SUBJECT, ""),
            category="cleartext",
            sign="sends",
            title="Unencrypted addresses in the code",
            message="com.a contains unencrypted addresses of a.example.",
            severity="medium",
            confidence="medium",
            subject=SUBJECT,
            evidence=(SEEN,),
            remedy=CLEARTEXT_ENDPOINT.remedy,
            headline=CLEARTEXT_ENDPOINT.held,
            held=True,
        )
    ]


def test_an_address_that_the_policy_forbids() -> None:
    (found,) = cleartext_endpoint(
        apk_info("com.a", endpoints=(PLAIN,), network_policy=policy(domains=("b.example",))), knowledge()
    )
    assert (found.severity, found.confidence) == ("low", "low")
    assert found.message == (
        "com.a contains unencrypted addresses of a.example, "
        "but its network policy makes Android block such connections."
    )


def test_the_policy_does_not_bind_sockets() -> None:
    broker = PLAIN.model_copy(update={"schemes": ("mqtt",)})
    (found,) = cleartext_endpoint(apk_info("com.a", endpoints=(broker,), network_policy=policy()), knowledge())
    assert (found.severity, found.confidence) == ("medium", "medium")


def test_the_policy_does_not_bind_code_that_speaks_http_over_a_socket_itself() -> None:
    """A maker who forbids it in the policy hides nothing by that."""

    def severity(call: str, use: Any = "fetched") -> tuple[str, str]:
        place = Evidence(kind="call", where="classes.dex", value=f"{use}: {call}", class_="com.a.B", method="f()V")
        called = PLAIN.model_copy(update={"use": use, "cleartext_use": use, "use_evidence": (place,)})
        (found,) = cleartext_endpoint(apk_info("com.a", endpoints=(called,), network_policy=policy()), knowledge())
        return found.severity, found.confidence

    assert severity("java.net.Socket.<init>") == severity("java.net.InetSocketAddress.<init>") == ("medium", "high")
    unseen = "nothing was seen to start this code, which connects: java.net.Socket.connect"
    assert severity(unseen, "unknown") == ("medium", "medium")
    assert severity("java.net.URL.openConnection") == ("low", "low")


def test_only_the_allowed_ones_are_shown_where_some_are() -> None:
    other = endpoint("b.other", cleartext=True)
    apk = apk_info("com.a", endpoints=(PLAIN, other), network_policy=policy(domains=("a.example",)))
    (found,) = cleartext_endpoint(apk, knowledge())
    assert found.message == "com.a contains unencrypted addresses of a.example."
    assert found.evidence == (SEEN,)


def test_several_hosts_are_one_finding() -> None:
    (found,) = cleartext_endpoint(
        apk_info("com.a", endpoints=(PLAIN, endpoint("b.example", cleartext=True))), knowledge()
    )
    assert found.message == "com.a contains unencrypted addresses of a.example and 1 more host."


def test_without_the_right_to_use_the_network() -> None:
    (found,) = cleartext_endpoint(apk_info("com.a", endpoints=(PLAIN,), permissions=()), knowledge())
    assert found.confidence == "low"


@pytest.mark.parametrize(
    "near",
    [endpoint("a.example", schemes=("https",)), endpoint("schemas.example", cleartext=True, ruled_out="namespace")],
)
def test_near_misses(near: Any) -> None:
    assert list(cleartext_endpoint(apk_info("com.a", endpoints=(near,)), knowledge())) == []


def test_none_and_not_read() -> None:
    assert list(cleartext_endpoint(apk_info("com.a"), knowledge())) == []
    assert list(cleartext_endpoint(apk_info("com.a", endpoints=None), knowledge())) == []


@pytest.mark.parametrize("use", ["opened", "compared", "unused"])
def test_an_address_to_which_no_code_connects(use: Any) -> None:
    link = PLAIN.model_copy(update={"use": use, "cleartext_use": use})
    assert list(cleartext_endpoint(apk_info("com.a", endpoints=(link,)), knowledge())) == [
        Finding(
            id="cleartext-endpoint",
            key=finding_key("cleartext-endpoint", SUBJECT, ""),
            category="cleartext",
            sign="sends",
            title="Unencrypted addresses in the code",
            message="com.a contains unencrypted addresses of a.example, which its code was only seen to "
            "show, hand to other apps, compare or keep.",
            severity="low",
            confidence="low",
            subject=SUBJECT,
            evidence=(SEEN,),
            headline=CLEARTEXT_ENDPOINT.held,
            held=True,
        )
    ]


def test_the_same_address_connected_to() -> None:
    place = Evidence(kind="call", where="classes.dex", value="fetched: java.net.URL.openStream", offset=8)
    link = endpoint("b.example", cleartext=True, use="opened", cleartext_use="opened")
    called = PLAIN.model_copy(update={"use": "fetched", "cleartext_use": "fetched", "use_evidence": (place,)})
    unsettled = endpoint("0.example", cleartext=True, use="unknown", cleartext_use="unknown")
    (found,) = cleartext_endpoint(apk_info("com.a", endpoints=(unsettled, called, link)), knowledge())
    assert (found.severity, found.confidence) == ("medium", "high")
    assert found.message == (
        "com.a has code that connects without encryption to a.example, "
        "and contains unencrypted addresses of 1 more host."
    )
    assert found.evidence[:2] == (SEEN, place)
    (alone,) = cleartext_endpoint(apk_info("com.a", endpoints=(called,)), knowledge())
    assert alone.message == "com.a has code that connects without encryption to a.example."
    (mute,) = cleartext_endpoint(apk_info("com.a", endpoints=(called,), permissions=()), knowledge())
    assert (mute.confidence, mute.message) == ("low", "com.a contains unencrypted addresses of a.example.")


def test_a_host_that_is_called_with_encryption_and_linked_without() -> None:
    host = PLAIN.model_copy(update={"schemes": ("http", "https"), "use": "fetched", "cleartext_use": "opened"})
    (found,) = cleartext_endpoint(apk_info("com.a", endpoints=(host,)), knowledge())
    assert (found.severity, found.confidence) == ("low", "low")


def test_a_login_at_its_own_server_is_named_before_an_advertising_host() -> None:
    """Both are connected to, and the other comes first in the alphabet."""
    own = HeldBy(party="first-party", library=None, evidence=(SEEN,))
    library = HeldBy(party="library", library="Ads", evidence=())
    uses: dict[str, Any] = {"cleartext": True, "use": "fetched", "cleartext_use": "fetched"}
    login = endpoint("z.example", urls=("http://z.example/api/login",), held_by=(own,), **uses)
    ads = endpoint("ads.example", urls=("http://ads.example/get",), held_by=(library,), **uses)
    (found,) = cleartext_endpoint(apk_info("com.a", endpoints=(ads, login)), knowledge())
    assert found.message == "com.a has code that connects without encryption to z.example and 1 more host."
    assert found.evidence[0] == SEEN


def test_addresses_that_only_files_without_code_hold_are_low_until_code_is_seen_to_connect() -> None:
    def kind(name: str, **changes: Any) -> Any:
        piece = SEEN.model_copy(update={"kind": name})
        held = HeldBy(party="unknown", library=None, evidence=(piece,))
        return PLAIN.model_copy(update={"held_by": (held,)} | changes)

    def severity(*found: Any) -> tuple[str, str]:
        (finding,) = cleartext_endpoint(apk_info("com.a", endpoints=found, network_policy=None), knowledge())
        return finding.severity, finding.confidence

    def read_by(party: Any) -> Any:
        piece = SEEN.model_copy(update={"kind": "asset", "class_": "com.a.Net", "method": "load()V"})
        return kind("asset", held_by=(HeldBy(party=party, library=None, evidence=(piece,)),))

    assert severity(kind("resource")) == severity(kind("asset")) == ("low", "low")
    assert severity(read_by("first-party")) == severity(read_by("unknown")) == ("medium", "medium")
    assert severity(read_by("library"))[0] == "low"
    assert severity(kind("native-string")) == severity(kind("dex-string")) == ("medium", "medium")
    assert severity(kind("resource", use="fetched")) == ("medium", "high")
    assert severity(kind("asset"), kind("dex-string")) == ("medium", "medium")


def test_addresses_that_only_libraries_hold_are_low_until_code_is_seen_to_connect() -> None:
    def held(*parties: Any, **changes: Any) -> Any:
        by = (HeldBy(party=party, library="Lib" if party == "library" else None, evidence=(SEEN,)) for party in parties)
        return PLAIN.model_copy(update={"held_by": tuple(by)} | changes)

    def severity(*found: Any) -> tuple[str, str]:
        (finding,) = cleartext_endpoint(apk_info("com.a", endpoints=found, network_policy=None), knowledge())
        return finding.severity, finding.confidence

    assert severity(held("library")) == ("low", "medium")
    assert severity(held("library", use="fetched")) == ("medium", "high")
    assert severity(held("library", "unknown")) == severity(held("obfuscated")) == ("medium", "medium")
    assert severity(held("library"), held("first-party", host="b.example")) == ("medium", "medium")


IDLE = PLAIN.model_copy(
    update={
        "host": "idle.example",
        "use": "fetched",
        "started": False,
        "held_by": (HeldBy(party="library", library="Lib", evidence=(SEEN,)),),
    }
)


def test_what_nothing_starts_has_a_finding_of_its_own_on_which_nothing_rests() -> None:
    (found,) = cleartext_endpoint(apk_info("com.a", endpoints=(IDLE,), network_policy=None), knowledge())
    assert (found.severity, found.confidence, found.remedy) == ("low", "low", ())
    assert found.key == finding_key("cleartext-endpoint", SUBJECT, "not started")
    assert found.message == (
        "com.a contains code of Lib that would connect without encryption to idle.example, "
        "and nothing was found in this app that starts it."
    )


def test_what_nothing_starts_is_not_counted_beside_what_may_be() -> None:
    idle, told = cleartext_endpoint(apk_info("com.a", endpoints=(IDLE, PLAIN), network_policy=None), knowledge())
    assert idle.evidence == (SEEN,)
    assert told.message == "com.a contains unencrypted addresses of a.example."


def test_only_texts_that_name_an_unencrypted_scheme_are_shown_and_judged() -> None:
    """The package's own code names it with encryption, and only a file without."""

    def pieces(value: str, kind: Any) -> Any:
        return HeldBy(party="unknown", library=None, evidence=(SEEN.model_copy(update={"kind": kind, "value": value}),))

    place = Evidence(kind="call", where="classes.dex", value="fetched: java.net.URL.openStream", offset=8)
    safe, link = pieces("https://a.example/send", "dex-string"), pieces("See http://a.example/more", "resource")
    changes: dict[str, Any] = {"use": "fetched", "cleartext_use": "unknown", "use_evidence": (place,)}
    host = PLAIN.model_copy(update={"held_by": (safe, link)} | changes)
    (found,) = cleartext_endpoint(apk_info("com.a", endpoints=(host,), network_policy=None), knowledge())
    assert (found.severity, found.evidence) == ("low", link.evidence)

    called = host.model_copy(update={"held_by": (safe, pieces("http:\\/\\/b.a.example/x", "dex-string"))})
    (told,) = cleartext_endpoint(apk_info("com.a", endpoints=(called,), network_policy=None), knowledge())
    assert (told.severity, [one.value for one in told.evidence]) == ("medium", ["http:\\/\\/b.a.example/x"])
    connects = called.model_copy(update={"cleartext_use": "fetched"})
    (sure,) = cleartext_endpoint(apk_info("com.a", endpoints=(connects,), network_policy=None), knowledge())
    assert (sure.confidence, sure.evidence[-1]) == ("high", place)


@pytest.mark.parametrize("text", ["https://a.example/?u=http://b.example/", "http://b.example/a.example", "a.example"])
def test_where_no_text_names_one_all_are_shown(text: str) -> None:
    host = endpoint("a.example", text=text, cleartext=True)
    (found,) = cleartext_endpoint(apk_info("com.a", endpoints=(host,), network_policy=None), knowledge())
    assert [one.value for one in found.evidence] == [text]


@pytest.mark.parametrize(("party", "severity"), [("first-party", "medium"), ("unknown", "medium"), ("library", "low")])
def test_code_that_connects_and_was_not_seen_to_be_started(party: Any, severity: str) -> None:
    """A maker who starts code by what cannot be followed hides nothing by it."""
    place = SEEN.model_copy(update={"class_": "com.a.Net", "method": "get()V"})
    held = HeldBy(party=party, library="L" if party == "library" else None, evidence=(place,))
    unseen = PLAIN.model_copy(update={"use": "unknown", "start_seen": False, "held_by": (held,)})
    (found,) = cleartext_endpoint(apk_info("com.a", endpoints=(unseen,)), knowledge())
    assert found.message == (
        "com.a has code that would connect without encryption to a.example; nothing was seen to start it."
    )
    assert (found.severity, found.confidence) == (severity, "medium")
    other = endpoint("b.example", cleartext=True)
    (found,) = cleartext_endpoint(apk_info("com.a", endpoints=(unseen, other)), knowledge())
    assert "contains unencrypted addresses of " in found.message
    assert found.message.endswith("; nothing was seen to start its code that would connect to a.example.")
