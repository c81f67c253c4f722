"""What code does with a text that holds a host, where that shows that nothing connects to it.

Six things are told apart from all others: a constant of a library that no code reads, a text that only goes into
messages (the log, an exception, the console), a name that one library is known to use for something else, a page with
documentation in a known library, an address in an Intent that is never sent, and a sentence for people that is handed
on whole. Every instruction that loads the
text is followed, register by register; as soon as anything else happens to it, it counts. So nothing can be hidden by
its wording alone: a URL inside a sentence counts like any other if the code cuts it out again or hands it to what opens
addresses. A URL that is only compared counts too, since the page in a WebView that it is compared with was fetched.
What is not seen are texts fetched by reflection, by native code or out of the message of an exception that was caught;
whoever goes so far encrypts them, and the text stays listed in any case.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Final

import numpy as np

from phone_audit.analyse.dex.annotations import count_values
from phone_audit.analyse.dex.descriptors import java_name
from phone_audit.analyse.dex.file import types_in
from phone_audit.analyse.dex.index import DexIndex
from phone_audit.analyse.dex.instructions import CONST_STRING, CONST_STRING_JUMBO, DexCodeError
from phone_audit.analyse.dex.reads import CHECK_CAST, INVOKE, MOVE_OBJECT, NEW_INSTANCE, Further, Method, Read
from phone_audit.analyse.dex.xrefs import Use
from phone_audit.analyse.host_text import find_urls
from phone_audit.analyse.libraries import Owner
from phone_audit.analyse.mentions import Mention, classes_read, mentions_of
from phone_audit.analyse.mentions import Spot as Spot
from phone_audit.analyse.probes import PROBE, Step, step_of
from phone_audit.analyse.sentences import is_sentence
from phone_audit.knowledge.fact_schema import RuledOutRule

UNUSED: Final = "unused"
MESSAGE: Final = "message"
PROSE: Final = "prose"
LIBRARY_PAGE: Final = "library-documentation"
BY_USE: Final = frozenset({UNUSED, MESSAGE, PROSE, LIBRARY_PAGE, PROBE})
"""Rules of the knowledge that are tried here."""

MAX_TEXTS: Final = 500
"""Texts of one package that are looked at."""
MAX_USES: Final = 20
"""Instructions that may load a text; one that is loaded more often counts."""
MAX_UNITS: Final = 4_000
"""Code units of a method that are followed; a text in a longer one counts."""
MAX_DEPTH: Final = 3
"""Methods of the package itself through which a text is followed."""
MAX_UNUSED: Final = 50
"""Texts that no code reads and that are looked for in annotations; what goes beyond counts."""

_PAGES: Final = re.compile(
    r"https?://(?!docs\.google(?:apis)?\.com)(?:docs?|documentation|developers?|wiki|javadocs?|bugs|faqs?|guides?|learn"
    r"|forums?|kb)\.[^/?#]+(?:[/?#].*)?"
    r"|https?://(?!docs\.google)[^/?#]+/(?:(?!api/)[a-z-]+/)?(?:docs|documentation|javadocs?|wiki|faqs?)(?:/[^?]*|#.*)?"
)
"""Addresses whose first label, or the beginning of whose path, says that people read there."""
_BUILDERS: Final = frozenset({b"Ljava/lang/StringBuilder;", b"Ljava/lang/StringBuffer;"})
_STRING: Final = b"Ljava/lang/String;"
_OBJECT: Final = b"Ljava/lang/Object;"
_MESSAGES: Final = frozenset({b"Landroid/util/Log;", b"Ljava/io/PrintStream;", b"Ljava/util/logging/Logger;"})
"""Classes of Android that only write messages down, whatever method is called. Those that a package brings along could
do anything."""
_THROWN: Final = re.compile(rb"L(?:java|javax|android)/[\w/$]*(?:Exception|Error|Throwable);")
"""Exceptions of Android; those of a package are followed into."""
_NEUTRAL: Final = frozenset({"length", "isEmpty", "setLength", "ensureCapacity"})
_PASSED_ON: Final = frozenset({"append", "insert", "toString", "concat", "valueOf", "format", "<init>"})
_ANY_THROWN: Final = re.compile(rb"L[\w/$-]+(?:Exception|Error|Throwable);")
_PLATFORM: Final = (b"Landroid/", b"Ljava/", b"Ljavax/", b"Ldalvik/", b"Lorg/json/", b"Lorg/apache/http/")
_SHOWN: Final = (b"Landroid/app/", b"Landroid/widget/", b"Ljava/io/", b"Ljava/util/logging/")
"""Packages of Android whose methods show, print or keep a text and open no address in it."""
_KEPT: Final = frozenset({0x11, 0x24, 0x25, 0x4D, 0x5B, 0x69})
"""return-object, filled-new-array, aput-object, iput-object and sput-object, by which a text is passed on whole."""
_FINAL_OR_PRIVATE: Final = 0x10 | 0x02
_FIXED_CALLS: Final = frozenset({0x70, 0x71, 0x76, 0x77})
"""invoke-direct and invoke-static, which call exactly the method that they name."""
_VIRTUAL_CALLS: Final = frozenset({0x6E, 0x74})


class _OtherUseError(Exception):
    """Something else happens to the text, so it counts."""


def rules_by_use(
    indexes: Sequence[DexIndex],
    owner_of: Callable[[str], Owner],
    constants: Sequence[RuledOutRule],
    texts: Mapping[Spot, str],
) -> dict[Spot, str]:
    """Give the rule for each text that the code uses in no other way than a rule says. Texts that count are left out.

    The time is bounded by the bytes of the files and by `MAX_TEXTS`; more texts than that all count.

    Args:
        indexes: one for each part of each DEX file of the package.
        owner_of: tells whose code a class is, by its name in Java form.
        constants: rules that name whole texts and the classes that hold them.
        texts: strings that hold a host, and what they say.
    """
    if not texts or len(texts) > MAX_TEXTS:
        return {}
    sentences = {spot: text for spot, text in texts.items() if _has_sentence(text)}
    others = {spot: text for spot, text in texts.items() if spot not in sentences}
    mentions = [one for index in indexes for one in mentions_of(index, texts, MAX_USES + 1)]
    read = classes_read(indexes, {owner for one in mentions for owner in one.owners})
    found: dict[Spot, str] = {}
    methods: dict[tuple[int, int], Method] = {}
    for kind, chosen in ((_Uses, others), (_Sentences, sentences)):
        uses = kind(indexes, owner_of, constants, methods)
        found |= uses.rules(chosen, [one for one in mentions if one.text in chosen], read)
    return found


def _has_sentence(text: str) -> bool:
    if text.isascii() and " " not in text:
        return False
    url = next((found.url for found in find_urls(text)), None)
    return url is not None and is_sentence(text, url)


class _Uses:
    """Follows texts through the code of one package."""

    def __init__(
        self,
        indexes: Sequence[DexIndex],
        owner_of: Callable[[str], Owner],
        constants: Sequence[RuledOutRule],
        methods: dict[tuple[int, int], Method],
    ) -> None:
        """Take in the package; `methods` are those decoded so far, by index and row."""
        self._indexes = indexes
        self._owner_of = owner_of
        self._constants = {text: rule for rule in constants for text in rule.texts}
        self._methods = methods
        self._followed: dict[tuple[int, int, int, int], set[str] | None] = {}
        self._left = MAX_UNUSED
        self._pages: frozenset[Spot] = frozenset()

    def rules(
        self, texts: Mapping[Spot, str], mentions: Collection[Mention], read: Collection[bytes]
    ) -> dict[Spot, str]:
        """Give the rules for some texts.

        Args:
            texts: what they say.
            mentions: what holds them.
            read: classes out of whose static fields code may take a text.
        """
        self._pages = frozenset(spot for spot, text in texts.items() if _PAGES.fullmatch(text))
        found: dict[Spot, set[str]] = defaultdict(set)
        counts: set[Spot] = set()
        for one in mentions:
            try:
                found[one.text] |= self._kinds(one, read, self._constants.get(texts[one.text]))
            except (_OtherUseError, DexCodeError):
                counts.add(one.text)
        return {text: _rule(kinds) for text, kinds in found.items() if kinds and text not in counts}

    def _kinds(self, one: Mention, read: Collection[bytes], constant: RuledOutRule | None) -> set[str]:
        if len(one.users) > MAX_USES or self._may_be_read(one, read):
            raise _OtherUseError
        if constant and one.is_held_only_by(constant):
            return {constant.id}
        if one.text in self._pages and self._is_of_libraries(one):
            return {LIBRARY_PAGE}
        if one.users:
            return {kind for use in one.users for kind in self._of_use(one.part, use)}
        if not one.owners:
            return set()
        if not self._is_of_libraries(one):
            raise _OtherUseError
        self._left -= 1
        if self._left < 0 or count_values(one.part, one.number) > len(one.owners):
            raise _OtherUseError
        return {UNUSED}

    def _is_of_libraries(self, one: Mention) -> bool:
        """Tell whether only classes of known libraries hold a text."""
        holders = one.holders
        return bool(holders) and all(self._owner_of(java_name(holder)).party == "library" for holder in holders)

    def _may_be_read(self, one: Mention, read: Collection[bytes]) -> bool:
        """Tell whether code may take the text out of a static field."""
        return any(owner in read for owner in one.owners)

    def _of_use(self, index: DexIndex, use: Use) -> set[str]:
        method = self._method(index, use.row)
        at = method.at(use.unit)
        load = method.instructions[at]
        if load.opcode not in (CONST_STRING, CONST_STRING_JUMBO):
            raise _OtherUseError
        found = self._follow(index, method, at + 1, load.registers[0], MAX_DEPTH)
        if not found:
            raise _OtherUseError
        return found

    def _follow(self, index: DexIndex, method: Method, at: int, register: int, depth: int) -> set[str]:
        """Follow what a register holds; texts that are put together into one are followed once from there on."""
        key = id(method), at, register, depth
        if key not in self._followed:
            try:
                self._followed[key] = self._follow_anew(index, method, at, register, depth)
            except (_OtherUseError, DexCodeError):
                self._followed[key] = None
        found = self._followed[key]
        if found is None:
            raise _OtherUseError
        return found

    def _follow_anew(self, index: DexIndex, method: Method, at: int, register: int, depth: int) -> set[str]:
        found: set[str] = set()

        def more(read: Read) -> Further:
            kinds, further = self._happens(index, method, read, depth)
            found.update(kinds)
            return further

        if at >= len(method.instructions) or not method.follow(at, register, more):
            raise _OtherUseError
        return found

    def _happens(self, index: DexIndex, method: Method, read: Read, depth: int) -> tuple[set[str], Further]:
        """Tell what one instruction does with the text, and which further registers hold it then."""
        one = read.instruction
        if one.opcode in MOVE_OBJECT:
            return set(), Further(one.registers[:1])
        if one.opcode == CHECK_CAST or one.opcode in range(0x38, 0x3A):  # if-eqz, if-nez
            return set(), Further()
        if one.opcode not in INVOKE or one.index is None:
            raise _OtherUseError
        owner = index.class_descriptor(one.index)
        name = index.simple_name(one.index)
        is_receiver = one.registers[0] == read.register
        if owner in _MESSAGES or (name == "<init>" and _THROWN.fullmatch(owner) and not is_receiver):
            return {MESSAGE}, Further()
        if owner in _BUILDERS or owner == _STRING or (owner == _OBJECT and name == "toString"):
            if name in _NEUTRAL:
                return set(), Further()
            if name in _PASSED_ON:
                into = one.registers[0] if owner in _BUILDERS or name == "<init>" else None
                kinds = set() if into is None or is_receiver else self._of_object(index, method, into, depth)
                return kinds, Further(() if into is None else (into,), result=True)
        if step := step_of(owner, name, is_receiver=is_receiver):
            return self._towards_question(index, method, read, depth, step)
        return self._in_callee(index, read, depth), Further()

    def _towards_question(
        self, index: DexIndex, method: Method, read: Read, depth: int, step: Step
    ) -> tuple[set[str], Further]:
        """Go on with an address that is put into an Intent, and with that Intent."""
        if step is Step.ASKED:
            return {PROBE}, Further()
        into = read.instruction.registers[0]
        kinds = self._of_object(index, method, into, depth) if step is Step.INTO else set()
        return kinds, Further((into,) if step is Step.INTO else (), result=step in (Step.INTO, Step.RESULT))

    def _of_object(self, index: DexIndex, method: Method, register: int, depth: int) -> set[str]:
        """Follow the object that takes the text in from where it was made; one that comes from elsewhere counts."""
        made = _made(method, register)
        if not made or not depth:
            raise _OtherUseError
        return {kind for place in made for kind in self._follow(index, method, place + 1, register, depth - 1)}

    def _in_callee(self, index: DexIndex, read: Read, depth: int) -> set[str]:
        """Follow the text into a method of the package."""
        row = self._callee(index, read, depth)
        code = index.code(row) if row is not None else None
        if row is None or code is None or read.has_result:
            raise _OtherUseError
        method = self._method(index, row)
        found: set[str] = set()
        for place, register in enumerate(read.instruction.registers):
            if register == read.register:
                found |= self._follow(index, method, 0, code.registers - code.ins + place, depth - 1)
        return found

    def _callee(self, index: DexIndex, read: Read, depth: int) -> int | None:
        """Give the row of the one method that is called, where it can be followed."""
        one = read.instruction
        rows = np.flatnonzero(index.methods.method == one.index).tolist() if depth else []
        return rows[0] if len(rows) == 1 and self._is_fixed(index, rows[0], one.opcode) else None

    def _is_fixed(self, index: DexIndex, row: int, opcode: int) -> bool:
        """Tell whether no subclass can stand in for the method that is called."""
        if opcode in _FIXED_CALLS:
            return True
        return opcode in _VIRTUAL_CALLS and (
            bool(int(index.methods.access[row]) & _FINAL_OR_PRIVATE) or index.row_class(row) not in self._extended
        )

    @cached_property
    def _extended(self) -> frozenset[bytes]:
        """Classes that some class of the package extends."""
        supers = (index.descriptor(number) for index in self._indexes for number in types_in(index.part, "super"))
        return frozenset(supers)

    def _method(self, index: DexIndex, row: int) -> Method:
        key = id(index), row
        if key not in self._methods:
            code = index.code(row)
            if code is None or len(code.units) > MAX_UNITS:
                raise _OtherUseError
            self._methods[key] = Method(code)
        return self._methods[key]


class _Sentences(_Uses):
    """Follows sentences for people, which may also be kept, given back and handed to what the package brings along.

    One that no instruction loads stands in an annotation. What counts is a sentence that is cut, compared or handed to
    a method of Android that is not there to show it.
    """

    def _may_be_read(self, one: Mention, read: Collection[bytes]) -> bool:
        return not one.users and super()._may_be_read(one, read)

    def _kinds(self, one: Mention, read: Collection[bytes], constant: RuledOutRule | None) -> set[str]:
        return super()._kinds(one, read, constant) if one.users or one.owners else {PROSE}

    def _of_object(self, index: DexIndex, method: Method, register: int, depth: int) -> set[str]:
        may_follow = depth and _made(method, register)
        return super()._of_object(index, method, register, depth) if may_follow else {PROSE}

    def _happens(self, index: DexIndex, method: Method, read: Read, depth: int) -> tuple[set[str], Further]:
        one = read.instruction
        if one.opcode in _KEPT:
            return {PROSE}, Further()
        if one.opcode in INVOKE and one.index is not None:
            owner = index.class_descriptor(one.index)
            is_made = index.simple_name(one.index) == "<init>" and _ANY_THROWN.fullmatch(owner)
            if is_made or owner.startswith(_SHOWN):
                return {PROSE}, Further()
        return super()._happens(index, method, read, depth)

    def _in_callee(self, index: DexIndex, read: Read, depth: int) -> set[str]:
        one = read.instruction
        if one.index is None or read.has_result or index.class_descriptor(one.index).startswith(_PLATFORM):
            raise _OtherUseError
        row = self._callee(index, read, depth)
        return {PROSE} if row is None or index.code(row) is None else super()._in_callee(index, read, depth)


def _rule(kinds: Collection[str]) -> str:
    """Give the rule for a text with which all of this happens."""
    return min(kinds)


def _made(method: Method, register: int) -> list[int]:
    """Give the places where a new object is put into a register."""
    code = method.instructions
    return [place for place in code.with_opcode(NEW_INSTANCE) if code[place].registers[0] == register]
