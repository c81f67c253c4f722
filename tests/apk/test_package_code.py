import pytest

from phone_audit.apk.behaviours.declared import Declared
from phone_audit.apk.package_code import CodeFacts, read_code
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import Component, Obfuscation
from phone_audit.model.finding import Skipped
from tests.apk.dex.assembler import assemble
from tests.apk.dex.builder import Source, build_container, build_dex
from tests.apk.facts import knowledge, tracker
from tests.apk.flows.test_find_flows import READ, SAY, activity, create, invoke, new, text

_KNOWN = knowledge(trackers=[tracker("Sdk", code=["com.sdk"], hosts=["sdk.example.cn"])])


def _obfuscation(*classes: str, types: tuple[str, ...] = ()) -> Obfuscation:
    return read_code([("classes.dex", build_dex(Source(classes=classes, types=types)))], _KNOWN).obfuscation


def test_reads_all_files_of_a_package() -> None:
    first = build_dex(Source(strings=("http://one.example.cn/",), types=("Lcom/sdk/A;",)))
    second = build_dex(Source(strings=("https://sdk.example.cn/",), classes=("Lcom/sdk/A;",)))
    facts = read_code([("classes.dex", first), ("classes2.dex", memoryview(second))], _KNOWN)
    assert [endpoint.host for endpoint in facts.endpoints] == ["one.example.cn", "sdk.example.cn"]
    assert [(found.id, found.tier, found.endpoints) for found in facts.trackers] == [
        ("sdk", "present", ("sdk.example.cn",))
    ]
    assert facts.trackers[0].evidence[0].where == "classes2.dex"
    assert facts.skipped == ()


def test_a_container_is_one_file_with_several_parts() -> None:
    data = build_container([Source(classes=("Lcom/sdk/A;",)), Source(strings=("http://two.example.cn/",))])
    facts = read_code([("classes.dex", data)], _KNOWN)
    assert [endpoint.host for endpoint in facts.endpoints] == ["two.example.cn"]
    assert [found.tier for found in facts.trackers] == ["present"]


def test_a_damaged_file_does_not_hide_the_others() -> None:
    good = build_dex(Source(strings=("http://one.example.cn/",)))
    facts = read_code([("classes.dex", b"\x13\x37"), ("classes2.dex", good)], _KNOWN)
    assert [endpoint.host for endpoint in facts.endpoints] == ["one.example.cn"]
    assert facts.skipped == (
        Skipped(
            subject="classes.dex",
            step="dex",
            code="not-dex",
            reason="It does not begin like a DEX file; it may be encrypted.",
        ),
    )


def test_no_files_no_facts() -> None:
    nothing = Obfuscation(packers=(), name_share=None, encrypted=None, dynamic_code=None)
    assert read_code([], _KNOWN) == CodeFacts(
        endpoints=(), trackers=(), behaviours=(), flows_complete=True, flows_followed=None, obfuscation=nothing,
        accepting=(), skipped=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("La/b/c;", True),
        ("LAb;", True),
        ("La/b/ab$1;", True),
        ("La/b/Foo$a;", True),
        ("La/b/c$d$12;", True),
        ("La/b/Foo;", False),
        ("La/b/a1;", False),
        ("La/b/R;", False),
        ("La/b/R$id;", False),
        ("La/b/Foo$1;", False),
        ("La/b/c$Builder;", False),
        ("La/b/中;", False),
    ],
)
def test_short_names(name: str, short: bool) -> None:
    assert _obfuscation(name).name_share == float(short)


def test_the_share_is_over_all_classes() -> None:
    assert _obfuscation("La/a;", "La/b;", "Lcom/example/Main;").name_share == 0.6667


@pytest.mark.parametrize("loader", ["Ldalvik/system/DexClassLoader;", "Ldalvik/system/InMemoryDexClassLoader;"])
def test_naming_a_loader_is_a_sign_of_code_from_elsewhere(loader: str) -> None:
    assert _obfuscation("La/Main;", types=(loader,)).dynamic_code is True
    assert _obfuscation("La/Main;", types=("Ldalvik/system/PathClassLoader;",)).dynamic_code is None


URL = "http://one.example.cn/x"


def _screen(name: str, *, exported: bool) -> Component:
    return Component(kind="activity", name=name, exported=exported, permission=None, actions=())


@pytest.mark.parametrize(
    ("other", "active", "started"),
    [
        (_screen("x.Other", exported=True), {"x.Main", "x.Other"}, True),
        (_screen("x.Other", exported=True), {"x.Main"}, False),
        (_screen("x.Other", exported=False), {"x.Main", "x.Other"}, False),
    ],
)
def test_what_the_manifest_says_of_a_screen_decides_whether_its_code_starts(
    other: Component, active: set[str], *, started: bool
) -> None:
    """One that is switched off does not run, nor one that only the package itself could start and does not name."""
    opens = invoke("Ljava/net/URL;-><init>(Ljava/lang/String;)V", 1, 2, opcode=0x70)
    connects = invoke("Ljava/net/URL;->openConnection()Ljava/net/URLConnection;", 1, opcode=0x6E)
    fetches = create(new(1, "Ljava/net/URL;"), text(2, URL), opens, connects)
    screens = [activity(create()), activity(fetches, name="Lx/Other;"), activity(create(READ, SAY), name="Lx/Tells;")]
    tells = other.model_copy(update={"name": "x.Tells"})
    components = (_screen("x.Main", exported=True), other, tells)
    named = frozenset(active | ({"x.Tells"} if "x.Other" in active else set()))
    declared = Declared(components=components, package="x", active=named)
    facts = read_code([("classes.dex", assemble(screens))], load_knowledge(), declared)
    assert [one.started is not False for one in facts.endpoints] == [started]
    assert [one.id for one in facts.behaviours if one.id.startswith("flow.")] == (["flow.imei-log"] if started else [])


SOCKET = "Ljava/net/Socket;"


@pytest.mark.parametrize("host", ["evil.app", "com.evil.live", "203.0.114.0"])
def test_a_host_that_looks_like_something_else_is_told_where_code_connects_to_it(host: str) -> None:
    """A maker chooses the name of a server, and hands the port over apart."""
    opens = invoke(f"{SOCKET}-><init>(Ljava/lang/String;I)V", 1, 2, 3, opcode=0x70)
    compares = invoke("Ljava/lang/String;->equals(Ljava/lang/Object;)Z", 2, 4, opcode=0x6E)
    for code, counts in (((*new(1, SOCKET), *opens), True), (compares, False)):
        data = assemble([activity(create(text(2, host), code))])
        (found,) = read_code([("classes.dex", data)], load_knowledge()).endpoints
        assert (found.host, found.counts) == (host, counts)
