"""Inputs for the readers of packages."""

import json
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from fixtures.oat.compact import alone
from fixtures.oat.vdex import oat, vdex
from phone_audit.apk.xml.elements import REFERENCE, STRING, Value
from phone_audit.apk.zip.archive import Archive
from phone_audit.errors import ApkError
from tests.apk import apk_signer as signer
from tests.apk import media
from tests.apk.assets import builders
from tests.apk.oat import samples
from tests.apk.tables import COMPLEX, Type, make_table
from tests.apk.zips import Part, make_zip
from tests.fuzz import expansion
from tests.fuzz.expansion import joined
from tests.fuzz.seeds.common import LONGEST, MANIFESTS, Inputs, grown
from tests.fuzz.targets import places, records

URL: Final = "https://collect.example.net/up?a=1"


def entries(name: str) -> Iterator[tuple[str, bytes]]:
    """Yield the entries of an APK of the fixtures."""
    archive = Archive(memoryview((MANIFESTS / f"{name}.apk").read_bytes()))
    for entry in archive.entries:
        try:
            yield entry.name, bytes(archive.read(entry, 2**20))
        except ApkError:
            continue


def entry(of: str, name: str) -> bytes:
    """Return one entry of an APK of the fixtures."""
    return dict(entries(of))[name]


def zip_directory() -> Inputs:
    parts = [Part("AndroidManifest.xml", b"m" * 40), Part("classes.dex", b"dex\n035\0" * 4, deflate=False), Part("a/")]
    yield "plain", make_zip(parts)
    yield "gap", make_zip(parts, gap=b"1234", comment=b"a comment", prefix=b"#!")
    yield "odd", make_zip([Part("a", b"b", method=7, flags=1), Part("a", b"c"), Part("../b", b"d", size=9)])
    yield "bundle", (MANIFESTS / "base.proto.apk").read_bytes()
    yield "many", grown(make_zip(parts), expansion.REPEAT, 200, 60, 0, 5000)


def range_planner() -> Inputs:
    parts = [Part(f"res/raw/{n}.png", media.png(200), deflate=False) for n in range(3)]
    parts += [Part("classes.dex", bytes(300)), Part("AndroidManifest.xml", b"m")]
    pairs = [(signer.V2, signer.scheme(make_zip(parts), signer.Signer(signer.key())))]
    data = make_zip(parts, before_directory=signer.block(pairs))
    yield "signed", b"\x60\0" + data
    yield "jar", b"\0\1" + (MANIFESTS / "jar.apk").read_bytes()


def media_ends() -> Inputs:
    yield "png", b"\xff" + media.png(120, 40)
    yield "wav", b"\x40" + media.wav(40, (b"LIST", b"abcd"))
    yield "font", b"\xff" + media.font(10, 20)
    yield "mpeg4", b"\x80" + media.mpeg4(media.box(b"moov", b"a" * 9), media.box(b"mdat", b"b" * 9, large=True))
    yield "chunks", grown(b"\xff" + media.png(120, 40), expansion.REPEAT, 40, 30, 0, 5000)


def packed_files() -> Inputs:
    text = URL.encode()
    packed = zlib.compressobj(9, zlib.DEFLATED, 31)
    gzip = packed.compress(text) + packed.flush()
    yield "gzip", gzip + b"behind " + text
    yield "tar", builders.tar({"a/b.txt": text, "c" * 120: text}, tarfile.PAX_FORMAT)
    yield "gnu-tar", builders.tar({"d" * 120: text}, tarfile.GNU_FORMAT)
    yield "zip", make_zip([Part("a.txt", text), Part("b.zip", make_zip([Part("c", text)]))])
    yield "assembly", builders.compressed_assembly(b"MZ" + "".join(f"{c}\0" for c in URL).encode())
    yield "nested", grown(text, expansion.GZIP, 0, 0, 0, 6)
    yield "large", grown(grown(text, expansion.REPEAT, 8, 9, 0, 60_000), expansion.GZIP, 0, 0, 0, 0)


def compiled_xml() -> Inputs:
    for name in ("policy", "base", "extra"):
        yield name, entry(name, "AndroidManifest.xml")
    yield "network", entry("policy", "res/xml/network.xml")
    yield "overlap", grown(entry("base", "AndroidManifest.xml"), expansion.SAME, 36, 0, 0, 20_000)
    yield "deep", grown(entry("policy", "AndroidManifest.xml"), expansion.REPEAT, 1200, 60, 0, 5000)


def text_xml() -> Inputs:
    head = '<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="a.b">'
    text = f'{head}<application android:label="x"><activity android:name=".A"/></application></manifest>'
    yield "manifest", text.encode()
    yield "utf-16", text.encode("utf-16")
    yield "entity", b'<!DOCTYPE a [<!ENTITY b "c">]><manifest>&b;</manifest>'
    yield "deep", grown(b"<a></a>", expansion.NEST, 0, 3, 4, 10_000)
    yield "wide", grown(b"<manifest><a b='c'/></manifest>", expansion.REPEAT, 10, 10, 0, 60_000)


def bundle_xml() -> Inputs:
    for name in ("policy", "extra"):
        for inner, content in entries(f"{name}.proto"):
            yield f"{name}-{Path(inner).name}", content[:LONGEST]
    yield "deep", grown(b"\x0a\x02\x1a\x00", expansion.PROTOBUF, 0, 0, 0x0A, 1000)
    yield "deep-child", grown(b"\x1a\x01a", expansion.PROTOBUF, 0, 0, 0x2A, 1000)


def resources() -> Inputs:
    values = {0: Value(STRING, 0), 1: Value(REFERENCE, 0x7F010000), 2: COMPLEX}
    yield "table", make_table([Type(1, values), Type(2, values, sparse=True)], ["text", "ünï" * 60])
    yield "utf-16", make_table([Type(1, values, short=True), Type(3, values, compact=True)], ["text"], utf8=False)
    yield "policy", entry("policy", "resources.arsc")
    yield "types", grown(make_table([Type(1, values)], ["a"]), expansion.REPEAT, 360, 100, 0, 8000)


def dex_tables() -> Inputs:
    yield "annotated", samples.annotated()
    yield "trust", samples.trust()
    yield "assembled", samples.plain()
    yield "strings", grown(samples.annotated(), expansion.SAME, 0x70, 0x400, 0, 60_000)
    for name, at in (("many-types", 0x40), ("many-methods", 0x58), ("many-classes", 0x60)):
        yield name, grown(samples.annotated(), expansion.NUMBER, at, 0, 20, 4096)


def code_beside() -> Inputs:
    dexes = [samples.annotated()]
    for version in ("006", "010", "019", "021", "027"):
        yield f"vdex-{version}", vdex(version, dexes, quick=version != "027")
    yield "compact-019", vdex("019", dexes, compacted=True)
    yield "compact-027", vdex("027", dexes, quick=False, compacted=True)
    yield "cdex", alone(dexes[0])
    yield "oat", oat(dexes)[:LONGEST]


def all_places() -> Inputs:
    named = {name: number for number, name in enumerate(places.NAMES)}
    samples_of: Mapping[str, bytes] = {
        "assets/index.html": f"<a href='{URL}'> <!-- http://b.example/ --> see http://c.example/.".encode(),
        "assets/app.js": f"/* http://d.example */ fetch('{URL}'); x='aHR0cHM6Ly9lLmV4YW1wbGUv'".encode(),
        "assets/config.json": json.dumps(
            {"url": URL, "host": "api.f.example", "sources": ["http://g.example"]}
        ).encode(),
        "assets/a.properties": f"url={URL}\nhost=h.example.net\n# http://i.example\n".encode(),
        "assets/a.yaml": b"host: j.example.net\nurl: //k.example\n",
        "assets/index.android.bundle": builders.hermes([URL, "x", "ünï " + URL]),
        "assets/bin/Data/Managed/Metadata/global-metadata.dat": builders.unity([URL, "x"]),
        "assemblies/a.dll": builders.assembly([URL, "x"]),
        "lib/arm64-v8a/libapp.so": builders.elf(URL),
        "resources.arsc": builders.resource_table(URL),
        "res/xml/network.xml": builders.compiled_xml(URL, wide=True),
        "a/b/C.class": builders.java_class("a/b/C", [URL, "l.example.net"], uses=["m/n/O"]),
        "assets/cert.der": signer.key("rsa").certificate,
        "res/raw/a.bin": bytes(byte ^ 0x55 for byte in URL.encode()) + URL[::-1].encode() + URL.encode().hex().encode(),
    }
    for name, content in samples_of.items():
        yield Path(name).name, joined((named[name], content))
        yield f"{Path(name).name}-large", joined((named[name], grown(content, expansion.REPEAT, 0, 200, 0, 3000)))
    yield "slashes", joined((named["assets/app.js"], grown(b"://a", expansion.REPEAT, 0, 3, 0, 60_000)))
    yield "two", joined((named["assets/app.js"], URL.encode()), (named["lib/arm64-v8a/libapp.so"], builders.elf(URL)))


def record() -> Inputs:
    named = {name: number for number, name in enumerate(records.NAMES)}
    manifest = entry("policy", "AndroidManifest.xml")
    network = entry("policy", "res/xml/network.xml")
    table = entry("policy", "resources.arsc")
    code = samples.plain(URL)
    yield "apk", joined(
        (named["AndroidManifest.xml"], manifest), (named["res/xml/network.xml"], network),
        (named["resources.arsc"], table), (named["classes.dex"], samples.annotated()),
    )  # fmt: skip
    yield "code", joined((named["AndroidManifest.xml"], manifest), (named["classes.dex"], code))
    base, split = ((MANIFESTS / f"{name}.apk").read_bytes() for name in ("base", "config"))
    yield "container", joined((named["base.apk"], base), (named["split_config.apk"], split))
    yield "whole", joined((len(records.NAMES), (MANIFESTS / "jar.apk").read_bytes()))
    yield "bundle", joined((len(records.NAMES), (MANIFESTS / "policy.proto.apk").read_bytes()))
    overlapping = grown(manifest, expansion.SAME, 36, 0, 0, 20_000)
    yield "overlap", joined((named["AndroidManifest.xml"], overlapping))
    hosts = grown(b"https://aaaaaaaaaaaaaaaaaaaaaaaaaaaa.example/\n", expansion.REPEAT, 0, 45, 0, 20_000)
    yield "hosts", joined((named["AndroidManifest.xml"], manifest), (named["assets/config.json"], hosts))


MAKERS: Final[dict[str, Callable[[], Inputs]]] = {
    "zip_directory": zip_directory,
    "range_planner": range_planner,
    "media_ends": media_ends,
    "packed_files": packed_files,
    "compiled_xml": compiled_xml,
    "text_xml": text_xml,
    "bundle_xml": bundle_xml,
    "resources": resources,
    "dex_tables": dex_tables,
    "code_beside": code_beside,
    "places": all_places,
    "record": record,
    "dex_code": dex_tables,
}
