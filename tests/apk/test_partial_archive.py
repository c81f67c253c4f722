"""Packages of which only parts are here: read like whole ones, and what is missing is never made up."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from phone_audit.apk.package_file import FileHashes
from phone_audit.apk.read_apk import read_apk
from phone_audit.apk.records import join, join_signatures
from phone_audit.apk.signature.faults import SdkRange
from phone_audit.apk.signature.verify import TargetPlatform, verify
from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.partial_archive import MissingBytesError, PartialBytes
from phone_audit.detect.detectors import apk_findings
from phone_audit.errors import ApkError
from phone_audit.knowledge.load import load_knowledge, whole
from phone_audit.model.apk import ApkInfo, LeftOnPhone, Signature
from phone_audit.model.parts import Parts
from tests.apk.apk_signer import EC, V2, Jar, Signer, block, key, scheme
from tests.apk.in_parts import bring, lay_down
from tests.apk.media import noise
from tests.apk.packages import dex, manifest
from tests.apk.test_range_planner import FILL, SOUND, picture
from tests.apk.zips import Part, make_zip

REASON = "Not all of the file was read, so the digests over its content were not compared. The signatures were checked."
JSON = Part("assets/a.json", b'{"u":"http://b.example"}')
ONE = key(name="one")
PARTS = [manifest("policy"), dex("http://ads.example.net/x"), JSON, *FILL, SOUND]


def in_file_order(entries: list[Part]) -> list[Part]:
    """The three files of the v1 signature first, so that the end of the file holds none that a test leaves out."""
    return [*entries[-3:], *entries[:-3]]


def apk(*more: Part, signer: Signer | None = None) -> bytes:
    """Signed with v1 and v2."""
    entries = in_file_order(Jar(ONE).parts((*more, *PARTS)))
    value = scheme(make_zip(entries), signer or Signer(ONE))
    return make_zip(entries, before_directory=block([(V2, value)]))


def read(tmp_path: Path, data: bytes, parts: Parts | None = None) -> ApkInfo:
    path = tmp_path / "a.apk"
    held = bring(data).parts if parts is None else parts
    assert held is not None
    lay_down(path, data, held)
    return read_apk(
        path,
        shown_as="a.apk",
        knowledge=load_knowledge(),
        parts=held,
        hashes=FileHashes(hashlib.sha256(data).hexdigest(), "1", None),
    )


def read_whole(tmp_path: Path, data: bytes) -> ApkInfo:
    path = tmp_path / "whole.apk"
    path.write_bytes(data)
    return read_apk(path, shown_as="a.apk", knowledge=load_knowledge())


def test_the_record_says_the_same_and_what_stayed(tmp_path: Path) -> None:
    data = apk()
    info, full = read(tmp_path, data), read_whole(tmp_path, data)
    held = bring(data).parts
    assert held is not None
    assert info.left_on_phone == LeftOnPhone(files=6, bytes=5 * 90_000 + len(SOUND.content), bytes_read=held.size)
    assert info.signature == Signature(verified=None, schemes=("v1", "v2"), unchecked=REASON)
    assert full.signature == Signature(verified=True, schemes=("v1", "v2"))
    assert (info.sha256, info.size) == (full.sha256, full.size)
    assert [(file.sha256, file.sha1, file.md5) for file in info.files] == [(full.sha256, "1", None)]
    apart = {"left_on_phone", "signature", "files"}
    assert info.model_dump(exclude=apart) == full.model_dump(exclude=apart)
    assert {one.host for one in info.endpoints or ()} == {"ads.example.net", "b.example"}
    assert [one.code for one in info.skipped] == ["no-network-config"]


def test_parts_that_are_all_of_it_are_a_whole_file(tmp_path: Path) -> None:
    data = apk()
    info = read(tmp_path, data, Parts(((0, len(data)),)))
    assert info.left_on_phone is None
    assert info.signature == Signature(verified=True, schemes=("v1", "v2"))


def test_a_hash_that_nobody_took_is_unknown(tmp_path: Path) -> None:
    data = apk()
    held = bring(data).parts
    assert held is not None
    lay_down(tmp_path / "a.apk", data, held)
    info = read_apk(tmp_path / "a.apk", shown_as="a.apk", knowledge=load_knowledge(), parts=held)
    assert (info.sha256, info.files[0].sha256, info.package) == (None, None, "fixture.policy")


def findings(info: ApkInfo) -> list[str]:
    return [one.id for one in apk_findings(info, whole(load_knowledge()))]


def test_a_changed_picture_is_no_broken_signature_where_it_stayed(tmp_path: Path) -> None:
    data = bytearray(apk())
    data[data.index(b"WAVE") + 500_000] ^= 1
    assert "signature-broken" in findings(read_whole(tmp_path, bytes(data)))
    info = read(tmp_path, bytes(data))
    assert info.signature == Signature(verified=None, schemes=("v1", "v2"), unchecked=REASON)
    assert "signature-broken" not in findings(info)


def test_a_signature_that_was_forged_is_broken_also_where_only_parts_are_here(tmp_path: Path) -> None:
    info = read(tmp_path, apk(signer=Signer(ONE, signatures=((EC, b"no signature"),))))
    assert info.signature is not None
    assert (info.signature.verified, info.signature.unchecked) == (False, None)
    assert [error.partition(":")[0] for error in info.signature.errors] == ["v2-signature-mismatch"]
    assert "signature-broken" in findings(info)


def test_v1_is_checked_as_far_as_its_entries_are_here() -> None:
    data = apk()
    checked = verify(Archive(memoryview(data), parts=bring(data).parts), None, TargetPlatform(SdkRange(21)))
    assert (checked.verified, checked.faults, checked.unchecked) == (None, (), REASON)
    assert checked.certificates == {"v2": (ONE.certificate,), "v1": (ONE.certificate,)}


@pytest.mark.parametrize(("name", "words"), [("assets/a.json", ["v1-entry-digest"]), ("res/raw/a.wav", [])])
def test_an_entry_that_is_not_as_v1_signs_it(name: str, words: list[str]) -> None:
    signed_as = in_file_order(Jar(ONE).parts(tuple(PARTS)))
    entries = [
        replace(part, content=part.content[:-9] + b"8 changed") if part.name == name else part for part in signed_as
    ]
    data = make_zip(entries, before_directory=block([(V2, scheme(make_zip(entries), Signer(ONE)))]))
    checked = verify(Archive(memoryview(data), parts=bring(data).parts), None, TargetPlatform(SdkRange(21)))
    assert [fault.word for fault in checked.faults] == words
    assert checked.verified is (False if words else None)
    assert [fault.word for fault in verify(Archive(memoryview(data)), None, TargetPlatform(SdkRange(21))).faults] == [
        "v1-entry-digest"
    ]


def test_a_signature_whose_own_files_are_not_here(tmp_path: Path) -> None:
    data = apk()
    info = read(tmp_path, data, without(data, "META-INF/CERT.SF"))
    assert info.signature is not None
    assert (info.signature.verified, info.signature.schemes, info.signature.errors) == (None, ("v1", "v2"), ())
    assert ("signature", "not-brought") in [(one.step, one.code) for one in info.skipped]


@pytest.mark.parametrize("missing", ["block", "start"])
def test_a_signature_that_is_not_here_is_not_broken(tmp_path: Path, missing: str) -> None:
    entries = in_file_order(Jar(ONE).parts(tuple(PARTS)))
    fill = (0x42726577, bytes(2**17))
    data = make_zip(entries, before_directory=block([(V2, scheme(make_zip(entries), Signer(ONE))), fill]))
    directory = Archive(memoryview(data)).index.directory_offset
    held = [(0, directory - 2**17), (directory - 66_000, len(data))] if missing == "block" else [(1, len(data))]
    info = read(tmp_path, data, Parts.of(held))
    assert info.signature is None or (info.signature.verified, info.signature.errors) == (None, ())
    assert ("signature", "not-brought") in [(one.step, one.code) for one in info.skipped]
    assert "signature-broken" not in findings(info)


def test_an_unread_part_of_a_package_makes_the_whole_unverified_and_says_why() -> None:
    good = Signature(verified=True, schemes=("v2",))
    parted = Signature(verified=None, schemes=("v2",), unchecked=REASON)
    bad = Signature(verified=False, schemes=("v2",), errors=("v2-x: y",))
    assert join_signatures(good, [("s", parted)]) == parted
    assert join_signatures(parted, [("s", good)]) == parted
    joined = join_signatures(parted, [("s", bad)])
    assert joined is not None
    assert (joined.verified, joined.errors) == (False, ("v2-x: y (s)",))


def test_what_stayed_of_a_package_of_several_files(tmp_path: Path) -> None:
    base = read(tmp_path, apk())
    whole_one = read_whole(tmp_path, apk())
    left = base.left_on_phone
    assert left is not None
    joined = join(base, [whole_one, base]).left_on_phone
    assert joined == LeftOnPhone(files=2 * left.files, bytes=2 * left.bytes, bytes_read=2 * left.bytes_read)
    assert join(whole_one, [whole_one]).left_on_phone is None


def without(data: bytes, name: str) -> Parts:
    """Everything but one entry."""
    entry = next(entry for entry in Archive(memoryview(data)).entries if entry.name == name)
    start = entry.header_offset
    end = start + 31 + len(name)
    return Parts.of([(0, start), (end, len(data))])


@pytest.mark.parametrize(
    ("name", "step", "subject"),
    [
        ("AndroidManifest.xml", "manifest", "a.apk"),
        ("classes.dex", "dex", "a.apk"),
        ("assets/a.json", "native", "a.apk!assets/a.json"),
    ],
)
def test_what_should_have_been_brought_is_told(tmp_path: Path, name: str, step: str, subject: str) -> None:
    data = apk()
    info = read(tmp_path, data, without(data, name))
    told = [(one.step, one.subject) for one in info.skipped if one.code == "not-brought"]
    assert (step, subject) in told


def test_a_picture_by_name_that_begins_like_code_is_told_where_it_is_not_here(tmp_path: Path) -> None:
    data = apk(picture("res/z.png", begin=b"dex\n035\0", size=100_000))
    entry = Archive(memoryview(data)).find("res/z.png")
    assert entry is not None
    start = entry.header_offset

    def told(*held: tuple[int, int]) -> list[str]:
        info = read(tmp_path, data, Parts.of(held))
        return [one.subject for one in info.skipped if one.code == "not-brought"]

    assert told((0, start + 4096), (start + 99_000, len(data))) == ["a.apk!res/z.png"]
    assert told((0, start), (start + 100_039, len(data))) == []


def test_an_entry_that_is_here_and_damaged(tmp_path: Path) -> None:
    data = bytearray(apk())
    entry = Archive(memoryview(data)).find("assets/a.json")
    assert entry is not None
    data[entry.header_offset] ^= 1
    info = read(tmp_path, bytes(data), Parts(((0, 200_000), (210_000, len(data)))))
    assert ("damaged-entry", "a.apk!assets/a.json") in [(one.code, one.subject) for one in info.skipped]


def test_a_directory_that_is_not_here(tmp_path: Path) -> None:
    data = apk()
    info = read(tmp_path, data, Parts(((0, 1000),)))
    assert (info.package, [(one.step, one.code) for one in info.skipped]) == (None, [("read", "not-brought")])


def test_no_byte_that_is_not_here_is_given() -> None:
    held = PartialBytes(b"0123456789", Parts(((2, 4), (6, 10))))
    assert (len(held), held[2:4], held[7:], held[5:5], held[-3:-1]) == (10, b"23", b"789", b"", b"78")
    for start, end in ((1, 3), (3, 7), (0, 1), (4, 6), (0, 10)):
        with pytest.raises(MissingBytesError) as caught:
            held[start:end]
        assert (caught.value.start, caught.value.end) == (start, end)


@pytest.mark.parametrize("deflate", [False, True])
def test_an_entry_that_is_here_in_part(deflate: bool) -> None:
    data = make_zip([Part("a", noise(70_000), deflate=deflate), Part("b", b"b"), Part("c", noise(70_000))])
    end = Archive(memoryview(data)).entries[1].header_offset
    archive = Archive(memoryview(data), parts=Parts.of([(0, 1200), (end, len(data))]))
    first, second, _ = archive.entries
    assert (archive.partial.has(first), archive.partial.has(second), archive.partial.whole) == (False, True, False)
    assert archive.opening(first, 16) == noise(70_000)[:16]
    assert archive.opening(first, 4000) is None
    assert bytes(archive.read(second, 10)) == b"b"
    for use in (
        lambda: archive.read(first, 10**6),
        lambda: list(archive.pieces(first)),
    ):
        with pytest.raises(ApkError) as caught:
            use()
        assert caught.value.code == "not-brought"
