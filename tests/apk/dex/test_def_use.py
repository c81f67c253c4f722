import struct

import pytest

from phone_audit.apk.dex import def_use
from phone_audit.apk.dex.def_use import ENTRY, Further, Method, Read
from phone_audit.apk.dex.index import Code
from phone_audit.apk.dex.instructions import DexCodeError

_RETURN, _NOP = 0x000E, 0x0000
_NOTHING = Further()


def _method(*units: int, tries: int = 0, behind: bytes = b"") -> Method:
    content = b"".join(unit.to_bytes(2, "little") for unit in units)
    return Method(Code(0, memoryview(content).cast("H"), 8, 1, tries, memoryview(behind)))


def _reads(method: Method, register: int, further: Further = _NOTHING, at: int = 0) -> list[tuple[int, int]]:
    """Return code unit and register of each read, in the order of the code."""
    found: list[tuple[int, int]] = []

    def more(read: Read) -> Further:
        found.append((read.instruction.offset, read.register))
        return further if read.register == register else Further()

    assert method.follow(at, register, more)
    return sorted(found)


def test_a_value_is_followed_until_it_is_overwritten() -> None:
    assert _reads(_method(0x0112, 0x0111), 1) == []  # const/4 v1; return v1
    code = _method(_NOP, 0x0138, 3, _NOP, 0x0112, 0x0138, 3, _NOP, _RETURN)  # if-eqz v1, const/4 v1, if-eqz v1
    assert _reads(code, 1) == [(1, 1)]


def test_both_ways_of_a_branch_are_followed() -> None:
    code = _method(0x0238, 4, 0x0112, _NOP, 0x0111)  # if-eqz v2 over const/4 v1; return v1
    assert _reads(code, 1) == [(4, 1)]
    assert _reads(_method(0x0128, 0x0112, 0x0111), 1) == []  # goto +1


def test_a_loop_ends() -> None:
    assert _reads(_method(0x0138, 3, _NOP, 0xFD28), 1) == [(0, 1)]


def _handled(begin: int, count: int, handler: int) -> bytes:
    return struct.pack("<IHH", begin, count, 1) + bytes([1, 1, 5, handler])


def test_what_catches_may_come_next() -> None:
    code = (_NOP, _RETURN, 0x030D, 0x0111)  # nop; return; move-exception v3; return v1
    assert _reads(_method(*code), 1) == []
    assert _reads(_method(*code, tries=1, behind=_handled(0, 1, 2)), 1) == [(3, 1)]
    assert _reads(_method(*code, tries=1, behind=_handled(0, 1, 3)), 1) == [(3, 1)], "one that drops it"
    assert _reads(_method(*code, tries=1, behind=_handled(7, 1, 2)), 1) == [], "another block"


def test_an_instruction_that_throws_has_written_nothing() -> None:
    code = (0x0112, _RETURN, 0x0111, _NOP)  # const/4 v1; return; return v1
    assert _reads(_method(*code, tries=1, behind=_handled(0, 1, 2)), 1) == [(2, 1)]


def test_a_result_is_followed_from_where_it_is_taken() -> None:
    code = _method(0x106E, 0, 1, 0x010C, 0x0111)  # invoke {v1}; move-result v1; return v1
    assert _reads(code, 1) == [(0, 1)]
    assert _reads(code, 1, Further(result=True)) == [(0, 1), (4, 1)]
    assert _reads(code, 1, Further((2,))) == [(0, 1)]


def test_all_ways_of_a_switch_are_followed() -> None:
    table = (0x0100, 1, 0, 0, 5, 0)
    assert _reads(_method(0x022B, 6, 0, _RETURN, _NOP, 0x0111, *table), 1) == [(5, 1)]


def test_a_switch_without_a_table() -> None:
    with pytest.raises(DexCodeError):
        _method(0x012B, 3, 0, _RETURN).follow(0, 1, lambda read: Further())


def test_where_a_value_comes_from() -> None:
    code = _method(0x0138, 3, 0x0112, 0x0111)  # if-eqz v1 over const/4 v1; return v1
    assert code.origins_of(code.instructions[2], 1) == [1]
    code = _method(0x0738, 3, 0x0712, 0x0711)  # the same of v7, which holds an argument
    assert sorted(code.origins_of(code.instructions[2], 7)) == [ENTRY, 1]
    assert code.writers_of(code.instructions[2], 7) == []


def test_a_value_that_is_none_is_not_followed_on() -> None:
    code = _method(0x011F, 0, 0x0111)  # check-cast v1; return v1
    assert _reads(code, 1, Further(gone=True)) == [(0, 1)]
    caught = _method(0x011F, 0, _RETURN, 0x0111, tries=1, behind=_handled(0, 2, 3))
    assert _reads(caught, 1, Further(gone=True)) == [(0, 1), (3, 1)], "the cast fails, and what it was goes on"


def test_the_steps_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    code = _method(*[_NOP] * 10, _RETURN)
    assert code.follow(0, 1, lambda read: Further()) is True
    monkeypatch.setattr(def_use, "MAX_STEPS", 5)
    assert code.follow(0, 1, lambda read: Further()) is False


@pytest.mark.parametrize("units", [(0x7F28,), (0x0073,), (0x0138,)])
def test_broken_code(units: tuple[int, ...]) -> None:
    with pytest.raises(DexCodeError):
        _method(*units).follow(0, 1, lambda read: Further())
