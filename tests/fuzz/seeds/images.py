"""Inputs for the readers of firmware: small images that Debian's tools make."""

import gzip
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.acquire.image.images import (
    field,
    make_erofs,
    make_ext4,
    make_sparse,
    make_zip,
    payload_bytes,
    run,
    super_bytes,
    tar_bytes,
)
from tests.acquire.image.made import write_small
from tests.fuzz.seeds.common import Inputs
from tests.fuzz.targets.images import sectors

FILES: Final = {"build.prop": "ro.build.id=x\n", "app/X/X.apk": "words " * 400, "etc/hosts": "127.0.0.1 localhost\n"}


def firmware_image() -> Inputs:
    with TemporaryDirectory() as name:
        place = Path(name)
        folder = write_small(place / "system", FILES)
        options = ("-b", "1024", "-O", "^has_journal,^resize_inode,^metadata_csum", "-I", "128", "-N", "32", "-m", "0")
        ext4 = make_ext4(folder, place / "ext4", *options, size="120k")
        yield "ext4", sectors(ext4.read_bytes())
        yield "sparse", sectors(make_sparse(ext4, place / "sparse").read_bytes())
        forms = (
            ("plain", ()),
            ("lz4", ("-zlz4",)),
            ("tail", ("-zlz4hc", "-Eztailpacking")),
            ("chunks", ("--chunksize=4096",)),
        )
        for form, words in (
            *forms,
            ("fragments", ("-zlz4", "-Efragments,dedupe")),
            ("full", ("-zlz4", "-Elegacy-compress")),
        ):
            image = make_erofs(folder, place / form, *words, "-T0", "-Uclear").read_bytes()
            yield f"erofs-{form}", sectors(image)
        yield "super", sectors(super_bytes({"system_a": (place / "lz4").read_bytes()}))


def firmware_archive() -> Inputs:
    with TemporaryDirectory() as name:
        place = Path(name)
        folder = write_small(place / "system", FILES)
        image = make_erofs(folder, place / "image", "-zlz4", "-T0", "-Uclear").read_bytes()
        payload = payload_bytes({"system": image})
        yield "payload", payload
        yield "update", make_zip({"payload.bin": payload}, place / "update", packed=False).read_bytes()
        yield "factory", make_zip({"system.img": image}, place / "factory", packed=True).read_bytes()
        tar = tar_bytes([("dump/system", folder)])
        yield "tar", tar
        yield "tgz", gzip.compress(tar, mtime=0)
        run("lz4", "-q", "-f", place / "image", place / "image.lz4")
        yield "lz4", (place / "image.lz4").read_bytes()
        apex = make_zip(
            {"apex_manifest.pb": field(1, b"m.n") + field(2, 1), "apex_payload.img": image}, place / "apex", packed=True
        )
        (folder / "apex").mkdir()
        (folder / "apex" / "m.apex").write_bytes(apex.read_bytes())
        yield "module", gzip.compress(tar_bytes([("system", folder)]), mtime=0)


MAKERS: Final = {"firmware_image": firmware_image, "firmware_archive": firmware_archive}
