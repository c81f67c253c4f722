"""Hostile code: what is followed stays bounded, counted in steps."""

import random
from collections.abc import Callable

import pytest

from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.flows import search
from phone_audit.apk.flows.call_graph import CallGraph, Flags
from phone_audit.apk.flows.find import Budget, Flows
from tests.apk.dex.assembler import RETURN, Class, Method, assemble
from tests.apk.flows.running import flows_in
from tests.apk.flows.test_find_flows import (
    CREATE,
    LOG,
    READ,
    SAY,
    TEXT,
    WEB,
    Code,
    activity,
    create,
    invoke,
    join,
    new,
    result,
    static,
    text,
)
from tests.steps import LINEAR, growth, steps


def takes(number: int, *called: int) -> Method:
    """A method that hands what it is handed to others."""
    calls = [invoke(f"Lx/Main;->take{one}({TEXT})V", 1) for one in called]
    return Method(f"take{number}({TEXT})V", join((0x3107,), *calls, (RETURN,)))


def chain(size: int) -> list[Method]:
    return [*(takes(one, one + 1) for one in range(size)), takes(size)]


def ring(size: int) -> list[Method]:
    return [takes(one, (one + 1) % (size + 1)) for one in range(size + 1)]


def clique(size: int) -> list[Method]:
    chance = random.Random(size)
    return [takes(one, *(chance.randrange(size) for _ in range(8))) for one in range(size + 1)]


def work(methods: list[Method], budget: Budget) -> Callable[[], Flows]:
    hands = create(READ, SAY, invoke(f"Lx/Main;->take0({TEXT})V", 1))
    indexes = index_file(read_dex("classes.dex", assemble([activity(*methods, hands)])))
    return lambda: flows_in(indexes, None, budget=budget)


@pytest.mark.parametrize("shape", [chain, ring, clique])
def test_the_work_goes_by_the_budget_whatever_calls_what(shape: Callable[[int], list[Method]]) -> None:
    few = steps(work(shape(100), Budget(0, 400)))
    assert steps(work(shape(400), Budget(0, 400))) < 2 * few
    assert steps(work(shape(100), Budget(0, 800))) < LINEAR * few


@pytest.mark.parametrize("shape", [chain, ring, clique])
def test_with_all_the_budget_the_work_is_linear(shape: Callable[[int], list[Method]]) -> None:
    assert growth(lambda size: work(shape(size), Budget(7_000, 3_500)), 100) < LINEAR


@pytest.mark.parametrize("shape", [chain, ring, clique])
def test_a_flow_of_the_package_is_found_beside_it(shape: Callable[[int], list[Method]]) -> None:
    found = work(shape(300), Budget(7_000, 3_500))()
    assert [flow.id for flow in found.found] == ["flow.imei-log"]


@pytest.mark.parametrize(("near", "rest"), [(0, 400), (400, 400)])
def test_one_method_does_not_use_up_what_others_need(near: int, rest: int) -> None:
    """Not even where a search for ways out of the phone would leave the others aside."""
    long = create(READ, invoke(f"Lx/Main;->take0({TEXT})V", 1))
    short = activity(create(READ, SAY), name="Lx/Other;")
    indexes = index_file(read_dex("classes.dex", assemble([activity(*clique(300), long), short])))
    found = flows_in(indexes, None, budget=Budget(near, rest))
    assert (found.complete, [flow.id for flow in found.found]) == (False, ["flow.imei-log"])


def test_the_graph_of_calls_is_what_is_called() -> None:
    methods = chain(5)
    (index,) = index_file(read_dex("classes.dex", assemble([activity(*methods), Class("Lx/Other;", [Method("f()V")])])))
    graph = CallGraph([index])
    rows = {index.row_name(row).partition("(")[0]: row for row in range(index.methods.method.size)}
    start = graph.flags()
    start[rows["take3"]] = True

    def named(flags: Flags) -> set[str]:
        return {name for name, row in rows.items() if flags[row]}

    assert named(graph.callers_of(start)) == {"take0", "take1", "take2", "take3"}
    assert named(graph.called_from(start)) == {"take3", "take4", "take5"}
    called = {number for number in range(index.method_ids.size) if index.simple_name(number) == "take5"}
    assert named(graph.naming([called])) == {"take4"}
    assert not CallGraph([]).flags().size


def test_tables_that_name_what_is_not_there_are_survived() -> None:
    """One damaged file, even among the assets, must not end the reading of a package."""
    face = Class("Lx/Face;", [Method("say()V", None, direct=False, access=0x401)], access=0x601)
    says = Method("say()V", join(READ, SAY, (RETURN,)), direct=False, registers=10)
    impl = Class("Lx/Impl;", [says], interfaces=("Lx/Face;",))
    calls = invoke("Lx/Face;->say()V", 2, opcode=0x72)
    data = assemble([face, impl, activity(create(new(2, "Lx/Impl;"), calls, READ, invoke(WEB, 5, 1, opcode=0x6E)))])

    def found(data: bytes) -> frozenset[str]:
        flows = flows_in(index_file(read_dex("classes.dex", data)), {"x.Main"}, budget=Budget(4_000, 1))
        return frozenset(flow.id for flow in flows.found)

    damaged = (data[:at] + bytes([value]) + data[at + 1 :] for at in range(0x70, len(data)) for value in (0x7F, 0xFF))
    seen = {found(one) for one in damaged}
    assert found(data) == {"flow.imei-log", "flow.imei-network"}
    assert found(data) in seen, "damage elsewhere hides no flow"
    assert frozenset() in seen, "damage to what a flow needs does"


def test_what_leads_nowhere_by_calls_may_keep_data_for_what_does() -> None:
    one, other = (f"Lx/Main;->{name}:{TEXT}" for name in "ab")
    keeps = create(*[READ] * 60, static(1, one, put=True))
    hands = join(static(1, one, put=False), static(1, other, put=True), (RETURN,))
    sends = join(static(1, other, put=False), invoke(WEB, 5, 1, opcode=0x6E), (RETURN,))
    methods = [
        Method(f"on{name}()V", code, direct=False, registers=10) for name, code in (("Pause", hands), ("Stop", sends))
    ]
    data = assemble([activity(keeps, *methods)])
    flows = flows_in(index_file(read_dex("classes.dex", data)), {"x.Main"}, budget=Budget(4_000, 40))
    assert [flow.id for flow in flows.found] == ["flow.imei-network"]


@pytest.mark.parametrize("sender", ["Lx/Sender;", "Lkotlin/Sender;"])
def test_code_that_bears_the_name_of_a_library_for_anybodys_data_is_followed(sender: str) -> None:
    """A hostile maker may name it so; it is followed after all else, and not for long."""
    gives = Method(f"give(){TEXT}", join(READ, (0x0111,)), registers=10)
    sends = join(invoke(f"Lx/Main;->give(){TEXT}"), result(1), invoke(WEB, 5, 1, opcode=0x6E), (RETURN,))
    classes = [Class(sender, [Method("send()V", sends, access=9, registers=10)])]
    classes.append(activity(gives, create(invoke(f"{sender}->send()V"))))
    flows = flows_in(index_file(read_dex("classes.dex", assemble(classes))), {"x.Main"})
    assert [flow.id for flow in flows.found] == ["flow.imei-network"]


def test_what_was_cut_short_is_followed_again_where_it_leads_out() -> None:
    """The small budget ends in the middle of a method; the large one is for what may send."""
    waste = join(*[READ] * 60)
    data = assemble([activity(create(waste, READ, invoke(WEB, 5, 1, opcode=0x6E)))])
    flows = flows_in(index_file(read_dex("classes.dex", data)), {"x.Main"}, budget=Budget(4_000, 40))
    assert [flow.id for flow in flows.found] == ["flow.imei-network"]


@pytest.mark.parametrize(
    ("own", "more", "found"),
    [(b"Lx/", 0, []), (b"Lx/", 4_000, ["flow.imei-log"]), (b"Lother/", 4_000, [])],
)
def test_code_of_its_own_is_followed_when_the_rest_is_used_up(own: bytes, more: int, found: list[str]) -> None:
    waste = Method("f()V", join(*[READ] * 60, (RETURN,)), registers=10)
    indexes = index_file(read_dex("classes.dex", assemble([activity(waste, create(READ, SAY))])))
    flows = flows_in(indexes, {"x.Main"}, (own,), Budget(0, 30, more))
    assert [one.id for one in flows.found] == found


def test_a_method_that_was_not_followed_to_its_end_is_followed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nobody would see what it does for those who come to it with more of the budget left."""
    monkeypatch.setattr(search, "_MOST_A_ROOT", 100)
    idle = join(*[text(2, "x")] * 40)
    takes = Method(f"take({TEXT})V", join((0x3107,), idle, SAY, (RETURN,)))
    hands = invoke(f"Lx/Main;->take({TEXT})V", 1)
    wastes = Method("a()V", join(READ, *[READ] * 35, hands, (RETURN,)), registers=10, access=0x9)
    indexes = index_file(read_dex("classes.dex", assemble([activity(takes, wastes, create(READ, hands))])))
    flows = flows_in(indexes, {"x.Main"}, budget=Budget(0, 4_000))
    assert [one.id for one in flows.found] == ["flow.imei-log"]


def test_a_method_whose_end_was_seen_is_known_when_the_budget_is_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_MOST_A_ROOT", 60)
    goes_on = join((0x0138, 2), SAY)
    takes = Method(f"take({TEXT})V", join((0x3107,), goes_on, (RETURN,)))
    hands = invoke(f"Lx/Main;->take({TEXT})V", 1)
    wastes = Method(f"waste({TEXT})V", join((0x3107,), *[text(2, "x")] * 80, SAY, (RETURN,)))
    subscriber = join(
        invoke(f"Landroid/telephony/TelephonyManager;->getSubscriberId(){TEXT}", 0, opcode=0x6E), result(1)
    )
    uses_up = join(subscriber, invoke(f"Lx/Main;->waste({TEXT})V", 1), hands, (RETURN,))
    later = Method("onStart()V", uses_up, direct=False, registers=10)
    indexes = index_file(read_dex("classes.dex", assemble([activity(takes, wastes, create(READ, hands), later)])))
    flows = flows_in(indexes, {"x.Main"}, budget=Budget(0, 4_000))
    assert {one.id for one in flows.found} == {"flow.imei-log", "flow.imsi-log"}


def told(*classes: Class) -> tuple[list[str], bool]:
    """Return the flows of a package, and whether all data could be followed."""
    indexes = index_file(read_dex("classes.dex", assemble(sorted(classes, key=lambda one: one.name))))
    flows = flows_in(indexes, None)
    return [one.id for one in flows.found], flows.complete


def test_a_method_with_too_many_ways_is_told() -> None:
    """Switches may share one table: the ways grow faster than the code, and what the method does stays unseen."""

    def package(switches: int, cases: int) -> tuple[list[str], bool]:
        body = join(READ, *[(0x002B, 0, 0)] * switches, SAY, (RETURN,))
        units = list(join(body, (0x0000,) * (len(body) % 2), (0x0100, cases, 0, 0), (3, 0) * cases))
        table = len(body) + len(body) % 2
        for number in range(switches):
            units[len(READ) + 3 * number + 1] = table - (len(READ) + 3 * number)
        return told(activity(Method(CREATE, tuple(units), direct=False, registers=10)))

    assert package(2, 10) == (["flow.imei-log"], True)
    assert package(300, 100) == ([], False)


@pytest.mark.parametrize(("registers", "expected"), [(3, (["flow.imei-log"], True)), (8, ([], False))])
def test_a_loop_that_hands_data_on_more_often_than_is_followed_is_told(
    registers: int, expected: tuple[list[str], bool]
) -> None:
    """Each time round, the data is one register further."""
    hands = join(*[((to - 1) << 12 | to << 8 | 0x07,) for to in range(1 + registers, 1, -1)])
    begins = join(*[text(to, "x") for to in range(2, 2 + registers)])
    loop = join(hands, invoke(LOG, 0, 1 + registers))
    code = join(READ, begins, loop, (0x0038, -len(loop) & 0xFFFF), (RETURN,))
    assert told(activity(Method(CREATE, code, direct=False, registers=14))) == expected


FACE = "Lx/Face;"


def implementing(number: int, *code: Code) -> Class:
    """A class with a method that is handed a text in v1."""
    takes = Method(f"take({TEXT})V", join((0x9107,), *code, (RETURN,)), direct=False, registers=10, ins=2)
    return Class(f"Lx/I{number:02};", [takes], parent="Ljava/lang/Object;", interfaces=(FACE,))


@pytest.mark.parametrize(("decoys", "expected"), [(4, (["flow.imei-log"], True)), (5, ([], False)), (20, ([], False))])
def test_more_methods_than_one_call_is_followed_into_are_told(decoys: int, expected: tuple[list[str], bool]) -> None:
    field = f"Lx/Main;->face:{FACE}"
    face = Class(FACE, [Method(f"take({TEXT})V", None, direct=False, access=0x401)], access=0x601)
    takes = [*(implementing(number, text(2, "x")) for number in range(decoys)), implementing(decoys, SAY)]
    hands = join(static(2, field, put=False), invoke(f"{FACE}->take({TEXT})V", 2, 1, opcode=0x72))
    assert told(face, *takes, activity(create(READ, hands))) == expected
    assert told(face, *takes, activity(create(text(1, "x"), hands)))[1], "nothing is handed over that counts"


def test_more_methods_that_may_give_data_than_one_call_is_followed_into_are_told() -> None:
    def gives(number: int, code: Code) -> Class:
        give = Method(f"give(){TEXT}", join(code, (0x0111,)), direct=False, registers=4, ins=1)
        return Class(f"Lx/I{number:02};", [give], parent="Ljava/lang/Object;", interfaces=(FACE,))

    face = Class(FACE, [Method(f"give(){TEXT}", None, direct=False, access=0x401)], access=0x601)
    asks = join(static(2, f"Lx/Main;->face:{FACE}", put=False), invoke(f"{FACE}->give(){TEXT}", 2, opcode=0x72))
    main = activity(create(asks, result(1), SAY))
    decoys = [gives(number, text(1, "x")) for number in range(9)]
    assert told(face, *decoys[:3], gives(3, READ), main) == (["flow.imei-log"], True)
    assert told(face, *decoys, gives(9, READ), main) == ([], False)
    assert told(face, *decoys, main) == ([], True)


@pytest.mark.parametrize(("keys", "expected"), [(3, (["flow.imei-log"], True)), (9, ([], False))])
def test_more_names_than_a_method_is_followed_with_are_told(keys: int, expected: tuple[list[str], bool]) -> None:
    """A method of the package that puts what it is handed under a name that it is handed."""
    intent = "Landroid/content/Intent;"
    put = f"put({intent}{TEXT}{TEXT})V"
    extra = invoke(f"{intent}->putExtra({TEXT}{TEXT}){intent}", 7, 8, 9, opcode=0x6E)
    puts = Method(put, join(extra, (RETURN,)), registers=10, ins=3, access=9)
    calls = [
        join(text(3, f"name{number}"), invoke(f"Lx/Main;->{put}", 2, 3, 1 if number == keys - 1 else 4))
        for number in range(keys)
    ]
    takes = join(text(3, f"name{keys - 1}"), invoke(f"{intent}->getStringExtra({TEXT}){TEXT}", 5, 3, opcode=0x6E))
    other = activity(create(takes, result(1), SAY), name="Lx/Other;")
    assert told(activity(puts, create(READ, new(2, intent), text(4, "x"), *calls)), other) == expected


CELL = join(
    invoke("Landroid/telephony/TelephonyManager;->getCellLocation()Landroid/telephony/CellLocation;", 7, opcode=0x6E),
    result(6),
    invoke(f"Ljava/lang/Object;->toString(){TEXT}", 6, opcode=0x6E),
    result(2),
)


@pytest.mark.parametrize("others", [1, 30, 60])
@pytest.mark.parametrize("behind", [False, True])
def test_no_number_of_reads_of_one_data_crowds_out_another(others: int, *, behind: bool) -> None:
    """Where one text is made of all of them; data of few reads stands with data of many."""
    builder = "Ljava/lang/StringBuilder;"
    add = f"{builder}->append({TEXT}){builder}"
    many = [CELL, invoke(add, 3, 2, opcode=0x6E)] * others
    one = [READ, invoke(add, 3, 1, opcode=0x6E)]
    sends = join(invoke(f"{builder}->toString(){TEXT}", 3, opcode=0x6E), result(1), invoke(WEB, 5, 1, opcode=0x6E))
    code = join(new(3, builder), *([*many, *one] if behind else [*one, *many]), sends, (RETURN,))
    found, complete = told(activity(Method(CREATE, code, direct=False, registers=12)))
    assert ({*found}, complete) == ({"flow.cell-network", "flow.imei-network"}, True)
