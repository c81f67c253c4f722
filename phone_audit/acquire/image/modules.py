"""The APEX modules of a firmware: archives with a file system of their own, which a phone mounts under `/apex`.

Source: AOSP `system/apex/docs/README.md`, `apex_manifest.proto` and `compressed_apex.md`.
"""

from typing import Final

from phone_audit.acquire.image.byte_source import ByteSource, ImageError, SourceFile, Work
from phone_audit.acquire.image.erofs import Erofs, is_erofs
from phone_audit.acquire.image.ext4 import Ext4, is_ext4
from phone_audit.acquire.image.file_system import is_name
from phone_audit.acquire.image.firmware import Firmware, Partition
from phone_audit.acquire.image.protobuf import fields
from phone_audit.acquire.image.zip_members import stored_or_inflated
from phone_audit.files.bounded_zip import ZipBounds, ZipError, ZipReader
from phone_audit.files.bounds import MB, BoundsError
from phone_audit.model.device import Module

_SUFFIXES: Final = (".apex", ".capex")
_MOST: Final = 300
_MANIFEST, _PAYLOAD, _ORIGINAL = "apex_manifest.pb", "apex_payload.img", "original_apex"
_BOUNDS: Final = ZipBounds(1000)


def mount_modules(firmware: Firmware, work: Work) -> None:
    """Mount the modules of a firmware. One that cannot be read is noted, and costs itself alone."""
    paths = sorted(path for path in firmware.files if path.endswith(_SUFFIXES) and "/apex/" in path)
    for path in paths[:_MOST]:
        try:
            _mount(firmware, path, work)
        except ImageError as error:
            firmware.skip(path, "damaged", f"The module was not read: {error}.")
    if len(paths) > _MOST:
        firmware.skip("modules", "too-many", f"The image holds {len(paths)} modules; the first {_MOST} were looked at.")


def _mount(firmware: Firmware, path: str, work: Work) -> None:
    members = _members(firmware.open(path), work)
    if _ORIGINAL in members:
        members = _members(members[_ORIGINAL], work)
    if _MANIFEST not in members or _PAYLOAD not in members:
        raise ImageError("it lacks a manifest or its file system")
    manifest, payload = members[_MANIFEST], members[_PAYLOAD]
    name, version = "", None
    for number, value, raw in fields(memoryview(manifest.read(0, min(manifest.size, MB)))):
        if number == 1:
            name = bytes(raw).decode("utf-8", "backslashreplace")
        elif number == 2:
            version = value
    if not is_name(name) or not (is_ext4(payload) or is_erofs(payload)):
        raise ImageError("its name, or its file system, is none that is known")
    files = Ext4(payload) if is_ext4(payload) else Erofs(payload)
    firmware.mount(Partition(f"apex/{name}", files, path), f"/apex/{name}")
    firmware.modules.append(
        Module(
            name=name,
            version_code=version,
            path=path,
            updated=False,
            factory_version_code=version,
            factory_path=path,
        )
    )


def _members(source: ByteSource, work: Work) -> dict[str, ByteSource]:
    """Return the members of an archive that matter. Raises ImageError where it is damaged."""
    try:
        with ZipReader(SourceFile(source), _BOUNDS) as archive:  # type: ignore[arg-type]
            entries = [entry for entry in archive.entries if entry.filename in (_MANIFEST, _PAYLOAD, _ORIGINAL)]
    except BoundsError as error:
        raise ImageError(str(error)) from error
    except (ZipError, OSError) as error:
        raise ImageError("it is not a complete ZIP archive") from error
    return {entry.filename: stored_or_inflated(source, entry, work) for entry in entries}
