"""Every file of a package that may hold a host, by the names and the beginnings of all sorts that are told apart."""

from typing import Final

from phone_audit.apk.assets.asset_walker import read_assets
from phone_audit.apk.zip.archive import Archive
from tests.apk.zips import Part, make_zip
from tests.fuzz.expansion import parts_of
from tests.fuzz.target import Target, promise

NAMES: Final = (
    "assets/index.html", "assets/app.js", "assets/config.json", "assets/a.properties", "assets/a.yaml", "assets/a.xml",
    "assets/LICENSE.txt", "assets/index.android.bundle", "assets/bin/Data/Managed/Metadata/global-metadata.dat",
    "assemblies/a.dll", "assemblies/assemblies.blob", "lib/arm64-v8a/libapp.so", "lib/arm64-v8a/libassemblies.so",
    "resources.arsc", "res/xml/network.xml", "AndroidManifest.xml", "res/raw/a.bin", "assets/a.jar", "a/b/C.class",
    "assets/a.tar.gz", "assets/cert.der", "assets/a.map", "kotlin/a.kotlin_builtins", "META-INF/a.version",
)  # fmt: skip
"""What the first byte of a part stands for."""
_TOTAL: Final = 2**24
_LARGEST: Final = 2**18
"""Bytes that recipes may make of one part: these files are searched in many ways."""
_MOST_TEXT: Final = 4096


def places(data: bytes) -> None:
    """Search the files of a package for hosts."""
    named = [(NAMES[kind % len(NAMES)], content) for kind, content in parts_of(data, _LARGEST)]
    if not named:
        return
    archive = Archive(memoryview(make_zip([Part(name, content, deflate=False) for name, content in named])))
    found = read_assets(archive, frozenset(), total=_TOTAL)
    for mention in found.mentions:
        promise(len(mention.found.excerpt) <= _MOST_TEXT, "an excerpt is longer than a person reads")
        promise(mention.where.split("!")[0] in NAMES, "a host stands in a file that is not there")


TARGETS: Final = {
    "places": Target(
        places,
        ("phone_audit.apk.assets", "phone_audit.apk.text.host_text", "phone_audit.apk.text.prose"),
        (
            b"https://", b"http://", b"wss://", b"ftp://", b":\0/\0/\0", b"aHR0c", b"68747470", b"ptth", b"%3A%2F%2F",
            b"\\/\\/", b"://", b"[::1]", b"xn--", b"user@", b":8080", b"/*", b"*/", b"<!--", b"-->", b"href=\"",
            b"\x7fELF", b"\xc6\x1f\xbc\x03\xc1\x03\x19\x1f", b"\xaf\x1b\xb1\xfa", b"\xca\xfe\xba\xbe", b"PK\x03\x04",
            b"\2\0\x0c\0", b"\3\0\x08\0", b"\x30\x82", b"\x06\x08", b"\x86", b"MZ", b"dex\n035\0", b"\xf5NEXT",
        ),
        whole=False,
    )
}  # fmt: skip
