"""Archives inside archives, and what bounds the walk: every cut is told."""

import gzip
import zlib

import pytest

from phone_audit.analyse.archive import Archive
from phone_audit.analyse.places import sweep as sweep_module
from phone_audit.analyse.places import urls as urls_module
from phone_audit.analyse.places import walk as walk_module
from phone_audit.analyse.places.found import Elsewhere
from phone_audit.analyse.places.walk import look_elsewhere
from tests.analyse.places.builders import java_class, look, tar
from tests.analyse.zips import Part, make_zip

URL = "https://stat.vendor.cn/up"


def cuts(found: Elsewhere) -> list[tuple[str, str]]:
    return [(one.subject, one.code) for one in found.skipped]


def nested(times: int) -> bytes:
    content = URL.encode()
    for number in range(times):
        content = make_zip([Part(f"{number}", content)])
    return content


def test_two_archives_inside_one_another_are_opened_and_a_third_is_told() -> None:
    assert [one.where for one in look({"a": nested(2)}).mentions] == ["a!1!0"]
    found = look({"a": nested(3)})
    assert (found.mentions, cuts(found)) == ((), [("a!2!1", "nested")])


def test_a_compressed_tar_archive_counts_as_one() -> None:
    inner = gzip.compress(tar({"b.txt": URL.encode()}))
    found = look({"a.tar.gz": gzip.compress(tar({"inner.tgz": inner}))})
    assert [one.where for one in found.mentions] == ["a.tar.gz!inner.tgz!b.txt"]


def test_a_gzip_file_that_holds_itself_ends() -> None:
    content = gzip.compress(gzip.compress(gzip.compress(gzip.compress(URL.encode()))))
    assert cuts(look({"a.gz": content})) == [("a.gz", "nested")]


def test_what_goes_beyond_the_total_is_told() -> None:
    found = look({"a.txt": URL.encode() + bytes(900), "b.txt": b"x" * 2000, "c.txt": URL.encode()}, total=1000)
    assert [one.where for one in found.mentions] == ["a.txt", "c.txt"]
    assert cuts(found) == [("b.txt", "size-limit")]


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: make_zip([Part("x", data)])])
def test_a_bomb_is_cut(pack: object) -> None:
    bomb = pack(bytes(3_000_000))  # type: ignore[operator]
    found = look({"a": bomb, "b.txt": URL.encode()}, total=1_000_000)
    assert [code for _, code in cuts(found)] == ["size-limit"]
    assert [one.where for one in found.mentions] == ["b.txt"]


def test_many_small_bombs_share_one_budget() -> None:
    bomb = gzip.compress(bytes(400_000))
    found = look({f"{number}.gz": bomb for number in range(9)}, total=1_000_000)
    assert len(cuts(found)) == 7


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04 and then nothing", "truncated"),
        (b"\x1f\x8b\x08\x00 no deflate here", "damaged-entry"),
        (gzip.compress(b"a" * 5000, mtime=0)[:-30], "damaged-entry"),
        (b"BZh9 nothing of the kind", "damaged-entry"),
        (b"\xfd7zXZ\0 nothing of the kind", "damaged-entry"),
        (b"7z\xbc\xaf\x27\x1c", "unknown-archive"),
        (b"Rar!\x1a\x07\x01\0", "unknown-archive"),
        (b"\xca\xfe\xba\xbe\0\0\0\x34\xff\xff", "damaged-class"),
    ],
)
def test_damage_is_told_and_the_rest_is_read(content: bytes, code: str) -> None:
    found = look({"a/x": content, "b.txt": URL.encode()})
    assert cuts(found) == [("a/x", code)]
    assert [one.where for one in found.mentions] == ["b.txt"]


def test_a_damaged_entry_is_told() -> None:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = stream.compress(URL.encode() * 50) + stream.flush()
    data = make_zip([Part("a.txt", raw[:20], deflate=False, method=8, size=1250), Part("b.txt", URL.encode())])
    found = look_elsewhere(Archive(memoryview(data)), frozenset())
    assert cuts(found) == [("a.txt", "damaged-entry")]


def test_the_dex_files_of_the_package_itself_are_left_to_others() -> None:
    data = make_zip([Part("classes.dex", b"dex\n035\0" + bytes(200)), Part("assets/x.dex", b"dex\n035\0" + bytes(200))])
    archive = Archive(memoryview(data))
    own = frozenset(entry.header_offset for entry in archive.entries if entry.name == "classes.dex")
    assert [name for name, _ in look_elsewhere(archive, own).dexes] == ["assets/x.dex"]


def test_dex_files_under_other_names_share_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk_module, "MAX_DEX", 300)
    found = look({name: b"dex\n035\0" + bytes(150) for name in ("a", "b")})
    assert ([name for name, _ in found.dexes], cuts(found)) == (["a"], [("b", "size-limit")])


def test_mentions_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_module, "MAX_MENTIONS", 5)
    found = look({"a.txt": f"{URL}\n".encode() * 9, "A.class": java_class("A", [f"x{n}.vendor.cn" for n in range(9)])})
    assert (len(found.mentions), len(found.candidates)) == (5, 5)
    assert cuts(found) == [("", "too-many-endpoints")]


@pytest.mark.parametrize("encoding", ["ascii", "utf-16-le"])
def test_a_file_of_nothing_but_urls_is_cut(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    monkeypatch.setattr(urls_module, "MAX_HITS", 5)
    found = look({"a.bin": b"\0" + f"{URL}\0".encode(encoding) * 9, "b.txt": URL.encode()})
    assert [one.where for one in found.mentions] == ["a.bin"] * 5 + ["b.txt"]
    assert cuts(found) == [("a.bin", "too-many-endpoints")]


def test_an_entry_that_claims_to_be_empty_is_read_all_the_same() -> None:
    data = make_zip([Part("a.txt", URL.encode(), size=0)])
    assert len(look_elsewhere(Archive(memoryview(data)), frozenset()).mentions) == 1
