"""Names that code looks up: where one is not a constant, anything may be started."""

import pytest

from phone_audit.apk.code import class_lookups, started_code
from tests.apk.code.test_started_code import HTTP, SEND, Units, app, by_android, method, new, starts, value, virtual
from tests.apk.dex.assembler import Class, Method, Ref, const_string

FOR_NAME = "Ljava/lang/Class;->forName(Ljava/lang/String;)Ljava/lang/Class;"
GET_METHOD = "Ljava/lang/Class;->getMethod(Ljava/lang/String;[Ljava/lang/Class;)Ljava/lang/reflect/Method;"
GET_METHODS = "Ljava/lang/Class;->getMethods()[Ljava/lang/reflect/Method;"
NEW_INSTANCE = "Ljava/lang/Class;->newInstance()Ljava/lang/Object;"
LOAD = "Ljava/lang/System;->loadLibrary(Ljava/lang/String;)V"
RESULT = 0x000C
PIECES: Units = (
    *const_string("lib."),
    *virtual("Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;"),
    RESULT,
)
FIELD: Units = (0x0062, Ref("field", "Lapp/Main;->name:Ljava/lang/String;"))
CLASS = (RESULT | 0x100,)


def hand(name: str) -> Units:
    """Return a call of a static method with register 0."""
    return 0x1071, Ref("method", name), 0


def of_two(name: str, *, types: int = 0) -> Units:
    """Return a call on register 1 with register 0."""
    return (0x306E, Ref("method", name), 0x201) if types else (0x206E, Ref("method", name), 0x01)


def load_class(owner: str) -> Units:
    return of_two(f"{owner}->loadClass(Ljava/lang/String;)Ljava/lang/Class;")


@pytest.mark.parametrize(
    "units",
    [
        (*PIECES, *hand(FOR_NAME)),
        (*FIELD, *hand(FOR_NAME)),
        (*PIECES, *load_class("Ljava/lang/ClassLoader;")),
        (*FIELD, *load_class("Lapp/Loader;")),
        (*PIECES, *hand("Ljava/lang/invoke/MethodType;->fromMethodDescriptorString(Ljava/lang/String;)V")),
        (*PIECES, *of_two("Landroid/app/AppComponentFactory;->instantiateService(Ljava/lang/String;)V")),
        (*PIECES, *hand("Lorg/xml/sax/helpers/XMLReaderFactory;->createXMLReader(Ljava/lang/String;)V")),
        (*PIECES, *hand("Ljava/util/ResourceBundle;->getBundle(Ljava/lang/String;)V")),
        (*PIECES, *hand("Ljavax/xml/parsers/SAXParserFactory;->newInstance(Ljava/lang/String;)V")),
        (*virtual("Ljava/lang/Object;->getClass()Ljava/lang/Class;"), RESULT, *virtual(GET_METHODS)),
        (*PIECES, *of_two(GET_METHOD, types=1)),
        (*const_string("forName"), *of_two(GET_METHOD, types=1)),
        (*const_string("any"), *hand(LOAD)),
        (*virtual("Ljava/lang/Class;->getSuperclass()Ljava/lang/Class;"), RESULT, *virtual(NEW_INSTANCE)),
        (*const_string("x.dex"), *hand("Ldalvik/system/DexFile;->loadDex(Ljava/lang/String;)V")),
    ],
)
def test_a_name_that_is_no_constant_may_start_anything(units: Units, monkeypatch: pytest.MonkeyPatch) -> None:
    assert starts(HTTP, app(*units))
    assert by_android(*units)
    monkeypatch.setattr(started_code, "MANY", 0)
    assert by_android(*units), "also where it is found out ahead"
    assert not starts(HTTP, Class("Llib/Other;", [method("f()V", *units)]))


@pytest.mark.parametrize(
    "units",
    [
        (*const_string("lib.Other"), *hand(FOR_NAME)),
        (*const_string("lib.Other"), 0x0107, 0x1007, *hand(FOR_NAME)),
        (*const_string("lib.Other"), *load_class("Ljava/lang/ClassLoader;")),
        (*value("Lapp/Main;"), *virtual("Ljava/lang/Class;->getName()Ljava/lang/String;"), RESULT,
         *hand(FOR_NAME)),
        (*const_string("android.os.SystemProperties"), *hand(FOR_NAME), *CLASS, *const_string("send"),
         *of_two(GET_METHOD, types=1)),
        (*value("Landroid/app/Activity;"), *virtual(GET_METHODS)),
        (*const_string("sends"), *of_two(GET_METHOD, types=1)),
        (*value("Lapp/Main;"), *virtual(NEW_INSTANCE)),
    ],
)  # fmt: skip
def test_a_constant_starts_only_what_it_names(units: Units, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not starts(HTTP, app(*units))
    monkeypatch.setattr(started_code, "MANY", 0)
    assert not by_android(*units)


def test_one_of_two_texts_may_be_no_constant() -> None:
    branch = (0x0038, 4, *PIECES, *hand(FOR_NAME))
    assert starts(HTTP, app(*const_string("lib.Other"), *branch))


def test_a_method_that_is_looked_up_by_its_name_is_started() -> None:
    """On an object of a class that the text does not tell."""
    units = (*new("Llib/Http;"), *const_string("send"), *of_two(GET_METHOD, types=1))
    assert starts(HTTP, app(*units))
    other = (*const_string("lib.Http"[::-1]), *hand("Lapp/Other;->g(Ljava/lang/String;)V"))
    assert not starts(HTTP, app(*other))


@pytest.mark.parametrize("name", ["com.example.A", "lib.Http"])
def test_a_method_looked_up_in_a_class_that_the_package_defines(name: str) -> None:
    units = (*const_string(name), *hand(FOR_NAME), *CLASS, *const_string("send"))
    assert starts(HTTP, app(*units, *of_two(GET_METHOD, types=1))) == (name == "lib.Http")


def helper(owner: str, access: int = 9) -> Class:
    """Return a class that looks up what it is handed."""
    return Class(owner, [method("find(Ljava/lang/String;)V", 0x1071, Ref("method", FOR_NAME), 3, access=access, ins=1)])


@pytest.mark.parametrize("owner", ["Llib/Finder;", "Lapp/Finder;"])
def test_a_helper_looks_up_what_it_is_handed(owner: str) -> None:
    find = hand(f"{owner}->find(Ljava/lang/String;)V")
    assert starts(HTTP, helper(owner), app(*PIECES, *find))
    assert not starts(HTTP, helper(owner), app(*const_string("lib.Other"), *find))
    assert not starts(HTTP, helper(owner), Class("Llib/Other;", [method("f()V", *PIECES, *find)]))


def test_a_helper_that_hands_on_to_another() -> None:
    between = Class(
        "Llib/Between;",
        [method("g(Ljava/lang/String;)V", 0x1071, Ref("method", "Llib/Finder;->find(Ljava/lang/String;)V"), 3, ins=1)],
    )
    call = hand("Llib/Between;->g(Ljava/lang/String;)V")
    assert starts(HTTP, helper("Llib/Finder;"), between, app(*PIECES, *call))
    assert not starts(HTTP, helper("Llib/Finder;"), between, app(*const_string("x.Y"), *call))


def test_a_helper_that_is_called_by_its_name_or_by_android() -> None:
    """Then what it is handed is not seen."""
    assert starts(HTTP, helper("Lapp/Finder;"), app(*const_string("find"), *of_two(GET_METHOD, types=1)))
    virtual_one = method("find(Ljava/lang/String;)V", 0x1071, Ref("method", FOR_NAME), 3, direct=False, access=1, ins=2)
    assert starts(HTTP, Class("Lapp/Finder;", [virtual_one]), app(*new("Lapp/Finder;")))


def test_native_code_of_no_library_may_start_anything() -> None:
    native = Method("n()V", None, access=0x109)
    assert starts(HTTP, Class("Lapp/Jni;", [native]))
    assert not starts(HTTP, Class("Llib/Jni;", [native]))
    assert starts(HTTP, app(), named=("android.app.NativeActivity",))


def test_a_library_that_loads_what_it_is_handed() -> None:
    loader = Class("Llib/Loader;", [method("load(Ljava/lang/String;)V", 0x1071, Ref("method", LOAD), 3, ins=1)])
    assert starts(HTTP, loader, app(*const_string("x"), *hand("Llib/Loader;->load(Ljava/lang/String;)V")))
    assert not starts(HTTP, loader, app(*const_string("x")))


@pytest.mark.parametrize(("limit", "most"), [("_MOST_USES", 1), ("_MOST_STEPS", 4)])
def test_too_much_to_look_at(limit: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_lookups, limit, most)
    units = (*const_string("lib.Other"), *hand(FOR_NAME))
    assert not starts(HTTP, app(*units))
    assert starts(HTTP, app(*units, *units))


def test_a_long_name_names_its_class() -> None:
    name = "Llib/" + "a" * 2_000
    long = Class(f"{name};", [method("f()V", *SEND)])
    assert starts(HTTP, long, app(*const_string(name[1:].replace("/", ".")), *hand(FOR_NAME)))
