"""Code that accepts any certificate: empty trust managers, host name verifiers that say yes, WebViews that go on.

What is told is what the instructions of the one method say: no check, always true, or going on after an error. A method
that asks another class, which could check, is not told, and neither is a class that nothing creates.

What each of them has to do: https://developer.android.com/privacy-and-security/security-ssl and the references of
`X509TrustManager`, `HostnameVerifier` and `WebViewClient.onReceivedSslError`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, pairwise
from typing import Final, NamedTuple

import numpy as np

from phone_audit.apk.code.libraries import Owner, OwnerOf
from phone_audit.apk.dex import instructions as dalvik
from phone_audit.apk.dex.index import Code, DexIndex
from phone_audit.apk.dex.instructions import DexCodeError, Instruction, walk
from phone_audit.apk.dex.xrefs import Kind, Use, evidence_in, users_of
from phone_audit.model.apk import HeldBy
from phone_audit.model.finding import Evidence

MAX_SHOWN: Final = 20
"""Places that are shown of one package."""
MAX_TRIED: Final = 1_000
"""Methods of one name that are looked at in one file; a real one has some tens."""
MAX_SOUGHT: Final = 200
"""Classes of one package for which it is looked up whether anything creates them."""
_MAX_UNITS: Final = 200
"""Code units of a method that are followed; what accepts everything is short."""
_KIN: Final = 256
"""Classes that are looked at, above or below one; more are forged."""

_MOVES: Final = frozenset(range(0x01, 0x0A))
_RESULTS: Final = frozenset(range(0x0A, 0x0D))
_RETURN: Final = 0x0F
_SMALL: Final = frozenset(range(0x12, 0x15))
_IF_ZERO: Final = 0x38
_IF_NOT_ZERO: Final = 0x39
_OTHER_CALLS: Final = frozenset(range(0xFA, 0xFE))
"""invoke-polymorphic and invoke-custom, whose target is not looked up."""
_SUPER: Final = frozenset({0x6F, 0x75})
_QUIET: Final = frozenset(
    (0x00, *_MOVES, *_RESULTS, *range(0x12, 0x1D), dalvik.NEW_INSTANCE, *range(0x52, 0x59), *range(0x60, 0x67))
)
"""Instructions that decide nothing: moves, constants, new objects, what is read from fields."""

_HARMLESS: Final = frozenset({
    b"Landroid/util/Log;", b"Ljava/io/PrintStream;", b"Ljava/lang/StringBuilder;", b"Lkotlin/jvm/internal/Intrinsics;",
    b"Ljava/util/Arrays;", b"Ljava/util/Collections;",
})  # fmt: skip
"""Classes that check no certificate: logging, text, Kotlin's test for null, lists."""
_HANDLER: Final = b"Landroid/webkit/SslErrorHandler;"
_TRUST_MANAGERS: Final = frozenset({b"Ljavax/net/ssl/X509TrustManager;", b"Ljavax/net/ssl/X509ExtendedTrustManager;"})
_VERIFIERS: Final = frozenset({b"Ljavax/net/ssl/HostnameVerifier;"})
_CHAIN: Final = "([Ljava/security/cert/X509Certificate;Ljava/lang/String;"
_VERIFY: Final = "(Ljava/lang/String;Ljavax/net/ssl/SSLSession;)Z"
_SSL_ERROR: Final = "(Landroid/webkit/WebView;Landroid/webkit/SslErrorHandler;Landroid/net/http/SslError;)V"
_READY_MADE: Final = (
    b"Lorg/apache/http/conn/ssl/AllowAllHostnameVerifier;",
    b"Lorg/apache/http/conn/ssl/NoopHostnameVerifier;",
    b"Lcz/msebera/android/httpclient/conn/ssl/AllowAllHostnameVerifier;",
    b"Lorg/apache/hc/client5/http/ssl/NoopHostnameVerifier;",
)
_READY_FIELD: Final = b"ALLOW_ALL_HOSTNAME_VERIFIER"


def never_checks(index: DexIndex, code: Code) -> bool:
    """Tell whether a method can return, and whether nothing that it calls can know a certificate.

    It may refuse an empty chain. What happens in its exception handlers is not followed: without a call that checks,
    there is nothing to catch.
    """
    steps = {step.offset: step for step in _steps(code)}
    calls = [step for step in steps.values() if step.opcode in dalvik.INVOKES or step.opcode in _OTHER_CALLS]
    return all(_is_blind(index, step) for step in calls) and _returns(steps)


def _is_blind(index: DexIndex, step: Instruction) -> bool:
    if step.opcode in _OTHER_CALLS:
        return False
    called = _called(index, step)
    made = called.endswith((b"Exception;", b"Error;")) and _name(index, step) == b"<init>"
    return made or called in _HARMLESS or called == b"Ljava/lang/String;"


def _returns(steps: dict[int, Instruction]) -> bool:
    """Tell whether a return can be reached from the first instruction; what a switch chooses is not followed."""
    following = dict(pairwise(steps))
    waiting, seen = [0], set()
    while waiting:
        at = waiting.pop()
        step = steps.get(at)
        if step is None or at in seen:
            continue
        seen.add(at)
        if step.opcode in dalvik.RETURNS:
            return True
        if step.opcode in dalvik.JUMPS and step.target is not None:
            waiting.append(step.target)
        if step.opcode not in dalvik.NO_WAY_ON and at in following:
            waiting.append(following[at])
    return False


def always_true(index: DexIndex, code: Code, *, follow: bool = True) -> bool:
    """Tell whether a method returns true on its only way.

    With `follow` one static method may be asked, as in what compilers make of a lambda.
    """
    known: dict[int, int | None] = {}
    result: int | None = None
    for step in _steps(code):
        if step.opcode == _RETURN:
            return known.get(step.registers[0]) == 1
        if step.opcode in dalvik.INVOKES:
            if _called(index, step) in _HARMLESS:
                result = None
            elif follow and step.opcode in dalvik.STATIC_INVOKES and _answers_true(index, step):
                result = 1
            else:
                return False
        elif step.opcode not in _QUIET:
            return False
        elif step.registers:
            known[step.registers[0]] = _value(step, known, result)
    return False


def proceeds(index: DexIndex, code: Code) -> bool:
    """Tell whether `SslErrorHandler.proceed()` is called whatever the error is.

    A test of the handler for null may come first; any other decision, `cancel()` or the inherited method may not.
    """
    handler = code.registers - code.ins + 2
    skipped_to = 0
    for step in _steps(code):
        if step.offset < skipped_to:
            continue
        if step.opcode in dalvik.INVOKES:
            if step.opcode in _SUPER:
                return False
            if _called(index, step) == _HANDLER:
                return _name(index, step) == b"proceed"
        elif step.opcode in (_IF_ZERO, _IF_NOT_ZERO) and step.registers[0] == handler:
            skipped_to = step.target or 0 if step.opcode == _IF_NOT_ZERO else 0
        elif step.opcode not in _QUIET:
            return False
    return False


def _answers_true(index: DexIndex, step: Instruction) -> bool:
    """Tell whether the static method that is called is defined here and always returns true."""
    rows = np.flatnonzero(index.methods.method == step.index)
    code = index.code(int(rows[0])) if rows.size else None
    return code is not None and always_true(index, code, follow=False)


def _value(step: Instruction, known: dict[int, int | None], result: int | None) -> int | None:
    """Return what the first register holds after an instruction, None where it is not a known number."""
    if step.opcode in _SMALL:
        return step.literal
    if step.opcode in _RESULTS:
        return result
    return known.get(step.registers[1]) if step.opcode in _MOVES else None


def _steps(code: Code) -> Iterator[Instruction]:
    """Yield the instructions of a short method from its start on, as far as they can be read."""
    if len(code.units) > _MAX_UNITS:
        return
    try:
        yield from walk(code.units)
    except DexCodeError:
        return


def _called(index: DexIndex, step: Instruction) -> bytes:
    return index.class_descriptor(step.index or 0)


def _name(index: DexIndex, step: Instruction) -> bytes:
    number = step.index or 0
    return index.raw_string(int(index.method_ids["name"][number])) if number < index.method_ids.size else b"?"


class _DefinedMethod(NamedTuple):
    """A method that is defined, by its row in the methods of a file."""

    file: DexIndex
    row: int

    @property
    def class_def(self) -> int:
        """The row of its class in class_defs."""
        return int(self.file.methods.class_def[self.row])

    def evidence(self, text: str, offset: int) -> Evidence:
        """Return the evidence that something stands in it at an offset in bytes."""
        name = self.file.row_name(self.row).partition("(")[0]
        return evidence_in(self.file, self.row, offset, f"{name} {text}")


def accepting_code(indexes: Sequence[DexIndex], owner_of: OwnerOf) -> tuple[HeldBy, ...]:
    """Return the places of a package whose code accepts any certificate, by whose code it is."""
    by_owner: dict[Owner, list[Evidence]] = {}
    for evidence in islice(_Package(indexes).places(), MAX_SHOWN):
        by_owner.setdefault(owner_of(evidence.class_ or ""), []).append(evidence)
    order = sorted(by_owner, key=lambda owner: (owner.party, owner.library or ""))
    return tuple(HeldBy(party=one.party, library=one.library, evidence=tuple(by_owner[one])) for one in order)


class _Package:
    def __init__(self, indexes: Sequence[DexIndex]) -> None:
        self._indexes = indexes
        self._left = MAX_SOUGHT

    def places(self) -> Iterator[Evidence]:
        """Yield the places that accept any certificate, file by file."""
        for index in self._indexes:
            yield from self._trust_managers(index)
            for method, code in _with_code(_methods(index, b"verify", _VERIFY)):
                if always_true(index, code):
                    yield from self._shown(method, _VERIFIERS, "returns true for every host name")
            for method, code in _with_code(_methods(index, b"onReceivedSslError", _SSL_ERROR)):
                if proceeds(index, code):
                    yield from self._shown(method, frozenset(), "proceeds after every certificate error")
            yield from _ready_made(index)

    def _trust_managers(self, index: DexIndex) -> Iterator[Evidence]:
        """Find trust managers none of whose `checkServerTrusted` checks anything."""
        by_class: dict[int, list[_DefinedMethod]] = {}
        for method in _methods(index, b"checkServerTrusted", _CHAIN):
            by_class.setdefault(method.class_def, []).append(method)
        for methods in by_class.values():
            bodies = [code for _, code in _with_code(methods)]
            if bodies and all(never_checks(index, code) for code in bodies):
                yield from self._shown(methods[0], _TRUST_MANAGERS, "returns without checking the certificate")

    def _shown(self, method: _DefinedMethod, roles: frozenset[bytes], text: str) -> Iterator[Evidence]:
        name = method.file.defined_class(method.class_def)
        if (not roles or self._is_a(name, roles)) and self._is_created(name):
            code = method.file.code(method.row)
            yield method.evidence(text, code.offset if code else 0)

    def _is_a(self, name: bytes, roles: frozenset[bytes]) -> bool:
        """Tell whether a class is, through its interfaces and superclasses, one of these."""
        return any(current in roles for current in _all_from(name, self._parents))

    def _parents(self, name: bytes) -> list[bytes]:
        for index in self._indexes:
            number = index.type_ids.get(name)
            rows = () if number is None else np.flatnonzero(index.part.class_defs["class"] == number)[:1].tolist()
            for row in rows:
                return index.parents(row)
        return []

    def _is_created(self, name: bytes) -> bool:
        """Tell whether an instance of a class, or of a class that extends it, is made anywhere."""
        for current in _all_from(name, self._heirs):
            if self._left <= 0:
                return False
            self._left -= 1
            for index in self._indexes:
                number = index.type_ids.get(current)
                uses = users_of(index, "type", [number])[number] if number is not None else ()
                if any(_has_opcode(index, use, dalvik.NEW_INSTANCE) for use in uses):
                    return True
        return False

    def _heirs(self, name: bytes) -> list[bytes]:
        found: list[bytes] = []
        for index in self._indexes:
            number = index.type_ids.get(name)
            rows = () if number is None else np.flatnonzero(index.part.class_defs["super"] == number).tolist()
            found += sorted({index.defined_class(row) for row in rows})
        return found


def _all_from(name: bytes, following: Callable[[bytes], list[bytes]]) -> Iterator[bytes]:
    """Yield a class and what follows it, each once, and no more than there is kin."""
    names, seen = [name], {name}
    while names and len(seen) <= _KIN:
        current = names.pop()
        yield current
        new = [one for one in dict.fromkeys(following(current)) if one not in seen]
        seen.update(new)
        names += new


def _ready_made(index: DexIndex) -> Iterator[Evidence]:
    """Find uses of what libraries offer for accepting every host name, outside of those libraries."""
    ids = index.strings_equal((_READY_FIELD,))
    fields = np.flatnonzero(np.isin(index.field_ids["name"], list(ids.values()))).tolist() if ids else ()
    offered = {field: index.descriptor(int(index.field_ids["class"][field])) for field in fields}
    types = {number: name for name in _READY_MADE if (number := index.type_ids.get(name)) is not None}
    kinds: tuple[tuple[Kind, int, dict[int, bytes]], ...] = (
        ("field", dalvik.SGET_OBJECT, offered),
        ("type", dalvik.NEW_INSTANCE, types),
    )
    for kind, opcode, names in kinds:
        uses = users_of(index, kind, list(names))
        for number, name in names.items():
            for use in uses[number]:
                apart = index.row_class(use.row).rpartition(b"/")[0] != name.rpartition(b"/")[0]
                if apart and _has_opcode(index, use, opcode):
                    method = _DefinedMethod(index, use.row)
                    yield method.evidence("uses a verifier that accepts every host name", use.offset)


def _has_opcode(index: DexIndex, use: Use, opcode: int) -> bool:
    code = index.code(use.row)
    return code is not None and code.units[use.unit] & 0xFF == opcode


def _methods(index: DexIndex, name: bytes, prototype: str) -> list[_DefinedMethod]:
    """Return the defined methods of a name whose prototype begins like this."""
    ids = index.strings_equal((name,))
    if not ids:
        return []
    named = np.flatnonzero(index.method_ids["name"] == ids[name]).tolist()
    signature = name.decode() + prototype
    wanted = [number for number in named if index.method_name(number).startswith(signature)]
    rows = np.flatnonzero(np.isin(index.methods.method, wanted))[:MAX_TRIED] if wanted else ()
    return [_DefinedMethod(index, int(row)) for row in rows]


def _with_code(methods: Iterable[_DefinedMethod]) -> Iterator[tuple[_DefinedMethod, Code]]:
    for method in methods:
        code = method.file.code(method.row)
        if code is not None:
            yield method, code
