"""Packages that only test others."""

from collections.abc import Sequence

import pytest

from phone_audit.detect.detector import may_use_network
from phone_audit.detect.detectors.package_code import INSTRUMENTATION_ONLY, instrumentation_only
from phone_audit.detect.detectors.trackers import telemetry_endpoint, tracker_present
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import Component, ComponentKind, HeldBy
from phone_audit.model.finding import Evidence, Finding, Subject, finding_key
from tests.detect.detectors.seen import knowledge, tracker
from tests.judge.cases import apk_info, endpoint

SUBJECT = Subject(kind="package", name="com.a.test")


def component(name: str, kind: ComponentKind = "activity") -> Component:
    return Component(kind=kind, name=name, exported=True, permission=None, actions=("android.intent.action.MAIN",))


EMPTY = "androidx.test.core.app.InstrumentationActivityInvoker$EmptyActivity"


@pytest.mark.parametrize("components", [(), (component(EMPTY), component("android.support.test.Empty"))])
def test_one_without_components_of_its_own(components: Sequence[Component]) -> None:
    info = apk_info("com.a.test", instruments=("com.a",), components=components)
    assert list(instrumentation_only(info, load_knowledge())) == [
        Finding(
            id="instrumentation-only",
            key=finding_key("instrumentation-only", SUBJECT, ""),
            category="test-package",
            title="Test package",
            message="com.a.test is there to test com.a: its code runs only while a test is started, with what the "
            "tested package may do.",
            severity="info",
            confidence="confirmed",
            subject=SUBJECT,
            evidence=(
                Evidence(
                    kind="manifest",
                    where="AndroidManifest.xml",
                    value="instrumentation android:targetPackage=com.a",
                ),
            ),
            remedy=INSTRUMENTATION_ONLY.remedy,
        )
    ]


@pytest.mark.parametrize(
    "components",
    [
        (component("com.a.test.Main"),),
        (component(EMPTY), component("com.a.test.Boot", "receiver")),
        (component("androidx.test.Send", "service"),),
        (component("androidx.test.Boot", "receiver"),),
        (component("androidx.test.Files", "provider"),),
        (component("androidx.tests.Main"),),
        None,
    ],
)
def test_one_that_can_be_started_otherwise_is_an_app(components: Sequence[Component] | None) -> None:
    info = apk_info("com.a.test", instruments=("com.a",), components=components)
    assert list(instrumentation_only(info, load_knowledge())) == []


def test_one_that_tests_nothing_and_one_that_was_not_read() -> None:
    for instruments in ((), None):
        assert list(instrumentation_only(apk_info("com.a.test", instruments=instruments), load_knowledge())) == []


def test_no_tracker_hides_behind_a_test() -> None:
    """It runs in the process of the package that it tests, which may use the network."""
    info = apk_info("com.a.test", instruments=("com.a",), permissions=(), trackers=(tracker("initialised"),))
    assert may_use_network(info) is None
    (found,) = tracker_present(info, knowledge())
    assert found.confidence == "confirmed"
    itself = info.model_copy(update={"instruments": ("com.a.test",)})
    assert may_use_network(itself) is False


@pytest.mark.parametrize(
    ("instruments", "components", "library", "confidence"),
    [
        (("com.a",), (component(EMPTY),), "AndroidX Test", "low"),
        (("com.a",), (component(EMPTY),), "Volley", "medium"),
        (("com.a",), (component(EMPTY),), None, "medium"),
        (("com.a",), (component("com.a.test.Main"),), "AndroidX Test", "medium"),
        ((), (component(EMPTY),), "AndroidX Test", "medium"),
    ],
    ids=["tests", "another library", "its own code", "an app of its own", "an app with the library"],
)
def test_what_only_the_library_that_runs_the_tests_reports(
    instruments: Sequence[str], components: Sequence[Component], library: str | None, confidence: str
) -> None:
    """The same address counts wherever other code holds it, and in whatever is not only tests."""
    holder = HeldBy(party="library" if library else "first-party", library=library, evidence=())
    host = endpoint("stats.example", owner="Acme", category="telemetry", held_by=(holder,), use="fetched")
    seen = tracker("host-only", endpoints=("stats.example",))
    info = apk_info("com.a.test", instruments=instruments, components=components, endpoints=(host,), trackers=(seen,))
    (present,) = tracker_present(info, load_knowledge())
    (address,) = telemetry_endpoint(info, load_knowledge())
    assert (present.confidence, address.confidence) == (confidence, confidence)
