"""Code that accepts any certificate, and code that nearly does. The classes are those of `fixtures/trust/smali`."""

from pathlib import Path

import pytest

from phone_audit.apk.code import certificate_checks as trust
from phone_audit.apk.code.certificate_checks import MAX_SHOWN, accepting_code
from phone_audit.apk.code.libraries import Owner
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import DexIndex, index_file
from phone_audit.apk.package_code import read_code
from phone_audit.apk.records import join, moved_inside
from phone_audit.apk.xml.package_facts import accepting_behaviours, with_code
from phone_audit.model.apk import ACCEPTS_ANY_CERTIFICATE, ACCEPTS_ANY_HOST_NAME, AcceptedBy
from phone_audit.model.finding import Evidence
from tests.apk.code.test_ways_in import CHECK, new
from tests.apk.dex.assembler import RETURN, Class, Method, assemble
from tests.apk.facts import knowledge
from tests.detect.detectors.seen import policy
from tests.judge.cases import apk_info

LIB, OWN = Owner("library", "Lib"), Owner("first-party", None)
TRUSTS = "Ljavax/net/ssl/X509TrustManager;"
DEX = (Path(__file__).parents[3] / "fixtures/trust/trust.dex").read_bytes()
MANAGER, VERIFIER = "returns without checking the certificate", "returns true for every host name"
WEB_VIEW, READY = "proceeds after every certificate error", "uses a verifier that accepts every host name"
ACCEPTING = {
    "EmptyManager": MANAGER,
    "LoggingManager": MANAGER,
    "KotlinManager": MANAGER,
    "PresentManager": MANAGER,
    "ExtendedManager": MANAGER,
    "BaseManager": MANAGER,
    "TrueVerifier": VERIFIER,
    "MovingVerifier": VERIFIER,
    "LambdaVerifier": VERIFIER,
    "ProceedingClient": WEB_VIEW,
    "NullSafeClient": WEB_VIEW,
    "NotNullClient": WEB_VIEW,
}
NEAR = [
    "ThrowingManager", "DeadReturnManager", "DelegatingManager", "SuperManager", "PinningManager",
    "HalfManager", "UnusedManager", "NoManager", "AbstractManager", "HeirManager", "FalseVerifier",
    "ComparingVerifier", "ChoosingVerifier", "LogResultVerifier", "RecursiveVerifier", "CancellingClient",
    "InheritingClient", "AskingClient", "DebugClient",
]  # fmt: skip


def indexes(data: bytes = DEX, name: str = "classes.dex") -> tuple[DexIndex, ...]:
    return index_file(read_dex(name, data))


def places(*files: DexIndex) -> tuple[Evidence, ...]:
    """All places, taken for code of one owner."""
    return tuple(one for by in accepting_code(files, lambda _: Owner("unknown", None)) for one in by.evidence)


@pytest.fixture(scope="module")
def found() -> dict[str, str]:
    shown = {(one.class_ or "").removeprefix("trust."): one.value.split(" ", 1)[1] for one in places(*indexes())}
    return {name: text for name, text in shown.items() if name != "Main"}


@pytest.mark.parametrize("name", ACCEPTING)
def test_accepting(found: dict[str, str], name: str) -> None:
    assert found.get(name) == ACCEPTING[name]


@pytest.mark.parametrize("name", NEAR)
def test_near_misses(found: dict[str, str], name: str) -> None:
    assert f"Ltrust/{name};".encode() in indexes()[0].type_ids
    assert name not in found


def test_every_class_of_the_fixture_is_tried() -> None:
    names = {path.stem for path in (Path(__file__).parents[3] / "fixtures/trust/smali").iterdir()}
    assert names == {*ACCEPTING, *NEAR, "Main", "Library"}


def test_ready_made_verifiers_are_found_where_they_are_used() -> None:
    """The library that offers them uses them too, and another field of it is no reason."""
    shown = [(one.class_, one.method, one.value.split(" ", 1)[1]) for one in places(*indexes())]
    assert [one for one in shown if one[2] == READY] == [
        ("trust.Main", "ready()V", READY),
        ("trust.Main", "made()V", READY),
    ]


def test_the_evidence_names_the_place() -> None:
    (one,) = [one for one in places(*indexes()) if one.class_ == "trust.EmptyManager"]
    assert one.kind == "call"
    assert one.where == "classes.dex"
    assert one.method == "checkServerTrusted([Ljava/security/cert/X509Certificate;Ljava/lang/String;)V"
    assert one.offset is not None
    assert DEX[one.offset : one.offset + 2] == b"\x0e\0"  # return-void


def test_places_are_given_by_owner() -> None:
    def owner(name: str) -> Owner:
        return Owner("library", "Trust") if name.endswith("Manager") else Owner("first-party", None)

    pages, hosts, library = accepting_code(indexes(), owner)
    assert [(one.party, one.library) for one in (pages, hosts)] == [("first-party", None)] * 2
    assert (library.party, library.library) == ("library", "Trust")
    assert [one.accepts for one in (pages, hosts, library)] == ["certificate", "host-name", "certificate"]
    texts = [{one.value.split(" ", 1)[1] for one in by.evidence} for by in (pages, hosts, library)]
    assert texts == [{WEB_VIEW}, {VERIFIER, READY}, {MANAGER}]
    assert len(pages.evidence) + len(hosts.evidence) + len(library.evidence) == len(ACCEPTING) + 2


def test_no_more_than_so_many_places() -> None:
    many = [index for number in range(3) for index in indexes(name=f"classes{number}.dex")]
    assert len(places(*many)) == MAX_SHOWN


@pytest.mark.parametrize("owner", ["lib", "x"])
def test_any_number_of_decoys_hides_no_place_that_is_used(owner: str) -> None:
    """A maker can give them the names of a library, and makes their objects where nothing leads to."""

    def trusting(name: str) -> Class:
        check = Method(CHECK, direct=False, ins=3)
        return Class(name, [check], parent="Ljava/lang/Object;", interfaces=[TRUSTS])

    def found(decoys: int) -> list[tuple[str, str]]:
        names = [f"L{owner}/D{number:03};" for number in range(decoys)]
        makes = Class(
            f"L{owner}/Makes;", [Method("f()V", (*(unit for one in names for unit in new(one)), RETURN), ins=0)]
        )
        main = Class("Lx/Main;", [Method("f()V", (*new("Lx/T;"), RETURN), ins=0)])
        classes = [*map(trusting, (*names, "Lx/T;")), makes, main]
        files = indexes(assemble(sorted(classes, key=lambda one: one.name)))
        accepting = accepting_code(files, lambda name: LIB if name.startswith("lib.") else OWN, ("x.Main",))
        assert sum(len(one.evidence) for one in accepting) <= MAX_SHOWN
        return [(one.party, one.way) for one in accepting]

    assert found(0) == [("first-party", "used")]
    for decoys in (5, MAX_SHOWN, trust.MAX_OF_ONE + 1, trust.MAX_SOUGHT + 1):
        assert ("first-party", "used") in found(decoys)


def test_of_more_classes_than_are_looked_up_it_is_taken_that_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a maker could hide one behind many that nothing makes."""
    assert "trust.UnusedManager" not in {one.class_ for one in places(*indexes())}
    monkeypatch.setattr(trust, "MAX_SOUGHT", 0)
    (by, *_) = accepting_code(indexes(), lambda _: Owner("unknown", None))
    assert by.way == "used"
    assert {"trust.UnusedManager", "trust.EmptyManager"} <= {one.class_ for one in by.evidence}


def test_forged_numbers_of_classes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    heirs = trust._Package._heirs

    def counted(package: trust._Package, name: bytes) -> list[bytes]:
        asked.append(name)
        return heirs(package, name)

    monkeypatch.setattr(trust._Package, "_heirs", counted)
    for most in (1, 3):
        asked.clear()
        monkeypatch.setattr(trust, "MAX_SOUGHT", most)
        places(*indexes())
        few = len(asked)
        asked.clear()
        monkeypatch.setattr(trust, "MAX_SOUGHT", 100)
        places(*indexes())
        assert few < len(asked)
    monkeypatch.setattr(trust, "MAX_TRIED", 0)
    assert {one.class_ for one in places(*indexes())} == {"trust.Main"}


def test_nothing_to_see() -> None:
    assert accepting_code((), lambda _: Owner("unknown", None)) == ()


@pytest.mark.parametrize("step", [1, 7, 64])
def test_damaged_code_raises_nothing(step: int) -> None:
    for at in range(0x70, len(DEX), step * 97):
        places(*indexes(DEX[:at] + bytes(byte ^ 0xFF for byte in DEX[at : at + step]) + DEX[at + step :]))
        places(*indexes(DEX[:at]))


HELD = AcceptedBy(party="first-party", library=None, evidence=(Evidence(kind="call", where="classes.dex", value="x"),))


def test_the_policy_takes_it_in() -> None:
    taken = with_code(policy(), (HELD,))
    assert taken is not None
    assert taken.accepts_any_certificate
    assert taken.accepted_by == (HELD,)
    assert with_code(policy(), ()) == policy()
    assert with_code(None, (HELD,)) is None


def test_it_is_a_behaviour_of_the_code() -> None:
    facts = read_code([("classes.dex", DEX)], knowledge())
    ids = (ACCEPTS_ANY_CERTIFICATE, ACCEPTS_ANY_HOST_NAME)
    certificate, host_name = [one for one in facts.behaviours if one.id in ids]
    texts = {one.value.split(" ", 1)[1] for one in certificate.evidence}
    assert texts == {MANAGER, WEB_VIEW}
    assert {one.value.split(" ", 1)[1] for one in host_name.evidence} == {VERIFIER, READY}
    held = {one for by in facts.accepting for one in by.evidence}
    assert {*certificate.evidence, *host_name.evidence} == held
    assert len(certificate.evidence) + len(host_name.evidence) == len(ACCEPTING) + 2
    assert list(accepting_behaviours(())) == []


def test_what_a_split_accepts_counts_for_the_package() -> None:
    base = apk_info("com.a", network_policy=policy(cleartext=True))
    split = moved_inside(apk_info("com.a", network_policy=with_code(policy(), (HELD,))), "split.apk")
    joined = join(base, [split]).network_policy
    assert joined is not None
    assert joined.cleartext
    assert joined.accepts_any_certificate
    assert [one.where for by in joined.accepted_by for one in by.evidence] == ["split.apk!classes.dex"]
    assert join(apk_info("com.a"), [split]).network_policy is None
