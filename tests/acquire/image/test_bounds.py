"""What an image can make a reader do is bounded: how much is read at once, listed, walked through or copied."""

import random
import struct
from pathlib import Path

import pytest

from phone_audit.acquire.image import ext4, layers
from phone_audit.acquire.image.byte_source import (
    MOST_AT_ONCE,
    ByteSource,
    ImageError,
    Lazy,
    Part,
    PieceCache,
    Run,
    Runs,
    Work,
)
from phone_audit.acquire.image.ext4 import Ext4
from phone_audit.acquire.image.firmware import Firmware, Partition
from phone_audit.acquire.image.layers import Contents
from phone_audit.acquire.image.sparse import read_sparse
from phone_audit.acquire.image.super_partitions import read_super
from phone_audit.acquire.image.transport import ImageTransport
from phone_audit.errors import CommandError
from tests.acquire.image.images import make_ext4, make_zip, super_bytes
from tests.acquire.image.made import write_small
from tests.acquire.image.memory import MemoryBytes

CHANCE = random.Random("bounds")


def test_runs_give_what_they_are_made_of() -> None:
    data = CHANCE.randbytes(1000)
    runs = [Run(10, 100, MemoryBytes(data), 50), Run(110, 40, fill=b"abcd"), Run(300, 200, MemoryBytes(data), 700)]
    whole = bytes(10) + data[50:150] + b"abcd" * 10 + bytes(150) + data[700:900] + bytes(100)
    source = Runs(runs, len(whole))
    for _ in range(300):
        at = CHANCE.randrange(len(whole))
        count = CHANCE.randrange(len(whole) - at + 1)
        assert source.read(at, count) == whole[at : at + count]
    assert Part(source, 100, 300).read(5, 20) == whole[105:125]


@pytest.mark.parametrize("runs", [[Run(0, 10), Run(5, 10)], [Run(0, 101)], [Run(5, -1)], [Run(50, 10), Run(0, 10)]])
def test_runs_that_contradict_each_other_are_refused(runs: list[Run]) -> None:
    with pytest.raises(ImageError, match="overlap"):
        Runs(runs, 100)


@pytest.mark.parametrize(("at", "count"), [(-1, 1), (0, -1), (0, 101), (100, 1), (1 << 70, 1)])
def test_nothing_outside_is_read(at: int, count: int) -> None:
    sources: list[ByteSource] = [MemoryBytes(bytes(100)), Runs([], 100), Part(MemoryBytes(bytes(200)), 50, 100)]
    for source in (*sources, Lazy(100, lambda: MemoryBytes(bytes(100)))):
        with pytest.raises(ImageError):
            source.read(at, count)


def test_not_more_than_a_bound_is_read_at_once() -> None:
    source = Runs([], MOST_AT_ONCE * 2)
    assert len(source.read(0, 100)) == 100
    with pytest.raises(ImageError, match="at once"):
        source.read(0, MOST_AT_ONCE + 1)


def test_pieces_are_kept_up_to_their_bound() -> None:
    made: list[int] = []

    def piece(number: int) -> bytes:
        made.append(number)
        return bytes(10)

    cache = PieceCache(30)
    for number in (1, 2, 3, 1, 4, 1, 2):
        cache.get(number, lambda number=number: piece(number))  # type: ignore[misc]
    assert made == [1, 2, 3, 4, 2]


def test_work_ends() -> None:
    work = Work(10)
    work.spend(10)
    with pytest.raises(ImageError, match="more work"):
        work.spend(1)


def image_of(place: Path) -> bytearray:
    """An ext4 image with one file of two blocks, and where its inode lies."""
    folder = write_small(place / "system")
    (folder / "app" / "X" / "X.apk").write_bytes(b"x" * 5000)
    return bytearray(
        make_ext4(folder, place / "x", "-b", "4096", "-O", "^has_journal,^metadata_csum", size="1M").read_bytes()
    )


def place_of(files: Ext4, name: str) -> int:
    """The number of the inode with a name, wherever it is."""
    pending = [files.root]
    while pending:
        for entry in files.entries(pending.pop()):
            if entry.name == name:
                assert isinstance(entry.node, int)
                return entry.node
            if entry.kind == "folder":
                pending.append(entry.node)  # type: ignore[arg-type]
    raise KeyError(name)


def inode_at(image: bytearray, number: int) -> int:
    size, per_group = struct.unpack_from("<H", image, 1024 + 88)[0], struct.unpack_from("<I", image, 1024 + 40)[0]
    assert number <= per_group
    table = struct.unpack_from("<I", image, 4096 + 8)[0]
    return int(table) * 4096 + (number - 1) * int(size)


def test_a_tree_of_blocks_that_are_named_again_and_again_costs_its_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four nodes of which each names the next 340 times stand for ten billion."""
    monkeypatch.setattr(ext4, "_MOST_RUNS", 5000)
    image = image_of(tmp_path)
    number = place_of(Ext4(MemoryBytes(bytes(image))), "X.apk")
    nodes = [(inode_at(image, number) + 40, 4, 4), *((block * 4096, 340, 203 - block) for block in (200, 201, 202))]
    nodes.append((203 * 4096, 0, 0))
    for level, (at, count, depth) in enumerate(nodes):
        struct.pack_into("<HHHHI", image, at, 0xF30A, count, 340, depth, 0)
        for entry in range(count):
            struct.pack_into("<IIHH", image, at + 12 + 12 * entry, entry, 200 + level, 0, 0)
    with pytest.raises(ImageError, match="tree of a file's blocks is damaged"):
        Ext4(MemoryBytes(bytes(image))).open(number).read(0, 1)


def test_folders_that_are_one_and_the_same_are_walked_through_within_a_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ext4, "_ALL_FOLDERS", 3 * 4096)
    files = Ext4(MemoryBytes(bytes(image_of(tmp_path))))
    firmware = Firmware([Partition("system", files, "x")])
    assert {note.code for note in firmware.skipped} == {"damaged"}
    assert all("more work" in note.reason for note in firmware.skipped)


@pytest.mark.parametrize("size", [1 << 33, 1 << 47])
def test_a_file_that_says_it_is_larger_than_any_is_not_copied(tmp_path: Path, size: int) -> None:
    image = image_of(tmp_path)
    number = place_of(Ext4(MemoryBytes(bytes(image))), "X.apk")
    at = inode_at(image, number)
    struct.pack_into("<I", image, at + 4, size & 0xFFFFFFFF)
    struct.pack_into("<I", image, at + 108, size >> 32)
    firmware = Firmware([Partition("system", Ext4(MemoryBytes(bytes(image))), "x")])
    transport = ImageTransport(firmware, tmp_path)
    with pytest.raises(CommandError, match="which no such file has"):
        transport.pull("/system/app/X/X.apk", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_all_copies_together_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.acquire.image.transport.OF_FOLDER", 12_000)
    firmware = Firmware([Partition("system", Ext4(MemoryBytes(bytes(image_of(tmp_path)))), "x")])
    transport = ImageTransport(firmware, tmp_path)
    for number in range(2):
        transport.pull("/system/app/X/X.apk", tmp_path / f"{number}")
    with pytest.raises(CommandError, match="more bytes than any image has"):
        transport.pull("/system/app/X/X.apk", tmp_path / "2")


def test_a_sparse_image_of_countless_chunks_is_refused() -> None:
    head = struct.pack("<IHHHHIIII", 0xED26FF3A, 1, 0, 28, 12, 4096, 1 << 31, 1 << 31, 0)
    with pytest.raises(ImageError, match="head of the sparse image"):
        read_sparse(MemoryBytes(head + bytes(100)))


def test_partitions_that_share_all_extents_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.acquire.image.super_partitions._MOST", 5)
    with pytest.raises(ImageError, match="more extents"):
        list(read_super(MemoryBytes(super_bytes({"a": bytes(9000), "b": b"b", "c": b"c"}, shared=True)), "super"))


def test_layers_that_hold_themselves_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that gives itself."""
    again = (lambda source: True, lambda source, name, work: iter([(f"{name}/x", source)] * 3))
    monkeypatch.setattr(layers, "_CONTAINERS", (again,))
    contents = Contents(Work(0), left=500)
    contents.take(MemoryBytes(b"x"), "x")
    assert contents.partitions == []
    assert {note.code for note in contents.skipped} == {"too-many"}


def test_what_is_unpacked_of_all_members_together_has_a_bound(tmp_path: Path) -> None:
    members = {f"image-{number}.zip": b"PK\3\4" + bytes(2**22) for number in range(20)}
    path = make_zip(members, tmp_path / "x.zip", packed=True)
    contents = Contents(Work(2**24))
    contents.take(MemoryBytes(path.read_bytes()), "x.zip")
    assert sum("more work" in note.reason for note in contents.skipped) > 10


def test_a_folder_whose_names_have_no_case_is_read_and_told(tmp_path: Path) -> None:
    image = image_of(tmp_path)
    image[inode_at(image, Ext4.root) + 35] |= 0x40
    firmware = Firmware([Partition("system", Ext4(MemoryBytes(bytes(image))), "x")])
    assert "/system/app/X/X.apk" in firmware.files
    assert [(note.subject, note.code) for note in firmware.skipped] == [("/system", "damaged")]


def test_an_entry_without_an_inode_costs_itself_alone(tmp_path: Path) -> None:
    image = image_of(tmp_path)
    struct.pack_into("<I", image, image.index(b"build.prop") - 8, 1 << 30)
    firmware = Firmware([Partition("system", Ext4(MemoryBytes(bytes(image))), "x")])
    assert "/system/app/X/X.apk" in firmware.files
    assert [(note.subject, note.code) for note in firmware.skipped] == [("/system/build.prop", "damaged")]
