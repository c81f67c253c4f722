import pytest

from phone_audit.apk.package_code import CodeFacts, read_code
from phone_audit.model.apk import Obfuscation
from phone_audit.model.finding import Skipped
from tests.apk.dex.builder import Source, build_container, build_dex
from tests.apk.facts import knowledge, tracker

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
