from collections.abc import Sequence
from typing import Any

import pytest

from phone_audit.apk.behaviours.declared import NOTHING_DECLARED, Declared
from phone_audit.apk.behaviours.find import (
    MAX_EVIDENCE,
    MAX_PLACES,
    Plan,
    find_behaviours,
    name_owners,
)
from phone_audit.apk.code.libraries import Owners
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import DexIndex, index_file
from phone_audit.apk.package_code import read_code
from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.schema.behaviour import BehaviourRule, Flag
from phone_audit.model.apk import Behaviour, Component, Whose
from phone_audit.model.finding import Evidence
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble, const_string, invoke_static
from tests.apk.facts import knowledge, library

IMEI = "Landroid/telephony/TelephonyManager;->getImei()Ljava/lang/String;"
GET = "Landroid/provider/Settings$Secure;->getString()Ljava/lang/String;"
EXEC = "Ljava/lang/Runtime;->exec()V"
FINE = Method("none()V", (RETURN,))
NO_OWNERS = Owners(knowledge(), None)
OWNERS = Owners(knowledge(libraries=[library("Web", code=["okhttp3"])]), "org.example.app")


def rule(name: str, match: dict[str, Any], scope: str = "method") -> BehaviourRule:
    fields: dict[str, Any] = {"id": name, "title": name, "meaning": "m.", "category": "control", "data": None}
    nothing: dict[str, Any] = {"scope": scope, "match": match, "source": "https://x", "example": {}, "near_miss": {}}
    return BehaviourRule.model_validate(fields | nothing)


def indexes(*files: Sequence[Class]) -> list[DexIndex]:
    named = [(f"classes{number or ''}.dex", assemble(classes)) for number, classes in enumerate(files)]
    return [index for name, data in named for index in index_file(read_dex(name, data))]


def found(classes: Sequence[Class], *rules: BehaviourRule, declared: Declared = NOTHING_DECLARED) -> list[Behaviour]:
    behaviours, skipped = find_behaviours(indexes(classes), declared, Plan(rules), NO_OWNERS)
    assert skipped == ()
    return list(behaviours)


def calls(*methods: str) -> tuple[int | Ref, ...]:
    return (*(unit for method in methods for unit in invoke_static(method)), RETURN)


READS = rule("read.imei", {"calls": ["android.telephony.TelephonyManager.getImei"]})
ID = {"all_of": [{"calls": ["android.provider.Settings$Secure.getString"]}, {"strings": ["android_id"]}]}


def test_a_call_is_shown_with_class_method_and_offset() -> None:
    data = assemble([Class("Lx/A;", [FINE, Method("f(I)V", calls(IMEI))])])
    (index,) = index_file(read_dex("classes2.dex", data))
    ((behaviour,), _) = find_behaviours([index], NOTHING_DECLARED, Plan([READS]), NO_OWNERS)
    (shown,) = behaviour.evidence
    assert (shown.kind, shown.where, shown.value) == ("call", "classes2.dex", READS.match.calls[0])
    assert (shown.class_, shown.method) == ("x.A", "f(I)V")
    assert shown.offset is not None
    assert data[shown.offset] == 0x71


def test_what_is_only_named_or_only_looks_like_a_call_is_none() -> None:
    number = Ref("method", IMEI)
    named = Class("Lx/A;", [Method("data()V", (RETURN, 0x0300, 2, 2, 0, 0x0071, number, 0))])
    wide = Class("Lx/B;", [Method("operand()V", (0x0014, 0x0071, number, RETURN))])
    assert found([named], READS) == []
    assert found([wide], READS) == []
    assert len(found([named, Class("Lx/C;", [Method("f()V", calls(IMEI))])], READS)[0].evidence) == 1


def test_another_class_of_that_name_or_another_method_is_none() -> None:
    other = calls("Lx/telephony/TelephonyManager;->getImei()V", "Landroid/telephony/TelephonyManager;->getImeiX()V")
    assert found([Class("Lx/A;", [Method("f()V", other)])], READS) == []


@pytest.mark.parametrize(
    ("scope", "here", "met"),
    [
        ("method", "Lx/A;->f", True), ("method", "Lx/A;->g", False), ("class", "Lx/A;->g", True),
        ("class", "Lx/B;->g", False), ("package", "Lx/B;->g", True), ("package", "Lx/y/B;->g", False),
        ("app", "Ly/B;->g", True),
    ],
)  # fmt: skip
def test_all_parts_stand_within_the_scope(scope: str, here: str, met: bool) -> None:
    owner, name = here.split("->")
    code: dict[tuple[str, str], list[int | Ref]] = {("Lx/A;", "f"): [*invoke_static(GET)]}
    code.setdefault((owner, name), []).extend(const_string("android_id"))
    classes = [
        Class(one, [Method(f"{called}()V", (*units, RETURN)) for (o, called), units in code.items() if o == one])
        for one in sorted({owner for owner, _ in code})
    ]
    assert bool(found(classes, rule("read.id", ID, scope))) is met


def test_the_manifest_holds_everywhere() -> None:
    receiver = Component(kind="receiver", name="x.R", exported=True, permission=None, actions=("a.b.BOOT",))
    vpn = Component(kind="service", name="x.V", exported=True, permission="a.BIND", actions=())
    declared = Declared(("a.p.P",), (receiver, vpn))
    boot = rule("listen.boot", {"components": ["receiver for a.b.BOOT", "service guarded by a.BIND"]}, "app")
    both = rule("act.both", {"all_of": [{"permissions": ["a.p.P"]}, READS.match.model_dump()]}, "method")
    classes = [Class("Lx/A;", [Method("f()V", calls(IMEI))])]
    first, second = found(classes, boot, both, declared=declared)
    assert [(seen.kind, seen.value) for seen in first.evidence] == [
        ("permission", "a.p.P"), ("call", "android.telephony.TelephonyManager.getImei"),
    ]  # fmt: skip
    assert [(seen.where, seen.class_) for seen in second.evidence] == [
        ("AndroidManifest.xml", "x.R"), ("AndroidManifest.xml", "x.V"),
    ]  # fmt: skip
    assert found(classes, boot, both) == []
    assert found([], boot, both, declared=declared) == [second]


def test_all_that_a_rule_asks_of_the_manifest_has_to_be_there() -> None:
    both = rule("act.both", {"all_of": [{"permissions": ["a.p.P"]}, {"permissions": ["a.p.Q"]}]}, "app")
    assert found([], both, declared=Declared(("a.p.P",))) == []
    assert [one.id for one in found([], both, declared=Declared(("a.p.P", "a.p.Q")))] == ["act.both"]


def test_calls_through_a_class_that_inherits_them() -> None:
    stop = rule("act.stop", {"calls": ["android.content.BroadcastReceiver.abort"]})
    start = rule("act.start", {"calls": ["android.content.Context.go", "android.content.Context.<init>"]})
    inherits = Class("Lx/R;", [Method("f()V", calls("Lx/R;->abort()V"))], parent="Lx/Base;")
    base = Class("Lx/Base;", [FINE], parent="Landroid/content/BroadcastReceiver;")
    assert [one.id for one in found([inherits, base], stop)] == ["act.stop"]
    overrides = Class("Lx/R;", [Method("f()V", calls("Lx/R;->abort()V")), Method("abort()V")], parent="Lx/Base;")
    assert found([overrides, base], stop) == []
    activity = Class("Lx/Main;", [Method("f()V", calls("Lx/Main;->go()V"))], parent="Landroid/app/Activity;")
    assert [one.id for one in found([activity], start)] == ["act.start"]
    makes = Class("Lx/Main;", [Method("f()V", calls("Lx/Main;-><init>()V"))], parent="Landroid/app/Activity;")
    assert found([makes], start) == []


def test_classes_that_derive() -> None:
    service = rule("act.service", {"all_of": [{"extends": ["a.Service"]}, READS.match.model_dump()]}, "class")
    derived = Class("Lx/S;", [Method("f()V", calls(IMEI))], parent="La/Service;")
    (behaviour,) = found([derived], service)
    assert [(seen.kind, seen.value, seen.class_) for seen in behaviour.evidence] == [
        ("class", "a.Service", "x.S"), ("call", "android.telephony.TelephonyManager.getImei", "x.S"),
    ]  # fmt: skip
    assert found([Class("Lx/S;", [Method("f()V", calls(IMEI))], parent="La/Servic;")], service) == []


def test_fields_and_beginnings_of_strings() -> None:
    field = "Landroid/os/Build;->SERIAL:Ljava/lang/String;"
    either = rule("read.x", {"any_of": [{"fields": ["android.os.Build.SERIAL"]}, {"string_starts": ["pm inst"]}]})
    reads = Class("Lx/A;", [Method("f()V", (0x0062, Ref("field", field), RETURN))])
    loads = Class("Lx/B;", [Method("f()V", (*const_string("pm install -r"), *const_string("pm ins"), RETURN))])
    (behaviour,) = found([reads, loads], either)
    assert [(seen.kind, seen.value) for seen in behaviour.evidence] == [
        ("call", "android.os.Build.SERIAL"), ("dex-string", "pm install -r"),
    ]  # fmt: skip


def test_no_number_of_other_strings_hides_one_with_the_same_beginning() -> None:
    reads = rule("read.sms", {"string_starts": ["content://sms"]})
    decoys = [f"content://sms/!{number:03}" for number in range(200)]
    inbox = Class("Lx/A;", [Method("f()V", (*const_string("content://sms/inbox"), RETURN))])
    packed = index_file(read_dex("classes.dex", assemble([inbox], strings=decoys)))
    (behaviour,), _ = find_behaviours(packed, NOTHING_DECLARED, Plan([reads]), NO_OWNERS)
    assert [seen.value for seen in behaviour.evidence] == ["content://sms/inbox"]


def test_strings_are_searched_only_where_the_rest_is_there() -> None:
    shell = rule("act.shell", {"all_of": [{"calls": ["java.lang.Runtime.exec"]}, {"strings": ["su"]}]})
    assert found([Class("Lx/A;", [Method("f()V", (*const_string("su"), RETURN))])], shell) == []
    both = (*const_string("su"), *invoke_static(EXEC), RETURN)
    assert len(found([Class("Lx/A;", [Method("f()V", both)])], shell)) == 1


def test_a_rule_of_strings_alone_is_searched_whatever_else_is_there() -> None:
    shell = rule("act.shell", {"any_of": [{"strings": ["su"]}, {"string_starts": ["/system/xbin"]}]})
    loads = Class("Lx/A;", [Method("f()V", (*const_string("/system/xbin/su"), RETURN))])
    assert [shown.value for one in found([loads], shell) for shown in one.evidence] == ["/system/xbin/su"]


def test_evidence_and_places_are_bounded() -> None:
    many = Class("Lx/A;", [Method(f"f{number}()V", calls(IMEI, IMEI)) for number in range(20)])
    (behaviour,) = found([many], READS)
    assert len(behaviour.evidence) == MAX_EVIDENCE
    assert len({seen.method for seen in behaviour.evidence}) == MAX_EVIDENCE
    flood = Class("Lx/A;", [Method("f()V", calls(*[IMEI] * (MAX_PLACES + 1)))])
    behaviours, skipped = find_behaviours(indexes([flood]), NOTHING_DECLARED, Plan([READS]), NO_OWNERS)
    assert [one.id for one in behaviours] == ["read.imei"]
    assert [(skip.subject, skip.code) for skip in skipped] == [("classes.dex", "too-many-calls")]


def test_all_files_of_a_package_and_a_stable_order() -> None:
    first, second = [Class("Lx/A;", [Method("f()V", calls(IMEI))])], [Class("Lx/B;", [Method("f()V", calls(GET))])]
    both = rule("act.both", {"all_of": [READS.match.model_dump(), ID["all_of"][0]]}, "app")
    behaviours, _ = find_behaviours(indexes(first, second), NOTHING_DECLARED, Plan([READS, both]), NO_OWNERS)
    assert [(one.id, [seen.where for seen in one.evidence]) for one in behaviours] == [
        ("act.both", ["classes.dex", "classes1.dex"]), ("read.imei", ["classes.dex"]),
    ]  # fmt: skip


def test_of_many_places_those_in_own_code_are_shown() -> None:
    others = [Class(f"Lnet/vendor/A{n:02};", [Method("f()V", calls(IMEI))]) for n in range(MAX_EVIDENCE + 2)]
    classes = [*others, Class("Lorg/own/Main;", [Method("f()V", calls(IMEI))])]
    for owners, shown in ((Owners(knowledge(), "org.own"), True), (NO_OWNERS, False)):
        ((behaviour,), _) = find_behaviours(indexes(classes), NOTHING_DECLARED, Plan([READS]), owners)
        assert len(behaviour.evidence) == MAX_EVIDENCE
        assert ("org.own.Main" in [one.class_ for one in behaviour.evidence]) is shown


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


def test_a_class_of_android_that_a_package_brings_along_hides_no_call() -> None:
    fake = Class("Landroid/telephony/TelephonyManager;", [Method("getImei()Ljava/lang/String;", (0x0012, 0x0011))])
    below = Class("Lx/Phone;", [FINE], parent="Landroid/telephony/TelephonyManager;")
    inherited = "Lx/Phone;->getImei()Ljava/lang/String;"
    for call in (IMEI, inherited):
        assert [one.id for one in found([fake, below, Class("Lx/A;", [Method("f()V", calls(call))])], READS)] == [
            "read.imei"
        ]
    own = Class("Lx/Own;", [Method("getImei()Ljava/lang/String;", (0x0012, 0x0011))], parent="Lx/Phone;")
    assert (
        found(
            [fake, below, own, Class("Lx/A;", [Method("f()V", calls("Lx/Own;->getImei()Ljava/lang/String;"))])], READS
        )
        == []
    )


LISTEN = "Landroid/telephony/TelephonyManager;->listen(Landroid/telephony/PhoneStateListener;I)V"
WATCHES = rule("read.call-state", {"calls": ["android.telephony.TelephonyManager.listen"]}).model_copy(
    update={"flags": (Flag(call="android.telephony.TelephonyManager.listen", argument=2, bits=32, source="https://x"),)}
)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ((0x0013, 256), 0),
        ((0x0013, 32), 1),
        ((0x0013, 288), 1),
        ((0x0013, 256, 0x0039, 4, 0x0013, 33), 1),  # if-nez: either
        ((0x0200,), 1),  # nothing that is a constant
    ],
)
def test_a_call_counts_where_it_may_be_handed_the_flag(code: tuple[int, ...], expected: int) -> None:
    listens: tuple[int | Ref, ...] = (
        *code,
        0x306E,
        Ref("method", LISTEN),
        0x0021,
        RETURN,
    )  # invoke-virtual {v1, v2, v0}
    method = Method("f(I)V", listens if len(code) > 1 else listens[1:], registers=4, ins=4)
    assert len(found([Class("Lx/A;", [method])], WATCHES)) == expected
