from phone_audit.apk.code.libraries import Owners
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import DexIndex, index_file
from phone_audit.apk.endpoints.endpoints import find_endpoints
from phone_audit.apk.endpoints.holders import MAX_PLACES, name_holders
from phone_audit.model.apk import Endpoint, HeldBy
from phone_audit.model.finding import Evidence
from tests.apk.dex.assembler import RETURN, Class, Method, assemble, const_string
from tests.apk.facts import knowledge, library, rule

_KNOWN = knowledge(
    libraries=[library("Web", code=["okhttp3"])], rules=[rule("namespace", hosts=["schemas.example.cn"])]
)
_URL = "http://a.example.cn/send"


def _held(classes: list[Class], strings: tuple[str, ...] = (), name: str = "classes.dex") -> dict[str, Endpoint]:
    file = read_dex(name, assemble(classes, strings))
    endpoints, _ = find_endpoints([file], [[]], _KNOWN)
    found = name_holders(endpoints, index_file(file), Owners(_KNOWN, "org.example.app").of)
    return {endpoint.host: endpoint for endpoint in found}


def _method(*texts: str, name: str = "send") -> Method:
    units = tuple(unit for text in texts for unit in const_string(text))
    return Method(f"{name}(I)V", (*units, RETURN))


def _who(endpoint: Endpoint) -> list[tuple[str, str | None, list[tuple[str | None, str | None]]]]:
    return [(one.party, one.library, [(seen.class_, seen.method) for seen in one.evidence]) for one in endpoint.held_by]


def test_the_method_that_loads_an_address() -> None:
    classes = [Class("Lorg/example/app/Net;", [_method("first", _URL)])]
    data = assemble(classes)
    (index,) = index_file(read_dex("classes.dex", data))
    (held,) = _held(classes)["a.example.cn"].held_by
    assert held == HeldBy(
        party="first-party",
        library=None,
        evidence=(
            Evidence(
                kind="dex-string",
                where="classes.dex",
                value=_URL,
                class_="org.example.app.Net",
                method="send(I)V",
                offset=int(index.bodies.code[0]) + 16 + 4,
            ),
        ),
    )
    assert data[held.evidence[0].offset or 0] == 0x1A


def test_each_owner_is_named_once_own_code_first() -> None:
    classes = [
        Class("La/b/c;", [_method(_URL)]),
        Class("Lnet/vendor/A;", [_method(_URL)]),
        Class("Lokhttp3/Cache;", [_method(_URL), _method(_URL, name="get")]),
        Class("Lorg/example/app/Net;", [_method(_URL)]),
    ]
    assert _who(_held(classes)["a.example.cn"]) == [
        ("first-party", None, [("org.example.app.Net", "send(I)V")]),
        ("library", "Web", [("okhttp3.Cache", "send(I)V"), ("okhttp3.Cache", "get(I)V")]),
        ("obfuscated", None, [("a.b.c", "send(I)V")]),
        ("unknown", None, [("net.vendor.A", "send(I)V")]),
    ]


def test_an_address_that_only_a_static_field_begins_with() -> None:
    endpoint = _held([Class("Lorg/example/app/Names;", statics=[("URL", _URL)])])["a.example.cn"]
    assert _who(endpoint) == [("first-party", None, [("org.example.app.Names", None)])]


def test_the_method_counts_where_a_field_holds_it_too() -> None:
    classes = [
        Class("Lorg/example/app/Names;", statics=[("URL", _URL)]),
        Class("Lokhttp3/Cache;", [_method(_URL)]),
    ]
    assert [(party, library) for party, library, _ in _who(_held(classes)["a.example.cn"])] == [("library", "Web")]


def test_an_address_that_nothing_holds_stays_with_its_string() -> None:
    endpoint = _held([Class("Lorg/example/app/Main;")], (_URL,))["a.example.cn"]
    (held,) = endpoint.held_by
    assert (held.party, held.library) == ("unknown", None)
    assert [(one.class_, one.method, one.value) for one in held.evidence] == [(None, None, _URL)]


def test_what_a_rule_takes_out_is_not_looked_for() -> None:
    classes = [Class("Lorg/example/app/Net;", [_method("http://schemas.example.cn/x")])]
    endpoint = _held(classes)["schemas.example.cn"]
    assert endpoint.ruled_out == "namespace"
    assert _who(endpoint) == [("unknown", None, [(None, None)])]


def test_text_of_other_files_keeps_its_evidence() -> None:
    seen = Evidence(kind="asset", where="assets/a.json", value=_URL, offset=3)
    endpoint = _held([], (_URL,))["a.example.cn"].model_copy(
        update={"held_by": (HeldBy(party="unknown", library=None, evidence=(seen,)),)}
    )
    assert name_holders([endpoint], [], Owners(_KNOWN, None).of) == (endpoint,)


def test_the_same_offset_of_another_file_is_another_string() -> None:
    file = read_dex("classes.dex", assemble([Class("Lorg/example/app/Net;", [_method(_URL)])]))
    other = read_dex("classes2.dex", assemble([Class("Lokhttp3/Cache;", [_method(_URL)])]))
    endpoints, _ = find_endpoints([file], [[]], _KNOWN)
    indexes: list[DexIndex] = [*index_file(file), *index_file(other)]
    (endpoint,) = name_holders(endpoints, indexes, Owners(_KNOWN, "org.example.app").of)
    assert [one.party for one in endpoint.held_by] == ["first-party"]


def test_many_places_are_cut() -> None:
    many = [Class(f"Lnet/vendor/C{number:02};", [_method(_URL)]) for number in range(20)]
    (held,) = _held(many)["a.example.cn"].held_by
    assert [one.class_ for one in held.evidence] == [f"net.vendor.C{number:02}" for number in range(MAX_PLACES)]


def test_damaged_tables_are_survived() -> None:
    data = bytearray(assemble([Class("Lorg/example/app/Net;", [_method(_URL)])]))
    for at in range(0x70, len(data), 5):
        changed = bytes(data[:at]) + b"\xff" + bytes(data[at + 1 :])
        file = read_dex("classes.dex", changed)
        endpoints, _ = find_endpoints([file], [[]], _KNOWN)
        held = name_holders(endpoints, index_file(file), Owners(_KNOWN, "org.example.app").of)
        assert [one.host for one in held] == [one.host for one in endpoints]


def _texts_of(endpoint: Endpoint) -> list[str]:
    return [one.value for held in endpoint.held_by for one in held.evidence]


def test_no_number_of_encrypted_texts_pushes_an_unencrypted_one_out() -> None:
    others = [f"by https://a.example.cn/{number:02}" for number in range(20)]
    endpoint = _held([Class("Lorg/example/app/Net;", [_method(*others, "http://a.example.cn/z")])])["a.example.cn"]
    assert _texts_of(endpoint) == [*others[:4], "http://a.example.cn/z"]


def test_no_number_of_texts_of_a_library_pushes_its_own_out() -> None:
    others = [f"http://a.example.cn/{number:02}" for number in range(10)]
    classes = [Class("Lokhttp3/Cache;", [_method(*others)]), Class("Lorg/example/app/Net;", [_method(_URL)])]
    assert [one.party for one in _held(classes)["a.example.cn"].held_by] == ["first-party", "library"]
