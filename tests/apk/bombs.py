"""Manifests that are small and say much: texts of the pool that lie inside one another."""

import struct

from tests.apk.zips import Part, make_zip

ANDROID = "http://schemas.android.com/apk/res/android"
_NAME_ID = 0x01010003
_NONE = 0xFFFFFFFF


def record_bomb(components: int = 10_000, *, seed: int = 0) -> bytes:
    """An APK of which the manifest has so many components, each with another name of some thousand letters."""
    return make_zip([Part("AndroidManifest.xml", overlapping_manifest(components, seed)), Part("a", b"x")])


def overlapping_manifest(components: int, seed: int = 0) -> bytes:
    words = ["manifest", "package", f"org.bomb.a{seed}", "application", "service", "name", ANDROID]
    pool = _pool(words, components)
    resources = struct.pack("<HHI7I", 0x0180, 8, 8 + 28, 0, 0, 0, 0, 0, _NAME_ID, 0)
    nodes = [_start(0, [(_NONE, 1, 2)]), _start(3, [])]
    for number in range(components):
        nodes += [_start(4, [(6, 5, len(words) + number)]), _end(4)]
    body = b"".join([pool, resources, *nodes, _end(3), _end(0)])
    return struct.pack("<HHI", 0x0003, 8, 8 + len(body)) + body


def _pool(words: list[str], names: int) -> bytes:
    """In UTF-16: words, then one run that counts down to zero, in which a name begins at each place.

    Each unit is the length of the text behind it, and they all end at the zero. At most 2**15 - 1 names.
    """
    data, offsets = b"", []
    for word in words:
        offsets.append(len(data))
        data += struct.pack("<H", len(word)) + word.encode("utf-16-le") + b"\0\0"
    offsets += [len(data) + 2 * number for number in range(names)]
    data += struct.pack(f"<{names + 1}H", *range(names, -1, -1)) + b"\0\0"
    data += bytes(-len(data) % 4)
    header = 28
    begin = header + 4 * len(offsets)
    head = struct.pack("<HHIIIIII", 0x0001, header, begin + len(data), len(offsets), 0, 0, begin, 0)
    return head + struct.pack(f"<{len(offsets)}I", *offsets) + data


def _start(name: int, attributes: list[tuple[int, int, int]]) -> bytes:
    packed = b"".join(struct.pack("<IIIHBBI", space, key, raw, 8, 0, 3, raw) for space, key, raw in attributes)
    body = struct.pack("<IIHHHHHH", _NONE, name, 20, 20, len(attributes), 0, 0, 0) + packed
    return struct.pack("<HHIII", 0x0102, 16, 16 + len(body), 1, _NONE) + body


def _end(name: int) -> bytes:
    return struct.pack("<HHIIIII", 0x0103, 16, 24, 1, _NONE, _NONE, name)
