"""Archives inside archives, and what bounds the walk: every cut is told."""

import base64
import bz2
import gzip
import lzma
import struct
import zlib
from collections.abc import Callable

import pytest

from phone_audit.apk.assets import asset_walker, embedded_formats, encoded_urls, url_search
from phone_audit.apk.assets import urls as urls_module
from phone_audit.apk.assets.asset_walker import AssetFacts, read_assets
from phone_audit.apk.xml import typed_views
from phone_audit.apk.xml.elements import REFERENCE, STRING
from phone_audit.apk.zip import inflate
from phone_audit.apk.zip.archive import Archive
from tests.apk.assets.builders import java_class, look, tar
from tests.apk.test_typed_views import HINT, layout, typed
from tests.apk.zips import Part, make_zip

URL = "https://stat.vendor.cn/up"


def cuts(found: AssetFacts) -> list[tuple[str, str]]:
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


@pytest.mark.promise("bombs-bounded")
def test_many_small_bombs_share_one_budget() -> None:
    bomb = gzip.compress(bytes(400_000))
    found = look({f"{number}.gz": bomb for number in range(9)}, total=1_000_000)
    assert len(cuts(found)) == 7


@pytest.mark.promise("damage-is-noted")
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
    found = read_assets(Archive(memoryview(data)), frozenset())
    assert cuts(found) == [("a.txt", "damaged-entry")]


def test_the_dex_files_of_the_package_itself_are_left_to_others() -> None:
    data = make_zip([Part("classes.dex", b"dex\n035\0" + bytes(200)), Part("assets/x.dex", b"dex\n035\0" + bytes(200))])
    archive = Archive(memoryview(data))
    own = frozenset(entry for entry in archive.entries if entry.name == "classes.dex")
    assert [name for name, _ in read_assets(archive, own).dexes] == ["assets/x.dex"]


def test_an_entry_that_names_the_bytes_of_a_dex_file_is_read() -> None:
    content = b"dex\n035\0" + bytes(200)
    first = Archive(memoryview(make_zip([Part("classes.dex", content), Part("assets/x.json", content)])))
    own, other = first.entries
    shared = first.data.tobytes().replace(
        struct.pack("<I", other.header_offset) + b"assets/x.json",
        struct.pack("<I", own.header_offset) + b"assets/x.json",
    )
    archive = Archive(memoryview(shared))
    assert len({entry.header_offset for entry in archive.entries}) == 1
    found = read_assets(archive, frozenset(archive.entries[:1]))
    assert [name for name, _ in found.dexes] == ["assets/x.json"]


@pytest.mark.parametrize("name", ["code.RSA", "CERT.DSA", "CERT.EC", "CERT.SF", "MANIFEST.MF"])
def test_files_of_a_signature_are_searched_like_others(name: str) -> None:
    signed = {"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\r\n", "META-INF/CERT.SF": b"Signature-Version: 1.0\r\n"}
    found = look({**signed, f"META-INF/{name}": URL.encode(), "META-INF/code.EC": b"dex\n035\0" + bytes(200)})
    assert [one.where for one in found.mentions] == [f"META-INF/{name}"]
    assert [one for one, _ in found.dexes] == ["META-INF/code.EC"]


def test_dex_files_under_other_names_share_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asset_walker, "MAX_DEX", 300)
    found = look({name: b"dex\n035\0" + bytes(150) for name in ("a", "b")})
    assert ([name for name, _ in found.dexes], cuts(found)) == (["a"], [("b", "size-limit")])


def test_mentions_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(url_search, "MAX_MENTIONS", 5)
    found = look({"a.txt": f"{URL}\n".encode() * 9, "A.class": java_class("A", [f"x{n}.vendor.cn" for n in range(9)])})
    assert (len(found.mentions), len(found.candidates)) == (5, 5)
    assert cuts(found) == [("", "too-many-endpoints")]


@pytest.mark.parametrize("most", ["_MOST", "_MOST_TEXTS"])
def test_layouts_of_which_not_all_is_remembered(monkeypatch: pytest.MonkeyPatch, most: str) -> None:
    """What is typed in behind them is not known, and nobody can hide it so without a word."""
    fields = [typed(number, (HINT, STRING, number)) for number in range(3)]
    references = [typed(number, (HINT, REFERENCE, number)) for number in range(3)]
    in_layout = {"res/a.xml": layout(*fields, texts=["x", "y", "z"])}
    in_resources = {"res/a.xml": layout(*references)}
    assert [cuts(look(files)) for files in (in_layout, in_resources)] == [[], []]
    monkeypatch.setattr(typed_views, most, 2)
    assert [cuts(look(files)) for files in (in_layout, in_resources)] == [[("", "too-many-views")]] * 2


@pytest.mark.parametrize("encoding", ["ascii", "utf-16-le"])
def test_a_file_of_nothing_but_urls_is_cut(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    monkeypatch.setattr(urls_module, "MAX_HITS", 5)
    found = look({"a.bin": b"\0" + f"{URL}\0".encode(encoding) * 9, "b.txt": URL.encode()})
    assert [one.where for one in found.mentions] == ["a.bin"] * 5 + ["b.txt"]
    assert cuts(found) == [("a.bin", "too-many-endpoints")]


def test_an_entry_that_claims_to_be_empty_is_read_all_the_same() -> None:
    data = make_zip([Part("a.txt", URL.encode(), size=0)])
    assert len(read_assets(Archive(memoryview(data)), frozenset()).mentions) == 1


@pytest.mark.parametrize("filler", [b"://\n", b"//:\n", b"aHR0\n", b"%3A%2\n", b"687474\n"])
@pytest.mark.parametrize("text", [URL, base64.b64encode(URL.encode()).decode()])
def test_small_files_full_of_marks_take_no_room_from_the_next(filler: bytes, text: str) -> None:
    files = {f"a{number}.txt": filler * 3000 for number in range(9)}
    found = look({**files, "z.json": f'{{"server":"{text}"}}'.encode()})
    assert [(one.where, one.found.url) for one in found.mentions] == [("z.json", URL)]
    assert cuts(found) == []


@pytest.mark.parametrize("filler", [b"//:\n", b"aHR0\n", b"%3A%2\n", b"687474\n"])
@pytest.mark.parametrize("size", [26_000 * 7, 26_000 * 7 + 600_000])
def test_a_file_full_of_marks_is_told(filler: bytes, size: int) -> None:
    found = look({"a.txt": (filler * 26_000).ljust(size) + f"\na={URL}\n".encode(), "b.txt": URL.encode()})
    assert [one.where for one in found.mentions] == ["a.txt", "b.txt"]
    assert cuts(found) == [("a.txt", "too-many-endpoints")]


@pytest.mark.parametrize("form", [base64.b64encode, lambda text: text.hex().encode(), lambda text: text[::-1]])
def test_a_form_that_is_cut_is_told_and_hides_no_other(monkeypatch: pytest.MonkeyPatch, form: object) -> None:
    monkeypatch.setattr(encoded_urls, "MAX_HITS", 5)
    hidden = (form(b"http://a.vendor.cn/up") + b" ") * 6  # type: ignore[operator]
    xored = bytes(byte ^ 0x5A for byte in b"http://b.vendor.cn/up\0")
    found = look({"a.txt": hidden + xored})
    assert [one.found.host for one in found.mentions] == ["a.vendor.cn"] * 5 + ["b.vendor.cn"]
    assert cuts(found) == [("a.txt", "too-many-endpoints")]


def test_too_many_addresses_hide_no_encoded_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urls_module, "MAX_HITS", 5)
    found = look({"a.txt": f"{URL}\n".encode() * 6 + base64.b64encode(b"http://b.vendor.cn/up")})
    assert [one.found.host for one in found.mentions] == ["stat.vendor.cn"] * 5 + ["b.vendor.cn"]
    assert cuts(found) == [("a.txt", "too-many-endpoints")]


def test_a_damaged_header_in_a_tar_archive_is_told() -> None:
    content = bytearray(tar({"a": URL.encode(), "b": URL.encode(), "c": URL.encode()}))
    content[1024 + 124 : 1024 + 136] = b"not a number"
    found = look({"x.tar": bytes(content), "y": URL.encode()})
    assert [one.where for one in found.mentions] == ["x.tar!a", "y"]
    assert cuts(found) == [("x.tar", "damaged-entry")]


@pytest.mark.parametrize("cut", [100, 1024 + 100, 1024 + 512 + 5])
def test_a_tar_archive_that_is_cut_off_is_told(cut: int) -> None:
    found = look({"x.tar": tar({"a": URL.encode(), "b": URL.encode()})[:cut].ljust(300, b"x")})
    assert [code for _, code in cuts(found)] == ([] if cut == 100 else ["damaged-entry"])


def test_more_members_than_are_read_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_formats, "MAX_MEMBERS", 2)
    assert cuts(look({"x.tar": tar({"a": b"a", "b": b"b"})})) == []
    assert cuts(look({"x.tar": tar({"a": b"a", "b": b"b", "c": b"c"})})) == [("x.tar", "too-many-entries")]


def test_what_stands_behind_the_end_of_a_tar_archive_is_told() -> None:
    found = look({"x.tar": tar({"a": URL.encode()}) + b"http://a.vendor.cn/"})
    assert ([one.where for one in found.mentions], cuts(found)) == (["x.tar!a"], [("x.tar", "damaged-entry")])


@pytest.mark.parametrize("kind", [b"0", b"\0", b"7", b"A", b"S"])
def test_members_of_an_unknown_kind_are_files(kind: bytes) -> None:
    content = bytearray(tar({"a": URL.encode()}))
    content[156:157] = kind
    assert [one.where for one in look({"x.tar": bytes(content)}).mentions] == ["x.tar!a"]


PACKERS = [gzip.compress, bz2.compress, lzma.compress]


@pytest.mark.parametrize("pack", PACKERS)
def test_all_streams_of_a_compressed_file_are_read_as_one(pack: Callable[[bytes], bytes]) -> None:
    found = look({"a": pack(b"x") + pack(URL[:9].encode()) + pack(URL[9:].encode())})
    assert [(one.where, one.found.url) for one in found.mentions] == [("a", URL)]
    assert cuts(found) == []


@pytest.mark.parametrize("pack", PACKERS)
@pytest.mark.parametrize("padding", [0, 8])
def test_what_stands_behind_the_last_stream_is_read(pack: Callable[[bytes], bytes], padding: int) -> None:
    lead = pack(b"x" * 9000) + bytes(padding)
    for behind in (b"\1" + URL.encode(), make_zip([Part("b", URL.encode())])):
        places = [one.where for one in look({"a": lead + behind}).mentions]
        assert places == [f"a!{len(lead)}" + ("!b" if behind[0] == ord("P") else "")]
    assert cuts(look({"a": lead + pack(b"y")[:-3]})) == [(f"a!{len(lead)}", "damaged-entry")]
    assert cuts(look({"a": lead})) == []


@pytest.mark.parametrize("pack", PACKERS)
def test_streams_share_one_limit_and_are_limited(
    monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    assert cuts(look({"a": pack(bytes(400_000)) * 3}, total=1_000_000)) == [("a", "size-limit")]
    monkeypatch.setattr(inflate, "MAX_STREAMS", 3)
    assert cuts(look({"a": pack(b"x") * 3})) == []
    assert cuts(look({"a": pack(b"x") * 4})) == [("a", "too-many-entries")]


def test_streams_with_zeros_between_do_not_go_on_for_ever() -> None:
    assert cuts(look({"a": (gzip.compress(b"x") + b"\0") * 2000}))[0][1] == "nested"
