"""Code that accepts any certificate: empty trust managers, host name verifiers that say yes, WebViews that go on.

What is told is what the instructions of the one method say: no check, always true, or going on after an error. A method
that asks another class, which could check, is not told, and neither is a class that nothing creates.

What each of them has to do: https://developer.android.com/privacy-and-security/security-ssl and the references of
`X509TrustManager`, `HostnameVerifier` and `WebViewClient.onReceivedSslError`.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from phone_audit.apk.code.accepting_methods import always_true, never_checks, proceeds
from phone_audit.apk.code.callers import Site, site_of
from phone_audit.apk.code.libraries import Owner, OwnerOf, outermost, owner_order
from phone_audit.apk.code.static_stores import static_fields_of
from phone_audit.apk.code.ways_in import ALL_RUNS, USED, WAYS, Running, WaysIn
from phone_audit.apk.dex import instructions as dalvik
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import Code, DexIndex, remembered
from phone_audit.apk.dex.xrefs import Kind, Use, evidence_in, users_of
from phone_audit.model.apk import AcceptedBy, Accepts, WayIn
from phone_audit.model.finding import Evidence

MAX_SHOWN: Final = 20
"""Places that are shown of one package: those first that are used, and of these those in its own code."""
MAX_OF_ONE: Final = 60
"""Places of one owner of which it is looked what leads to them; of more it is taken that something does."""
MAX_TRIED: Final = 1_000
"""Methods of one name that are looked at in one file; a real one has some tens."""
MAX_SOUGHT: Final = 200
"""Classes of one package for which it is looked up whether anything creates them; of more it is taken to."""
_KIN: Final = 256
"""Classes that are looked at, above or below one; more are forged."""

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
_INSTALLING: Final[Mapping[Accepts, Collection[tuple[bytes, bytes]]]] = {
    "certificate": frozenset({(b"Ljavax/net/ssl/SSLContext;", b"init"), (b"", b"setWebViewClient")}),
    "host-name": frozenset({
        (b"Ljavax/net/ssl/HttpsURLConnection;", b"setHostnameVerifier"),
        (b"Ljavax/net/ssl/HttpsURLConnection;", b"setDefaultHostnameVerifier"),
        (b"", b"setHostnameVerifier"), (b"", b"hostnameVerifier"),
    }),
}  # fmt: skip
"""Calls that put what accepts before connections; of any class where libraries have them, too."""
_ANY_INSTALLING: Final = frozenset().union(*_INSTALLING.values())
_READY_FIELD: Final = b"ALLOW_ALL_HOSTNAME_VERIFIER"
_OFFERED: Final = frozenset({_READY_FIELD, b"INSTANCE"})
"""Fields in which libraries keep it for others."""


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


class _Place(NamedTuple):
    """Code that accepts something, and where what holds it is made.

    With `beside` it bears the name of the package of a library that offers it, so that it counts only where it is used.
    Of one that is not `sought` it was not looked up where it is made.
    """

    evidence: Evidence
    accepts: Accepts
    makers: frozenset[Site]
    beside: bool = False
    sought: bool = True


def accepting_code(
    indexes: Sequence[DexIndex],
    owner_of: OwnerOf,
    named: Collection[str] | None = None,
    running: Running = ALL_RUNS,
    switches: Mapping[str, str] = MappingProxyType({}),
    options: Mapping[str, str] = MappingProxyType({}),
    has_option: Callable[[str, Owner], bool] = lambda _name, _library: True,
) -> tuple[AcceptedBy, ...]:
    """Return the places of a package whose code accepts any certificate or host name, by owner and what leads to it.

    `named` are the classes that the manifest names, in Java form; None where it could not be read. `running` tells what
    of it runs. `switches` are methods that known classes ask first, by their names. `options` is what an address or a
    setting has to name for others; `has_option` tells whether the package does.
    """
    counted: Counter[Owner] = Counter()
    found: list[tuple[_Group, Evidence]] = []
    installed: set[_Group] = set()
    ways = WaysIn(indexes, owner_of, named, running)
    for place in _Package(indexes).places():
        owner = owner_of(place.evidence.class_ or "")
        counted[owner] += 1
        way = ways.to(place.makers, owner) if place.sought and counted[owner] <= MAX_OF_ONE else USED
        if place.beside and way.kind != "used":
            continue
        around = outermost(place.evidence.class_ or "")
        waits = (around in switches and ways.waits_for(switches[around], around, _ANY_INSTALLING)) or (
            around in options and ways.is_of_library(around, owner) and not has_option(options[around], owner)
        )
        group = _Group(owner, "option" if waits and way.kind == "used" else way.kind, place.accepts)
        found.append((group, place.evidence))
        if not waits and ways.calls(way.near, _INSTALLING[place.accepts]):
            installed.add(group)
    found.sort(key=lambda one: (WAYS.index(one[0].way), owner_order(one[0].owner)))
    groups: dict[_Group, list[Evidence]] = {}
    for group, evidence in found[:MAX_SHOWN]:
        groups.setdefault(group, []).append(evidence)
    order = sorted(groups, key=lambda one: (one.owner.party, one.owner.library or "", WAYS.index(one.way), one.accepts))
    return tuple(_accepted_by(group, groups[group], installed=group in installed) for group in order)


class _Group(NamedTuple):
    owner: Owner
    way: WayIn
    accepts: Accepts


def _accepted_by(group: _Group, evidence: Sequence[Evidence], *, installed: bool) -> AcceptedBy:
    return AcceptedBy(
        party=group.owner.party,
        library=group.owner.library,
        evidence=tuple(evidence),
        accepts=group.accepts,
        way=group.way,
        installed=installed,
    )


class _Package:
    def __init__(self, indexes: Sequence[DexIndex]) -> None:
        self._indexes = indexes
        self._left = MAX_SOUGHT

    def places(self) -> Iterator[_Place]:
        """Yield the places that accept any certificate or host name, file by file."""
        for part, index in enumerate(self._indexes):
            yield from self._trust_managers(index)
            for method, code in _with_code(_methods(index, b"verify", _VERIFY)):
                if always_true(index, code):
                    yield from self._shown(method, _VERIFIERS, "returns true for every host name", "host-name")
            for method, code in _with_code(_methods(index, b"onReceivedSslError", _SSL_ERROR)):
                if proceeds(index, code):
                    yield from self._shown(method, frozenset(), "proceeds after every certificate error", "certificate")
            yield from _ready_made(part, index, beside=False)
        for part, index in enumerate(self._indexes):
            yield from _ready_made(part, index, beside=True)

    def _trust_managers(self, index: DexIndex) -> Iterator[_Place]:
        """Find trust managers none of whose `checkServerTrusted` checks anything."""
        by_class: dict[int, list[_DefinedMethod]] = {}
        for method in _methods(index, b"checkServerTrusted", _CHAIN):
            by_class.setdefault(method.class_def, []).append(method)
        for methods in by_class.values():
            bodies = [code for _, code in _with_code(methods)]
            if bodies and all(never_checks(index, code) for code in bodies):
                yield from self._shown(
                    methods[0], _TRUST_MANAGERS, "returns without checking the certificate", "certificate"
                )

    def _shown(self, method: _DefinedMethod, roles: frozenset[bytes], text: str, accepts: Accepts) -> Iterator[_Place]:
        name = method.file.defined_class(method.class_def)
        if roles and not self._is_a(name, roles):
            return
        makers = self._makers(name)
        if makers or self._left <= 0:
            code = method.file.code(method.row)
            shown = method.evidence(text, code.offset if code else 0)
            yield _Place(shown, accepts, makers, sought=bool(makers) or self._left > 0)

    def _is_a(self, name: bytes, roles: frozenset[bytes]) -> bool:
        """Tell whether a class, or one that extends it, is one of these through its interfaces and superclasses.

        A class may inherit what accepts from one that does not say what it is for.
        """
        heirs = _all_from((name,), self._heirs)
        return any(current in roles for current in _all_from(tuple(heirs), self._parents))

    @remembered
    def _parents(self, name: bytes) -> list[bytes]:
        for index in self._indexes:
            number = index.type_ids.get(name)
            rows = () if number is None else np.flatnonzero(index.part.class_defs["class"] == number)[:1].tolist()
            for row in rows:
                return index.parents(row)
        return []

    def _makers(self, name: bytes) -> frozenset[Site]:
        """Return the places that make, or ask for or name to reflection, a class or one that extends it."""
        makers: set[Site] = set()
        for current in _all_from((name,), self._heirs):
            if self._left <= 0:
                break
            self._left -= 1
            for part, index in enumerate(self._indexes):
                number = index.type_ids.get(current)
                uses = users_of(index, "type", [number])[number] if number is not None else ()
                makers |= {site_of(part, use) for use in uses if _has_opcode(index, use, dalvik.NEW_INSTANCE)}
                asked = [
                    *(use for use in uses if _has_opcode(index, use, dalvik.CONST_CLASS)),
                    *_naming(index, current),
                ]
                makers |= {site_of(part, use) for use in asked if index.row_class(use.row) != current}
        return frozenset(makers)

    @remembered
    def _heirs(self, name: bytes) -> list[bytes]:
        found: list[bytes] = []
        for index in self._indexes:
            number = index.type_ids.get(name)
            rows = () if number is None else np.flatnonzero(index.part.class_defs["super"] == number).tolist()
            found += sorted({index.defined_class(row) for row in rows})
        return found


def _all_from(first: Sequence[bytes], following: Callable[[bytes], list[bytes]]) -> Iterator[bytes]:
    """Yield classes and what follows them, each once, and no more than there is kin."""
    names, seen = list(first), set(first)
    while names and len(seen) <= _KIN + len(first):
        current = names.pop()
        yield current
        new = [one for one in dict.fromkeys(following(current)) if one not in seen]
        seen.update(new)
        names += new


def _ready_made(part: int, index: DexIndex, *, beside: bool) -> Iterator[_Place]:
    """Find uses of what libraries offer for accepting every host name, outside of their packages or `beside` them.

    That a library keeps one in the field in which it offers it is no use.
    """
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
                is_beside = index.row_class(use.row).rpartition(b"/")[0] == name.rpartition(b"/")[0]
                if is_beside == beside and _has_opcode(index, use, opcode) and not (beside and _offers(index, use)):
                    text = "uses a verifier that accepts every host name"
                    shown = _DefinedMethod(index, use.row).evidence(text, use.offset)
                    yield _Place(shown, "host-name", frozenset({site_of(part, use)}), beside)


def _offers(index: DexIndex, use: Use) -> bool:
    """Tell whether an instruction makes what goes into no field but one in which a library offers it."""
    code = index.code(use.row)
    fields = static_fields_of(code, use.unit) if code else None
    return bool(fields) and all(
        number < index.field_ids.size and index.raw_string(int(index.field_ids["name"][number])) in _OFFERED
        for number in fields or ()
    )


def _naming(index: DexIndex, descriptor: bytes) -> list[Use]:
    """Return the uses of texts that name a class in Java form."""
    text = java_name(descriptor).encode("utf-8", "surrogatepass")
    numbers = list(index.strings_equal((text,)).values())
    found = users_of(index, "string", numbers)
    return [use for number in numbers for use in found[number]]


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
