"""What a person reads of the code of packages: what it can read, whose code, ways out, and what was not seen."""

import pytest

from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import Apk, Behaviour, Endpoint, HeldBy, NetworkPolicy, Obfuscation, Whose
from phone_audit.model.finding import Evidence
from phone_audit.report.canvas import Style
from phone_audit.report.draw_code import READS, WAYS_OUT, code_lines, flow_titles, in_words, reads, sends
from phone_audit.report.formats import render
from tests.documents import apk, apks, scan

OWN = Whose(party="first-party", library=None)
MAPS = Whose(party="library", library="Maps")
CHAT = Whose(party="library", library="Chat")
RENAMED = Whose(party="obfuscated", library=None)
UNKNOWN = Whose(party="unknown", library=None)
INTERNET = "android.permission.INTERNET"


def behaviour(name: str, *whose: Whose, title: str = "", cleartext: bool | None = None) -> Behaviour:
    return Behaviour(id=name, title=title or name, evidence=(), whose=whose, cleartext=cleartext)


def package(*behaviours: Behaviour, **changes: object) -> Apk:
    return apk().model_copy(update={"behaviours": behaviours, **changes})


def policy(*, cleartext: bool, domains: tuple[str, ...] = ()) -> NetworkPolicy:
    return NetworkPolicy(
        cleartext=cleartext,
        domains=domains,
        trusts_user_cas=False,
        pins=False,
        accepts_any_certificate=False,
        source="AndroidManifest.xml",
    )


def obfuscation(**found: object) -> Obfuscation:
    nothing = {"packers": (), "name_share": 0.0, "encrypted": False, "dynamic_code": None}
    return Obfuscation.model_validate(nothing | found)


def text(document: object) -> str:
    return render("text", document, Style(details=True))  # type: ignore[arg-type]


def test_what_is_read_stands_by_whose_code_reads_it_the_most_private_first() -> None:
    seen = package(
        behaviour("read.android-id", OWN, RENAMED),
        behaviour("read.contacts", OWN),
        behaviour("read.location", MAPS, CHAT),
        behaviour("read.serial", UNKNOWN),
        behaviour("read.serial-property", UNKNOWN),
    )
    assert code_lines(seen) == [
        "its own code can read: contacts, Android ID",
        "libraries in it can read: location (Chat +1)",
        "renamed code in it can read: Android ID",
        "code in it whose owner is not known can read: serial number",
    ]


def test_in_short_it_is_one_line_with_counts() -> None:
    seen = package(behaviour("read.contacts", OWN), behaviour("read.imei", OWN, MAPS))
    assert code_lines(seen, brief=True) == ["can read: contacts, IMEI (2 in its own code, 1 in libraries)"]


def test_in_short_a_few_other_things_are_named_and_many_counted() -> None:
    some = [behaviour(f"act.{n}", OWN, title=f"Does {n}") for n in "abcd"]
    assert code_lines(package(*some[:3]), brief=True) == ["its own code also: does a, does b, does c"]
    assert code_lines(package(*some), brief=True) == [
        "4 other things that its code does, all in the JSON result (-f json)"
    ]


def test_what_later_versions_of_android_refuse_is_said_to_be_so() -> None:
    old = behaviour("read.interface-mac", OWN).model_copy(update={"until_sdk": 32})
    assert code_lines(package(old)) == ["its own code can read: hardware addresses (before Android 13)"]
    other = behaviour("read.wifi-mac", OWN)
    assert code_lines(package(old, other)) == ["its own code can read: hardware addresses"]


def test_a_result_that_does_not_say_whose_code_it_is() -> None:
    seen = package(behaviour("act.shell", title="Runs shell commands"), behaviour("read.imei"))
    assert code_lines(seen) == ["its code can read: IMEI", "its code also: runs shell commands"]
    assert code_lines(seen, brief=True)[0] == "can read: IMEI"


def test_what_else_it_does_and_by_which_library() -> None:
    seen = package(
        behaviour("act.overlay", OWN, title="Draws over other packages"),
        behaviour("act.shell", OWN, MAPS, title="Runs shell commands"),
    )
    assert code_lines(seen) == [
        "its own code also: draws over other packages, runs shell commands",
        "libraries in it also: runs shell commands (Maps)",
    ]


def test_what_it_is_not_allowed_to_do_is_told_apart() -> None:
    def refused(name: str, title: str = "") -> Behaviour:
        return behaviour(name, OWN, title=title).model_copy(update={"allowed": False})

    unknown = behaviour("read.contacts", OWN).model_copy(update={"needs": ("android.permission.READ_CONTACTS",)})
    seen = package(
        refused("read.imei"),
        unknown,
        behaviour("read.android-id", OWN),
        behaviour("read.sms", OWN).model_copy(update={"allowed": True, "needs": ("android.permission.READ_SMS",)}),
        refused("act.send-sms", "Sends text messages"),
        refused("act.reboot", "Restarts the phone"),
        refused("flow.imei-log", "Passes on the IMEI to the system log"),
        behaviour("send.okhttp", OWN),
        refused("send.bluetooth"),
        permissions=(INTERNET,),
    )
    assert code_lines(seen) == [
        "its own code can read: text messages, Android ID",
        "holds code that would, if it were allowed, read: contacts, IMEI",
        "holds code that would, if it were allowed, do more: restarts the phone, passes on the IMEI to the system log",
        "ways out: HTTP",
        "holds code that would, if it were allowed, send over: text messages, Bluetooth",
    ]
    part = text(scan().model_copy(update={"apks": (seen, package(refused("read.imei"), package="com.refused"))}))
    assert "- can read: text messages, Android ID (2 in its own code)" in part
    assert "com.refused" not in part.split("\nWhat packages can read\n")[1].split("\nNot looked at\n")[0]


def test_what_base_libraries_alone_hold_is_no_behaviour_of_the_package() -> None:
    def alone(name: str, title: str = "", **changes: object) -> Behaviour:
        return behaviour(name, MAPS, title=title).model_copy(update={"library_only": True, **changes})

    seen = package(
        alone("read.location"),
        alone("send.socket"),
        alone("act.overlay", "Draws over other packages"),
        alone("read.imei", allowed=False),
        alone("flow.imei-log", "Passes on the IMEI to the system log"),
        alone("flow.password-network", "Passes on a password over the network", whose=behaviour("x", OWN).whose),
        behaviour("send.okhttp", OWN),
        permissions=(INTERNET,),
    )
    assert code_lines(seen) == [
        "ways out: HTTP",
        "in libraries, and called by nothing else in it: location (Maps), connections of its own (Maps), "
        "draws over other packages (Maps)",
        "ways of data that are less sure: passes on the IMEI to the system log (Maps), "
        "passes on a password over the network",
    ]
    assert code_lines(seen, brief=True) == ["ways out: HTTP"]
    flow = behaviour("flow.imei-log", OWN, title="Passes on the IMEI to the system log")
    again = package(flow, alone("flow.imei-log", "Passes on the IMEI to the system log"))
    assert not any("less sure" in line for line in code_lines(again)), "a sure way is told already"
    assert "com.quiet" not in text(
        scan().model_copy(update={"apks": (package(alone("read.sms"), package="com.quiet"),)})
    )


def test_what_leaves_the_phone_is_told_first_and_what_libraries_log_in_one_line() -> None:
    log = "Passes on the IMEI to the system log"
    flows = [
        behaviour("flow.imei-log", OWN, title=log),
        behaviour("flow.imei-log", MAPS, OWN, title=log),
        behaviour("flow.imei-log", MAPS, title="logged"),
        behaviour("flow.location-log", MAPS, title="logged too"),
        behaviour("flow.imei-sms", title="Passes on the IMEI by text message"),
        behaviour("flow.place-network", title="Sends the place"),
        behaviour("flow.imei-network", title="Sends the IMEI", cleartext=True),
    ]
    assert flow_titles(flows) == [
        "Sends the IMEI (unencrypted)",
        "Sends the place",
        "Passes on the IMEI by text message",
        log,
        log,
        "Passes on 2 kinds of data to the system log in libraries",
    ]


def test_the_same_flow_is_told_once_with_its_number() -> None:
    seen = package(
        behaviour("flow.imei-log", title="Passes on the IMEI to the system log"),
        behaviour("flow.imei-log", title="Passes on the IMEI to the system log"),
        behaviour("flow.imei-network", title="Passes on the IMEI over the network", cleartext=True),
    )
    assert code_lines(seen) == [
        "seen in its code: Passes on the IMEI over the network (unencrypted), "
        "Passes on the IMEI to the system log (2 times)"
    ]


def test_a_flow_that_nothing_was_seen_to_start_has_a_line_of_its_own() -> None:
    unseen = behaviour("flow.location-network", OWN, title="Passes on the place over the network")
    seen = package(
        behaviour("flow.imei-network", OWN, title="Passes on the IMEI over the network"),
        unseen.model_copy(update={"start_seen": False}),
    )
    assert code_lines(seen) == [
        "seen in its code: Passes on the IMEI over the network",
        "in code that nothing was seen to start: Passes on the place over the network",
    ]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, ""),
        (policy(cleartext=True), "; unencrypted connections are allowed"),
        (policy(cleartext=False), "; unencrypted connections are refused where it uses the system's HTTP"),
        (policy(cleartext=False, domains=("a.example",)), "; unencrypted connections are allowed to a.example only"),
    ],
)
def test_ways_out_and_whether_they_may_be_unencrypted(found: NetworkPolicy | None, said: str) -> None:
    ways = (behaviour("send.okhttp", OWN), behaviour("send.http-url-connection", OWN), behaviour("send.socket", OWN))
    seen = package(*ways, network_policy=found, permissions=(INTERNET,))
    assert code_lines(seen) == [f"ways out: HTTP, connections of its own{said}"]


def test_a_package_without_the_right_to_use_the_internet() -> None:
    seen = package(behaviour("send.okhttp", OWN), permissions=())
    assert code_lines(seen) == ["ways out in its code: HTTP; it has no permission to use the internet"]
    for unclear in ({"permissions": None}, {"permissions": (), "shared_user_id": "com.shared"}):
        assert code_lines(seen.model_copy(update=unclear)) == ["ways out: HTTP"]


def test_what_could_not_be_seen() -> None:
    hidden = obfuscation(packers=("bangcle",), name_share=0.46, encrypted=True, dynamic_code=True)
    seen = package(behaviour("send.native-library", OWN), obfuscation=hidden, permissions=None)
    assert code_lines(seen)[-1] == (
        "not seen: code that is hidden by bangcle; files that look encrypted; code that is loaded while it runs; "
        "whose code much of it is, since 46% of its classes were renamed; what its native code does"
    )
    cut = package(obfuscation=obfuscation(), flows_complete=False)
    assert code_lines(cut) == [
        "not seen: where all data goes, which is never promised, since some of it could not be followed to the end"
    ]
    unread = package().model_copy(update={"behaviours": None})
    assert code_lines(unread) == ["not seen: what its code does, which was not read"]


def test_nothing_is_said_where_nothing_was_seen_and_nothing_hidden() -> None:
    assert code_lines(package(obfuscation=obfuscation())) == []


def held(host: str, *holders: HeldBy) -> Endpoint:
    return Endpoint(
        host=host, kind="domain", registered_domain=None, urls=(), schemes=(), ports=(), cleartext=False,
        owner=None, category="unknown", ruled_out=None, held_by=holders,
    )  # fmt: skip


def test_whose_code_holds_the_endpoints() -> None:
    in_code = Evidence(kind="dex-string", where="classes.dex", value="x", class_="net.vendor.A")
    in_file = Evidence(kind="asset", where="assets/a.json", value="x")
    own = HeldBy(party="first-party", library=None, evidence=(in_code,))
    maps = HeldBy(party="library", library="Maps", evidence=(in_code,))
    code, file = (HeldBy(party="unknown", library=None, evidence=(one,)) for one in (in_code, in_file))
    endpoints = (held("a.example", own, maps), held("b.example", own), held("c.example", code), held("d.example", file))
    shown = " ".join(text(apks(apk().model_copy(update={"endpoints": endpoints}))).split())
    assert (
        "where they stand: 2 in its own code, 1 in libraries, 1 in code whose owner is not known, "
        "1 in files or text that no code was seen to use"
    ) in shown


def test_few_packages_are_told_at_length_and_many_in_short() -> None:
    seen = package(behaviour("read.imei", OWN))
    few, many = (tuple(seen.model_copy(update={"path": f"{n}.apk"}) for n in range(count)) for count in (3, 4))
    assert text(apks(*few)).count("its own code can read: IMEI") == 3
    assert text(apks(*many)).count("can read: IMEI (1 in its own code)") == 4


def test_a_phone_report_lists_what_packages_can_read_the_worst_and_the_greediest_first() -> None:
    reads = [behaviour("read.imei", OWN), behaviour("read.contacts", OWN), behaviour("send.okhttp", OWN)]
    flow = behaviour("flow.imei-network", title="Passes on the IMEI over the network", cleartext=True)
    plain = held("a.example").model_copy(update={"cleartext": True})
    few = package(reads[0], package="com.few", outcome="nothing-found")
    much = package(*reads, package="com.much", outcome="nothing-found")
    unseen = flow.model_copy(update={"title": "Passes on it", "start_seen": False})
    bad = package(
        reads[0], flow, unseen, behaviour("send.okhttp"), package="com.bad", outcome="exposed", endpoints=(plain,)
    )
    quiet = package(behaviour("send.okhttp", OWN), package="com.quiet")
    shown = text(scan().model_copy(update={"apks": (few, much, bad, quiet)}))
    part = shown.split("\nWhat packages can read\n")[1].split("\nNot looked at\n")[0]
    assert [line for line in part.splitlines() if "* com." in line] == ["  * com.bad", "  * com.much", "  * com.few"]
    assert "- can read: contacts, IMEI (2 in its own code)" in part
    assert "- seen in its code: Passes on the IMEI over the network (unencrypted)" in part
    assert "- in code that nothing was seen to start: Passes on it" in part
    assert "- ways out: HTTP; unencrypted addresses: 1" in part
    assert "clean" not in part.lower()


def test_many_packages_are_cut() -> None:
    many = tuple(package(behaviour("read.imei", OWN), package=f"com.p{n:02}") for n in range(20))
    shown = text(scan().model_copy(update={"apks": many}))
    assert "and 8 more, all in the JSON result" in shown


def test_a_phone_report_counts_what_was_not_seen() -> None:
    loads = package(obfuscation=obfuscation(dynamic_code=True), package="com.loads")
    renamed = package(obfuscation=obfuscation(dynamic_code=True, name_share=0.9), package="com.renamed")
    shown = text(scan().model_copy(update={"apks": (loads, renamed, package())}))
    part = shown.split("\nWhat packages can read\n")[1].split("\nNot looked at\n")[0]
    assert "- not seen: code that is loaded while it runs in 2 packages, renamed code in 1 package" in " ".join(
        part.split()
    )


def test_a_phone_on_which_nothing_reads_and_nothing_hides_has_no_such_part() -> None:
    quiet = package(behaviour("send.okhttp", OWN), obfuscation=obfuscation())
    assert "What packages can read" not in text(scan().model_copy(update={"apks": (quiet,)}))


def test_hostile_library_names_come_out_harmless_and_short() -> None:
    hostile = Whose(party="library", library="x\x1b[2J" + "y" * 300)
    shown = text(apks(package(behaviour("read.imei", hostile))))
    assert "\x1b" not in shown
    assert "(x\\x1b[2Jyyy" in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


RULE_OF = {rule.id: rule for rule in load_knowledge().behaviours}
TOLD = [name for _, names in (*READS, *WAYS_OUT) for name in names]


def test_each_behaviour_that_reads_or_sends_has_words() -> None:
    needed = {name for name, rule in RULE_OF.items() if rule.data or name.startswith(("read.", "send."))}
    assert needed <= set(TOLD)


def test_words_are_for_behaviours_that_there_are_each_once() -> None:
    assert set(TOLD) <= set(RULE_OF)
    assert len(TOLD) == len(set(TOLD))


def test_what_reads_and_what_sends() -> None:
    assert reads("listen.sms")
    assert reads("read.of-extra-knowledge")
    assert not reads("listen.boot")
    assert sends("act.send-sms")
    assert not sends("read.sms")


def test_words_come_once_and_the_most_private_first() -> None:
    assert in_words(["read.imei", "read.screen-shell", "read.screen", "read.sms"]) == [
        "text messages",
        "screen",
        "IMEI",
    ]


def test_an_unknown_behaviour_keeps_the_words_of_its_id_and_comes_last() -> None:
    assert in_words(["read.tea-time", "read.sensors"]) == ["motion sensors", "tea time"]
