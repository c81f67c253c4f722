"""Code of no known library runs where something uses it: nobody hides code by giving it a name that nobody knows."""

from collections.abc import Iterator, Sequence

import pytest

from phone_audit.apk.code.libraries import Owner
from phone_audit.apk.code.selectors import Row, Selectors
from phone_audit.apk.code.started_code import StartedCode
from phone_audit.apk.dex import annotations as dex_annotations
from phone_audit.apk.dex.annotations import types_in_annotations
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import DexIndex, index_file
from phone_audit.apk.endpoints.started_hosts import with_started
from phone_audit.model.apk import HeldBy
from phone_audit.model.finding import Evidence
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble, const_string, invoke_static
from tests.apk.flows.test_sending_libraries import with_annotation
from tests.judge.cases import endpoint

URL = "http://other.example/x"
PARTIES = {"lib": Owner("library", "Lib"), "app": Owner("first-party", None), "a": Owner("obfuscated", None)}
Units = tuple[int | Ref, ...]
TYPE, BUILD, RUNTIME, BY_COMPILER = 0x18, 0, 1, 2


def owner(name: str) -> Owner:
    return PARTIES.get(name.partition(".")[0], Owner("unknown", None))


def method(signature: str, *units: int | Ref) -> Method:
    return Method(signature, (*units, RETURN), ins=0, access=9)


def app(*units: int | Ref) -> Class:
    """Return a screen that the manifest names."""
    create = Method("onCreate(Landroid/os/Bundle;)V", (*units, RETURN), direct=False, access=1, ins=2)
    return Class("Lapp/Main;", [create], parent="Landroid/app/Activity;")


def calls(name: str, target: str) -> Class:
    return Class(name, [method("f()V", *invoke_static(target))])


SENDS = method("send()V", *const_string(URL))
GRANTED = Class("Lother/Granted;", access=0x2601)
HTTP = Class("Lother/Http;", [SENDS])
SEND = "Lother/Http;->send()V"
OF_A_NAME = "Ljava/lang/Class;->forName(Ljava/lang/String;)Ljava/lang/Class;"
PUTS_TOGETHER = (
    *invoke_static("Lother/Names;->name()Ljava/lang/String;"),
    *(0x000C,),
    *invoke_static(OF_A_NAME)[:2],
    0,
)


def starts(
    *classes: Class,
    named: tuple[str, ...] = ("app.Main",),
    files: tuple[bytes, ...] = (),
    annotations: tuple[bytes, ...] = (),
) -> bool:
    """Tell whether anything starts `send` of a class of nobody that is known."""
    content = assemble(sorted(classes, key=lambda one: one.name), annotations=annotations)
    (index,) = index_file(read_dex("classes.dex", content))
    code = StartedCode([index], owner, named, lambda: files)
    rows = [row for row in range(index.methods.method.size) if index.row_name(row).startswith("send")]
    return any(code.starts(0, row) for row in rows)


def test_code_of_nobody_that_is_known_which_nothing_uses() -> None:
    assert not starts(HTTP, app())
    assert not starts(HTTP, app(), calls("Lother/B;", SEND), calls("Llib/C;", SEND))


def test_the_same_code_called_by_the_package() -> None:
    assert starts(HTTP, app(*invoke_static(SEND)))
    renamed = calls("La/b;", SEND)
    assert not starts(HTTP, app(), renamed)
    assert starts(HTTP, app(*invoke_static("La/b;->f()V")), renamed)


def test_it_runs_where_android_could_start_nothing_else() -> None:
    assert starts(HTTP, app(), named=())
    assert starts(HTTP, app(), named=("app.Gone",))


def test_any_method_of_an_object_that_is_made() -> None:
    """A library may call it by an annotation, or by what its name begins with."""
    heard = Class("Lother/Heard;", [Method("send()V", SENDS.code, direct=False, access=1, ins=1)])
    assert starts(heard, app(0x0022, Ref("type", "Lother/Heard;")))
    assert starts(heard, Class("Lapp/Heir;", parent="Lother/Heard;"), app(0x0022, Ref("type", "Lapp/Heir;")))
    assert not starts(heard, app())


@pytest.mark.parametrize(
    ("signature", "runs"),
    [
        ("sendIt(Landroid/view/View;)V", True),
        ("sendIt(Landroid/view/View;)I", True),
        ("sendIt(Landroid/view/MenuItem;)Z", True),
        ("sendIt(Landroid/view/MenuItem;)V", True),
        ("sendIt(Ljava/lang/String;)V", False),
    ],
)
def test_a_static_method_that_a_layout_may_name(signature: str, runs: bool) -> None:
    """`android:onClick` looks the method up by its name, and calls it whether it is static or not."""
    clicked = Class("Lother/Screen;", [Method(signature, SENDS.code, ins=1, access=9)])
    assert starts(clicked, app(0x0022, Ref("type", "Lother/Screen;"))) is runs
    assert not starts(clicked, app())


def test_a_static_method_that_a_layout_may_name_in_a_class_above() -> None:
    above = Class("Llib/Screen;", [Method("sendIt(Landroid/view/View;)V", SENDS.code, ins=1, access=9)])
    assert starts(above, Class("Lapp/Heir;", parent="Llib/Screen;"), app(0x0022, Ref("type", "Lapp/Heir;")))
    assert not starts(above, app())


def test_another_constructor_and_the_values_of_an_enum() -> None:
    calls = (*invoke_static(SEND), RETURN)
    again = Class("Lother/Page;", [Method("<init>(I)V", calls, ins=2, access=0x10001)])
    assert starts(HTTP, again, app(0x0022, Ref("type", "Lother/Page;")))
    values = Class("Lother/Kind;", [Method("values()[Lother/Kind;", calls, ins=0, access=9)])
    assert starts(HTTP, values, app(0x0022, Ref("type", "Lother/Kind;")))


@pytest.mark.parametrize(("visibility", "runs"), [(RUNTIME, True), (BUILD, False)])
def test_a_private_method_that_bears_an_annotation(visibility: int, runs: bool) -> None:
    """Libraries call it by what annotation it bears, such as that a permission was given."""
    assert _is_called(_borne(visibility)) is runs


def _borne(visibility: int, *more: Class) -> StartedCode:
    """The code of a package that makes an object with a private method that bears an annotation."""
    granted = Class("Lother/Screen;", [Method("send()V", SENDS.code, ins=1, access=2)])
    made = app(*(unit for one in (granted, *more) for unit in (0x0022, Ref("type", one.name))))
    return StartedCode(_annotated(granted, made, *more, mark=GRANTED, visibility=visibility), owner, ("app.Main",))


def _annotated(bearing: Class, *more: Class, mark: Class, visibility: int = RUNTIME) -> Sequence[DexIndex]:
    """Return classes of which the method `send` of the first bears an annotation."""
    data = assemble(sorted((bearing, mark, *more), key=lambda one: one.name))
    return index_file(read_dex("classes.dex", with_annotation(data, bearing.name, mark.name, "send()V", visibility)))


@pytest.mark.parametrize(
    ("mark", "are_marked", "runs"),
    [
        ("Landroid/webkit/JavascriptInterface;", True, True),
        ("Lother/engine/JavascriptInterface;", True, True),
        ("Landroid/webkit/Granted;", True, False),
        ("Landroid/webkit/Granted;", False, True),
    ],
)
def test_a_method_of_a_library_that_a_web_page_may_call(mark: str, are_marked: bool, runs: bool) -> None:
    """Pages reach any method of an object in packages for old versions of Android, and marked ones in all others."""
    script = Class("Llib/Script;", [Method("send()V", SENDS.code, direct=False, access=1, ins=1)])
    bridge = "Landroid/webkit/WebView;->addJavascriptInterface(Ljava/lang/Object;Ljava/lang/String;)V"
    made = (0x0022, Ref("type", script.name))
    for units, is_run in ((made, False), ((*made, 0x306E, Ref("method", bridge), 0), runs)):
        indexes = _annotated(script, app(*units), mark=Class(mark, access=0x2601))
        code = StartedCode(indexes, owner, ("app.Main",), are_marked=are_marked)
        assert code.starts_any(code.named("lib.Script", "send()V")) is is_run


def _is_called(code: StartedCode) -> bool:
    return code.starts_any(code.named("other.Screen", "send()V"))


def test_annotations_of_which_not_all_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one for which a library calls the method may stand behind them."""
    assert not _is_called(_borne(BUILD))
    monkeypatch.setattr(dex_annotations, "_MOST_OF_ONE", 1)
    assert _is_called(_borne(BUILD))


def test_annotations_are_read_once_however_many_classes_derive(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    annotated = Selectors.annotated

    def reads(self: Selectors, name: bytes) -> Iterator[tuple[Row, frozenset[bytes] | None]]:
        read.append(name)
        yield from annotated(self, name)

    monkeypatch.setattr(Selectors, "annotated", reads)
    heirs = [Class(f"Lother/Heir{number};", parent="Lother/Screen;") for number in range(5)]
    assert _is_called(_borne(RUNTIME, *heirs))
    assert read.count(b"Lother/Screen;") == 1


def test_no_other_method_of_a_class_of_which_one_is_called() -> None:
    used = Class("Lother/Http;", [SENDS, method("g()V")])
    assert not starts(used, app(*invoke_static("Lother/Http;->g()V")))
    assert not starts(used, app(0x0022, Ref("type", "Lother/Http;")))


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("Lother/A_Binding;", True),
        ("Lother/A$$Json;", True),
        ("Lother/AJsonAdapter;", True),
        ("Lother/A$1;", False),
        ("Lother/B_Binding;", False),
    ],
)
def test_what_tools_make_beside_a_class_that_is_used(name: str, runs: bool) -> None:
    used = Class("Lother/A;", [method("g()V")])
    assert starts(Class(name, [SENDS]), used, app(*invoke_static("Lother/A;->g()V"))) is runs


def test_what_tools_make_beside_a_class_inside_another() -> None:
    """Moshi joins the names with an underscore."""
    used = Class("Lother/A$In;", [method("g()V")])
    made = Class("Lother/A_InJsonAdapter;", [SENDS])
    assert starts(made, used, app(*invoke_static("Lother/A$In;->g()V")))


@pytest.mark.parametrize("kind", ["Ljava/io/Serializable;", "Landroid/os/Parcelable;"])
def test_objects_that_are_read_from_bytes(kind: str) -> None:
    reads = 0x106E, Ref("method", "Ljava/io/ObjectInputStream;->readObject()Ljava/lang/Object;"), 0
    assert starts(Class("Lother/Http;", [SENDS], interfaces=[kind]), app(*reads))
    assert not starts(Class("Lother/Http;", [SENDS], interfaces=[kind]), app())
    assert not starts(Class("Lother/Http;", [SENDS]), app(*reads))


def test_a_class_that_another_file_names() -> None:
    assert starts(HTTP, app(), files=(b"\0other.Http\0",))


@pytest.mark.parametrize(("visibility", "runs"), [(RUNTIME, True), (BUILD, True), (BY_COMPILER, False)])
def test_a_class_that_an_annotation_names(visibility: int, runs: bool) -> None:
    classes = sorted([HTTP, app()], key=lambda one: one.name)
    (index,) = index_file(read_dex("classes.dex", assemble(classes)))
    number = next(row for row in range(index.part.type_strings.size) if index.descriptor(row) == b"Lother/Http;")
    item = bytes([visibility, 0, 2, 0, TYPE, number, 0, 0x1C, 2, 0x1F | 1 << 5, 0x17, 0])
    assert starts(*classes, annotations=(item,)) is runs


def test_an_annotation_that_cannot_be_read_to_its_end_may_name_any_class() -> None:
    assert starts(HTTP, app(), annotations=(bytes([RUNTIME, 0, 1, 0] + [0x1D, 0, 1, 0] * 40),))
    (index,) = index_file(read_dex("classes.dex", assemble([app()], annotations=(b"\1\0\1\0" + b"\x1c\1" * 40,))))
    assert types_in_annotations(index) is None


def names(*units: int | Ref) -> Class:
    return Class("Lother/Names;", [method("name()Ljava/lang/String;", *units), method("f()V", *PUTS_TOGETHER)])


def test_a_class_whose_name_is_put_together() -> None:
    assert starts(HTTP, names(), app(*invoke_static("Lother/Names;->f()V")))
    assert starts(HTTP, app(*PUTS_TOGETHER))


def test_the_same_look_up_in_code_that_nothing_uses() -> None:
    assert not starts(HTTP, names(), app())


def test_a_look_up_in_code_that_only_a_method_runs_which_is_looked_up_by_its_name() -> None:
    looks_up = (
        *const_string("send"),
        *(0x206E, Ref("method", "Ljava/lang/Class;->getMethod(Ljava/lang/String;)Ljava/lang/reflect/Method;"), 0x00),
    )
    between = Class("Llib/Between;", [method("send2()V"), method("send()V", *invoke_static("Lother/Names;->f()V"))])
    assert starts(HTTP, names(), between, app(*looks_up))
    assert not starts(names(), app(*looks_up), calls("Llib/B;", "Lother/Names;->f()V"))


def test_a_host_that_only_code_holds_that_nothing_uses() -> None:
    place = Evidence(kind="dex-string", where="classes.dex", value=URL, class_="other.Http", method="send()V", offset=9)
    held = HeldBy(party="unknown", library=None, evidence=(place,))
    one = endpoint("other.example").model_copy(update={"use": "fetched", "cleartext": True, "held_by": (held,)})
    for user, started in ((app(), False), (app(*invoke_static(SEND)), None)):
        file = read_dex("classes.dex", assemble([user, HTTP]))
        indexes = index_file(file)
        texts = {"other.example": [(file.name, offset) for offset, _ in file.strings.holding(b"other.example")]}
        ((found),) = with_started([one], [file], indexes, StartedCode(indexes, owner, ("app.Main",)), texts)
        assert found.started is started
