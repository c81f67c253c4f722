"""The list of the detectors, their documentation, and what they say together."""

import re
from importlib import import_module
from pathlib import Path

from phone_audit.detect.detector import Detector
from phone_audit.detect.detectors import APK_DETECTORS, DEVICE_DETECTORS, all_detectors, apk_findings
from phone_audit.knowledge.files import BUNDLED, read_folder
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.model.apk import AcceptedBy, Obfuscation
from tests.detect.detectors.seen import knowledge, policy, tracker
from tests.judge.cases import apk_info, endpoint, signer

PACKAGE = "phone_audit.detect.detectors"
ROOT = Path(__file__).parents[3]


def test_every_detector_is_listed_and_named_for_its_id() -> None:
    pairs = [(detector.id, check.__name__) for detector, check in (*APK_DETECTORS, *DEVICE_DETECTORS)]
    assert [name.replace("_", "-") for _, name in pairs] == [name for name, _ in pairs]
    files = {path.stem for path in (ROOT / "phone_audit/detect/detectors").glob("*.py")}
    used = {check.__module__.rpartition(".")[2] for _, check in (*APK_DETECTORS, *DEVICE_DETECTORS)}
    assert files - used == {"__init__"}
    made = [value for name in used for value in vars(import_module(f"{PACKAGE}.{name}")).values()]
    defined = {value.id for value in made if isinstance(value, Detector)}
    assert defined == {name for name, _ in pairs}


def test_every_rule_of_the_knowledge_is_listed() -> None:
    rules = [file.path.stem for file in read_folder(BUNDLED, 0) if file.kind == "firmware"]
    ids = [one.id for one in all_detectors(load_knowledge())]
    assert set(ids) == {*(one.id for one in all_detectors(Knowledge(()))), *rules}
    assert len(set(ids)) == len(ids)


def test_every_detector_is_documented() -> None:
    """Each has a heading with what it sees, why that matters, where it is wrong, and what to do."""
    text = (ROOT / "docs/detectors.md").read_text("utf-8")
    parts = re.split(r"^### ", text, flags=re.MULTILINE)[1:]
    documented = {part.partition("\n")[0].strip("`"): part for part in parts}
    assert set(documented) == {one.id for one in all_detectors(load_knowledge())}
    for name, part in documented.items():
        for word in ("**Sees**", "**Why**", "**Wrong when**", "**Remedy**"):
            assert word in part, (name, word)


def test_an_apk_with_everything() -> None:
    apk = apk_info(
        "com.a",
        debuggable=True,
        trackers=(tracker(),),
        signers=(signer("01" * 32), signer("02" * 32)),
        endpoints=(endpoint("stats.example", owner="Acme", category="telemetry", cleartext=True),),
        network_policy=policy(
            cleartext=True,
            trusts_user_cas=True,
            accepts_any_certificate=True,
            accepted_by=(AcceptedBy(party="first-party", library=None, evidence=()),),
        ),
        obfuscation=Obfuscation(packers=("wrapper",), name_share=None, encrypted=True, dynamic_code=None),
    )
    found = apk_findings(apk, knowledge())
    assert [item.id for item in found] == [
        "tracker-present",
        "telemetry-endpoint",
        "cleartext-endpoint",
        "trusts-user-cas",
        "accepts-any-certificate",
        "public-test-key",
        "leaked-key",
        "debuggable-package",
        "packed-code",
    ]
    assert len({item.key for item in found}) == len(found)


def test_an_apk_of_which_nothing_was_read() -> None:
    apk = apk_info(
        None, trackers=None, endpoints=None, signers=None, network_policy=None, debuggable=None, permissions=None
    )
    assert apk_findings(apk, knowledge()) == ()
