"""Files made to use up time or memory: each has its record within its budget, and the rest of the package is read.

What is inflated is counted, in bytes; the time budget is so generous that a busy machine never comes near it.
"""

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from isal import isal_zlib

from phone_audit.apk.read_apk import read_apk
from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.apk.zip import archive, inflate
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import ApkInfo
from tests.apk.packages import FOLDER, MANIFEST, dex, manifest, package
from tests.apk.zips import Part, make_zip

URL = "http://ads.example.net/x"
GIGABYTES = 10
TIME_BUDGET = 300.0
MEMORY = 1024


@cache
def endless_zeros() -> bytes:
    """10 MB of raw deflate that inflate to 10 GB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * (GIGABYTES * 2**10) + b"\3\0"


def bomb(name: str, announced: int = 0xFFFFFFFE) -> Part:
    """An entry that announces what fits into the field, or less."""
    return Part(name, endless_zeros(), deflate=False, method=8, size=announced, local_sizes=False)


Analyse = Callable[[bytes], ApkInfo]


@pytest.fixture(scope="module")
def analyse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analyse]:
    """Analyses a package in a process within its budgets, one process for all."""
    path = tmp_path_factory.mktemp("bombs") / "a.apk"
    with WorkerPool(1, timeout=TIME_BUDGET, memory_mb=MEMORY) as pool:

        def analysed(data: bytes) -> ApkInfo:
            path.write_bytes(data)
            ((info, _),) = pool.analyse([(path, "a.apk")])
            return info

        yield analysed


@dataclass
class Inflating:
    """Stands in for `isal_zlib`, and counts the bytes that come out of all its streams."""

    total: int = 0

    def decompressobj(self, wbits: int) -> "CountedStream":
        return CountedStream(isal_zlib.decompressobj(wbits=wbits), self)


class CountedStream:
    """A stream that tells how much came out of it."""

    def __init__(self, stream: Any, counted: Inflating) -> None:
        self._stream, self._counted = stream, counted

    def decompress(self, data: Any, most: int) -> bytes:
        content: bytes = self._stream.decompress(data, most)
        self._counted.total += len(content)
        return content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def hosts(info: ApkInfo) -> list[str]:
    return [endpoint.host for endpoint in info.endpoints or ()]


def skips(info: ApkInfo) -> set[tuple[str, str]]:
    return {(skipped.step, skipped.code) for skipped in info.skipped}


def test_the_bomb_is_one() -> None:
    blocks = GIGABYTES * 2**10
    one = endless_zeros()[: len(endless_zeros()) // blocks]
    assert zlib.decompressobj(-15).decompress(one, 2**21) == bytes(2**20)
    assert endless_zeros() == one * blocks + b"\3\0"
    assert 9 * 10**6 < len(endless_zeros()) < 12 * 10**6


@pytest.mark.promise("bombs-bounded")
@pytest.mark.parametrize("announced", [100, 0xFFFFFFFE])
@pytest.mark.parametrize("name", ["classes2.dex", "assets/zeros.bin", "lib/arm64-v8a/libzeros.so", "resources.arsc"])
def test_an_entry_that_inflates_to_10_gigabytes(analyse: Analyse, name: str, announced: int) -> None:
    info = analyse(package("base", dex(URL), bomb(name, announced)))
    assert (info.package, hosts(info)) == ("fixture.split", ["ads.example.net"])
    assert {code for _, code in skips(info)} == {"size-limit"}
    assert all(name in skipped.reason for skipped in info.skipped)


def test_a_manifest_that_inflates_to_10_gigabytes(analyse: Analyse) -> None:
    info = analyse(make_zip([bomb(MANIFEST), dex(URL)]))
    assert (info.package, hosts(info)) == (None, ["ads.example.net"])
    assert ("manifest", "size-limit") in skips(info)


@pytest.mark.promise("bombs-bounded")
def test_bombs_inside_archives_inside(analyse: Analyse) -> None:
    inner = make_zip([bomb("zeros.bin"), Part("b.txt", b"see http://collect.example.org/y")])
    outer = make_zip([Part("inner.zip", inner), bomb("more.bin")])
    info = analyse(package("base", dex(URL), Part("assets/outer.zip", outer)))
    assert sorted(hosts(info)) == ["ads.example.net", "collect.example.org"]
    assert skips(info) == {("native", "size-limit")}


@pytest.mark.promise("bombs-bounded")
@pytest.mark.parametrize("name", ["classes2.dex", "assets/zeros.bin", "lib/arm64-v8a/libzeros.so", "resources.arsc"])
def test_of_a_bomb_no_more_is_inflated_than_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "a.apk").write_bytes(package("base", dex(URL), bomb(name, 100)))
    inflating = Inflating()
    monkeypatch.setattr(inflate, "isal_zlib", inflating)
    info = read_apk(tmp_path / "a.apk", shown_as="a.apk", knowledge=load_knowledge())
    assert {code for _, code in skips(info)} == {"size-limit"}
    assert 0 < inflating.total < archive.TOTAL_LIMIT


@pytest.mark.slow
@pytest.mark.promise("bombs-bounded")
def test_many_bombs_together(analyse: Analyse) -> None:
    bombs = [bomb(f"assets/{number}.bin") for number in range(8)]
    info = analyse(package("base", dex(URL), *bombs))
    assert (info.package, hosts(info)) == ("fixture.split", ["ads.example.net"])
    assert {code for _, code in skips(info)} == {"size-limit"}


def test_a_bomb_that_is_signed_file_by_file(analyse: Analyse) -> None:
    """v1 has a digest of every entry, so verifying has to inflate it."""
    listed = b"Manifest-Version: 1.0\r\n\r\nName: assets/zeros.bin\r\nSHA-256-Digest: " + b"A" * 43 + b"=\r\n\r\n"
    parts = (dex(URL), bomb("assets/zeros.bin"), Part("META-INF/MANIFEST.MF", listed))
    info = analyse(package("base", *parts))
    assert (info.package, hosts(info)) == ("fixture.split", ["ads.example.net"])


Chunk = tuple[int, int, int]
"""Offset, type and size of a chunk of compiled XML."""
STRINGS, RESOURCE_MAP, START_ELEMENT = 0x0001, 0x0180, 0x0102


def chunks(data: bytes) -> Iterator[Chunk]:
    at = 8
    while at + 8 <= len(data):
        kind, _, size = struct.unpack_from("<HHI", data, at)
        yield at, kind, size
        at += size


def first(data: bytes, kind: int) -> int:
    return next(at for at, found, _ in chunks(data) if found == kind)


def with_number(data: bytes, at: int, number: int) -> bytes:
    return data[:at] + struct.pack("<I", number & 0xFFFFFFFF) + data[at + 4 :]


def sized(kind: int, size: int) -> Callable[[bytes], bytes]:
    """The chunk of that kind names this size."""
    return lambda data: with_number(data, first(data, kind) + 4, size)


def back_to_the_strings(data: bytes) -> bytes:
    """The size of the first element leads, where it is added in 32 bits, back to the string pool."""
    start = first(data, START_ELEMENT)
    return with_number(data, start + 4, first(data, STRINGS) - start)


def strings_are_the_pool(data: bytes) -> bytes:
    """The texts begin where the pool itself begins."""
    return with_number(data, first(data, STRINGS) + 20, 0)


def every_string_is_the_first(data: bytes) -> bytes:
    """A pool that announces 2 to the 31 texts."""
    return with_number(data, first(data, STRINGS) + 8, 0x7FFFFFFF)


def attributes_without_end(data: bytes) -> bytes:
    """An element that announces 65,535 attributes of no size."""
    at = first(data, START_ELEMENT) + 24
    return data[: at + 2] + struct.pack("<HH", 0, 0xFFFF) + data[at + 6 :]


def file_inside_itself(data: bytes) -> bytes:
    """The whole file stands again where its second chunk begins, each within the other's size."""
    at = first(data, RESOURCE_MAP)
    return data[:at] + struct.pack("<HHI", 3, 8, len(data)) + data[at + 8 :]


CIRCLES = {
    "strings of no size": sized(STRINGS, 0),
    "strings that hold the file": sized(STRINGS, 0x7FFFFFFF),
    "map of no size": sized(RESOURCE_MAP, 0),
    "map of a negative size": sized(RESOURCE_MAP, -8),
    "map smaller than its head": sized(RESOURCE_MAP, 4),
    "element of no size": sized(START_ELEMENT, 0),
    "element of a negative size": sized(START_ELEMENT, -16),
    "element that leads back": back_to_the_strings,
    "element that holds the file": sized(START_ELEMENT, 0x7FFFFFFF),
    "strings that are the pool": strings_are_the_pool,
    "strings without end": every_string_is_the_first,
    "attributes without end": attributes_without_end,
    "file inside itself": file_inside_itself,
}


@pytest.mark.parametrize("damage", CIRCLES.values(), ids=CIRCLES)
def test_a_manifest_that_refers_to_itself(analyse: Analyse, damage: Callable[[bytes], bytes]) -> None:
    whole = manifest("policy").content
    damaged = damage(whole)
    assert damaged != whole
    info = analyse(make_zip([Part(MANIFEST, damaged), dex(URL)]))
    assert hosts(info) == ["ads.example.net"]
    assert {code for _, code in skips(info)} <= {"damaged-xml", "no-network-config", "memory-budget"}
    assert info.package == "fixture.policy" or "manifest" in {step for step, _ in skips(info)}


@pytest.mark.slow
def test_a_long_text_named_many_times(analyse: Analyse) -> None:
    """100,000 texts that are all the same 32,000 letters: 6 GB where each is kept."""
    info = analyse(make_zip([Part(MANIFEST, amplified(100_000)), dex(URL)]))
    assert hosts(info) == ["ads.example.net"]
    assert info.package == "a.b" or info.skipped


def amplified(count: int) -> bytes:
    """A manifest whose elements each name a text of their own, at one and the same place."""
    texts = [b"manifest", b"package", b"a.b", b"x" * 32_000]
    places, body = list[int](), b""
    for one in texts:
        places.append(len(body))
        body += struct.pack("<H", len(one)) + one.decode().encode("utf-16-le") + b"\0\0"
    body += bytes(-len(body) % 4)
    offsets = [*places[:3], *[places[3]] * count]
    table = struct.pack(f"<{len(offsets)}I", *offsets)
    pool = struct.pack("<IIIII", len(offsets), 0, 0, 28 + len(table), 0) + table + body
    strings = struct.pack("<HHI", STRINGS, 28, 8 + len(pool)) + pool
    attributes = _attribute(1, 2)
    start = _element(0, attributes) + b"".join(_element(3 + one, _attribute(3 + one, 3 + one)) for one in range(count))
    return struct.pack("<HHI", 3, 8, 8 + len(strings) + len(start)) + strings + start


def _attribute(name: int, text: int) -> bytes:
    return struct.pack("<IIIHBBI", 0xFFFFFFFF, name, text, 8, 0, 3, text)


def _element(name: int, attributes: bytes) -> bytes:
    count = len(attributes) // 20
    head = struct.pack("<IIIIHHHHHH", 1, 0xFFFFFFFF, 0xFFFFFFFF, name, 20, 20, count, 0, 0, 0)
    return struct.pack("<HHI", START_ELEMENT, 16, 8 + len(head) + len(attributes)) + head + attributes


def test_a_security_config_that_is_the_manifest_itself(analyse: Analyse) -> None:
    """The reference of the manifest leads to a file that is no security config but the manifest."""
    parts = [manifest("policy"), Part("res/xml/network.xml", manifest("policy").content), resources(), dex(URL)]
    info = analyse(make_zip(parts))
    assert (info.package, hosts(info)) == ("fixture.policy", ["ads.example.net"])


def test_a_resource_that_refers_to_itself(analyse: Analyse) -> None:
    whole = resources().content
    value = whole.index(struct.pack("<HBB", 8, 0, 3))
    circle = whole[:value] + struct.pack("<HBBI", 8, 0, 1, 0x7F020000) + whole[value + 8 :]
    info = analyse(make_zip([manifest("policy"), Part("resources.arsc", circle), dex(URL)]))
    assert (info.package, hosts(info)) == ("fixture.policy", ["ads.example.net"])


def resources() -> Part:
    """The table of the fixture that has a security config."""
    with zipfile.ZipFile(FOLDER / "policy.apk") as archive:
        return Part("resources.arsc", archive.read("resources.arsc"))
