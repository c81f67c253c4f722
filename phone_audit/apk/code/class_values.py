"""Classes that code takes as a value without running any of their methods.

`synchronized (A.class)` hands nobody the class, nor does asking it for its short name, as for a log, or whether it
checks its assertions; and an Intent at a component that the manifest does not name starts nothing. Who looks up a class
by a name that is made of a short one does so by a name that is no constant. Sources: Android reference, "Class", and
"Intent", "Explicit intents".
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Final

from phone_audit.apk.dex.def_use import Further, Method, Read
from phone_audit.apk.dex.index import Code, DexIndex
from phone_audit.apk.dex.instructions import CONST_CLASS, INVOKES, DexCodeError

_MOST: Final = 200
"""Classes that one method may take; of more nothing is told."""
_MONITOR_ENTER: Final = 0x1D
_MONITORS: Final = frozenset({_MONITOR_ENTER, 0x1E})
_TARGETS: Final = frozenset({
    (b"Landroid/content/Intent;", "<init>"), (b"Landroid/content/Intent;", "setClass"),
    (b"Landroid/content/ComponentName;", "<init>"),
})  # fmt: skip
"""Calls that take a class as the component that an Intent is for."""
_CLASS: Final = b"Ljava/lang/Class;"
_SAYS_LITTLE: Final = frozenset({"getSimpleName", "desiredAssertionStatus"})
"""What is asked of a class that leads to none of its methods."""
_INVOKE_VIRTUAL: Final = 0x6E


class ClassValues:
    """Answers for the classes that one method takes as values."""

    def __init__(self, index: DexIndex, code: Code) -> None:
        self._index = index
        self._code = code

    def is_lock(self, number: int) -> bool:
        """Tell whether it takes a class, by its number, for nothing but a lock."""
        return number in self._at_once[0] and self._is_only_read(number, _is_monitor)

    def is_label(self, number: int) -> bool:
        """Tell whether it takes a class, by its number, for nothing but its short name or a switch of its."""
        return number in self._at_once[1] and self._is_only_read(number, self._says_little)

    def is_target(self, number: int) -> bool:
        """Tell whether it takes a class, by its number, for nothing but the component that an Intent is for."""
        return self._is_only_read(number, self._takes_target)

    def _takes_target(self, read: Read) -> bool:
        return self._called(read) in _TARGETS

    def _says_little(self, read: Read) -> bool:
        owner, name = self._called(read)
        return owner == _CLASS and name in _SAYS_LITTLE

    def _called(self, read: Read) -> tuple[bytes, str]:
        """Return class and name of what an instruction calls; nothing where it is no call."""
        called = read.instruction.index
        if read.instruction.opcode not in INVOKES or called is None or called >= self._index.method_ids.size:
            return b"", ""
        return self._index.class_descriptor(called), self._index.simple_name(called)

    @cached_property
    def _at_once(self) -> tuple[frozenset[int], frozenset[int]]:
        """The classes right behind whose taking a lock is taken, and a call that asks for little: most of these do."""
        units, ids = self._code.units, self._index.method_ids.size
        locks, labels = set(), set()
        for at in range(len(units) - 3):
            if units[at] & 0xFF != CONST_CLASS:
                continue
            following = units[at + 2] & 0xFF
            if following == _MONITOR_ENTER:
                locks.add(units[at + 1])
            elif following == _INVOKE_VIRTUAL and units[at + 3] < ids and self._is_label_call(units[at + 3]):
                labels.add(units[at + 1])
        return frozenset(locks), frozenset(labels)

    def _is_label_call(self, number: int) -> bool:
        return self._index.simple_name(number) in _SAYS_LITTLE

    def _is_only_read(self, number: int, is_meant: Callable[[Read], bool]) -> bool:
        try:
            if len(self._places) > _MOST:
                return False
            return all(_reads(self._method, place, is_meant) for place in self._places[number])
        except DexCodeError:
            return False

    @cached_property
    def _method(self) -> Method:
        return Method(self._code)

    @cached_property
    def _places(self) -> Mapping[int | None, Sequence[int]]:
        """Where the method takes each class."""
        found: dict[int | None, list[int]] = defaultdict(list)
        for place in self._method.instructions.with_opcode(CONST_CLASS):
            found[self._method.instructions[place].index].append(place)
        return found


def _is_monitor(read: Read) -> bool:
    return read.instruction.opcode in _MONITORS


def _reads(method: Method, place: int, is_meant: Callable[[Read], bool]) -> bool:
    """Tell whether all that reads what an instruction writes is of a kind, as far as it goes."""
    reads: list[Read] = []

    def note(read: Read) -> Further:
        reads.append(read)
        return Further()

    is_whole = method.follow(place + 1, method.instructions[place].registers[0], note)
    return is_whole and bool(reads) and all(map(is_meant, reads))
