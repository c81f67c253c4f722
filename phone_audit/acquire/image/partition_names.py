"""What a partition is called: by its file's name, or where that says nothing by what its own properties say."""

import re
from typing import Final

from phone_audit.acquire.image.byte_source import ImageError
from phone_audit.acquire.image.file_system import FileSystem
from phone_audit.acquire.text import decode

_KNOWN: Final = re.compile(
    r"system|vendor|product|system_ext|odm|oem|system_other|preload|cust|prism|optics|version|hw_product|reserve|mi_ext|"
    r"my_[a-z]+|(?:system|vendor|odm)_dlkm|userdata|super"
)
_SLOT: Final = re.compile(r"_[ab]$")
_OWN: Final = re.compile(r"^ro\.(?:product\.)?(vendor|product|system_ext|odm)\.(?:build\.)?\w+=", re.MULTILINE)
_SYSTEM: Final = re.compile(r"^ro\.(?:product\.system\.|system\.build\.|build\.)\w", re.MULTILINE)
_PLACES: Final = (("build.prop",), ("etc", "build.prop"), ("system", "build.prop"))
_LIMIT: Final = 2**20


def stem_of(name: str) -> str:
    """Return what a file is called without what is said of its format and slot.

    Example:
        >>> stem_of("images/system_a.img"), stem_of("super.img.lz4"), stem_of("vendor-sign.img")
        ('system', 'super', 'vendor')
    """
    stem = name.rpartition("/")[2].partition(".")[0].lower()
    return _SLOT.sub("", re.sub(r"[-_](?:sign(?:ed)?|sparse|raw|unsparse|new)$", "", stem)) or "image"


def is_partition_name(stem: str) -> bool:
    """Tell whether Android, or a maker of phones, has a partition of that name with files in it."""
    return _KNOWN.fullmatch(stem) is not None


def partition_name(stem: str, files: FileSystem) -> str:
    """Return the name of a partition: the one of its file where that is known, else what its properties speak of."""
    if is_partition_name(stem):
        return stem
    for place in _PLACES:
        text = _text(files, place)
        if place[0] == "system" and text is not None:
            return "system"
        if text is not None and _SYSTEM.search(text):
            return "system"
        if text is not None and (own := _OWN.search(text)):
            return own[1]
    return stem


def _text(files: FileSystem, place: tuple[str, ...]) -> str | None:
    node = files.root
    try:
        for step in place:
            entry = next(
                (one for one in files.entries(node) if one.name == step and one.kind in ("file", "folder")), None
            )
            if entry is None:
                return None
            node = entry.node
        content = files.open(node)
        return decode(content.read(0, min(content.size, _LIMIT)))
    except ImageError:
        return None
