"""A text in a static field that no instruction reads: it is unused, unless something may read the field by its name."""

import pytest

from phone_audit.apk.code.field_lookups import FieldLookUps
from phone_audit.apk.code.libraries import Owner
from phone_audit.apk.code.started_code import StartedCode
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.endpoints.address_flow import AddressFlow
from phone_audit.apk.endpoints.address_nodes import Spot
from phone_audit.apk.endpoints.address_use import AddressUses
from phone_audit.apk.endpoints.call_effects import effects_of
from phone_audit.knowledge.load import load_knowledge
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble, const_string, invoke_static

URL = "http://plus.example/"
PARTIES = {"lib": Owner("library", "Lib"), "other": Owner("library", "Other"), "app": Owner("first-party", None)}
FIELD = "Llib/Host;->url:Ljava/lang/String;"
Units = tuple[int | Ref, ...]
DECLARED = "Ljava/lang/Class;->getDeclaredField(Ljava/lang/String;)Ljava/lang/reflect/Field;"
ALL = "Ljava/lang/Class;->getFields()[Ljava/lang/reflect/Field;"
RESULT = 0x000C


def owner(name: str) -> Owner:
    return PARTIES.get(name.partition(".")[0], Owner("unknown", None))


def method(signature: str, *units: int | Ref, access: int = 9) -> Method:
    return Method(signature, (*units, RETURN), ins=0, access=access)


PUTS = method("<clinit>()V", *const_string(URL), 0x0069, Ref("field", FIELD), access=0x10008)
HOST = Class("Llib/Host;", [PUTS, method("f()V")])
RUNS = invoke_static("Llib/Host;->f()V")


def app(*units: int | Ref) -> Class:
    """Return a screen that the manifest names."""
    create = Method("onCreate(Landroid/os/Bundle;)V", (*RUNS, *units, RETURN), direct=False, access=1, ins=2)
    return Class("Lapp/Main;", [create], parent="Landroid/app/Activity;")


def use(*classes: Class, files: tuple[bytes, ...] = ()) -> str:
    content = assemble(sorted(classes, key=lambda one: one.name))
    file = read_dex("classes.dex", content)
    indexes = index_file(file)
    started = StartedCode(indexes, owner, ("app.Main",), lambda: files)
    ups = FieldLookUps(indexes, owner, started)
    spot = next(Spot("classes.dex", at) for at, _ in file.strings.holding(URL.encode()))
    return AddressUses(
        AddressFlow(indexes, effects_of(load_knowledge()), may_read=ups.may_read, may_find=ups.may_find)
    )([spot])[spot].use


def on_class(source: Units, name: str) -> Units:
    """Look a field up on the class that comes out of `source`; its name, if one is asked for, is in register 1."""
    look_up = (0x106E if name == ALL else 0x206E, Ref("method", name), 0x00 if name == ALL else 0x10)
    return (*source, *look_up)


def named(text: str) -> Units:
    return 0x011A, Ref("string", text)


PUT_TOGETHER = (*invoke_static("Lother/Names;->name()Ljava/lang/Class;"), RESULT)
NAME_PUT_TOGETHER = (*invoke_static("Lother/Names;->text()Ljava/lang/String;"), RESULT | 0x100)


def test_a_text_that_a_library_keeps_where_nothing_reads_it() -> None:
    assert use(HOST, app()) == "unused"


def test_the_same_text_read_by_an_instruction() -> None:
    read = (0x0062, Ref("field", FIELD))
    opens = (0x2070, Ref("method", "Ljava/net/URL;-><init>(Ljava/lang/String;)V"), 0x01)
    assert use(HOST, app(*read)) == "unknown"
    assert use(HOST, app(*read, *opens)) == "unknown"


def test_the_package_keeps_it_itself() -> None:
    puts = method(
        "<clinit>()V", *const_string(URL), 0x0069, Ref("field", FIELD.replace("Llib", "Lapp")), access=0x10008
    )
    assert use(Class("Lapp/Host;", [puts]), app()) == "unknown"


@pytest.mark.parametrize(
    "units",
    [
        on_class((0x001C, Ref("type", "Llib/Host;")), ALL),
        on_class((0x001C, Ref("type", "Llib/Host;")), DECLARED),
        (0x0022, Ref("type", "Llib/Host;")),
        (
            *const_string("lib.Host"),
            *invoke_static("Ljava/lang/Class;->forName(Ljava/lang/String;)Ljava/lang/Class;")[:2],
            0,
        ),
        on_class(PUT_TOGETHER, ALL),
        (*NAME_PUT_TOGETHER, *on_class(PUT_TOGETHER, DECLARED)),
        (*named("url"), *on_class(PUT_TOGETHER, DECLARED)),
        (0x106E, Ref("method", "Lsun/misc/Unsafe;->getObject()Ljava/lang/Object;"), 0),
        (*const_string("any"), *invoke_static("Ljava/lang/System;->loadLibrary(Ljava/lang/String;)V")[:2], 0),
    ],
)
def test_the_package_may_read_it_by_its_name(units: Units) -> None:
    assert use(HOST, app(*units)) == "unknown"


def test_fields_of_other_names_and_of_classes_that_are_named_are_not_it() -> None:
    assert use(HOST, app(*named("other"), *on_class(PUT_TOGETHER, DECLARED))) == "unused"
    assert use(HOST, app(*on_class((0x001C, Ref("type", "Landroid/view/View;")), ALL))) == "unused"


def test_the_library_itself_may_read_it_by_its_name() -> None:
    reads = method("r()V", *on_class(PUT_TOGETHER, ALL))
    assert use(HOST, Class("Llib/Reader;", [reads]), app(*invoke_static("Llib/Reader;->r()V"))) == "unknown"
    assert use(HOST, Class("Llib/Reader;", [reads]), app()) == "unused"
    assert use(HOST, Class("Lother/Reader;", [reads]), app()) == "unused"
    of_object = (*invoke_static("Ljava/lang/Object;->getClass()Ljava/lang/Class;"), RESULT)
    prints = method("r()V", *on_class(of_object, ALL))
    assert use(HOST, Class("Llib/Reader;", [prints]), app(*invoke_static("Llib/Reader;->r()V"))) == "unused"


def test_code_named_like_another_library_may_read_it_by_its_name() -> None:
    reads = method("r()V", *on_class(PUT_TOGETHER, ALL))
    assert use(HOST, Class("Lother/Reader;", [reads]), app(*invoke_static("Lother/Reader;->r()V"))) == "unknown"


def test_native_code_of_the_library_may_read_it() -> None:
    native = Class("Llib/Jni;", [Method("n()V", None, access=0x109)])
    assert use(HOST, native, app()) == "unknown"


def test_a_file_that_names_its_class() -> None:
    assert use(HOST, app(), files=(b"\0lib.Host\0",)) == "unknown"


def test_an_object_may_hold_it() -> None:
    puts = method("f()V", *const_string(URL), 0x005B, Ref("field", FIELD))
    assert use(Class("Llib/Host;", [puts]), app()) == "unknown"


def own_constant(*more: int | Ref) -> list[Class]:
    """A constant of the package, whose value the compiler put where it is compared; a text names its class."""
    equals = (0x206E, Ref("method", "Ljava/lang/String;->equals(Ljava/lang/Object;)Z"), 0x00)
    own = Class("Lapp/Own;", [method("g()V", *const_string(URL), *equals)], statics=[("url", URL)])
    return [own, app(*const_string("app.Own"), *invoke_static("Lapp/Own;->g()V"), *more)]


OWN_CLASS = (0x001C, Ref("type", "Lapp/Own;"))


def test_a_constant_of_a_class_that_a_text_names_is_what_code_does_with_it() -> None:
    assert use(*own_constant()) == "compared"
    assert use(*own_constant(*on_class((*named("other"), *PUT_TOGETHER), DECLARED))) == "compared"


@pytest.mark.parametrize(
    "look_up",
    [
        on_class((*named("url"), *PUT_TOGETHER), DECLARED),
        on_class((*named("url"), *OWN_CLASS), DECLARED),
        on_class((*NAME_PUT_TOGETHER, *PUT_TOGETHER), DECLARED),
        on_class(OWN_CLASS, ALL),
        (0x0022, Ref("type", "Lsun/misc/Unsafe;"), 0x106E, Ref("method", "Lsun/misc/Unsafe;->get()V"), 0),
    ],
    ids=["its name", "its name on its class", "any name", "all fields", "Unsafe"],
)
def test_the_same_constant_that_may_be_looked_up_counts(look_up: Units) -> None:
    assert use(*own_constant(*look_up)) == "unknown"


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ((), False),
        (on_class(PUT_TOGETHER, ALL), True),
        (on_class((*named("url"), *PUT_TOGETHER), DECLARED), False),
        (on_class((*NAME_PUT_TOGETHER, *PUT_TOGETHER), DECLARED), True),
        ((0x0070, Ref("method", "Ldalvik/system/DexClassLoader;-><init>()V"), 0), True),
    ],
)
@pytest.mark.parametrize("holder", ["Lapp/Main;", "Llib/Other;"])
def test_fields_that_code_may_set_whatever_their_names(units: Units, expected: bool, holder: str) -> None:
    """A library's own look-ups are for what it is handed."""
    looks_up = Class("Llib/Other;", [method("g()V", *units)]) if holder == "Llib/Other;" else None
    begins = app(*invoke_static("Llib/Other;->g()V")) if looks_up else app(*units)
    classes = sorted([HOST, begins, *([looks_up] if looks_up else [])], key=lambda one: one.name)
    indexes = index_file(read_dex("classes.dex", assemble(classes)))
    ups = FieldLookUps(indexes, owner, StartedCode(indexes, owner, ("app.Main",)))
    assert ups.may_set_any() is (expected and looks_up is None)
