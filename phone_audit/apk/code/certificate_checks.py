"""Code that accepts any certificate: empty trust managers, host name verifiers that say yes, WebViews that go on.

What is told is what the instructions of the one method say. A method that asks another class, which could check, is not
told, and neither is a class that nothing creates.

What each of them has to do: https://developer.android.com/privacy-and-security/security-ssl and the references of
`X509TrustManager`, `HostnameVerifier` and `WebViewClient.onReceivedSslError`.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.code.libraries import Owner
from phone_audit.apk.code.method_outcomes import always_true, never_checks, proceeds
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import users_of
from phone_audit.model.apk import HeldBy
from phone_audit.model.finding import Evidence

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
