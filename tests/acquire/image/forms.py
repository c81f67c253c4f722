"""Every form of a firmware: its partitions as folders → one file."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.acquire.image.images import make_erofs, make_ext4, make_sparse, make_super

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


FORMS: Mapping[str, Callable[[Folders, Path], Path]] = {
    "ext4": ext4,
    "erofs": erofs,
    "super": super_image,
    "sparse super": sparse_super,
}
