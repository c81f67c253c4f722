from collections.abc import Sequence
from types import ModuleType

import pytest

from phone_audit.apk.code.libraries import Owners
from phone_audit.apk.dex import def_use
from phone_audit.apk.dex.file import DexFile, read_dex
from phone_audit.apk.dex.index import DexIndex, index_file
from phone_audit.apk.endpoints import address_flow, address_steps
from phone_audit.apk.endpoints import address_use as followed_module
from phone_audit.apk.endpoints import uses as uses_module
from phone_audit.apk.endpoints.address_flow import AddressFlow
from phone_audit.apk.endpoints.address_nodes import Spot
from phone_audit.apk.endpoints.address_use import AddressUses
from phone_audit.apk.endpoints.call_effects import CallEffects
from phone_audit.apk.endpoints.endpoints import find_endpoints
from phone_audit.apk.endpoints.host_collector import BY_ANALYSIS
from phone_audit.apk.endpoints.uses import MESSAGE, PROBE, PROSE, SUFFIX_LIST, UNUSED, rules_by_use
from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.schema.facts import RuledOutRule
from phone_audit.model.apk import Endpoint
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble, const_string
from tests.apk.facts import knowledge, library, rule, tracker

_URL = "https://vendor.dev/help"
_TEXT = f"See {_URL} for more."
_LOG = "Landroid/util/Log;->d(Ljava/lang/String;Ljava/lang/String;)I"
_PRINT = "Ljava/io/PrintStream;->println(Ljava/lang/String;)V"
_INIT = "<init>(Ljava/lang/String;)V"
_BUILDER = "Ljava/lang/StringBuilder;->"
_SYSTEM_OUT = (0x0162, Ref("field", "Ljava/lang/System;->out:Ljava/io/PrintStream;"))
_SEND = "Lorg/vendor/Net;->send(Ljava/lang/String;)V"
_NAMES = RuledOutRule(
    id="names", reason="r", by="analysis", texts=("github.com",), held_by=("com.vendor.auth.",),
    hosts=(), url_prefixes=(), source="s", matches=(), ignores=(),
)  # fmt: skip
_OTHER_NAMES = _NAMES.model_copy(update={"id": "other-names", "held_by": ("com.other.",)})
_KNOWN = knowledge(
    libraries=[library("Lib", code=["com.lib"])],
    trackers=[tracker("Sender", hosts=["sender.dev"])],
    rules=[*(rule(name, by="analysis") for name in sorted(BY_ANALYSIS)), _NAMES, _OTHER_NAMES],
)

Units = tuple[int | Ref, ...]


def _call(method: str, *registers: int, opcode: int = 0x71) -> Units:
    packed = sum(register << 4 * place for place, register in enumerate(registers))
    return opcode | len(registers) << 12, Ref("method", method), packed


def _class(*code: int | Ref, name: str = "Lorg/vendor/A;", more: Sequence[Method] = ()) -> Class:
    return Class(name, [Method("f(I)V", (*code, RETURN)), *more])


def _load(text: str = _TEXT) -> Units:
    return const_string(text)


def _endpoints(*classes: Class, strings: Sequence[str] = ()) -> dict[str, Endpoint]:
    return _found([read_dex("classes.dex", assemble(classes, strings))])


def _found(files: Sequence[DexFile]) -> dict[str, Endpoint]:
    owners = Owners(_KNOWN, "org.vendor")
    indexes = [index for file in files for index in index_file(file)]
    uses_of = _uses_of(indexes)
    found, _ = find_endpoints(
        files,
        [[] for _ in files],
        _KNOWN,
        uses=lambda texts: rules_by_use(indexes, owners.of, (_NAMES, _OTHER_NAMES), uses_of, texts),
    )
    return {one.host: one for one in found}


def _uses_of(indexes: Sequence[DexIndex]) -> AddressUses:
    return AddressUses(AddressFlow(indexes, CallEffects(load_knowledge().calls)))


def _rule(*classes: Class, host: str = "vendor.dev") -> str | None:
    return _endpoints(*classes)[host].ruled_out


_MADE = (0x0122, Ref("type", "Ljava/lang/StringBuilder;"))
_JOIN = (
    *_call(f"{_BUILDER}append(Ljava/lang/String;)Ljava/lang/StringBuilder;", 1, 0, opcode=0x6E),
    *_call(f"{_BUILDER}toString()Ljava/lang/String;", 1, opcode=0x6E),
    0x020C,
    *_call(_LOG, 3, 2),
)

MESSAGES = {
    "log": _call(_LOG, 1, 0),
    "printed": (*_SYSTEM_OUT, *_call(_PRINT, 1, 0, opcode=0x6E)),
    "printed where the register was another stream before": (
        0x0162,
        Ref("field", "Lorg/vendor/A;->kept:Ljava/io/PrintStream;"),
        *_SYSTEM_OUT,
        *_call(_PRINT, 1, 0, opcode=0x6E),
    ),
    "shown in a toast": _call(
        "Landroid/widget/Toast;->makeText(Landroid/content/Context;Ljava/lang/CharSequence;I)V", 1, 0, 2
    ),
    "logged and the register used for a stream": (
        *_call(_LOG, 1, 0),
        *_call("Ljava/io/InputStream;->close()V", 0, opcode=0x6E),
    ),
    "thrown": _call(f"Ljava/lang/IllegalStateException;->{_INIT}", 1, 0, opcode=0x70),
    "moved": (0x0207, *_call(_LOG, 1, 2)),
    "joined": (*_MADE, *_JOIN),
    "in a range": (0x0277, Ref("method", _LOG), 0),
    "asked for nothing": (0x0038, 2, *_call(_LOG, 1, 0)),
}


@pytest.mark.parametrize("code", MESSAGES.values(), ids=MESSAGES.keys())
def test_a_text_that_only_goes_into_messages(code: Units) -> None:
    assert _rule(_class(*_load(), *code)) == MESSAGE


OTHER = {
    "sent": _call(_SEND, 0),
    "logged and sent": (*_call(_LOG, 1, 0), *_call(_SEND, 0)),
    "sent after a move": (0x0207, *_call(_LOG, 1, 0), *_call(_SEND, 2)),
    "cut": (
        *_call(_LOG, 1, 0),
        *_call("Ljava/lang/String;->substring(I)Ljava/lang/String;", 0, 1, opcode=0x6E),
        0x020C,
        *_call(_SEND, 2),
    ),
    "joined and sent": (*_MADE, *_JOIN, *_call(_SEND, 2)),
    "joined to what comes from elsewhere": _JOIN,
    "joined to what another register holds too": (*_MADE, 0x1507, *_JOIN, *_call(_SEND, 5)),
    "joined to what may come from elsewhere": (
        *_MADE,
        0x0238,  # if-eqz v2, over what follows
        4,
        0x0162,
        Ref("field", "Lorg/vendor/A;->kept:Ljava/lang/StringBuilder;"),
        *_JOIN,
    ),
    "joined to what was given away before": (
        *_MADE,
        *_call("Lorg/vendor/Net;->keep(Ljava/lang/StringBuilder;)V", 1),
        *_JOIN,
    ),
    "made anew": (
        0x0122,
        Ref("type", "Ljava/lang/String;"),
        *_call("Ljava/lang/String;-><init>(Ljava/lang/String;)V", 1, 0, opcode=0x70),
        *_call(_LOG, 2, 0),
        *_call(_SEND, 1),
    ),
    "kept in a field": (*_call(_LOG, 1, 0), 0x0069, Ref("field", "Lorg/vendor/A;->kept:Ljava/lang/String;")),
    "returned": (*_call(_LOG, 1, 0), 0x0011),
    "compared": _call("Ljava/lang/String;->equals(Ljava/lang/Object;)Z", 0, 1, opcode=0x6E),
    "sent on one branch": (0x0138, 5, *_call(_LOG, 1, 0), *_call(_SEND, 0)),
    "sent on a branch back": (0x0228, *_call(_LOG, 1, 0)),
    "nothing": (),
    "an exception of the package's own": _call(f"Lorg/vendor/MyException;->{_INIT}", 1, 0, opcode=0x70),
    "a logger of the package's own": _call("Lorg/slf4j/Logger;->info(Ljava/lang/String;)V", 1, 0, opcode=0x72),
    "printed into a stream of its own": (
        0x0122,
        Ref("type", "Ljava/io/PrintStream;"),
        *_call(_PRINT, 1, 0, opcode=0x6E),
    ),
    "printed into what may be another stream": (
        *_SYSTEM_OUT,
        0x0238,  # if-eqz v2, over what follows
        4,
        0x0162,
        Ref("field", "Lorg/vendor/A;->kept:Ljava/io/PrintStream;"),
        *_call(_PRINT, 1, 0, opcode=0x6E),
    ),
    "printed into what was passed in": (
        0x0362,
        Ref("field", "Ljava/lang/System;->out:Ljava/io/PrintStream;"),
        *_call(_PRINT, 3, 0, opcode=0x6E),
    ),
    "a file's name": (*_call("Ljava/io/File;->make(Ljava/lang/String;)V", 0), *_call(_LOG, 1, 0)),
    "shown in a field that gives it back": _call(
        "Landroid/widget/TextView;->setText(Ljava/lang/CharSequence;)V", 1, 0, opcode=0x6E
    ),
    "a switch": (0x012B, 6, 0, *_call(_LOG, 1, 0), RETURN),
}


@pytest.mark.parametrize("code", OTHER.values(), ids=OTHER.keys())
def test_a_text_with_which_anything_else_happens_counts(code: Units) -> None:
    assert _rule(_class(*_load(), *code)) is None


def test_a_branch_that_leads_back_to_where_it_is_sent() -> None:
    back = (0x0028 | 0xFA << 8,)  # goto -6
    code = (0x0428, *_call(_SEND, 0), *_load(), *_call(_LOG, 1, 0))
    assert _rule(_class(*code)) == MESSAGE
    assert _rule(_class(0x0428, *_call(_SEND, 0), *_load(), 0x0028 | 0xFB << 8)) is None
    assert back


def test_a_register_that_is_overwritten_holds_it_no_more() -> None:
    assert _rule(_class(*_load(), *_call(_LOG, 1, 0), *_load("other"), *_call(_SEND, 0))) == MESSAGE


def test_every_place_that_loads_it_is_looked_at() -> None:
    logged, sent = _class(*_load(), *_call(_LOG, 1, 0)), _class(*_load(), *_call(_SEND, 0), name="Lorg/vendor/B;")
    assert _rule(logged) == MESSAGE
    assert _rule(logged, sent) is None


def test_another_text_with_the_same_host_counts() -> None:
    assert _rule(_class(*_load(), *_call(_LOG, 1, 0), *_load("https://vendor.dev/x"), *_call(_SEND, 0))) is None
    assert _endpoints(_class(*_load(), *_call(_LOG, 1, 0)), strings=["http://vendor.dev"])["vendor.dev"].cleartext


def test_a_message_in_cleartext_is_no_cleartext() -> None:
    found = _endpoints(_class(*_load("See http://vendor.dev/help"), *_call(_LOG, 1, 0)))["vendor.dev"]
    assert (found.ruled_out, found.cleartext) == (MESSAGE, False)


def test_hosts_of_trackers_count_in_any_case() -> None:
    assert _rule(_class(*_load("See https://sender.dev/x"), *_call(_LOG, 1, 0)), host="sender.dev") is None


def _wrapper(*code: int | Ref, signature: str = "w(Ljava/lang/String;)V", direct: bool = True, ins: int = 1) -> Method:
    return Method(signature, (*code, RETURN), direct=direct, ins=ins)


def test_it_is_followed_into_methods_of_the_package() -> None:
    call = _call("Lorg/vendor/A;->w(Ljava/lang/String;)V", 0)
    assert _rule(_class(*_load(), *call, more=[_wrapper(*_call(_LOG, 1, 3))])) == MESSAGE
    assert _rule(_class(*_load(), *call, more=[_wrapper(*_call(_LOG, 1, 3), *_call(_SEND, 3))])) is None
    assert _rule(_class(*_load(), *call, more=[_wrapper(*call)])) is None, "it is lost, so it counts"


def test_it_is_followed_into_other_files_of_the_package() -> None:
    call = _call("Lorg/vendor/W;->w(Ljava/lang/String;)V", 0)
    first = assemble([_class(*_load(), *call)])
    for code, expected in ((_call(_LOG, 1, 3), MESSAGE), (_call(_SEND, 3), None)):
        second = assemble([Class("Lorg/vendor/V;"), Class("Lorg/vendor/W;", [_wrapper(*code)])])
        files = [read_dex("classes.dex", first), read_dex("classes2.dex", second)]
        assert _found(files)["vendor.dev"].ruled_out == expected


def test_a_method_that_a_subclass_replaces() -> None:
    call = _call("Lorg/vendor/L;->w(Ljava/lang/String;)V", 1, 0, opcode=0x6E)
    logger = Class("Lorg/vendor/L;", [_wrapper(*_call(_LOG, 1, 3), direct=False, ins=2)])
    sends = _wrapper(*_call(_SEND, 3), direct=False, ins=2)
    assert _rule(_class(*_load(), *call), logger) == MESSAGE
    assert _rule(_class(*_load(), *call), logger, Class("Lorg/vendor/M;", parent="Lorg/vendor/L;")) == MESSAGE
    assert _rule(_class(*_load(), *call), logger, Class("Lorg/vendor/M;", [sends], parent="Lorg/vendor/L;")) is None


_INTENT = "Landroid/content/Intent;->"
_MADE_INTENT: Units = (
    *_call("Landroid/net/Uri;->parse(Ljava/lang/String;)Landroid/net/Uri;", 0),
    0x020C,
    0x0122,
    Ref("type", "Landroid/content/Intent;"),
    *_call(f"{_INTENT}<init>(Ljava/lang/String;Landroid/net/Uri;)V", 1, 3, 2, opcode=0x70),
)
_ASK = _call("Landroid/content/pm/PackageManager;->resolveActivity(Landroid/content/Intent;I)V", 4, 1, 5, opcode=0x6E)
_FLAGS = _call(f"{_INTENT}addFlags(I)Landroid/content/Intent;", 1, 5, opcode=0x6E)
_START = _call("Landroid/content/Context;->startActivity(Landroid/content/Intent;)V", 4, 1, opcode=0x6E)


def test_an_address_in_an_intent_that_is_only_asked_about() -> None:
    page = _load("https://vendor.dev/")
    resolved = _call(f"{_INTENT}resolveActivity(Landroid/content/pm/PackageManager;)V", 1, 4, opcode=0x6E)
    assert _rule(_class(*page, *_MADE_INTENT, *_FLAGS, 0x060C, *_ASK)) == PROBE
    assert _rule(_class(*page, *_MADE_INTENT, *resolved)) == PROBE


def test_an_address_in_one_of_several_intents_that_are_only_asked_about() -> None:
    page = _load("https://vendor.dev/")
    kinds = "Landroid/content/ComponentName;[Landroid/content/Intent;Landroid/content/Intent;I"
    several = f"Landroid/content/pm/PackageManager;->queryIntentActivityOptions({kinds})Ljava/util/List;"
    ask = _call(several, 4, 5, 6, 1, opcode=0x6E)
    assert _rule(_class(*page, *_MADE_INTENT, *ask)) == PROBE
    assert _rule(_class(*page, *_MADE_INTENT, *ask, *_START)) is None


def test_an_address_in_an_intent_that_is_sent_counts() -> None:
    page = _load("https://vendor.dev/")
    returned = (*_call(f"{_INTENT}getData()Landroid/net/Uri;", 1, opcode=0x6E), 0x060C, *_call(_SEND, 6))
    start_result = _call("Landroid/content/Context;->startActivity(Landroid/content/Intent;)V", 4, 6, opcode=0x6E)
    for more in ((*_ASK, *_START), (*_START, *_ASK), (*_ASK, 0x0111), (*_ASK, *returned), (), _FLAGS):
        assert _rule(_class(*page, *_MADE_INTENT, *more)) is None
    assert _rule(_class(*page, *_MADE_INTENT, *_ASK, *_FLAGS, 0x060C, *start_result)) is None
    assert _rule(_class(*page, *_MADE_INTENT, 0x1607, *_ASK, *start_result)) is None
    elsewhere = _call(f"{_INTENT}setData(Landroid/net/Uri;)V", 6, 2, opcode=0x6E)
    assert _rule(_class(*page, *_MADE_INTENT, *_ASK, *elsewhere)) is None


_SUFFIXES = ["co.uk", "com.au", "ac.jp", "org.cn", "net.br", "gov.in", "com", "museum", "de", "co.kr"]


def _list(names: Sequence[str], *more: int | Ref) -> Class:
    return Class(
        "Lorg/vendor/List;", [Method("f(I)V", (*(unit for name in names for unit in _load(name)), *more, RETURN))]
    )


def test_names_in_a_list_of_public_suffixes() -> None:
    names = [*_SUFFIXES * 15, "nakhodka.ru", "writesthisblog.com", "ae.org"]
    found = _endpoints(_list(names))
    assert {found[name].ruled_out for name in names[-3:]} == {SUFFIX_LIST}
    sent = _class(*_load("ae.org"), *_call(_SEND, 0))
    found = _endpoints(_list(names), sent)
    assert (found["ae.org"].ruled_out, found["nakhodka.ru"].ruled_out) == (None, SUFFIX_LIST)
    held = Class("Lorg/vendor/Names;", statics=[("a", "ae.org")])
    assert _endpoints(_list(names), held)["ae.org"].ruled_out is None


@pytest.mark.parametrize(
    "names",
    [
        [*_SUFFIXES * 12, "nakhodka.ru", "writesthisblog.com", "ae.org"],
        [*_SUFFIXES * 15, *["other"] * 150, "nakhodka.ru", "writesthisblog.com", "ae.org"],
        [*_SUFFIXES * 15, "nakhodka.ru", "https://writesthisblog.com", "https://ae.org"],
        [*_SUFFIXES * 15, "nakhodka.ru", "sender.dev", "ae.org"],
    ],
    ids=["short", "other names", "URLs", "a tracker's"],
)
def test_names_in_another_list_count(names: list[str]) -> None:
    assert _endpoints(_list(names))["nakhodka.ru"].ruled_out is None


_CONSTANT = Class("Lcom/lib/Names;", statics=[("a", _URL)])


def test_a_constant_of_a_library_that_no_code_reads() -> None:
    assert _rule(_CONSTANT) == UNUSED
    assert _rule(Class("Lorg/vendor/Names;", statics=[("a", _URL)])) is None, "not a library's"
    assert _rule(_CONSTANT, _class(*_load(_URL), *_call(_SEND, 0))) is None
    assert _rule(_CONSTANT, _class(0x0062, Ref("field", "Lcom/lib/Names;->a:Ljava/lang/String;"))) is None


def test_a_constant_that_looks_as_if_an_annotation_held_it_counts() -> None:
    data = assemble([_CONSTANT])
    (index,) = index_file(read_dex("classes.dex", data))
    (number,) = index.strings_equal([_URL.encode()]).values()
    without_map = data[:0x34] + bytes(4) + data[0x38:]
    assert _rules(read_dex("classes.dex", data)) == {_spot(data): UNUSED}
    assert _rules(read_dex("classes.dex", without_map + bytes([0x17, number]))) == {}


def _spot(data: bytes) -> Spot:
    return Spot("classes.dex", data.index(bytes([len(_URL)]) + _URL.encode()))


def _rules(file: DexFile) -> dict[Spot, str]:
    indexes = index_file(file)
    texts = {_spot(file.data.tobytes()): _URL}
    return rules_by_use(indexes, Owners(_KNOWN, None).of, (), _uses_of(indexes), texts)


def test_a_name_that_a_library_uses_for_something_else() -> None:
    provider = _class(*_load("github.com"), *_call(_SEND, 0), name="Lcom/vendor/auth/GithubProvider;")
    assert _rule(provider, host="github.com") == "names"
    near = _class(*_load("github.com"), *_call(_SEND, 0), name="Lcom/vendor/authority/A;")
    assert _rule(near, host="github.com") is None
    assert _rule(provider, _class(*_load("github.com"), *_call(_SEND, 0)), host="github.com") is None
    other = _class(*_load("github.com"), *_call(_SEND, 0), name="Lcom/other/A;")
    assert _rule(other, host="github.com") == "names", "another rule names the same text"
    assert _rule(other, provider, host="github.com") == "names"
    assert _rule(other, provider, near, host="github.com") is None
    longer = _class(*_load("https://github.com/x"), *_call(_SEND, 0), name="Lcom/vendor/auth/GithubProvider;")
    assert _rule(longer, host="github.com") is None


_HELD = [one for one in load_knowledge().rules if one.texts]


@pytest.mark.parametrize("held", _HELD, ids=lambda one: one.id)
def test_what_a_rule_names_counts_where_another_class_connects_to_it(held: RuledOutRule) -> None:
    connects = _class(*_load(held.texts[0]), *_call(f"Ljava/net/URL;->{_INIT}", 1, 0, opcode=0x70))
    inside = [f"L{prefix.rstrip('.').replace('.', '/')}/A;" for prefix in held.held_by]
    holders = [_class(*_load(held.texts[0]), *_call(_SEND, 0), name=name) for name in inside]
    assert _rules_of(held.texts[0], *holders) == {held.id}
    assert held.id not in _rules_of(held.texts[0], *holders, connects)


def _rules_of(text: str, *classes: Class) -> set[str]:
    """Return the rules of the knowledge that take out a text of a package."""
    file = read_dex("classes.dex", assemble(classes))
    (offset,) = (one.offset for one in file.strings.beginning(text) if one.text == text)
    indexes = index_file(file)
    place = {Spot(file.name, offset): text}
    return set(rules_by_use(indexes, Owners(_KNOWN, "org.vendor").of, _HELD, _uses_of(indexes), place).values())


@pytest.mark.parametrize(
    ("module", "limit"),
    [
        (uses_module, "MAX_TEXTS"),
        (followed_module, "MAX_TEXTS"),
        (followed_module, "MAX_USES"),
        (address_steps, "MAX_UNITS"),
        (address_steps, "MAX_LOOKED_AT"),
        (address_flow, "MAX_LEVELS"),
    ],
)
def test_beyond_a_limit_it_counts(module: ModuleType, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    call = _call("Lorg/vendor/A;->w(Ljava/lang/String;)V", 0)
    logged = _class(*_load(), *call, more=[_wrapper(*_call(_LOG, 1, 3))])
    assert _rule(logged) is not None
    monkeypatch.setattr(module, limit, 0)
    assert _rule(logged) is None


def test_a_register_that_is_written_too_often_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = _class(*_load(), *MESSAGES["printed"])
    assert _rule(printed) == MESSAGE
    monkeypatch.setattr(def_use, "MAX_WRITERS", 0)
    assert _rule(printed) is None


def test_broken_code_counts() -> None:
    assert _rule(_class(*_load(), *_call(_LOG, 1, 0), 0x0073)) is None
    assert _rule(_class(*_load(), *_call(_LOG, 1, 0), 0x7F28)) is None, "a branch that leaves the method"


_SENTENCE = f"The key of the vendor is missing, see {_URL} for more."
_OBJECT_LOG = "Lorg/slf4j/Logger;->info(Ljava/lang/Object;)V"

KEPT_OR_HANDED_ON = {
    "a logger of the package's own": _call(_OBJECT_LOG, 1, 0, opcode=0x72),
    "an exception of the package's own": _call(f"Lorg/vendor/MyException;->{_INIT}", 1, 0, opcode=0x70),
    "kept in a field": (0x0069, Ref("field", "Lorg/vendor/A;->kept:Ljava/lang/String;")),
    "kept in an object": (0x105B, Ref("field", "Lorg/vendor/A;->own:Ljava/lang/String;")),
    "returned": (0x0011,),
    "given to an interface": _call("Lorg/vendor/Go;->go(Ljava/lang/String;)V", 1, 0, opcode=0x72),
    "given to a log by its name": (
        *_call("Lorg/vendor/MyLog;->write(Ljava/lang/String;)Ljava/lang/String;", 0),
        0x010C,
    ),
    "shown in a field that gives it back": _call(
        "Landroid/widget/TextView;->setText(Ljava/lang/CharSequence;)V", 1, 0, opcode=0x6E
    ),
    "joined to what comes from elsewhere": _JOIN,
}


@pytest.mark.parametrize("code", KEPT_OR_HANDED_ON.values(), ids=KEPT_OR_HANDED_ON.keys())
def test_a_sentence_that_may_be_cut_where_nobody_follows_counts(code: Units) -> None:
    assert _rule(_class(*_load(_SENTENCE), *code)) is None


def test_a_sentence_in_an_exception_of_the_packages_own() -> None:
    thrown = _call(f"Lorg/vendor/MyException;->{_INIT}", 1, 0, opcode=0x70)
    above = _call(f"Ljava/lang/RuntimeException;->{_INIT}", 2, 3, opcode=0x70)
    made = Class("Lorg/vendor/MyException;", [Method(_INIT, (*above, RETURN), ins=2)])
    assert _rule(_class(*_load(_SENTENCE), *thrown), made) == MESSAGE
    opened = Class("Lorg/vendor/MyException;", [Method(_INIT, (*above, *_call(_SEND, 3), RETURN), ins=2)])
    assert _rule(_class(*_load(_SENTENCE), *thrown), opened) is None


_READS = Method("r(I)V", (*_call("Ljava/lang/Throwable;->getMessage()Ljava/lang/String;", 1, opcode=0x6E), RETURN))
_THROWN = _call(f"Ljava/lang/IllegalStateException;->{_INIT}", 1, 0, opcode=0x70)


def test_a_message_of_an_exception_that_code_reads_out() -> None:
    """A sentence is one for people; an address alone may be connected to as it comes out."""
    assert _rule(_class(*_load(_SENTENCE), *_THROWN, more=[_READS])) == MESSAGE
    assert _rule(_class(*_load(_URL), *_THROWN)) == MESSAGE
    assert _rule(_class(*_load(_URL), *_THROWN, more=[_READS])) is None
    cut = _call("Ljava/lang/String;->substring(I)Ljava/lang/String;", 0, 1, opcode=0x6E)
    sent = (*cut, 0x020C, *_call("Ljava/net/InetAddress;->getByName(Ljava/lang/String;)V", 2))
    assert _rule(_class(*_load(_SENTENCE), *_THROWN, *sent, more=[_READS])) is None


def test_a_constant_of_a_library_that_native_code_may_read() -> None:
    native = Class("Lorg/vendor/N;", [Method("go()V", None, access=0x101)])
    assert _rule(_CONSTANT, native) is None


TAKEN_APART = {
    "cut": _call("Ljava/lang/String;->substring(I)Ljava/lang/String;", 0, 1, opcode=0x6E),
    "compared": _call("Ljava/lang/String;->equals(Ljava/lang/Object;)Z", 0, 1, opcode=0x6E),
    "opened": _call("Ljava/net/URL;-><init>(Ljava/lang/String;)V", 1, 0, opcode=0x70),
    "parsed": (*_call("Landroid/net/Uri;->parse(Ljava/lang/String;)Landroid/net/Uri;", 0), 0x010C),
    "put into an Intent": _call("Landroid/content/Intent;->setAction(Ljava/lang/String;)V", 1, 0, opcode=0x6E),
    "shown as a page": _call("Landroid/webkit/WebView;->loadUrl(Ljava/lang/String;)V", 1, 0, opcode=0x6E),
    "given to what only has log in its name": (
        *_call("Lorg/vendor/Logistics;->write(Ljava/lang/String;)Ljava/lang/String;", 0),
        0x010C,
    ),
    "made into something else": (*_call("Lorg/vendor/Cut;->cut(Ljava/lang/String;)Ljava/lang/String;", 0), 0x010C),
    "logged and cut": (
        *_call(_OBJECT_LOG, 1, 0, opcode=0x72),
        *_call("Ljava/lang/String;->split(Ljava/lang/String;)Ljava/lang/String;", 0, 1, opcode=0x6E),
    ),
}


@pytest.mark.parametrize("code", TAKEN_APART.values(), ids=TAKEN_APART.keys())
def test_a_sentence_that_is_taken_apart_or_opened_counts(code: Units) -> None:
    assert _rule(_class(*_load(_SENTENCE), *code)) is None


def test_a_sentence_is_followed_into_methods_of_the_package() -> None:
    call = _call("Lorg/vendor/A;->w(Ljava/lang/String;)V", 0)
    cut = _call("Ljava/lang/String;->substring(I)Ljava/lang/String;", 3, 1, opcode=0x6E)
    assert _rule(_class(*_load(_SENTENCE), *call, more=[_wrapper(*_call(_LOG, 1, 3))])) == MESSAGE
    assert _rule(_class(*_load(_SENTENCE), *call, more=[_wrapper(*cut)])) is None


def test_a_sentence_that_no_code_loads() -> None:
    assert _endpoints(_class(), strings=[_SENTENCE])["vendor.dev"].ruled_out == PROSE
    assert _endpoints(_class(), strings=[_TEXT])["vendor.dev"].ruled_out is None
    near = "https://vendor.dev/help"
    assert _endpoints(_class(), strings=[near])["vendor.dev"].ruled_out is None


def test_a_sentence_with_the_host_of_a_tracker_counts() -> None:
    text = "The key of the vendor is missing, see https://sender.dev/x for more."
    assert _rule(_class(*_load(text), *_call(_LOG, 1, 0)), host="sender.dev") is None
    assert _endpoints(_class(), strings=[text])["sender.dev"].ruled_out is None


def test_the_name_of_its_class_or_of_its_page_takes_nothing_out() -> None:
    for text in ("http://docs.vendor.dev/gate.php", "http://vendor.dev/docs/gate.php"):
        host = text.split("/")[2]
        assert _rule(_class(*_load(text), *_call(_SEND, 0), name="Lcom/lib/A;"), host=host) is None
