"""Inputs for the readers of what a phone says."""

from collections.abc import Callable
from typing import Final

from tests.apk.zips import Part, make_zip
from tests.fuzz import expansion
from tests.fuzz.seeds.common import FIXTURES, ROOT, Inputs, grown
from tests.fuzz.targets.answers import DUMPS, LISTS

PHONE_DUMPS: Final = ROOT / "tests" / "acquire" / "parse" / "dumps"


def package_dump() -> Inputs:
    for path in sorted(PHONE_DUMPS.glob("android-*.txt")):
        text = path.read_bytes()
        if b"Package [" in text:
            yield path.stem, text[:3000]
    block = (PHONE_DUMPS / "android-16-kept-data.txt").read_bytes()
    yield "many", grown(block, expansion.REPEAT, 0, 1000, 0, 1000)
    yield "long-line", grown(b"Packages:\n  Package [a] (1):\n    versionName=b\n", expansion.REPEAT, 40, 3, 0, 60_000)


def phone_lists() -> Inputs:
    answers = _answers("pixel-small")
    order = [b"package:", b"UserInfo{", b"[ro.", b"@0", b"=", b"Display"]
    for number in range(len(LISTS)):
        mark = order[number]
        for name, content in answers.items():
            if mark in content:
                yield f"{number}-{name}", bytes([number]) + content[:2500]
                break
    yield "spaces", grown(b"\0package:/a=b c=d\n", expansion.REPEAT, 10, 4, 0, 60_000)
    yield "brackets", grown(b"\2[a]: [b]\n", expansion.REPEAT, 4, 3, 0, 60_000)


def state_dumps() -> Inputs:
    folder = ROOT / "tests" / "acquire" / "condition" / "dumps"
    named = {"appops": 0, "accessibility": 2, "device-policy": 3, "roles": 4}
    for path in sorted(folder.glob("*.txt")):
        for word, number in named.items():
            if path.name.startswith(word):
                yield path.stem, bytes([number]) + path.read_bytes()[:3000]
    texts = {
        1: "Active interfaces:\n  iface=wlan0 ident=[{type=1}]\nXt stats:\n  ident=[{type=1}] uid=-1 set=ALL\n"
           "UID stats:\n  ident=[{type=1, ratType=COMBINED}] uid=10001 set=DEFAULT tag=0x0\n"
           "    NetworkStatsHistory: bucketDuration=7200\n      st=1600000000 rb=1 rp=2 tb=3 tp=4 op=0\n",
        5: "system-excidle,com.a,10001\nsystem,com.b,10002\nuser,com.c,10003\n",
        6: "NetworkAgentInfo{ network{100} nc{[ Transports: WIFI VPN OwnerUid: 10001]} lp{{HttpProxy: [a] 8080}}}\n",
        7: "USER KEYS\nQUJD a@b\nSYSTEM KEYS\n",
        8: "Image info:\nVbmeta digest: " + "ab" * 32 + "\nAPEX info:\ncom.a,1," + "cd" * 32 + "\n",
        9: "/dev/root / ext4 ro,seclabel 0 0\noverlay /system overlay rw 0 0\n",
        10: "DNS queries:\n  uid=10001 a.example A 1.2.3.4 10ms\n",
        11: "  sl  local_address rem_address st\n"
            "   0: 0100007F:1F90 08080808:01BB 01 00000000:00000000 00:0 0 10001 0 1 1\n",
        12: "127.0.0.1 localhost\n0.0.0.0 a.example b.example\n",
    }  # fmt: skip
    assert max(texts) < len(DUMPS)
    for number, text in texts.items():
        yield f"made-{number:02}", bytes([number]) + text.encode()
        yield f"large-{number:02}", grown(bytes([number]) + text.encode(), expansion.REPEAT, 1, 60, 0, 10_000)


def small_files() -> Inputs:
    certificate = (FIXTURES / "apks" / "keys" / "media.x509.pem").read_bytes()
    archive = make_zip([Part("a.pem", certificate)])
    files = {
        "/system/etc/hosts": b"1.2.3.4 a.example\n", "/system/etc/security/otacerts.zip": archive,
        "/system/etc/security/cacerts/1.0": certificate, "/system/build.prop": b"ro.build.type = user\n",
        "/data/misc/adb/adb_keys": b"QUJD a@b\n",
    }  # fmt: skip
    sizes = "".join(f"{len(content)}\n" for content in files.values()).encode()
    names = b"".join(name.encode() + b"\0" for name in files)
    folders = b"\0folders\0open\0/system/etc/security/cacerts\0\0there\0/system/bin/su\0\0files\0"
    yield "all", folders + sizes + b"\0" + names + b"\0bytes\0" + b"".join(files.values())
    yield "none", b"\0folders\0none\0/a\0\0there\0\0files\0\0\0bytes\0"


def adb_messages() -> Inputs:
    def message(command: bytes, one: int, two: int, data: bytes = b"") -> bytes:
        word = int.from_bytes(command, "little")
        numbers = (word, one, two, len(data), sum(data), word ^ 0xFFFFFFFF)
        return b"".join(number.to_bytes(4, "little") for number in numbers) + data

    stream = message(b"OKAY", 7, 1) + message(b"WRTE", 7, 1, b"[a]: [b]\n") + message(b"CLSE", 7, 1)
    yield "stream", stream + message(b"OKAY", 8, 2) + message(b"WRTE", 8, 2, b"DATA") + message(b"CLSE", 8, 2)
    yield "banner", message(b"CNXN", 0x01000001, 4096, b"device::ro.product.name=a;features=shell_v2,cmd")
    yield "many", grown(message(b"OKAY", 7, 1), expansion.REPEAT, 0, 24, 0, 5000)


def adb_files() -> Inputs:
    size = (5).to_bytes(4, "little")
    facts = b"STAT" + (0o100644).to_bytes(4, "little") + size + bytes(4)
    content = b"DATA" + size + b"hello" + b"DONE" + bytes(4)
    yield "four", b"\xff" + facts * 4 + content * 4
    yield "failed", b"\x01" + facts * 2 + b"FAIL" + size + b"wrong" + expansion.SEPARATOR + facts
    yield "endless", grown(b"\xff" + facts + b"DATA" + size + b"hello", expansion.REPEAT, 17, 13, 0, 20_000)


def adb_ranges() -> Inputs:
    yield "two", b"\x20" + bytes(4000) + b"@MARK@1:0\n" + bytes(4000) + b"@MARK@2:0\n"
    yield "failed", b"\0@MARK@1:1\n@MARK@9:0\n"


def _answers(phone: str) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in sorted((FIXTURES / "devices" / phone / "answers").iterdir())}


MAKERS: Final[dict[str, Callable[[], Inputs]]] = {
    "package_dump": package_dump,
    "phone_lists": phone_lists,
    "state_dumps": state_dumps,
    "small_files": small_files,
    "adb_messages": adb_messages,
    "adb_files": adb_files,
    "adb_ranges": adb_ranges,
}
