"""What a package starts: nothing hides behind a rule that finds that nothing starts it."""

from collections.abc import Iterator

import pytest

from phone_audit.apk.code import call_search, names_in_files, started_code
from phone_audit.apk.code.libraries import Owner
from phone_audit.apk.code.started_code import StartedCode
from phone_audit.apk.code.started_flows import with_started_steps
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.endpoints.started_hosts import with_started
from phone_audit.apk.text.host_text import find_urls
from phone_audit.errors import ApkError
from phone_audit.model.apk import Behaviour, Endpoint, FlowStep, HeldBy
from phone_audit.model.finding import Evidence
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble, const_string, invoke_static
from tests.judge.cases import endpoint

LIB, APP = Owner("library", "Lib"), Owner("first-party", None)
URL = "http://lib.example/x"
Units = tuple[int | Ref, ...]
SENDS = (*const_string(URL), RETURN)


def owner(name: str) -> Owner:
    return LIB if name.startswith("lib.") else APP


def starts(
    *classes: Class,
    named: tuple[str, ...] | None = ("app.Main",),
    files: tuple[bytes, ...] = (),
    wanted: str = "Llib/Http;",
) -> bool:
    """Tell whether anything starts `send` of a class of the library."""
    (index,) = index_file(read_dex("classes.dex", assemble(sorted(classes, key=lambda one: one.name))))
    code = StartedCode([index], owner, named, lambda: files)
    rows = [row for row in range(index.methods.method.size) if index.row_class(row) == wanted.encode()]
    return any(code.starts(0, row) for row in rows if index.row_name(row).startswith("send"))


def method(signature: str, *units: int | Ref, direct: bool = True, access: int = 9, ins: int = 0) -> Method:
    return Method(signature, (*units, RETURN), direct=direct, access=access, ins=ins)


def app(*units: int | Ref) -> Class:
    """Return a screen that the manifest names."""
    create = method("onCreate(Landroid/os/Bundle;)V", *units, direct=False, access=1, ins=2)
    return Class("Lapp/Main;", [create], parent=ACTIVITY)


def new(name: str) -> Units:
    return 0x0022, Ref("type", name)


def virtual(name: str) -> Units:
    return 0x106E, Ref("method", name), 0


def value(name: str) -> Units:
    return 0x001C, Ref("type", name)


ACTIVITY = "Landroid/app/Activity;"
FIND = (0x1071, Ref("method", "Ljava/lang/Class;->forName(Ljava/lang/String;)Ljava/lang/Class;"), 0)
HTTP = Class("Llib/Http;", [method("send()V", *const_string(URL))])
SEND = invoke_static("Llib/Http;->send()V")


def test_code_of_a_library_that_nothing_calls() -> None:
    assert not starts(HTTP)
    assert not starts(HTTP, app())
    assert not starts(HTTP, Class("Llib/Other;", [method("f()V", *SEND)]))


def test_the_same_code_called() -> None:
    assert starts(HTTP, app(*SEND))
    between = Class("Llib/Between;", [method("f()V", *SEND)])
    assert starts(HTTP, between, app(*invoke_static("Llib/Between;->f()V")))
    assert not starts(HTTP, between, app(*invoke_static("Llib/Between;->g()V")))


def test_a_package_whose_manifest_was_not_read_may_start_all() -> None:
    assert starts(HTTP, named=None)


def test_what_the_manifest_names_is_started() -> None:
    """Components, the application, providers, and what meta-data names."""
    create = method("onCreate()V", *SEND, direct=False, access=1, ins=1)
    service = Class("Llib/Service;", [create], parent="Landroid/app/Service;")
    assert starts(HTTP, app(), service, named=("app.Main", "lib.Service"))
    assert not starts(HTTP, app(), service)


TASK = Class(
    "Llib/Task;", [method("run()V", *SEND, direct=False, access=1, ins=1)], interfaces=("Ljava/lang/Runnable;",)
)


def test_a_method_that_android_calls_is_started_where_its_object_is_made() -> None:
    assert not starts(HTTP, TASK)
    assert starts(HTTP, TASK, app(*new("Llib/Task;")))
    maker = Class("Llib/Maker;", [method("f()V", *new("Llib/Task;"))])
    assert not starts(HTTP, TASK, maker)
    assert starts(HTTP, TASK, maker, app(*invoke_static("Llib/Maker;->f()V")))


def test_a_receiver_that_code_makes_to_register_it_is_started() -> None:
    receive = method("onReceive(Landroid/content/Context;)V", *SEND, direct=False, access=1, ins=2)
    receiver = Class("Llib/Receiver;", [receive], parent="Landroid/content/BroadcastReceiver;")
    assert not starts(HTTP, receiver)
    assert starts(HTTP, receiver, app(*new("Llib/Receiver;")))


def test_a_method_that_a_subclass_of_the_package_inherits() -> None:
    base = Class("Llib/Base;", [method("run()V", *SEND, direct=False, access=1, ins=1)])
    heir = Class("Lapp/Heir;", parent="Llib/Base;", interfaces=("Ljava/lang/Runnable;",))
    assert starts(HTTP, base, heir, app(*new("Lapp/Heir;")))
    assert starts(
        HTTP, base, Class("Llib/Heir;", parent="Llib/Base;"), app(*new("Llib/Heir;"), *virtual("Llib/Base;->run()V"))
    )
    assert not starts(HTTP, base, app(*virtual("Llib/Other;->run()V")))


def test_a_call_through_an_interface_reaches_what_was_made() -> None:
    listener = Class("Llib/Listener;", [Method("heard()V", None, direct=False, access=0x401)], access=0x601)
    own = Class("Llib/Own;", [method("heard()V", *SEND, direct=False, access=1, ins=1)], interfaces=("Llib/Listener;",))
    call = (0x1072, Ref("method", "Llib/Listener;->heard()V"), 0)
    assert starts(HTTP, listener, own, app(*new("Llib/Own;"), *call))
    assert starts(HTTP, listener, own, app(*call, *new("Llib/Own;")))
    assert not starts(HTTP, listener, own, app(*call))
    assert not starts(HTTP, listener, own, app(*new("Llib/Own;")))


def test_a_method_inherited_from_a_class_that_is_not_of_the_interface() -> None:
    """The class that defines it and the interface that is called meet in an heir only."""
    listener = Class("Llib/Listener;", [Method("heard()V", None, direct=False, access=0x401)], access=0x601)
    base = Class("Llib/Base;", [method("heard()V", *SEND, direct=False, access=1, ins=1)])
    heir = Class("Llib/Heir;", parent="Llib/Base;", interfaces=("Llib/Listener;",))
    call = (0x1072, Ref("method", "Llib/Listener;->heard()V"), 0)
    assert starts(HTTP, listener, base, heir, app(*new("Llib/Heir;"), *call))
    assert starts(HTTP, listener, base, heir, app(*call, *new("Llib/Heir;")))


@pytest.mark.parametrize("text", ["lib.Http", "lib/Http", "Llib/Http;"])
def test_a_text_that_names_its_class_starts_it(text: str) -> None:
    """Reflection and native code look classes up so."""
    assert starts(HTTP, app(*const_string(text)))
    assert not starts(HTTP, app(*const_string("lib.Https")))


def test_a_text_in_code_that_nothing_starts_starts_nothing() -> None:
    assert not starts(HTTP, Class("Llib/Other;", [method("f()V", *const_string("lib.Http"))]))


def test_a_class_that_is_handed_about_as_a_value_may_be_made() -> None:
    assert starts(HTTP, app(*value("Llib/Http;")))


@pytest.mark.parametrize(
    "content",
    [
        b"<view class='lib.Http'/>",
        b"lib.Http\n",
        b"\x08\x08lib.Http\0",
        "lib.Http".encode("utf-16-le"),
        b"\x41\0" + "lib.Http".encode("utf-16-le") + b"\0\0",
        "lib.Http".encode("utf-16-le") + b"\0\0" + b"\x32\0" + ("y" * 50).encode("utf-16-le"),
        "lib.Http".encode("utf-16-le") + b"\0\0" + ("\u4e2d" * 200).encode("utf-16-le"),
        b"AAlib.Http\0",
        b"...\0Java_f\0lib/Http\0",
    ],
)
def test_a_class_that_another_file_names_is_started(content: bytes) -> None:
    """Views in layouts, fragments, preferences, plug-ins, services, native code."""
    assert starts(HTTP, app(), files=(b"x" * 100, content))
    assert not starts(HTTP, app(), files=(content.replace(b"H", b"J"),))


def test_long_files_without_names_are_looked_through_at_once() -> None:
    """One long word, or many short ones, take as long as others: what comes behind them is found."""
    for filling in (b"x", b"x1", b"1", b".", b"x.", b"x."[::-1] * 3 + b"/ "):
        assert starts(HTTP, app(), files=(filling * 400_000 + b"\0lib.Http",))


@pytest.mark.parametrize("before", [0, 1, 2, 7, 8, 15, 16, 17])
def test_a_name_in_utf_16_is_found_where_one_block_ends_and_the_next_begins(before: int) -> None:
    """Wherever the name is cut, at even and at odd places."""
    content = bytes(names_in_files._BLOCK - before) + "lib.Http".encode("utf-16-le")
    assert starts(HTTP, app(), files=(content,))


def test_files_that_cannot_be_read_may_name_any_class() -> None:
    def broken() -> Iterator[bytes]:
        raise ApkError("It is damaged.", code="damaged")
        yield b""

    (index,) = index_file(read_dex("classes.dex", assemble([app(), HTTP])))
    assert StartedCode([index], owner, (), broken).starts(0, 1)


def test_files_too_large_to_look_through_may_name_any_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names_in_files, "MOST_BYTES", 10)
    assert starts(HTTP, app(), files=(b"x" * 11,))
    assert not starts(HTTP, app(), files=(b"x" * 10,))


def test_native_code_may_call_its_own_class() -> None:
    native = Class("Llib/Jni;", [Method("n()V", None, access=0x109), method("called()V", *SEND)])
    assert not starts(HTTP, native)
    assert starts(HTTP, native, app(*invoke_static("Llib/Jni;->n()V")))


@pytest.mark.parametrize("loader", ["Ldalvik/system/DexClassLoader;", "Ldalvik/system/InMemoryDexClassLoader;"])
def test_code_that_is_loaded_from_elsewhere_may_call_all(loader: str) -> None:
    loading = (0x1070, Ref("method", f"{loader}-><init>()V"), 0)
    assert starts(HTTP, app(*loading))
    assert not starts(HTTP, Class("Llib/Plugins;", [method("f()V", *loading)]))


@pytest.mark.parametrize("kind", ["Ljava/lang/String;", "Ljava/io/File;", "Ljava/nio/ByteBuffer;"])
def test_code_that_is_handed_to_a_library_which_loads_it(kind: str) -> None:
    loading = (0x2070, Ref("method", f"Ldalvik/system/DexClassLoader;-><init>({kind})V"), 0x10)
    plugins = Class("Llib/Plugins;", [Method(f"load({kind})V", (*loading, RETURN), registers=2, access=9)])
    handing = (0x1071, Ref("method", f"Llib/Plugins;->load({kind})V"), 0)
    between = Class("Llib/Between;", [Method(f"f({kind})V", (*handing, RETURN), registers=1, access=9)])
    assert not starts(HTTP, plugins, app())
    assert not starts(HTTP, plugins, between, app())
    assert starts(HTTP, plugins, app(*handing))
    assert starts(HTTP, plugins, between, app(0x1071, Ref("method", f"Llib/Between;->f({kind})V"), 0))


def test_nothing_more_is_read_where_code_that_runs_may_look_up_any_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would end the search is known before all that runs is followed."""
    monkeypatch.setattr(started_code, "MANY", 0)
    loading = (0x1070, Ref("method", "Ldalvik/system/DexClassLoader;-><init>()V"), 0)
    read: list[bool] = []

    def start(*classes: Class) -> bool:
        def files() -> Iterator[bytes]:
            read.append(True)
            yield b""

        (index,) = index_file(read_dex("classes.dex", assemble(sorted([HTTP, *classes], key=lambda one: one.name))))
        return StartedCode([index], owner, ("app.Main",), files).starts(0, 1)

    plugins = Class("Llib/Plugins;", [method("f()V", *loading)])
    create = method("onCreate(Landroid/os/Bundle;)V", *loading, direct=False, access=1, ins=2)
    main = Class("Lapp/Main;", [create], parent="Landroid/app/Activity;")
    assert start(main, plugins)
    assert not read
    assert not start(app(), plugins)
    assert read


def test_an_initialiser_runs_where_its_class_is_used() -> None:
    holder = Class("Llib/Holder;", [method("<clinit>()V", *SEND)])
    read = (0x0062, Ref("field", "Llib/Holder;->x:Ljava/lang/Object;"))
    assert starts(HTTP, holder, app(*read))
    assert starts(HTTP, holder, Class("Llib/Heir;", parent="Llib/Holder;"), app(*new("Llib/Heir;")))
    assert not starts(HTTP, holder, app())


def test_what_is_read_back_from_bytes_is_called() -> None:
    read = method("readObject(Ljava/io/ObjectInputStream;)V", *SEND, access=2, ins=2)
    saved = Class("Llib/Saved;", [read], interfaces=("Ljava/io/Serializable;",))
    assert starts(HTTP, saved, app(*new("Llib/Saved;")))


def test_a_class_named_like_one_of_android_does_not_end_the_search() -> None:
    fake = Class("Landroid/fake/Base;", access=1)
    heir = Class(
        "Llib/Heir;", [method("anything()V", *SEND, direct=False, access=1, ins=1)], parent="Landroid/fake/Base;"
    )
    assert starts(HTTP, fake, heir, app(*new("Llib/Heir;")))


def test_where_there_is_too_much_all_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_search, "_MOST", 1)
    calls = (*invoke_static("Lapp/B;->f()V"), *invoke_static("Lapp/B;->g()V"))
    assert starts(HTTP, app(*calls), Class("Lapp/B;", [method("f()V"), method("g()V")]))


def held(*holders: HeldBy, **changes: object) -> Endpoint:
    place = Evidence(kind="dex-string", where="classes.dex", value=URL, class_="lib.Http", method="send()V", offset=9)
    by = holders or (HeldBy(party="library", library="Lib", evidence=(place,)),)
    known = {"use": "fetched", "cleartext": True, "held_by": by} | changes
    return endpoint("lib.example").model_copy(update=known)


def settled(one: Endpoint, *classes: Class) -> bool | None:
    file = read_dex("classes.dex", assemble(sorted(classes, key=lambda one: one.name)))
    indexes = index_file(file)
    named = ((offset, found.host) for offset, text in file.strings.holding(b"://") for found in find_urls(text))
    texts = {one.host: [(file.name, offset) for offset, host in named if host == one.host]}
    ((found),) = with_started([one], [file], indexes, StartedCode(indexes, owner, ()), texts)
    return found.started


def test_a_host_that_only_code_holds_that_nothing_starts() -> None:
    assert settled(held(), HTTP, app()) is False
    assert settled(held(), HTTP, app(*SEND)) is None


def test_a_host_that_started_code_holds_too() -> None:
    second = Class("Llib/Second;", [method("f()V", *const_string("https://LIB.example/other"))])
    assert settled(held(), HTTP, second, app()) is False
    assert settled(held(), HTTP, second, app(*invoke_static("Llib/Second;->f()V"))) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://bücher.example/",
        "http://evil\u3002example-host.net/",
        "http://\uff45vil-host.net/",
        "http://045.1.2.3/",
        "http://[2001:DB8:0::1]/",
    ],
)
def test_a_host_is_found_however_its_text_spells_it(url: str) -> None:
    host = next(find_urls(url)).host
    one = held().model_copy(update={"host": host})
    sends = Class("Llib/Http;", [method("send()V", *const_string(url))])
    assert settled(one, sends, app()) is False
    assert settled(one, sends, app(*SEND)) is None


def test_a_host_of_which_not_all_texts_are_known_is_not_settled() -> None:
    assert settled(held().model_copy(update={"host": "other.example"}), HTTP, app()) is None


def test_a_host_that_another_file_holds_is_not_settled() -> None:
    nowhere = held().held_by[0].evidence[0].model_copy(update={"class_": None})
    unknown = HeldBy(party="unknown", library=None, evidence=(nowhere,))
    asset = Evidence(kind="asset", where="a.js", value=URL, offset=1)
    beside = HeldBy(party="library", library="Lib", evidence=(asset,))
    for holder in (unknown, beside):
        assert settled(held(*held().held_by, holder), HTTP, app()) is None


def test_a_host_in_a_static_field_is_started_where_its_class_is_used() -> None:
    constant = Class("Llib/Const;", statics=[("url", URL)])
    assert settled(held(), constant, app()) is False
    read = (0x0062, Ref("field", "Llib/Const;->url:Ljava/lang/String;"))
    assert settled(held(), constant, app(*read)) is None


def test_a_host_that_counts_for_nothing_is_not_looked_at() -> None:
    assert settled(held(use="opened"), HTTP, app()) is None
    assert settled(held(ruled_out="namespace"), HTTP, app()) is None


def flow(*steps: tuple[str, str]) -> Behaviour:
    shown = tuple(FlowStep(class_=class_, method=name, offset=0, what="calls a.B.c") for class_, name in steps)
    return Behaviour(id="flow.imei-network", title="Passes on the IMEI", evidence=(), data="imei", steps=shown)


@pytest.mark.parametrize(
    ("units", "steps", "told"),
    [
        ((), [("app.Main", "f()V"), ("lib.Http", "send()V")], False),
        (SEND, [("app.Main", "f()V"), ("lib.Http", "send()V")], True),
        ((), [("app.Main", "f()V")], True),
        ((), [("android.os.Handler", "post()V")], True),
    ],
)
def test_a_flow_is_told_where_something_starts_all_its_steps(
    units: Units, steps: list[tuple[str, str]], told: bool
) -> None:
    indexes = index_file(read_dex("classes.dex", assemble([app(*units), HTTP])))
    (found,) = with_started_steps([flow(*steps)], StartedCode(indexes, owner, ()))
    assert found.told is told


def test_a_class_without_a_package_is_named_by_a_text() -> None:
    def runs(*units: int | Ref) -> bool:
        (index,) = index_file(read_dex("classes.dex", assemble([Class("LEvil;", [method("go()V")]), app(*units)])))
        code = StartedCode([index], lambda name: LIB if name == "Evil" else APP, ())
        return any(code.starts(0, row) for row in range(index.methods.method.size) if index.row_class(row) == b"LEvil;")

    assert not runs(*const_string("Evil2"))
    assert runs(*const_string("Evil"))


def test_a_class_that_android_has_itself_is_no_base_of_the_package() -> None:
    """The decoy is empty, but Android loads its own, which calls what the heir overrides."""
    decoy = Class("Lorg/xml/sax/helpers/DefaultHandler;", access=1)
    begins = method("startDocument()V", *SEND, direct=False, access=1, ins=1)
    heir = Class("Llib/Heir;", [begins], parent="Lorg/xml/sax/helpers/DefaultHandler;")
    assert starts(HTTP, decoy, heir, app(*new("Llib/Heir;")))


def test_a_long_line_of_classes_may_end_at_one_of_android() -> None:
    line = [Class(f"Llib/C{at};", access=1, parent=f"Llib/C{at + 1};") for at in range(80)]
    end = Class("Llib/C80;", access=1, parent="Landroid/os/Handler;")
    handles = method("handleMessage(Landroid/os/Message;)V", *SEND, direct=False, access=1, ins=2)
    heir = Class("Llib/Heir;", [handles], parent="Llib/C0;")
    assert starts(HTTP, *line, end, heir, app(*new("Llib/Heir;")))


def test_classes_that_use_one_another_need_no_deep_stack() -> None:
    """Each name continues the one before, so that what uses one class uses the next."""
    chain = [Class(f"Lother/C{'_' * at};", [method("f()V")]) for at in range(1_000)]
    (index,) = index_file(read_dex("classes.dex", assemble(sorted(chain, key=lambda one: one.name))))
    nobody = Owner("unknown", None)
    code = StartedCode([index], lambda _name: nobody, ("other.C",))
    rows = [row for row in range(index.methods.method.size) if index.row_class(row) != b"Lother/C;"]
    assert all(code.starts(0, row) for row in rows)


def test_many_made_classes_below_one_of_many_methods_end_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_search, "_MOST_WALKED", 1_000)
    base = Class("Llib/Base;", [method(f"m{at}()V", direct=False, access=1, ins=1) for at in range(60)], access=1)
    heirs = [Class(f"Llib/H{at};", access=1, parent="Llib/Base;") for at in range(60)]
    made = app(*(unit for heir in heirs for unit in new(heir.name)))
    assert starts(HTTP, base, *heirs, made)
    assert not starts(HTTP, base, *heirs[:5], app(*new("Llib/H0;")))


SCREEN = Class(
    "Llib/Screen;",
    [method("onCreate(Landroid/os/Bundle;)V", *SEND, direct=False, access=1, ins=2)],
    parent="Landroid/app/Activity;",
)
SET_CLASS = "Landroid/content/Intent;->setClassName(Ljava/lang/String;Ljava/lang/String;)Landroid/content/Intent;"
JOIN = "Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;"
PARSE = "Landroid/content/Intent;->parseUri(Ljava/lang/String;I)Landroid/content/Intent;"


def by_android(
    *units: int | Ref, private: tuple[str, ...] = ("lib.Screen",), more: tuple[Class, ...] = (), wanted: str = "Http"
) -> bool:
    """Tell whether anything starts the library where Android makes `app.Main` alone, and code of its own is not run."""
    create = method("onCreate(Landroid/os/Bundle;)V", *units, direct=False, access=1, ins=2)
    main = Class("Lapp/Main;", [create], parent="Landroid/app/Activity;")
    classes = sorted((HTTP, SCREEN, main, *more), key=lambda one: one.name)
    (index,) = index_file(read_dex("classes.dex", assemble(classes)))
    named = {"app.Main", "lib.Screen"}
    code = StartedCode([index], owner, named, private=private)
    rows = [row for row in range(index.methods.method.size) if index.row_class(row) == b"Llib/%s;" % wanted.encode()]
    return any(code.starts(0, row) for row in rows if index.row_name(row).startswith("send"))


def test_a_screen_that_only_the_package_can_start_runs_where_it_is_named() -> None:
    assert not by_android()
    assert by_android(private=())
    assert by_android(*value("Llib/Screen;"))
    assert by_android(*const_string("lib.Screen"))


def test_a_screen_runs_where_a_component_is_started_by_a_name_that_is_put_together() -> None:
    pieces = (*const_string("lib.Scr"), 0x206E, Ref("method", JOIN), 0, 0x000C)
    assert by_android(*pieces, 0x306E, Ref("method", SET_CLASS), 0)
    assert not by_android(*const_string("lib.Other"), 0x306E, Ref("method", SET_CLASS), 0)
    assert by_android(*const_string("#Intent;component=x/.S;end"), 0x2071, Ref("method", PARSE), 0)


def test_a_screen_runs_where_an_intent_comes_from_elsewhere() -> None:
    assert by_android(0x001F, Ref("type", "Landroid/content/Intent;"))
    assert by_android(*value("Landroid/content/Intent;"))


def test_code_of_its_own_that_nothing_uses_does_not_run() -> None:
    dead = Class("Lapp/Dead;", [method("f()V", *SEND)])
    heard = Class("Lapp/Heard;", [method("onEvent()V", *SEND, direct=False, access=1, ins=1)])
    assert not by_android(more=(dead, heard))
    assert by_android(*invoke_static("Lapp/Dead;->f()V"), more=(dead, heard))
    assert by_android(*new("Lapp/Heard;"), more=(dead, heard)), "a library may call it by an annotation"


def test_code_of_its_own_that_others_may_make_runs() -> None:
    heard = [method("f()V", *SEND, direct=False, access=1, ins=1)]
    read = Class("Lapp/Read;", heard, interfaces=("Ljava/io/Serializable;",))
    call = 0x106E, Ref("method", "Ljava/io/ObjectInputStream;->readObject()Ljava/lang/Object;"), 0
    assert by_android(*call, more=(read,))
    assert not by_android(more=(read,)), "nothing reads objects"
    assert by_android(more=(Class("LFragment;", heard),)), "a layout names it by a plain word"


GET_CLASS = (0x106E, Ref("method", "Ljava/lang/Object;->getClass()Ljava/lang/Class;"), 0, 0x000C)
GET_METHODS = (0x106E, Ref("method", "Ljava/lang/Class;->getMethods()[Ljava/lang/reflect/Method;"), 0)
MADE = Class("Lapp/Made;", [method("f()V", direct=False, access=1, ins=1)])
HELD = Class("Llib/Held;", [method("send()V", *SEND, direct=False, access=1, ins=1)])
DEAD = Class("Llib/Dead;", [method("send()V", *SEND, direct=False, access=1, ins=1)])


def test_methods_that_are_looked_up_in_a_class_that_is_known_may_be_those_of_classes_at_hand() -> None:
    looks = (*new("Lapp/Made;"), *GET_CLASS, *GET_METHODS)
    assert not by_android(*looks, more=(MADE, DEAD)), "nothing makes an object of the library"
    assert by_android(*looks, *new("Llib/Held;"), more=(MADE, HELD))
    assert not by_android(*new("Lapp/Made;"), *new("Llib/Held;"), more=(MADE, HELD))


@pytest.mark.parametrize("name", ["Ljava/lang/Object;", "Ljava/lang/Class;", "Ldalvik/system/DexClassLoader;"])
def test_methods_that_are_looked_up_in_any_class_may_start_all(name: str) -> None:
    assert by_android(*new(name), *GET_CLASS, *GET_METHODS, more=(MADE, DEAD))
    if name != "Ljava/lang/Object;":
        assert by_android(*value(name), *GET_METHODS, more=(MADE, DEAD))


def test_methods_of_a_class_that_another_one_leads_to_may_start_all() -> None:
    leads = (0x106E, Ref("method", "Ljava/lang/Class;->getSuperclass()Ljava/lang/Class;"), 0, 0x000C)
    assert by_android(*new("Lapp/Made;"), *GET_CLASS, *leads, *GET_METHODS, more=(MADE, DEAD))


def test_methods_of_what_is_handed_over_may_start_all_unless_its_type_is_known() -> None:
    def finds(kind: str) -> bool:
        looks = method(f"f({kind})V", *GET_CLASS, *GET_METHODS, access=9, ins=4)
        handed = Class("Lapp/Looks;", [looks])
        call = (0x1071, Ref("method", f"Lapp/Looks;->f({kind})V"), 0)
        return by_android(*call, more=(MADE, DEAD, handed))

    assert finds("Ljava/lang/Object;")
    assert not finds("Lapp/Made;")


def singleton(*behind: int | Ref) -> Class:
    """Return a class of the library with a method that takes the class as a lock."""
    lock = (*value("Llib/Single;"), 0x001D, *behind, 0x001E)
    return Class("Llib/Single;", [method("get()V", *lock), method("send()V", *const_string(URL))])


def test_a_class_that_is_only_a_lock_does_not_run_whole() -> None:
    get = invoke_static("Llib/Single;->get()V")
    assert not by_android(*get, more=(singleton(),), wanted="Single")
    handed = (0x106E, Ref("method", "Ljava/lang/Class;->getMethods()[Ljava/lang/reflect/Method;"), 0)
    assert by_android(*get, more=(singleton(*handed),), wanted="Single")
    kept = (0x0107, *handed[:2], 1)
    assert by_android(*get, more=(singleton(*kept),), wanted="Single")


def test_a_class_that_is_only_asked_for_its_short_name_does_not_run_whole() -> None:
    def labelled(*asking: int | Ref) -> bool:
        takes = (0x001C, Ref("type", "Llib/Tagged;"), *asking)
        tagged = Class(
            "Llib/Tagged;", [method("<clinit>()V", *takes), method("f()V"), method("send()V", *const_string(URL))]
        )
        return by_android(*invoke_static("Llib/Tagged;->f()V"), more=(tagged,), wanted="Tagged")

    def ask(name: str) -> Units:
        return 0x106E, Ref("method", f"Ljava/lang/Class;->{name}"), 0

    short, checks = ask("getSimpleName()Ljava/lang/String;"), ask("desiredAssertionStatus()Z")
    assert not labelled(*short)
    assert not labelled(*checks)
    assert not labelled(*short, *checks)
    assert labelled(*short, *ask("getMethods()[Ljava/lang/reflect/Method;"))
    assert labelled(*ask("getName()Ljava/lang/String;"))
    assert labelled(0x106E, Ref("method", "Lapp/Class;->getSimpleName()Ljava/lang/String;"), 0)


def test_a_class_looked_up_by_a_name_that_is_made_of_its_short_one_may_start_all() -> None:
    name = (0x106E, Ref("method", "Ljava/lang/Class;->getSimpleName()Ljava/lang/String;"), 0, 0x000C)
    find = (0x1071, Ref("method", "Ljava/lang/Class;->forName(Ljava/lang/String;)Ljava/lang/Class;"), 0)
    tagged = Class("Llib/Tagged;", [method("send()V", *const_string(URL))])
    takes = (0x001C, Ref("type", "Llib/Tagged;"))
    assert not by_android(*takes, *name, more=(tagged,), wanted="Tagged")
    assert by_android(*takes, *name, *find, more=(tagged,), wanted="Tagged")


def test_a_screen_that_only_the_package_can_start_is_not_forgotten_where_objects_are_read_first() -> None:
    """What is read from bytes may start it by a name that it computes."""
    intent, name = "Landroid/content/Intent;", "Lapp/Evil;->name()Ljava/lang/String;"
    named = (
        0x306E,
        Ref("method", f"{intent}->setClassName(Landroid/content/Context;Ljava/lang/String;){intent}"),
        0x21,
    )
    evil = Class(
        "Lapp/Evil;",
        [method("readObject(Ljava/io/ObjectInputStream;)V", *invoke_static(name), 0x000C, *named, access=2, ins=2)],
        interfaces=("Ljava/io/Serializable;",),
    )
    spy = Class(
        "Lapp/Spy;", [method("onCreate(Landroid/os/Bundle;)V", *SEND, direct=False, access=1, ins=2)], parent=ACTIVITY
    )
    reads = (0x106E, Ref("method", "Ljava/io/ObjectInputStream;->readObject()Ljava/lang/Object;"), 0)
    main = Class(
        "Lapp/Main;", [method("onCreate(Landroid/os/Bundle;)V", *reads, direct=False, access=1, ins=2)], parent=ACTIVITY
    )
    (index,) = index_file(read_dex("classes.dex", assemble([evil, main, spy, HTTP])))
    names = ("app.Main", "app.Spy")
    code = StartedCode([index], owner, names, private=("app.Spy",))
    assert code.starts_any(code.named("lib.Http", "send()V"))


def test_what_a_method_looks_up_that_was_looked_up_itself_counts() -> None:
    """The class is known, so no class is new, and the method is."""
    inner = Class(
        "Lapp/Main$In;", [method("look()V", *invoke_static("Lapp/Main;->name()Ljava/lang/String;"), 0x000C, *FIND)]
    )
    get = Ref("method", "Ljava/lang/Class;->getMethod(Ljava/lang/String;)Ljava/lang/reflect/Method;")
    looks = (0x001C, Ref("type", "Lapp/Main;"), 0x011A, Ref("string", "look"), 0x206E, get, 0x10)
    main = Class(
        "Lapp/Main;", [method("onCreate(Landroid/os/Bundle;)V", *looks, direct=False, access=1, ins=2)], parent=ACTIVITY
    )
    (index,) = index_file(read_dex("classes.dex", assemble([main, inner, HTTP])))
    code = StartedCode([index], owner, ("app.Main",))
    assert code.starts_any(code.named("lib.Http", "send()V"))


@pytest.mark.timeout(30)
def test_very_many_classes_that_answer_the_same_call() -> None:
    """What was reached already is not looked at again for each class that is asked."""
    names = [f"Llib/C{number:05};" for number in range(12_000)]
    each = Method("a()V", (RETURN,), direct=False, registers=1, ins=1)
    calls = [
        method(
            f"f{at}()V", *(unit for name in names[at : at + 100] for unit in (*new(name), *virtual(f"{name}->a()V")))
        )
        for at in range(0, len(names), 100)
    ]
    assert not starts(*(Class(name, [each]) for name in names), Class("Lapp/Main;", calls), HTTP)


UNNAMED = Class(
    "Llib/Screen;", [method("send()V", *const_string(URL), direct=False, access=1)], parent="Landroid/app/Activity;"
)
AIM = (*new("Landroid/content/Intent;"), 0x011C, Ref("type", "Llib/Screen;"))
INTENT = "Landroid/content/Intent;-><init>(Landroid/content/Context;Ljava/lang/Class;)V"
AIMED = (*AIM, 0x3070, Ref("method", INTENT), 0x0120)


@pytest.mark.parametrize(
    ("named", "expected"), [(("app.Main",), False), (("app.Main", "lib.Screen"), True), (None, True)]
)
def test_an_intent_starts_no_screen_that_the_manifest_does_not_name(named: tuple[str, ...], expected: bool) -> None:
    assert starts(app(*AIMED), UNNAMED, named=named, wanted="Llib/Screen;") is expected


@pytest.mark.parametrize(
    "more",
    [
        (*new("Llib/Screen;"), *virtual("Llib/Screen;->send()V")),
        (*value("Llib/Screen;"), 0x0011),
        (*const_string("lib.Screen"),),
        (*AIMED, 0x1071, Ref("method", "Lother/Reflection;->make(Ljava/lang/Class;)V"), 1),
    ],
    ids=["made", "handed back", "named in a text", "handed on"],
)
def test_such_a_screen_runs_where_code_makes_it_or_takes_it_otherwise(more: Units) -> None:
    assert starts(app(*more), UNNAMED, named=("app.Main",), wanted="Llib/Screen;")


def test_what_makes_components_by_itself_may_make_any() -> None:
    makes = Class("Lapp/Plugins;", [method("f()V")], parent="Landroid/app/Instrumentation;")
    assert starts(app(*AIMED), UNNAMED, makes, named=("app.Main",), wanted="Llib/Screen;")


def test_what_names_the_thread_of_activities_may_start_any() -> None:
    hooks = Class("Lapp/Hook;", [method("f()V", *const_string("android.app.ActivityThread"))])
    assert starts(app(*AIMED), UNNAMED, hooks, named=("app.Main",), wanted="Llib/Screen;")


AGAIN = ("performStopActivity", "requestRelaunchActivity", "android.app.ActivityThread")


def loading(name: str, *texts: str) -> Class:
    return Class(name, [method("f()V", *(unit for text in texts for unit in const_string(text)))])


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (AGAIN, False),
        ((*AGAIN, "mMainThread", "mToken", "ActivityRecreator", "Exception while fetching field values"), False),
        (AGAIN[1:], True),
        ((AGAIN[0], AGAIN[2]), True),
        ((*AGAIN, "mH"), True),
        ((*AGAIN, "sCurrentActivityThread"), True),
    ],
    ids=["as AndroidX does", "with its messages", "one method", "the other method", "its handler", "any other text"],
)
def test_what_only_makes_the_same_screen_again_starts_no_other(texts: tuple[str, ...], expected: bool) -> None:
    assert (
        starts(app(*AIMED), UNNAMED, loading("Lr8/a;", *texts), named=("app.Main",), wanted="Llib/Screen;") is expected
    )


@pytest.mark.parametrize(
    "hooks",
    [
        loading("Lapp/Hook;", AGAIN[2]),
        Class("Lapp/Hook;", statics=[("thread", AGAIN[2])]),
        loading("Lapp/Hook;", *AGAIN, *AGAIN[2:] * 50),
    ],
    ids=["names it", "keeps its name", "names it very often"],
)
def test_another_class_that_has_the_name_of_the_thread_of_activities_may_start_any(hooks: Class) -> None:
    again = loading("Lr8/a;", *AGAIN)
    assert starts(app(*AIMED), UNNAMED, again, hooks, named=("app.Main",), wanted="Llib/Screen;")


def test_texts_of_other_classes_lead_nowhere() -> None:
    other = loading("Landroidx/activity/ImmLeaksCleaner;", "mServedView", "mNextServedView", "mH")
    again = loading("Lr8/a;", *AGAIN)
    assert not starts(app(*AIMED), UNNAMED, again, other, named=("app.Main",), wanted="Llib/Screen;")


def test_where_the_class_that_names_the_thread_cannot_be_read_any_may_be_started() -> None:
    broken = Class("Lr8/a;", [*loading("Lr8/a;", *AGAIN).methods, Method("g()V", (0x26,))])
    assert starts(app(*AIMED), UNNAMED, broken, named=("app.Main",), wanted="Llib/Screen;")


def test_of_very_many_classes_in_one_method_nothing_is_told() -> None:
    others = (unit for number in range(300) for unit in value(f"Llib/C{number};"))
    assert starts(app(*AIMED, *others), UNNAMED, named=("app.Main",), wanted="Llib/Screen;")
