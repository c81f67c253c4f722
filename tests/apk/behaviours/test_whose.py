"""Whose code shows a behaviour."""

from phone_audit.apk.behaviours.find import Declared
from phone_audit.apk.behaviours.whose import name_owners
from phone_audit.apk.code.libraries import Owners
from phone_audit.apk.code.package_code import read_code
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import Behaviour, Whose
from phone_audit.model.finding import Evidence
from tests.apk.dex.assembler import RETURN, Class, Method, assemble, invoke_static
from tests.apk.facts import knowledge, library

OWNERS = Owners(knowledge(libraries=[library("Web", code=["okhttp3"])]), "org.example.app")


def seen(*classes: str | None) -> Behaviour:
    evidence = tuple(Evidence(kind="call", where="classes.dex", value="x", class_=name) for name in classes)
    return Behaviour(id="read.imei", title="Reads the IMEI", evidence=evidence)


def whose(*classes: str | None) -> list[tuple[str, str | None]]:
    (named,) = name_owners([seen(*classes)], OWNERS.of)
    assert named.evidence == seen(*classes).evidence
    return [(one.party, one.library) for one in named.whose]


def test_each_owner_is_named_once_own_code_first() -> None:
    classes = ("net.vendor.A", "a.b.c", "okhttp3.Call", "org.example.app.Main", "okhttp3.Cache")
    assert whose(*classes) == [
        ("first-party", None), ("library", "Web"), ("obfuscated", None), ("unknown", None)
    ]  # fmt: skip


def test_what_has_no_class_has_no_owner() -> None:
    assert whose(None) == []


def test_the_record_says_whose_code_reads() -> None:
    units = (*invoke_static("Landroid/telephony/TelephonyManager;->getImei()Ljava/lang/String;"), RETURN)
    data = assemble([Class("Lorg/example/app/Main;", [Method("f()V", units)])])
    facts = read_code([("classes.dex", data)], load_knowledge(), Declared(package="org.example.app"))
    told = {one.id: one.whose for one in facts.behaviours}
    assert told == {"read.imei": (Whose(party="first-party", library=None),)}
