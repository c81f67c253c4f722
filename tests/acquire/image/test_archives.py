"""Archives and packed layers are read where they lie, at any place, and what of them is not read is told."""

import gzip
import hashlib
import io
import lzma
import os
import random
import tarfile
import zlib
from pathlib import Path

import pytest

from phone_audit.acquire.image import inflated as module
from phone_audit.acquire.image.byte_source import ByteSource, ImageError, Work
from phone_audit.acquire.image.inflated import GZIP, RAW, UNKNOWN, Inflated
from phone_audit.acquire.image.lz4_frame import Lz4Frame
from phone_audit.acquire.image.open import is_firmware, open_firmware
from phone_audit.acquire.image.payload import read_payload
from phone_audit.acquire.image.tar import is_tar, tar_tree
from phone_audit.errors import SnapshotError
from tests.acquire.image.images import (
    field,
    make_ext4,
    make_zip,
    payload_bytes,
    run,
    tar_bytes,
)
from tests.acquire.image.made import write_small
from tests.acquire.image.memory import MemoryBytes

WORK = Work(2**40)
CHANCE = random.Random("archives")
CONTENT = b"".join(CHANCE.choice((CHANCE.randbytes(900), bytes(3000), b"words " * 700)) for _ in range(900))


class Counted:
    """Counts the bytes that are read of a source."""

    def __init__(self, source: ByteSource) -> None:
        self._source, self.size, self.count = source, source.size, 0

    def read(self, at: int, count: int) -> bytes:
        self.count += count
        return self._source.read(at, count)


def holds_the_content(source: ByteSource) -> None:
    """Read at places in every order."""
    for _ in range(150):
        at = CHANCE.randrange(len(CONTENT))
        count = min(CHANCE.choice((1, 100, 40_000, 600_000)), len(CONTENT) - at)
        assert source.read(at, count) == CONTENT[at : at + count]


@pytest.mark.parametrize("form", [RAW, GZIP])
@pytest.mark.parametrize("distance", [100_000, 300_000, 4_000_000])
def test_what_is_packed_is_read_at_any_place(monkeypatch: pytest.MonkeyPatch, form: int, distance: int) -> None:
    monkeypatch.setattr(module, "_DISTANCE", distance)
    monkeypatch.setattr(module, "_MOST_STATES", 7)
    packer = zlib.compressobj(wbits=form)
    packed = packer.compress(CONTENT) + packer.flush() + b"what follows"
    source = Inflated(MemoryBytes(packed), UNKNOWN if form == GZIP else len(CONTENT), form, WORK)
    holds_the_content(source)
    with pytest.raises(ImageError):
        source.read(len(CONTENT), 1)


def test_what_was_unpacked_is_not_unpacked_again() -> None:
    packed = MemoryBytes(gzip.compress(CONTENT))
    counted = Counted(packed)
    source = Inflated(counted, UNKNOWN, GZIP, WORK)
    for at in range(0, len(CONTENT), 1000):
        source.read(at, min(1000, len(CONTENT) - at))
    assert counted.count < 3 * packed.size


def test_a_bomb_costs_its_budget() -> None:
    packed = MemoryBytes(gzip.compress(bytes(2**27)))
    with pytest.raises(ImageError, match="more work"):
        Inflated(packed, UNKNOWN, GZIP, Work(2**20)).read(2**27 - 1, 1)


@pytest.mark.parametrize("words", [("-B4",), ("-B6", "--content-size"), ("-B7", "-BX")])
def test_a_frame_of_lz4_is_read_at_any_place(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "x").write_bytes(CONTENT)
    run("lz4", "-q", "-f", *words, tmp_path / "x", tmp_path / "x.lz4")
    holds_the_content(Lz4Frame(MemoryBytes((tmp_path / "x.lz4").read_bytes()), WORK))


def test_a_frame_whose_blocks_need_one_another_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(CONTENT)
    run("lz4", "-q", "-f", "-B4", "-BD", tmp_path / "x", tmp_path / "x.lz4")
    with pytest.raises(ImageError, match="depend on one another"):
        Lz4Frame(MemoryBytes((tmp_path / "x.lz4").read_bytes()), WORK)


@pytest.mark.parametrize("size", [1, 65_537, 1 << 40])
def test_a_frame_that_says_it_holds_more_than_its_blocks_is_refused(size: int) -> None:
    """One without a block was read beyond its list of blocks."""
    head = b"\x04\x22\x4d\x18" + bytes([0x68, 0x40]) + size.to_bytes(8, "little") + b"\0"
    with pytest.raises(ImageError, match="head of the LZ4 frame is damaged"):
        Lz4Frame(MemoryBytes(head + bytes(4)), WORK)


def test_a_damaged_block_of_lz4_is_refused() -> None:
    head = b"\x04\x22\x4d\x18" + bytes([0x68, 0x40]) + (9).to_bytes(8, "little") + b"\0"
    frame = head + (4).to_bytes(4, "little") + b"\x10a\x05\x00" + bytes(4)
    with pytest.raises(ImageError, match="a block of LZ4 is damaged"):
        Lz4Frame(MemoryBytes(frame), WORK).read(0, 9)


def test_a_payload_is_read_at_any_place() -> None:
    [(name, source)] = read_payload(MemoryBytes(payload_bytes({"system": CONTENT})), "payload.bin", WORK)
    assert name == "payload.bin/system"
    holds_the_content(source)


def test_a_payload_whose_bytes_are_others_is_refused() -> None:
    data = bytearray(payload_bytes({"system": CONTENT}))
    data[-100] ^= 1
    [(_, source)] = read_payload(MemoryBytes(bytes(data)), "payload.bin", WORK)
    with pytest.raises(ImageError, match="hash that the update names"):
        source.read(0, source.size)


@pytest.mark.parametrize(
    ("kind", "told"), [(4, "differs from an older firmware"), (14, "Zstandard"), (99, "not known")]
)
def test_an_update_without_whole_partitions_is_told(tmp_path: Path, kind: int, told: str) -> None:
    operation = field(1, kind) + field(6, field(1, 0) + field(2, 1))
    manifest = field(3, 4096) + field(13, field(1, b"system") + field(8, operation))
    path = tmp_path / "payload.bin"
    path.write_bytes(b"CrAU" + (2).to_bytes(8, "big") + len(manifest).to_bytes(8, "big") + bytes(4) + manifest)
    assert is_firmware(path)
    with pytest.raises(SnapshotError, match=told), open_firmware(path):
        pass


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_members_of_tar_are_where_they_lie(tmp_path: Path, form: int) -> None:
    long = "a" * 40 if form == tarfile.USTAR_FORMAT else "\N{SNOWMAN}" * 70
    name = "b" * (40 if form == tarfile.USTAR_FORMAT else 90)
    folder = tmp_path / "in" / name
    folder.mkdir(parents=True)
    (folder / long).write_bytes(CONTENT[:70_000])
    (folder / "link").symlink_to("x/y")
    os.link(folder / long, folder / "same")
    source = MemoryBytes(tar_bytes([("top", tmp_path / "in")], form))
    assert is_tar(source)
    tree = tar_tree(source)
    found: dict[str, object] = {}
    pending = [("", tree.root)]
    while pending:
        path, node = pending.pop()
        for entry in tree.entries(node):
            found[f"{path}/{entry.name}"] = entry.node
            if entry.kind == "folder":
                pending.append((f"{path}/{entry.name}", entry.node))
    inner = f"/top/{name}"
    assert {f"{inner}/{long}", f"{inner}/link", f"{inner}/same"} <= found.keys()
    assert tree.target(found[f"{inner}/link"]) == "x/y"
    for one in (long, "same"):
        member = tree.open(found[f"{inner}/{one}"])
        assert member.read(0, member.size) == CONTENT[:70_000]


def test_members_of_tar_lead_nowhere() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("../../etc/passwd", "/abs", "a/../b", "x" * 300):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    tree = tar_tree(MemoryBytes(out.getvalue()))
    assert sorted(entry.name for entry in tree.entries(tree.root)) == ["abs", "x" * 300]


def test_a_zip_without_images_is_no_firmware(tmp_path: Path) -> None:
    assert not is_firmware(
        make_zip({"AndroidManifest.xml": b"x", "assets/x.bin": b"x"}, tmp_path / "x.zip", packed=True)
    )


def test_a_block_based_update_is_told(tmp_path: Path) -> None:
    path = make_zip({"system.new.dat.br": b"x", "boot.img": b"x"}, tmp_path / "x.zip", packed=True)
    assert is_firmware(path)
    with (
        pytest.raises(SnapshotError, match=r"block-based update \(system.new.dat.br\), which is not read"),
        open_firmware(path),
    ):
        pass


@pytest.mark.parametrize("compressed", [False, True])
def test_modules_are_mounted_where_a_phone_mounts_them(tmp_path: Path, compressed: bool) -> None:
    folder = write_small(tmp_path / "module", {"priv-app/M/M.apk": "an app", "cacerts/0.0": "x"})
    image = make_ext4(folder, tmp_path / "apex_payload.img", size="1M").read_bytes()
    manifest = field(1, b"com.example.module") + field(2, 77)
    apex = make_zip({"apex_manifest.pb": manifest, "apex_payload.img": image}, tmp_path / "x.apex", packed=False)
    if compressed:
        apex = make_zip(
            {"apex_manifest.pb": manifest, "original_apex": apex.read_bytes()}, tmp_path / "x.capex", packed=True
        )
    system = write_small(tmp_path / "dump" / "system")
    (system / "apex").mkdir()
    (system / "apex" / apex.name).write_bytes(apex.read_bytes())
    (system / "apex" / "bad.apex").write_bytes(b"PK\5\6" + bytes(18))
    with open_firmware(tmp_path / "dump") as firmware:
        assert firmware.read("/apex/com.example.module/priv-app/M/M.apk", 100) == b"an app"
        assert [(one.name, one.version_code, one.path) for one in firmware.modules] == [
            ("com.example.module", 77, f"/system/apex/{apex.name}")
        ]
        assert [(note.subject, note.code) for note in firmware.skipped] == [("/system/apex/bad.apex", "damaged")]


def test_the_tools_of_the_tests_make_what_others_read() -> None:
    data = payload_bytes({"x": b"y" * 5000})
    assert lzma.decompress(data[data.index(b"\xfd7zXZ") :]) == (b"y" * 5000).ljust(8192, b"\0")
    assert hashlib.sha256(data[data.index(b"\xfd7zXZ") :]).digest() in data


def members_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def member(name: str, content: bytes = b"", **values: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    for key, value in values.items():
        setattr(info, key, value)
    return info, content


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("../etc/hosts", {}, "leads out of it"),
        ("system/x", {}, "more than once"),
        ("system/x/y", {}, "where its folder should be"),
        ("system/z", {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"}, "none that came before it"),
        ("system/z", {"type": tarfile.GNUTYPE_SPARSE}, "of a kind that is not read"),
        ("system/z", {"pax_headers": {"GNU.sparse.major": "1"}}, "of a kind that is not read"),
    ],
)
def test_a_member_of_tar_that_is_not_read_is_told(name: str, values: dict[str, object], why: str) -> None:
    tree = tar_tree(MemoryBytes(members_of(member("system/x", b"first"), member(name, b"", **values))))
    [(code, reason)] = tree.flaws
    assert code == "left-out"
    assert name in reason
    assert why in reason


def test_a_member_whose_size_has_thousands_of_digits_keeps_that_of_its_head() -> None:
    tree = tar_tree(MemoryBytes(members_of(member("x", b"content", pax_headers={"size": "9" * 5000}))))
    [entry] = tree.entries(tree.root)
    assert tree.open(entry.node).size == len(b"content")


@pytest.mark.parametrize("packed", [False, True])
def test_an_archive_that_was_cut_off_or_damaged_between_members_is_told(tmp_path: Path, packed: bool) -> None:
    whole = members_of(member("system/build.prop", b"ro.build.id=A\n"), member("vendor/build.prop", b"x=y\n"))
    path = tmp_path / "dump.tgz"
    damaged = bytearray(whole)
    damaged[1024] ^= 1
    for content, told in ((whole, []), (whole[:1024], ["cut-off"]), (bytes(damaged), ["cut-off"])):
        path.write_bytes(gzip.compress(content) if packed else content)
        with open_firmware(path) as firmware:
            assert [note.code for note in firmware.skipped] == told


def test_members_beyond_the_bound_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.acquire.image.tar._MOST_MEMBERS", 2)
    tree = tar_tree(MemoryBytes(members_of(*(member(f"f{number}") for number in range(3)))))
    assert [code for code, _ in tree.flaws] == ["too-many"]


def test_the_digest_of_an_archive_of_samsung_is_checked(tmp_path: Path) -> None:
    image = make_ext4(write_small(tmp_path / "in"), tmp_path / "system.img", size="4M")
    archive = tar_bytes([("system.img", image)])
    line = hashlib.md5(archive).hexdigest().encode() + b"  AP_X.tar\n"
    path = tmp_path / "AP_X.tar.md5"
    for content, told in (
        (archive + line, []),
        (archive, ["cut-off"]),
        (archive[:-10] + b"x" * 10 + line, ["wrong-digest"]),
    ):
        path.write_bytes(content)
        with open_firmware(path) as firmware:
            assert [note.code for note in firmware.skipped] == told
