"""Every file of an image comes out as it went in, whatever the form."""

import os
import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from phone_audit.acquire.image.byte_source import ImageError
from phone_audit.acquire.image.ext4 import Ext4
from phone_audit.acquire.image.firmware import Firmware
from phone_audit.acquire.image.open import is_firmware, open_firmware
from phone_audit.errors import SnapshotError
from tests.acquire.image.images import make_erofs, make_ext4, make_sparse, make_super
from tests.acquire.image.made import write_small
from tests.acquire.image.memory import MemoryBytes


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A system partition with files of every kind: empty, small, large, packed well and not at all, many, and links."""
    folder = write_small(tmp_path_factory.mktemp("tree"))
    chance = random.Random("images")
    words = [chance.randbytes(chance.randrange(3, 12)) for _ in range(300)]
    (folder / "app" / "text").write_bytes(b" ".join(chance.choices(words, k=60_000)))
    (folder / "app" / "random").write_bytes(chance.randbytes(700_001))
    (folder / "app" / "mixed").write_bytes(chance.randbytes(5_000) + b"a" * 300_000 + chance.randbytes(9_000))
    (folder / "app" / "empty").write_bytes(b"")
    (folder / "app" / "block").write_bytes(b"b" * 4096)
    (folder / "app" / "tail").write_bytes(chance.randbytes(4096) + b"c" * 100)
    (folder / "app" / "far").symlink_to("/system/" + "x/" * 100)
    many = folder / "etc" / "many"
    many.mkdir()
    for number in range(700):
        (many / f"a rather long name of a file {number:05d} \N{LATIN SMALL LETTER U WITH DIAERESIS}").write_text(
            str(number)
        )
    with (folder / "app" / "holes").open("wb") as file:
        for at in (0, 500_000, 900_000):
            file.seek(at)
            file.write(chance.randbytes(100))
    return folder


def content(firmware: Firmware, path: str) -> bytes:
    source = firmware.open(path)
    return b"".join(source.read(at, min(50_000, source.size - at)) for at in range(0, source.size, 50_000))


def holds_the_tree(image: Path, tree: Path) -> None:
    assert is_firmware(image)
    with open_firmware(image) as firmware:
        assert firmware.skipped == []
        wanted = {
            f"/system/{path.relative_to(tree)}": path
            for path in tree.rglob("*")
            if path.is_file() and not path.is_symlink()
        }
        assert {path for path in firmware.files if path.startswith("/system/")} == wanted.keys()
        assert [path for path, file in wanted.items() if content(firmware, path) != file.read_bytes()] == []
        assert firmware.resolved("/system/bin/su") == "/system/app/X/X.apk"
        assert firmware.resolved("/system/app/far") is None


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-b", "1024"),
        ("-b", "4096", "-O", "^has_journal,^64bit"),
        ("-I", "128"),
        ("-N", "2000", "-O", "sparse_super2"),
    ],
    ids=" ".join,
)
def test_ext4(tree: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    holds_the_tree(make_ext4(tree, tmp_path / "system.img", *options), tree)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-zlz4",),
        ("-zlz4hc,9", "-C65536"),
        ("-zlz4hc", "-C1048576"),
        ("-zlz4hc", "-Elegacy-compress"),
        ("-zlz4", "-Eztailpacking"),
        ("-zlz4hc", "-Efragments,dedupe", "-C65536"),
        ("-zlz4hc", "-Eall-fragments"),
        ("-zlz4", "-Eforce-inode-extended", "-C16384"),
        ("-zdeflate",),
        ("--chunksize=8192",),
    ],
    ids=" ".join,
)
def test_erofs(tree: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    holds_the_tree(make_erofs(tree, tmp_path / "system.img", *options), tree)


def test_what_is_packed_in_a_way_that_is_not_read_is_told(tree: Path, tmp_path: Path) -> None:
    image = make_erofs(tree, tmp_path / "system.img", "-zlzma")
    with open_firmware(image) as firmware, pytest.raises(ImageError, match="MicroLZMA, which is not read"):
        content(firmware, "/system/app/text")


def test_a_file_system_that_is_not_read_is_told(tmp_path: Path) -> None:
    image = tmp_path / "super.img"
    data = bytes(1024) + b"\x10\x20\xf5\xf2" + bytes(4096)
    make_super({"vendor_a": data}, image)
    with (
        pytest.raises(SnapshotError, match="vendor_a: It is a file system of the kind F2FS"),
        open_firmware(image),
    ):
        pass


@pytest.mark.parametrize("make", [make_ext4, make_erofs])
def test_sparse(tree: Path, tmp_path: Path, make: Callable[[Path, Path], Path]) -> None:
    image = make(tree, tmp_path / "raw")
    sparse = make_sparse(image, tmp_path / "system.img")
    assert sparse.stat().st_size < image.stat().st_size or make is make_erofs
    holds_the_tree(sparse, tree)


@pytest.mark.parametrize("sparse", [False, True])
def test_super(tree: Path, tmp_path: Path, sparse: bool) -> None:
    system = make_ext4(tree, tmp_path / "system").read_bytes()
    vendor = make_erofs(write_small(tmp_path / "small"), tmp_path / "vendor").read_bytes()
    image = make_super({"vendor_a": vendor, "system_a": system, "system_b": b""}, tmp_path / "super.img")
    if sparse:
        image = make_sparse(image, tmp_path / "super.simg")
    holds_the_tree(image, tree)
    with open_firmware(image) as firmware:
        assert firmware.names == ["system", "vendor"]
        assert content(firmware, "/vendor/app/X/X.apk") == b"no archive"


def test_a_damaged_copy_of_the_tables_is_not_believed(tree: Path, tmp_path: Path) -> None:
    image = make_super({"system_a": make_ext4(tree, tmp_path / "system").read_bytes()}, tmp_path / "super.img")
    data = bytearray(image.read_bytes())
    for at in (4096 + 20, 12288 + 100, 16384 + 128 + 40):  # geometry, the first slot's head, the second one's tables
        data[at] ^= 1
    image.write_bytes(data)
    holds_the_tree(image, tree)


def test_a_partition_is_known_by_what_it_says_where_its_name_says_nothing(tmp_path: Path) -> None:
    for name, text in (("one", "ro.vendor.build.date=x\n"), ("two", "ro.build.id=x\n"), ("three", "nothing")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "build.prop").write_text(text)
        make_ext4(folder, tmp_path / f"{name}.img", size="4M")
    with open_firmware(tmp_path / "one.img") as one, open_firmware(tmp_path / "two.img") as two:
        assert (one.names, two.names) == (["vendor"], ["system"])
    with open_firmware(tmp_path / "three.img") as three:
        assert three.names == ["three"]


def test_a_folder_of_images_is_one_firmware(tree: Path, tmp_path: Path) -> None:
    make_ext4(tree, tmp_path / "system.img")
    make_erofs(tree, tmp_path / "product_a.img")
    (tmp_path / "boot.img").write_bytes(b"ANDROID!" + os.urandom(5000))
    assert is_firmware(tmp_path)
    with open_firmware(tmp_path) as firmware:
        assert firmware.names == ["product", "system"]
        assert firmware.others == ("boot.img",)


@pytest.mark.parametrize("name", ["x.ofp", "x.ozip", "x.KDZ"])
def test_what_is_encrypted_or_unknown_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x" * 5000)
    assert is_firmware(tmp_path / name)
    with pytest.raises(SnapshotError, match=r"is .*format .*; it is not read\."), open_firmware(tmp_path / name):
        pass


def test_a_journal_that_is_not_applied_is_told(tmp_path: Path) -> None:
    image = bytearray(make_ext4(write_small(tmp_path / "in"), tmp_path / "x.img").read_bytes())
    assert list(Ext4(MemoryBytes(bytes(image))).flaws) == []
    image[1024 + 96] |= 4
    assert [code for code, _ in Ext4(MemoryBytes(bytes(image))).flaws] == ["journal"]


def test_what_an_entry_of_erofs_is_its_inode_says(tmp_path: Path) -> None:
    image = bytearray(make_erofs(write_small(tmp_path / "in"), tmp_path / "x.img").read_bytes())
    for at in range(len(image) - 12):
        nid, name, kind, reserved = struct.unpack_from("<QHBB", image, at)
        if 0 < nid < 10_000 and 0 < name < 4096 and kind == 1 and not reserved:
            image[at + 10] = 3  # a device
    (tmp_path / "system.img").write_bytes(image)
    with open_firmware(tmp_path / "system.img") as firmware:
        assert {"/system/etc/hosts", "/system/app/X/X.apk"} <= set(firmware.files)
