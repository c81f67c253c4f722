from collections.abc import Sequence

from phone_audit.apk.trackers.trackers import MAX_CLASSES, MAX_STAND_INS, Classes, find_trackers
from phone_audit.knowledge.schema.facts import TrackerFact
from phone_audit.model.apk import Endpoint, HeldBy, Tracker
from phone_audit.model.finding import Evidence
from tests.apk.facts import knowledge, library, tracker

_SDK = tracker("Adjust", code=["com.adjust.sdk", "org.adjust."], hosts=["adjust.example"], owner="Adjust GmbH")
_HOSTS_ONLY = tracker("Net", hosts=["adnet.example", "shared.example"])
_SHARING = tracker("Sharing", code=["com.sharing"], hosts=["shared.example"])
_TWIN = tracker("Twin", code=["com.twin"], hosts=["twins.example"])
_OTHER_TWIN = tracker("Zwin", code=["com.zwin"], hosts=["twins.example"])
_KNOWN = knowledge(trackers=[_SDK, _HOSTS_ONLY, _SHARING, _TWIN, _OTHER_TWIN])


def _evidence(host: str) -> Evidence:
    return Evidence(kind="dex-string", where="classes.dex", value=f"https://{host}/", offset=1)


def _endpoint(host: str, ruled_out: str | None = None) -> Endpoint:
    return Endpoint(
        host=host, kind="domain", registered_domain=None, urls=(), schemes=(), ports=(), cleartext=False, owner=None,
        category="unknown", ruled_out=ruled_out,
        held_by=(HeldBy(party="unknown", library=None, evidence=(_evidence(host),)),),
    )  # fmt: skip


def _class(name: str, where: str = "classes.dex") -> Evidence:
    return Evidence(kind="class", where=where, value=name, class_=name)


def _find(
    defined: list[bytes], named: list[bytes] | None = None, hosts: list[str] | None = None
) -> tuple[Tracker, ...]:
    classes = Classes("classes.dex", sorted([*defined, *(named or [])]), sorted(defined))
    return find_trackers([classes], [_endpoint(host) for host in hosts or []], _KNOWN)


def _tiers(found: tuple[Tracker, ...]) -> dict[str, str]:
    return {one.id: one.tier for one in found}


def test_defined_classes_and_hosts_together() -> None:
    found = _find([b"Lcom/adjust/sdk/Adjust;", b"Lorg/adjust/X;"], hosts=["eu.adjust.example", "a.example"])
    assert found == (
        Tracker(
            id="adjust",
            name="Adjust",
            owner="Adjust GmbH",
            categories=("analytics",),
            tier="present",
            endpoints=("eu.adjust.example",),
            evidence=(_class("com.adjust.sdk.Adjust"), _class("org.adjust.X")),
        ),
    )


def test_a_class_that_is_only_named() -> None:
    (found,) = _find([b"La/B;"], named=[b"Lcom/adjust/sdk/Adjust;"])
    assert (found.tier, found.evidence) == ("referenced", (_class("com.adjust.sdk.Adjust"),))


def test_near_misses_are_nothing() -> None:
    assert _find([b"Lcom/adjust/sdkx/A;", b"Lcom/adjust/SDK;", b"Lxcom/adjust/sdk/A;", b"Lorg/adjust;"]) == ()
    assert _find([], hosts=["notadjust.example", "adjust.example.org"]) == ()
    assert _find([]) == ()


def test_a_prefix_can_be_a_whole_class() -> None:
    assert _tiers(_find([b"Lcom/adjust/sdk;"])) == {"adjust": "present"}
    assert _tiers(_find([b"Lcom/adjust/sdk$1;"])) == {"adjust": "present"}


def test_a_few_classes_are_shown_file_by_file() -> None:
    many = [b"Lcom/adjust/sdk/A%d;" % number for number in range(9)]
    first, second = Classes("classes.dex", many[:3], many[:3]), Classes("classes2.dex", many[3:], many[3:])
    (found,) = find_trackers([first, second], [], _KNOWN)
    assert [one.where for one in found.evidence] == ["classes.dex"] * 3 + ["classes2.dex"] * 2
    assert len(found.evidence) == MAX_CLASSES


def test_a_class_that_one_file_names_and_another_defines_is_present() -> None:
    name = [b"Lcom/adjust/sdk/A;"]
    (found,) = find_trackers([Classes("classes.dex", name, []), Classes("classes2.dex", name, name)], [], _KNOWN)
    assert (found.tier, found.evidence) == ("present", (_class("com.adjust.sdk.A", "classes2.dex"),))


def test_hosts_alone() -> None:
    (found,) = _find([], hosts=["x.adnet.example"])
    assert (found.id, found.tier, found.endpoints) == ("net", "host-only", ("x.adnet.example",))
    assert found.evidence == (_evidence("x.adnet.example"),)


def test_what_a_rule_takes_out_proves_nothing() -> None:
    assert find_trackers([], [_endpoint("x.adnet.example", "documentation")], _KNOWN) == ()


def test_a_shared_host_tells_of_the_tracker_whose_code_is_there() -> None:
    assert _tiers(_find([b"Lcom/sharing/A;"], hosts=["shared.example"])) == {"sharing": "present"}


def test_a_shared_host_otherwise_tells_of_the_tracker_that_has_no_code() -> None:
    assert _tiers(_find([], hosts=["shared.example"])) == {"net": "host-only"}


def test_a_host_that_nothing_tells_apart_names_all_of_its_trackers() -> None:
    assert _tiers(_find([], hosts=["twins.example"])) == {"twin": "host-only", "zwin": "host-only"}
    assert _tiers(_find([b"Lcom/twin/A;"], hosts=["twins.example"])) == {"twin": "present"}


def test_a_connector_is_no_sign_of_its_tracker() -> None:
    known = knowledge(
        trackers=[_SDK], libraries=[library("Adapter", code=["com.adjust.sdk.mediation"], role="connector")]
    )

    def tiers(*defined: bytes, named: Sequence[bytes] = ()) -> list[str]:
        classes = Classes("classes.dex", sorted([*defined, *named]), sorted(defined))
        return [found.tier for found in find_trackers([classes], [], known)]

    assert tiers(b"Lcom/adjust/sdk/mediation/A;") == []
    assert tiers(b"Lcom/adjust/sdk/mediation/A;", named=[b"Lcom/adjust/sdk/Adjust;"]) == ["referenced"]
    assert tiers(b"Lcom/adjust/sdk/mediation/A;", b"Lcom/adjust/sdk/Adjust;") == ["present"]
    many = [b"Lcom/adjust/sdk/mediation/A%d;" % number for number in range(300)]
    assert tiers(*many, b"Lcom/adjust/sdk/z/Z;") == ["present"]


def test_a_stand_in_is_no_sign_of_its_tracker_as_long_as_it_is_small() -> None:
    """Anybody can call a folder `stub`; what stands in for something has few classes."""
    few = [b"Lcom/adjust/sdk/noop/A%d;" % number for number in range(MAX_STAND_INS)]
    assert _find(few) == ()
    assert _tiers(_find(few, named=[b"Lcom/adjust/sdk/Adjust;"])) == {"adjust": "referenced"}
    (found,) = _find([*few, b"Lcom/adjust/sdk/z/A;"])
    assert (found.tier, found.evidence) == ("present", (_class("com.adjust.sdk.z.A"),))
    (found,) = _find([*few, b"Lcom/adjust/sdk/noop/Z;"])
    assert (found.tier, len(found.evidence)) == ("present", MAX_CLASSES)
    files = [Classes(f"classes{number}.dex", part, part) for number, part in enumerate((few, [b"Lorg/adjust/stub/Z;"]))]
    assert _tiers(find_trackers(files, [], _KNOWN)) == {"adjust": "present"}


def test_one_that_is_set_going() -> None:
    shown = Evidence(kind="manifest", where="AndroidManifest.xml", value="provider com.adjust.sdk.Auto")
    name = [b"Lcom/adjust/sdk/A;"]
    asked: list[str] = []

    def started(facts: Sequence[TrackerFact]) -> dict[str, tuple[Evidence, ...]]:
        asked.extend(fact.id for fact in facts)
        return {"adjust": (shown,)}

    classes = Classes("classes.dex", [*name, b"Lcom/sharing/A;"], name)
    found = {one.id: one for one in find_trackers([classes], [], _KNOWN, started)}
    assert asked == ["adjust"]
    assert (found["adjust"].tier, found["adjust"].evidence) == ("initialised", (shown, _class("com.adjust.sdk.A")))
    assert found["sharing"].tier == "referenced"
