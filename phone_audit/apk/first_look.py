"""A first look at a file, in the worker process: whether it is an APK at all, and whether it is a part of one."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from phone_audit.apk.records import empty_record
from phone_audit.apk.steps import Steps
from phone_audit.apk.xml.package_facts import read_package_facts
from phone_audit.apk.zip.archive import Archive, map_file, raw_of
from phone_audit.apk.zip.contents import MANIFEST
from phone_audit.apk.zip.directory import DEFLATED, Buffer, Entry, records
from phone_audit.apk.zip.inflate import inflated
from phone_audit.errors import ApkError
from phone_audit.model.apk import ApkFile, ApkInfo

_TELLING = re.compile(r"(base/manifest/)?AndroidManifest\.xml|(.*/)?classes[^/]*\.dex|.*\.class", re.DOTALL)
_SPLIT = b"split", "split".encode("utf-16-le")
"""The attribute that makes a manifest one of a split, as it stands in the texts of a compiled one."""
_MANIFEST_LIMIT = 16 * 2**20


def first_look(path: Path, shown_as: str, on_step: Callable[[str], None]) -> ApkInfo:
    """Return a record that says little, at little cost.

    `has_code` tells whether an archive holds `AndroidManifest.xml`, `classes*.dex` or a `.class`. Of a split, package
    and role are there too, read as the whole analysis reads them; of everything else the package stays unknown. Raises
    a MemoryError where there is not even room for the list of entries.

    Args:
        path: the file.
        shown_as: its name in the record.
        on_step: is told of steps that take longer.
    """
    record = empty_record(shown_as, ())
    with suppress(ApkError), map_file(path) as data:
        telling, manifest = _telling(data)
        if telling:
            record = record.model_copy(update={"has_code": True})
        if manifest is not None and _may_name_a_split(data, manifest):
            return _with_split(record, Archive(data), on_step)
    return record


def _telling(data: Buffer) -> tuple[bool, Entry | None]:
    """Return whether a name tells of code, and the entry that holds the manifest. No more is read than has to be."""
    telling = False
    for entry in records(data):
        if entry.name == MANIFEST:
            return True, entry
        telling = telling or bool(_TELLING.fullmatch(entry.name))
    return telling, None


def _with_split(record: ApkInfo, archive: Archive, on_step: Callable[[str], None]) -> ApkInfo:
    manifest = read_package_facts(archive, record.path, Steps(frozenset(), on_step)).manifest
    if manifest is None or manifest.role == "base":
        return record
    file = ApkFile(path=record.path, sha256=None, size=0, role=manifest.role)
    return record.model_copy(update={"package": manifest.package, "files": (file,)})


def _may_name_a_split(data: Buffer, manifest: Entry) -> bool:
    """Tell whether the word stands in the manifest, without reading its structure."""
    if manifest.method != DEFLATED:
        return True
    content = bytearray()
    for piece in inflated(manifest, raw_of(data, manifest)):
        content += piece
        if len(content) > _MANIFEST_LIMIT:
            return False
    return any(word in content for word in _SPLIT)
