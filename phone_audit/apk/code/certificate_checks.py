"""Code that accepts any certificate: empty trust managers, host name verifiers that say yes, WebViews that go on.

What is told is what the instructions of the one method say: no check, always true, or going on after an error. A method
that asks another class, which could check, is not told, and neither is a class that nothing creates.

What each of them has to do: https://developer.android.com/privacy-and-security/security-ssl and the references of
`X509TrustManager`, `HostnameVerifier` and `WebViewClient.onReceivedSslError`.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.code.libraries import Owner
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import Code, DexIndex
from phone_audit.apk.dex.instructions import DexCodeError, Instruction, walk
from phone_audit.apk.dex.xrefs import users_of
from phone_audit.model.apk import HeldBy
from phone_audit.model.finding import Evidence

_MOST: Final = 200
"""Code units of a method that are followed; what accepts everything is short."""
_MOVES: Final = frozenset(range(0x01, 0x04)) | frozenset(range(0x04, 0x0A))
_RESULTS: Final = frozenset({0x0A, 0x0B, 0x0C})
_RETURNS: Final = frozenset({0x0E, 0x0F, 0x10, 0x11})
_RETURN: Final = 0x0F
_SMALL: Final = frozenset({0x12, 0x13, 0x14})
_CONSTANTS: Final = frozenset(range(0x12, 0x1D))
_READS: Final = frozenset(range(0x52, 0x59)) | frozenset(range(0x60, 0x67))
_NEW: Final = frozenset({0x22})
_IF_ZERO: Final = 0x38
_IF_NOT_ZERO: Final = 0x39
_GOTOS: Final = frozenset({0x28, 0x29, 0x2A})
_JUMPS: Final = _GOTOS | frozenset(range(0x32, 0x3E))
_THROW: Final = 0x27
_OTHER_CALLS: Final = frozenset(range(0xFA, 0xFE))
"""invoke-polymorphic and invoke-custom, whose target is not looked up."""
_INVOKES: Final = frozenset(range(0x6E, 0x73)) | frozenset(range(0x74, 0x79))
_STATIC: Final = frozenset({0x71, 0x77})
_SUPER: Final = frozenset({0x6F, 0x75})
_QUIET: Final = _MOVES | _RESULTS | _CONSTANTS | _READS | _NEW | {0x00}
"""Instructions that decide nothing."""
_HARMLESS: Final = frozenset({
    b"Landroid/util/Log;", b"Ljava/io/PrintStream;", b"Ljava/lang/StringBuilder;", b"Lkotlin/jvm/internal/Intrinsics;",
    b"Ljava/util/Arrays;", b"Ljava/util/Collections;",
})  # fmt: skip
"""Classes that check no certificate: logging, text, Kotlin's test for null, lists."""
_HANDLER: Final = b"Landroid/webkit/SslErrorHandler;"
MAX_SHOWN: Final = 20
"""Places that are shown of one package."""
MAX_TRIED: Final = 1_000
"""Methods of one name that are looked at in one file; a real one has some tens."""
MAX_SOUGHT: Final = 200
"""Classes of one package for which it is looked up whether anything creates them."""

_TRUST_MANAGERS: Final = frozenset({b"Ljavax/net/ssl/X509TrustManager;", b"Ljavax/net/ssl/X509ExtendedTrustManager;"})
_VERIFIERS: Final = frozenset({b"Ljavax/net/ssl/HostnameVerifier;"})
_CHAIN: Final = "checkServerTrusted([Ljava/security/cert/X509Certificate;Ljava/lang/String;"
_VERIFY: Final = "verify(Ljava/lang/String;Ljavax/net/ssl/SSLSession;)Z"
_SSL_ERROR: Final = (
    "onReceivedSslError(Landroid/webkit/WebView;Landroid/webkit/SslErrorHandler;Landroid/net/http/SslError;)V"
)
_NEW_INSTANCE: Final = 0x22
_SGET_OBJECT: Final = 0x62
_KIN: Final = 256
"""Classes that are looked at, above or below one; more are forged."""
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
    calls = [step for step in steps.values() if step.opcode in _INVOKES or step.opcode in _OTHER_CALLS]
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
        if step.opcode in _RETURNS:
            return True
        if step.opcode in _JUMPS and step.target is not None:
            waiting.append(step.target)
        if step.opcode not in _GOTOS and step.opcode != _THROW and at in following:
            waiting.append(following[at])
    return False


def always_true(index: DexIndex, code: Code, *, follow: bool = True) -> bool:
    """Tell whether a method returns true on its only way.

    Args:
        index: the file.
        code: the method.
        follow: whether one static method may be asked, as in what compilers make of a lambda.
    """
    known: dict[int, int | None] = {}
    result: int | None = None
    for step in _steps(code):
        if step.opcode == _RETURN:
            return known.get(step.registers[0]) == 1
        if step.opcode in _INVOKES:
            if _called(index, step) in _HARMLESS:
                result = None
            elif follow and step.opcode in _STATIC and _answers_true(index, step):
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
        if step.opcode in _INVOKES:
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
    if len(code.units) > _MOST:
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


class _Row(NamedTuple):
    """A method that is defined, by its row in the methods of a file."""

    file: DexIndex
    row: int


def accepting_code(indexes: Sequence[DexIndex], owner_of: Callable[[str], Owner]) -> tuple[HeldBy, ...]:
    """Return the places of a package whose code accepts any certificate, by whose code it is.

    Args:
        indexes: of all its DEX files; hostile.
        owner_of: tells whose code a class is, by its name in Java form.
    """
    by_owner: dict[Owner, list[Evidence]] = {}
    for evidence in islice(_places(indexes), MAX_SHOWN):
        by_owner.setdefault(owner_of(evidence.class_ or ""), []).append(evidence)
    order = sorted(by_owner, key=lambda owner: (owner.party, owner.library or ""))
    return tuple(HeldBy(party=one.party, library=one.library, evidence=tuple(by_owner[one])) for one in order)


def _places(indexes: Sequence[DexIndex]) -> Iterator[Evidence]:
    package = _Package(indexes)
    for index in indexes:
        for part in (package.trust_managers, package.verifiers, package.web_views, package.ready_made):
            yield from part(index)


class _Package:
    def __init__(self, indexes: Sequence[DexIndex]) -> None:
        self._indexes = indexes
        self._left = MAX_SOUGHT

    def trust_managers(self, index: DexIndex) -> Iterator[Evidence]:
        """Find trust managers none of whose `checkServerTrusted` checks anything."""
        by_class: dict[int, list[_Row]] = {}
        for found in _methods(index, b"checkServerTrusted", _CHAIN):
            by_class.setdefault(int(index.methods.class_def[found.row]), []).append(found)
        for class_def, rows in by_class.items():
            bodies = [code for found in rows if (code := index.code(found.row)) is not None]
            if bodies and all(never_checks(index, code) for code in bodies):
                yield from self._shown(rows[0], class_def, _TRUST_MANAGERS, "returns without checking the certificate")

    def verifiers(self, index: DexIndex) -> Iterator[Evidence]:
        """Find host name verifiers that always say yes."""
        for found in _methods(index, b"verify", _VERIFY):
            code = index.code(found.row)
            if code is not None and always_true(index, code):
                class_def = int(index.methods.class_def[found.row])
                yield from self._shown(found, class_def, _VERIFIERS, "returns true for every host name")

    def web_views(self, index: DexIndex) -> Iterator[Evidence]:
        """Find web views that go on after every certificate error."""
        for found in _methods(index, b"onReceivedSslError", _SSL_ERROR):
            code = index.code(found.row)
            if code is not None and proceeds(index, code):
                class_def = int(index.methods.class_def[found.row])
                yield from self._shown(found, class_def, frozenset(), "proceeds after every certificate error")

    def ready_made(self, index: DexIndex) -> Iterator[Evidence]:
        """Find uses of what libraries offer for accepting every host name, outside of those libraries."""
        ids = index.strings_equal((_READY_FIELD,))
        fields = np.flatnonzero(np.isin(index.field_ids["name"], list(ids.values()))) if ids else ()
        offered = {int(field): index.descriptor(int(index.field_ids["class"][field])) for field in fields}
        types = {number: name for name in _READY_MADE if (number := index.type_ids.get(name)) is not None}
        for kind, opcode, names in (("field", _SGET_OBJECT, offered), ("type", _NEW_INSTANCE, types)):
            uses = users_of(index, kind, list(names)) if names else {}  # type: ignore[arg-type]  # one of its words
            for number, name in names.items():
                for use in uses[number]:
                    code = index.code(use.row)
                    if code and code.units[use.unit] & 0xFF == opcode and _apart(index.row_class(use.row), name):
                        text = "uses a verifier that accepts every host name"
                        yield _evidence(_Row(index, use.row), text, use.offset)

    def _shown(self, found: _Row, class_def: int, roles: frozenset[bytes], text: str) -> Iterator[Evidence]:
        index = found.file
        name = index.defined_class(class_def)
        if (not roles or self._is_a(name, roles)) and self._is_created(name):
            code = index.code(found.row)
            yield _evidence(found, text, code.offset if code else 0)

    def _is_a(self, name: bytes, roles: frozenset[bytes]) -> bool:
        """Tell whether a class is, through its interfaces and superclasses, one of these."""
        names, seen = [name], {name}
        while names and len(seen) <= _KIN:
            current = names.pop()
            if current in roles:
                return True
            new = [parent for parent in self._parents(current) if parent not in seen]
            seen.update(new)
            names += new
        return False

    def _parents(self, name: bytes) -> tuple[bytes, ...]:
        for index in self._indexes:
            rows = _defined(index, name)
            if rows.size:
                record = index.part.class_defs[rows[0]]
                return (index.descriptor(int(record["super"])), *index.interfaces(int(rows[0])))
        return ()

    def _is_created(self, name: bytes) -> bool:
        """Tell whether an instance of a class, or of a class that extends it, is made anywhere."""
        names, seen = [name], {name}
        while names and len(seen) <= _KIN and self._left > 0:
            current = names.pop()
            self._left -= 1
            for index in self._indexes:
                number = index.type_ids.get(current)
                if number is None:
                    continue
                for use in users_of(index, "type", [number])[number]:
                    code = index.code(use.row)
                    if code and code.units[use.unit] & 0xFF == _NEW_INSTANCE:
                        return True
                heirs = np.flatnonzero(index.part.class_defs["super"] == number)
                new = {index.defined_class(int(row)) for row in heirs} - seen
                seen |= new
                names += sorted(new)
        return False


def _methods(index: DexIndex, name: bytes, signature: str) -> list[_Row]:
    """Return the defined methods of a name whose name and descriptor begin like this."""
    ids = index.strings_equal((name,))
    if not ids:
        return []
    named = np.flatnonzero(index.method_ids["name"] == ids[name])
    wanted = [int(number) for number in named if index.method_name(int(number)).startswith(signature)]
    if not wanted:
        return []
    rows = np.flatnonzero(np.isin(index.methods.method, wanted))[:MAX_TRIED]
    return [_Row(index, int(row)) for row in rows]


def _defined(index: DexIndex, name: bytes) -> NDArray[np.intp]:
    number = index.type_ids.get(name)
    if number is None:
        return np.empty(0, dtype=np.intp)
    return np.flatnonzero(index.part.class_defs["class"] == number)


def _apart(user: bytes, library: bytes) -> bool:
    """Tell whether two classes stand in different packages."""
    return user.rpartition(b"/")[0] != library.rpartition(b"/")[0]


def _evidence(found: _Row, text: str, offset: int) -> Evidence:
    index = found.file
    method = index.row_name(found.row)
    return Evidence(
        kind="call",
        where=index.name,
        value=f"{method.partition('(')[0]} {text}",
        class_=java_name(index.row_class(found.row)),
        method=method,
        offset=offset,
    )
