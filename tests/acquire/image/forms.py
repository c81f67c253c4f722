"""Every form of a firmware: its partitions as folders → one file."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.acquire.image.images import (
    make_erofs,
    make_ext4,
    make_sparse,
    make_super,
    make_tgz,
    make_zip,
    payload_bytes,
    run,
    tar_bytes,
)

Folders = Mapping[str, Path]


def ext4(folders: Folders, place: Path) -> Path:
    """A folder with an image of each partition."""
    for name, folder in folders.items():
        make_ext4(folder, place / f"{name}.img", size="24M")
    return place


def erofs(folders: Folders, place: Path) -> Path:
    """The same, packed."""
    for name, folder in folders.items():
        make_erofs(folder, place / f"{name}.img", "-zlz4hc", "-C65536")
    return place


def super_image(folders: Folders, place: Path) -> Path:
    """One super partition."""
    images = {f"{name}_a": make_erofs(folder, place / name, "-zlz4").read_bytes() for name, folder in folders.items()}
    return make_super(images, place / "super.img")


def sparse_super(folders: Folders, place: Path) -> Path:
    """The same as a sparse image."""
    return make_sparse(super_image(folders, place), place / "super_sparse.img")


def payload(folders: Folders, place: Path) -> Path:
    """The file of an update over the air, as it is."""
    images = {name: make_erofs(folder, place / name, "-zlz4").read_bytes() for name, folder in folders.items()}
    path = place / "payload.bin"
    path.write_bytes(payload_bytes(images))
    return path


def ota_zip(folders: Folders, place: Path) -> Path:
    """The ZIP of an update over the air."""
    images = {name: make_ext4(folder, place / name, size="24M").read_bytes() for name, folder in folders.items()}
    return make_zip({"META-INF/x": b"x", "payload.bin": payload_bytes(images)}, place / "ota.zip", packed=False)


def factory_zip(folders: Folders, place: Path) -> Path:
    """The ZIP of a factory: a packed ZIP in it, with sparse images and a kernel."""
    images = {"boot.img": b"ANDROID!" + bytes(9000)}
    for name, folder in folders.items():
        image = make_ext4(folder, place / name, size="24M")
        images[f"{name}.img"] = make_sparse(image, place / f"{name}.simg").read_bytes()
    inner = make_zip(images, place / "image-x.zip", packed=True)
    return make_zip({"x/flash-all.sh": b"x", "x/image-x.zip": inner.read_bytes()}, place / "x.zip", packed=True)


def samsung(folders: Folders, place: Path) -> Path:
    """Samsung's archive with a super image in LZ4, and the sum behind its end."""
    image = sparse_super(folders, place)
    run("lz4", "-q", "-f", "-B6", "--content-size", image, place / "super.img.lz4")
    archive = tar_bytes([("super.img.lz4", place / "super.img.lz4")])
    path = place / "AP_X.tar.md5"
    path.write_bytes(archive + hashlib.md5(archive).hexdigest().encode() + b"  AP_X.tar\n")
    return path


def tgz_of_images(folders: Folders, place: Path) -> Path:
    """A packed archive of images."""
    ext4(folders, place)
    return make_tgz([(f"x/images/{name}.img", place / f"{name}.img") for name in folders], place / "x.tgz")


def tgz_of_dump(folders: Folders, place: Path) -> Path:
    """A packed archive of an unpacked dump."""
    return make_tgz([(f"dump/{name}", folder) for name, folder in folders.items()], place / "dump.tar.gz")


FORMS: Mapping[str, Callable[[Folders, Path], Path]] = {
    "ext4": ext4,
    "erofs": erofs,
    "super": super_image,
    "sparse super": sparse_super,
    "payload": payload,
    "update ZIP": ota_zip,
    "factory ZIP": factory_zip,
    "Samsung": samsung,
    "tgz of images": tgz_of_images,
    "tgz of a dump": tgz_of_dump,
}
