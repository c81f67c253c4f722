"""A seeded case for each place in which a URL can hide: it is found, with its file and the offset in that file."""

import bz2
import gzip
import lzma
import marshal
import struct
from collections.abc import Callable

import pytest

from phone_audit.apk.assets.asset_walker import AssetFacts
from phone_audit.apk.assets.urls import MAX_HITS
from tests.apk.assets.builders import (
    assembly,
    compiled_xml,
    compressed_assembly,
    elf,
    hermes,
    java_class,
    look,
    resource_table,
    tar,
    unity,
)
from tests.apk.dex.builder import Source, build_dex
from tests.apk.zips import Part, make_zip

URL = "https://stat.vendor.cn/up"
WIDE = URL.encode("utf-16-le")


def seen(found: AssetFacts) -> list[tuple[str, str, str]]:
    return sorted({(one.kind, one.where, one.found.url) for one in found.mentions})


PLACES: dict[str, tuple[str, bytes, str]] = {
    "table": ("resources.arsc", resource_table(URL), "resource"),
    "table in UTF-16": ("resources.arsc", resource_table(URL, wide=True), "resource"),
    "compiled XML": ("res/aB.xml", compiled_xml(URL), "resource"),
    "compiled XML in UTF-16": ("res/xml/config.xml", compiled_xml(URL, wide=True), "resource"),
    "manifest": ("AndroidManifest.xml", compiled_xml(URL, wide=True), "manifest"),
    "protobuf XML": ("base/res/xml/a.xml", b"\n\x96\x04\x1a" + bytes([len(URL)]) + URL.encode() + b"2\x08", "resource"),
    "JSON": ("assets/config.json", b'{"url": "https:\\/\\/stat.vendor.cn\\/up", "n": 1}', "asset"),
    "HTML": ("assets/www/index.html", f"<script src='{URL}'></script>".encode(), "asset"),
    "properties": ("sdk.properties", f"a=1\nserver={URL}\n".encode(), "asset"),
    "raw": ("res/raw/blob", f"x {URL}\n".encode(), "resource"),
    "JavaScript bundle": ("assets/index.android.bundle", f'a("x");fetch("{URL}",{{}})'.encode(), "asset"),
    "protobuf text": ("assets/a.textproto", f'host {{ url: "{URL}" }}'.encode(), "asset"),
    "Hermes": ("assets/index.android.bundle", hermes(["GET", URL, "com"]), "asset"),
    "Hermes in UTF-16": ("assets/index.android.bundle", hermes(["GET", URL + "?é", "com"]), "asset"),
    "Unity": ("assets/bin/Data/Managed/Metadata/global-metadata.dat", unity(["GET", URL, "com"]), "asset"),
    "library": ("lib/arm64-v8a/libnet.so", elf(URL), "native-string"),
    "Flutter": ("lib/arm64-v8a/libapp.so", elf(URL), "native-string"),
    ".NET": ("assemblies/Client.dll", assembly(["GET", URL, "com"]), "asset"),
    ".NET, compressed": ("assemblies/Client.dll", compressed_assembly(assembly([URL])), "asset"),
    "Python bytecode": ("assets/main.pyc", b"o\r\r\n" + bytes(12) + marshal.dumps((b"a", URL, "zz", 7)), "asset"),
    "Java class": ("com/A.class", java_class("com/A", [URL]), "dex-string"),
    "Cordova": ("assets/www/js/index.js", f"var server = '{URL}';".encode(), "asset"),
    "Python archive": ("assets/python.zip", make_zip([Part("m.pyc", marshal.dumps(("a", URL, 7)))]), "asset"),
    "package in a package": ("assets/plugin.dat", make_zip([Part("resources.arsc", resource_table(URL))]), "resource"),
    "library in a package": ("assets/logo.jpg", make_zip([Part("lib/x86/liba.so", elf(URL))]), "native-string"),
    "archive in an archive": ("assets/a.zip", make_zip([Part("b", tar({"c.txt": URL.encode()}))]), "asset"),
    "archive": ("assets/data.bin", make_zip([Part("a/b.txt", URL.encode())]), "asset"),
    "tar": ("assets/private.tar", tar({"main.py": f"u = '{URL}'".encode()}), "asset"),
    "tar.gz": ("assets/private.mp3", gzip.compress(tar({"main.py": f"u = '{URL}'".encode()})), "asset"),
    "gzip": ("assets/x.gz", gzip.compress(URL.encode()), "asset"),
    "bzip2": ("assets/x.bz2", bz2.compress(URL.encode()), "asset"),
    "xz": ("assets/x.xz", lzma.compress(URL.encode()), "asset"),
}
INSIDE = {
    "archive": "!a/b.txt",
    "tar": "!main.py",
    "tar.gz": "!main.py",
    "Python archive": "!m.pyc",
    "package in a package": "!resources.arsc",
    "library in a package": "!lib/x86/liba.so",
    "archive in an archive": "!b!c.txt",
}


@pytest.mark.parametrize("place", PLACES)
def test_a_url_is_found(place: str) -> None:
    name, content, kind = PLACES[place]
    assert seen(look({name: content})) == [(kind, name + INSIDE.get(place, ""), URL)]


PACKED = (*INSIDE, ".NET, compressed", "gzip", "bzip2", "xz")


@pytest.mark.parametrize("place", [place for place in PLACES if place not in (*PACKED, "JSON")])
def test_the_offset_is_where_it_stands(place: str) -> None:
    name, content, _ = PLACES[place]
    (offset,) = {one.offset for one in look({name: content}).mentions}
    around = content[offset : offset + 2 * len(URL) + 4]
    assert URL.encode() in around or WIDE in around
    assert min(at for at in (around.find(URL.encode()), around.find(WIDE)) if at >= 0) <= 2


def test_a_store_of_assemblies_is_opened() -> None:
    store = b"XABA" + bytes(16) + compressed_assembly(assembly([URL])) + compressed_assembly(assembly(["x"]), 1)
    assert ("asset", "assemblies/assemblies.blob!20", URL) in seen(look({"assemblies/assemblies.blob": store}))
    library = b"\x7fELF" + bytes(60) + store
    name = "lib/arm64-v8a/libassemblies.arm64-v8a.blob.so"
    assert seen(look({name: library})) == [("asset", f"{name}!84", URL)]


@pytest.mark.parametrize("pack", [lambda dex: dex, lambda dex: make_zip([Part("classes.dex", dex)])])
def test_dex_files_are_found_under_any_name(pack: Callable[[bytes], bytes]) -> None:
    dex = build_dex(Source(strings=[URL]))
    found = look({"assets/logo.png": pack(dex)})
    assert [(name.partition("!")[0], bytes(content)) for name, content in found.dexes] == [("assets/logo.png", dex)]


def test_java_classes_are_told_by_archive() -> None:
    jar = make_zip([Part("com/sdk/B.class", java_class("com/sdk/B", ["api.vendor.cn"], uses=["com/sdk/A", "[I"]))])
    found = look({"com/A.class": java_class("com/A", []), "classes.jar": jar})
    assert [(one.where, one.named, one.defined) for one in found.classes] == [
        ("*.class", [b"Lcom/A;"], [b"Lcom/A;"]),
        ("classes.jar", [b"Lcom/sdk/A;", b"Lcom/sdk/B;"], [b"Lcom/sdk/B;"]),
    ]
    assert [(one.text, one.where) for one in found.candidates] == [("api.vendor.cn", "classes.jar!com/sdk/B.class")]


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(17) + b"\0\0\0\4IDATabcd" + bytes(4) + b"\0\0\0\0IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0\0\4ab\xff\xe1\0\6a\xff\xd9b\xff\xda\0\2abc\xff\xd9"


FONT = b"\0\1\0\0\0\1" + bytes(6) + b"name" + struct.pack(">3I", 0, 28, 20) + b"http://a.vendor.cn/x"
WEB_FONT = b"wOFF\0\1\0\0" + struct.pack(">I", 40) + b"http://a.vendor.cn/x".ljust(28)


@pytest.mark.parametrize("picture", [PNG, JPEG, FONT, WEB_FONT])
@pytest.mark.parametrize("padding", [0, 3])
def test_what_stands_behind_a_picture_is_searched(picture: bytes, padding: int) -> None:
    lead = picture + bytes(padding)
    inside = f"a.png!{len(lead)}"
    assert look({"a.png": picture, "b.png": lead}) == AssetFacts()
    assert seen(look({"a.png": lead + URL.encode()})) == [("asset", inside, URL)]
    assert seen(look({"a.png": lead + URL.encode() + b" " + picture[-12:]})) != []
    assert seen(look({"a.png": lead + make_zip([Part("b", URL.encode())])})) == [("asset", f"{inside}!b", URL)]
    assert [name for name, _ in look({"a.png": lead + b"dex\n035\0" + bytes(200)}).dexes] == [inside]
    assert seen(look({"a.tar": tar({"b.png": lead + URL.encode()})})) == [("asset", f"a.tar!b.png!{len(lead)}", URL)]


@pytest.mark.parametrize(
    "head",
    [
        b"\x89PNG\r\n",
        b"\x89PNG\r\n\x1a\n" + bytes(20),
        PNG[:-12],
        PNG[:-4],
        JPEG[:-2],
        b"\xff\xd8\xff\xe0\xff\xff",
        b"RIFF\0\0\0\0",
        b"\0\1\0\0\0\1" + bytes(6) + b"name" + struct.pack(">3I", 0, 28, 9999),
        b"\0\1\0\0\0\x7f",
        b"ID3\4\0\0\0\0\0\0",
        b"\0\1\0\0\0",
        b"\0\0\0\x18ftypmp42",
    ],
)
def test_what_only_begins_like_a_picture_is_searched(head: bytes) -> None:
    found = look({"a.png": head + b"\0" + URL.encode() + b"\0"})
    assert ([url for _, _, url in seen(found)], found.skipped) == ([URL], ())


@pytest.mark.parametrize("behind", [b"", b"\0x"])
def test_an_address_inside_a_picture_is_found(behind: bytes) -> None:
    text = struct.pack(">I", len(URL)) + b"tEXt" + URL.encode() + bytes(4)
    for picture in (PNG[:-12] + text + PNG[-12:], JPEG[:-5] + URL.encode() + b"\0" + JPEG[-5:]):
        assert seen(look({"a.png": picture + behind})) == [("asset", "a.png", URL)]


@pytest.mark.parametrize("lead", [b"\x1a\n", b"z\x0a", b"\0\x0b"])
def test_what_looks_like_a_length_cuts_no_host(lead: bytes) -> None:
    assert seen(look({"a.png": b"\x89PNG\r\n" + lead + URL.encode() + b"\0"})) == [("asset", "a.png", URL)]
    cut = b"\0" + bytes([0x12, len(URL)]) + URL.encode() + b"2and.more\0"
    assert seen(look({"a.bin": cut})) == [("asset", "a.bin", URL)]


def test_pictures_behind_pictures_end() -> None:
    found = look({"a.png": PNG * 2000 + URL.encode()})
    assert ([one.code for one in found.skipped], seen(found)) == (["nested"], [])


def test_the_namespace_of_android_is_not_told_of_every_file() -> None:
    assert look({"res/layout/a.xml": compiled_xml("x")}) == AssetFacts()
    assert look({"res/layout/a.xml": compiled_xml("x", wide=True)}) == AssetFacts()


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("assets/a.json", '{"host": "stat.vendor.cn", "n": "1", "stat.key.cn": {}}', ["stat.vendor.cn"]),
        (
            "assets/a.properties",
            "# x\nhost = stat.vendor.cn\nip: 14.17.43.18:80\n",
            ["stat.vendor.cn", "14.17.43.18:80"],
        ),
        ("res/xml/a.xml", "<domain a='b'> stat.vendor.cn </domain>", ["stat.vendor.cn"]),
        ("assets/a.txt", 'x = "stat.vendor.cn"', []),
        ("assets/a.js", 'x = "stat.vendor.cn:80"; y = `web.vendor.io/a`', ["stat.vendor.cn:80", "web.vendor.io"]),
        ("assets/a.html", "<script src='//vendor.dev/a.js'>", ["//vendor.dev"]),
        ("assets/a.js", "f('a.stat.vendor.name', 'vendor.cn', a.vendor.cn, 'stat.vendor.cn.') // vendor.dev", []),
    ],
)
def test_values_of_configuration_may_be_bare_hosts(name: str, text: str, values: list[str]) -> None:
    assert [one.text for one in look({name: text.encode()}).candidates] == values


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ('"//Vendor.dev/x"', "//vendor.dev"),
        (r'"\/\/vendor.dev\/x"', "//vendor.dev"),
        ('"//vendor.dev#a"', "//vendor.dev"),
        ('"//me@vendor.dev/"', "//vendor.dev"),
        ("'//vendor.xn--p1ai/'", "//vendor.xn--p1ai"),
        ('"//14.17.43.18:80/x"', "//14.17.43.18:80"),
    ],
)
def test_however_a_script_spells_an_address_that_takes_the_scheme_of_its_page(text: str, host: str) -> None:
    (found,) = look({"assets/a.js": text.encode()}).candidates
    assert found.text == host


def test_many_names_in_a_script_hide_no_address_behind_them() -> None:
    names = b"".join(b'"aa.bb.zz",' for _ in range(MAX_HITS))
    (found,) = look({"assets/a.js": names + b'"//vendor.dev/x"'}).candidates
    assert found.text == "//vendor.dev"
    many = look({"assets/a.js": b"".join(b'"//a%d.dev",' % number for number in range(MAX_HITS + 1))})
    assert len(many.candidates) == MAX_HITS
    assert [one.code for one in many.skipped] == ["too-many-endpoints"]


@pytest.mark.parametrize("wide", [False, True])
def test_values_of_resources_may_be_bare_hosts(wide: bool) -> None:
    (found,) = look({"resources.arsc": resource_table("stat.vendor.cn", wide=wide)}).candidates
    assert (found.text, found.kind) == ("stat.vendor.cn", "resource")


@pytest.mark.parametrize("wide", [False, True])
def test_a_domain_of_a_network_security_config_may_be_a_bare_host(wide: bool) -> None:
    (found,) = look({"res/xml/net.xml": compiled_xml("stat.vendor.cn", wide=wide)}).candidates
    assert (found.text, found.kind, found.where) == ("stat.vendor.cn", "resource", "res/xml/net.xml")
    assert look({"res/layout/a.xml": compiled_xml("stat.vendor.cn", wide=wide)}) == AssetFacts()


def test_files_of_every_size_keep_their_order() -> None:
    small = {f"assets/{number:04}.txt": f"https://a{number}.vendor.cn".encode() for number in range(300)}
    large = {f"assets/{number:04}x.txt": bytes(70_000) + small[f"assets/{number:04}.txt"] for number in (3, 90, 299)}
    found = look(dict(sorted({**small, **large}.items())))
    assert [one.where for one in found.mentions] == sorted({**small, **large})
    assert [one.offset for one in found.mentions if one.where in large] == [70_000] * 3


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('Subject to our Privacy Policy - "http://a.vendor.cn/p".', ("prose", False)),
        ('<a href="http://a.vendor.cn/p">http://a.vendor.cn/p</a>', (None, True)),
        ("a;href=http://a.vendor.cn/p", (None, True)),
        ('<img src="http://a.vendor.cn/p">', (None, False)),
        ("http://a.vendor.cn/p", (None, False)),
        ("href=http://a.vendor.cn/p", (None, False)),
    ],
)
def test_texts_of_resources_that_are_only_shown(text: str, told: tuple[str | None, bool], *, wide: bool) -> None:
    found = look({"resources.arsc": resource_table(text, wide=wide)}).mentions
    assert {(one.rule, one.is_link) for one in found} == {told}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("form", ["http://v{}.vendor.cn/ ", "http:\\/\\/v{}.vendor.cn/ "])
def test_one_text_of_very_many_addresses(form: str) -> None:
    text = "".join(map(form.format, range(10_000)))
    found = look({"resources.arsc": resource_table(text, wide=True)}).mentions
    assert [one.rule for one in found] == [None] * 10_000


def test_a_sentence_in_configuration_or_in_other_files_is_no_text_of_a_resource() -> None:
    text = 'Subject to our Privacy Policy - "http://a.vendor.cn/p".'
    (found,) = look({"res/xml/a.xml": compiled_xml(text)}).mentions
    assert found.rule is None
