"""What a branch, a case of a switch and a handler of exceptions can hold: only what a way to it has put there."""

import pytest

from phone_audit.apk.dex.index import Code as DexCode
from phone_audit.apk.dex.instructions import DexCodeError
from phone_audit.apk.flows.blocks import blocks_of
from tests.apk.dex.assembler import RETURN, Method
from tests.apk.flows.test_find_flows import CREATE, READ, SAY, Code, activity, ids, invoke, join, text

MOVE_EXCEPTION: Code = (0x090D,)
"""move-exception v9"""
OTHER = invoke("Landroid/os/SystemClock;->uptimeMillis()J")
END: Code = (RETURN,)


def branches(one: Code, other: Code) -> Code:
    """`if-eqz v0`, which goes on behind `one`."""
    return join((0x0038, 2 + len(one)), one, other)


def method(code: Code, *guarded: tuple[int, int, int]) -> Method:
    return Method(CREATE, code, direct=False, registers=10, guarded=guarded)


def switch(before: Code, otherwise: Code, *cases: Code) -> Method:
    """A packed-switch on v0 behind `before`, and its table at the end."""
    places = [3 + len(otherwise) + sum(map(len, cases[:at])) for at in range(len(cases))]
    body = join(otherwise, *cases)
    table = 3 + len(body) + (len(before) + 3 + len(body)) % 2
    fill = (0,) * (table - 3 - len(body))
    targets = tuple(half for at in places for half in (at, 0))
    return method(join(before, (0x002B, table, 0), body, fill, (0x0100, len(cases), 0, 0), targets))


def test_a_case_of_a_switch_holds_what_was_there_before_it() -> None:
    says = join(SAY, END)
    assert ids(activity(switch(READ, END, says))) == ["flow.imei-log"]
    assert ids(activity(switch(READ, END, join(text(1, "x"), says)))) == []
    assert ids(activity(switch(text(1, "x"), END, join(READ, says)))) == ["flow.imei-log"]


def test_a_case_of_a_switch_holds_nothing_of_another() -> None:
    says = join(SAY, END)
    assert ids(activity(switch(text(1, "x"), join(READ, END), says))) == []
    assert ids(activity(switch(text(1, "x"), END, join(READ, END), says))) == []
    assert ids(activity(switch(text(1, "x"), END, READ, says))) == ["flow.imei-log"], "the first goes on in the second"


def test_a_handler_holds_what_was_there_before_or_within_what_it_guards() -> None:
    says = join(MOVE_EXCEPTION, SAY, END)
    code = join(READ, OTHER, END, says)
    assert ids(activity(method(code, (len(READ), len(OTHER), len(READ + OTHER + END))))) == ["flow.imei-log"]
    code = join(OTHER, READ, END, says)
    assert ids(activity(method(code, (0, len(OTHER + READ), len(OTHER + READ + END))))) == ["flow.imei-log"]
    code = join(READ, text(1, "x"), OTHER, END, says)
    within = (len(READ), len(text(1, "x") + OTHER), len(code) - len(says))
    assert ids(activity(method(code, within))) == ["flow.imei-log"], "it may throw before the text is put there"


def test_a_handler_holds_nothing_of_another_branch() -> None:
    says = join(MOVE_EXCEPTION, SAY, END)

    def guarded(one: Code, other: Code) -> Method:
        code = join(text(1, "x"), branches(one, other))
        return method(join(code, says), (len(code) - len(other), len(other) - 1, len(code)))

    assert ids(activity(guarded(join(READ, END), join(OTHER, END)))) == []
    assert ids(activity(guarded(READ, join(OTHER, END)))) == ["flow.imei-log"], "the one goes on in the other"


@pytest.mark.parametrize("ways", [2, 20])
def test_where_many_ways_meet_is_run_with_what_all_of_them_hold(ways: int) -> None:
    """Compilers put the one return of a method anywhere, also before all that leads to it."""
    says = join(SAY, END)
    steps = [branches(join(text(1, f"x{number}"), (0x0028,)), ()) for number in range(ways)]
    units = list(join((0x0028,), says, *steps, READ, (0x0028,)))
    for at, unit in enumerate(units):
        if unit == 0x0028:
            units[at] = 0x28 | ((1 - at if at else 1 + len(says)) & 0xFF) << 8
    assert ids(activity(method(tuple(units)))) == ["flow.imei-log"]


def test_handlers_that_cannot_be_read_are_followed_all_the_same() -> None:
    code = join(READ, END, MOVE_EXCEPTION, SAY, END)
    assert ids(activity(method(code))) == ["flow.imei-log"]


def test_a_method_whose_switches_lead_everywhere_is_not_followed() -> None:
    """Switches may share one table, so that the ways grow faster than the code does."""

    def shared(switches: int, cases: int) -> DexCode:
        table = 3 * switches + 1 + (3 * switches + 1) % 2
        units = [unit for number in range(switches) for unit in (0x002B, table - 3 * number, 0)] + [RETURN]
        units += [0] * (table - len(units)) + [0x0100, cases, 0, 0] + [3, 0] * cases
        content = b"".join(unit.to_bytes(2, "little") for unit in units)
        return DexCode(0, memoryview(content).cast("H"), 2, 0, 0, memoryview(b""))

    assert blocks_of(shared(10, 10))[0][0].following == (1,)
    with pytest.raises(DexCodeError, match="ways"):
        blocks_of(shared(1_000, 1_000))
