"""Encoded URLs: each form is found with its offset, and what only looks like one is not."""

import base64
from collections.abc import Callable
from functools import partial
from urllib.parse import quote

import pytest

from phone_audit.apk.assets.encoded_urls import MAX_HITS, DecodedUrl, decoded_mentions, encoded_in
from phone_audit.apk.assets.string_tables import binary_extent, text_extent
from phone_audit.apk.dex.file import read_dex
from phone_audit.errors import ApkError
from phone_audit.model.finding import Skipped
from tests.apk.assets.builders import (
    assembly,
    compiled_xml,
    compressed_assembly,
    elf,
    hermes,
    java_class,
    look,
    marks,
    resource_table,
    tar,
    unity,
)
from tests.apk.dex.builder import Source, build_dex
from tests.apk.zips import Part, make_zip

URL = "http://stat.vendor.cn/up?id="
SAFE = "https://stat.vendor.cn:8443/a"


def xor(text: str, key: int) -> bytes:
    return bytes(byte ^ key for byte in text.encode())


FORMS = {
    "base64": (base64.b64encode(URL.encode()), URL, "base64"),
    "base64, https": (base64.b64encode(SAFE.encode()), SAFE, "base64"),
    "base64 for URLs": (base64.urlsafe_b64encode((URL + "~~~~").encode()).rstrip(b"="), URL + "~~~~", "base64"),
    "base64, later": (base64.b64encode(b'{"' + URL.encode()), URL, "base64"),
    "base64, later still": (base64.b64encode(b"{" + SAFE.encode()), SAFE, "base64"),
    "base64, third place": (base64.b64encode(b'{ "' + SAFE.encode()), SAFE, "base64"),
    "base64, http in the third place": (base64.b64encode(b"[(" + URL.encode()), URL, "base64"),
    "hex": (URL.encode().hex().encode(), URL, "hex"),
    "hex in capitals": (SAFE.encode().hex().upper().encode(), SAFE, "hex"),
    "reversed": (URL[::-1].encode(), URL, "reversed"),
    "reversed, https": (SAFE[::-1].encode(), SAFE, "reversed"),
    "percent": (quote(SAFE, safe="").encode(), SAFE, "url"),
    "percent in small letters": (b"http%3a%2f%2fstat.vendor.cn%2fup", "http://stat.vendor.cn/up", "url"),
    "xor": (xor(SAFE, 0x5A), SAFE, "xor-0x5a"),
    "xor with a high bit": (xor(URL, 0xC3), URL, "xor-0xc3"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("around", [(b"", b""), (b"x = '", b"';\n"), (b"\0\0\1", b"\0ab"), (b" " * 300, b" tail")])
def test_a_form_is_found(form: str, around: tuple[bytes, bytes]) -> None:
    encoded, url, encoding = FORMS[form]
    if encoding.startswith("xor") and not around[1].startswith(b"\0"):
        around = around[0], b"\0"
    data = memoryview(around[0] + encoded + around[1])
    for extent_of in (text_extent, binary_extent):
        found = [(one.found.url, one.encoding) for one in encoded_in(data, extent_of, marks(data))]
        assert found == [(url, encoding)]
        (one,) = encoded_in(data, extent_of, marks(data))
        assert len(around[0]) <= one.offset <= len(around[0]) + 4


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_found_in_an_asset_and_in_a_dex_file(form: str) -> None:
    encoded, url, encoding = FORMS[form]
    (mention,) = look({"assets/a.bin": bytes(40) + encoded + b"\0"}).mentions
    assert (mention.kind, mention.found.url, mention.encoding) == ("decoded", url, encoding)
    if encoding == "xor-0xc3":
        return  # in the strings of a DEX file such characters take two bytes
    dex = read_dex("classes.dex", build_dex(Source(strings=["a", encoded.decode("ascii"), "z"])))
    (mention,) = decoded_mentions(dex, [])
    assert (mention.kind, mention.found.url, mention.encoding) == ("decoded", url, encoding)
    assert mention.where == "classes.dex"
    assert bytes(dex.data.data[mention.offset : mention.offset + 12]) in encoded


HOLDERS: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "library": ("lib/x86/liba.so", elf),
    "Flutter": ("lib/arm64-v8a/libapp.so", elf),
    "table": ("resources.arsc", resource_table),
    "table in UTF-16": ("resources.arsc", partial(resource_table, wide=True)),
    "compiled XML": ("res/xml/a.xml", compiled_xml),
    "manifest": ("AndroidManifest.xml", partial(compiled_xml, wide=True)),
    "Java class": ("A.class", lambda text: java_class("A", [text, "end"])),
    "Hermes": ("assets/index.android.bundle", lambda text: hermes(["GET", text, "com"])),
    "Unity": ("assets/global-metadata.dat", lambda text: unity(["GET", text, "com"])),
    ".NET": ("assemblies/a.dll", lambda text: compressed_assembly(assembly([text]))),
    "JSON": ("assets/a.json", lambda text: f'{{"a": "{text}"}}\n'.encode()),
    "tar": ("assets/private.tar", lambda text: tar({"a.py": f"u = {text}\0".encode()})),
    "archive": ("assets/x.bin", lambda text: make_zip([Part("a.js", f"u = {text}\0".encode())])),
}


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("form", [form for form in FORMS if form != "xor with a high bit"])
def test_every_form_is_found_in_every_place(form: str, holder: str) -> None:
    encoded, url, encoding = FORMS[form]
    if holder == "JSON" and form == "xor":
        return  # such bytes are no text
    name, build = HOLDERS[holder]
    found = look({name: build(encoded.decode("ascii"))}).mentions
    assert [(one.kind, one.found.url, one.encoding) for one in found] == [("decoded", url, encoding)]


def test_the_length_before_a_string_is_no_part_of_it() -> None:
    url = "http://stat.vendor.cn/".ljust(ord("A"), "x")
    dex = read_dex("classes.dex", build_dex(Source(strings=["!", url[::-1]])))
    assert [one.found.url for one in decoded_mentions(dex, [])] == [url]


def test_byte_arrays_of_a_dex_file_are_searched() -> None:
    data = build_dex(Source(strings=["a"])) + b"\0\3\1\0\x1d\0\0\0" + xor(SAFE, 0x91) + b"\0"
    assert [one.encoding for one in decoded_mentions(read_dex("classes.dex", data), [])] == ["xor-0x91"]


def test_a_dex_file_full_of_encoded_addresses_is_told() -> None:
    texts = [base64.b64encode(f"http://a.vendor.cn/{number:04}".encode()).decode() for number in range(MAX_HITS + 1)]
    secret = xor("http://b.vendor.cn/", 0x91) + b"\0"
    cut: list[Skipped] = []
    dex = read_dex("classes.dex", build_dex(Source(strings=texts)) + secret)
    assert [one.found.host for one in decoded_mentions(dex, cut)] == ["a.vendor.cn"] * MAX_HITS + ["b.vendor.cn"]
    assert [(one.subject, one.code) for one in cut] == [("classes.dex", "too-many-endpoints")]


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(b"no address at all in here"),
        base64.b64encode(b"http://"),
        base64.b64encode(b"httpd is a server, not a scheme"),
        b"aHR0cDov",
        b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(bytes(40) + b"http://crl.vendor.cn/a.crl" + bytes(40)),
        b"68747470" + b"00" * 8,
        b"//:ptth",
        b"elttil//:ptthx",
        b"%3A%2F%2Fstat.vendor.cn",
        b"mail%3A%2F%2Fstat.vendor.cn",
        URL.encode(),
        xor("http://", 0x11) + b"\0",
    ],
)
def test_what_is_no_url_is_not_found(text: bytes) -> None:
    data = memoryview(text + b"\n")
    assert list(encoded_in(data, text_extent, marks(data))) == []


def test_a_certificate_in_text_is_not_taken_apart() -> None:
    der = b"\x30\x82" + bytes(60) + b"\x86\x1ahttp://crl.vendor.cn/r.crl" + bytes(90)
    pem = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"
    data = memoryview(pem)
    assert list(encoded_in(data, text_extent, marks(data))) == []


def test_the_work_is_bounded() -> None:
    data = memoryview((base64.b64encode(URL.encode()) + b" ") * (MAX_HITS + 50))
    found: list[DecodedUrl] = []
    with pytest.raises(ApkError, match="looked at"):
        found.extend(encoded_in(data, text_extent, marks(data)))
    assert len(found) == MAX_HITS
    noise = memoryview(xor("http://", 7) * 100_000)
    with pytest.raises(ApkError, match="looked at"):
        next(encoded_in(noise, binary_extent, marks(noise)))
