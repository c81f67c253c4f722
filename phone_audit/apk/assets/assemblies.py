"""Assemblies of Xamarin and .NET for Android that are compressed, one by one or in a store."""

import re
import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from phone_audit.apk.assets.lz4 import decompress
from phone_audit.errors import ApkError

MAGIC: Final = b"XALZ"
STORE_MAGIC: Final = b"XABA"
_HEADER: Final = struct.Struct("<4sII")
_MARK: Final = re.compile(MAGIC)


def compressed_assemblies(data: memoryview, limit: int) -> Iterator[tuple[int, bytes | ApkError]]:
    """Decode every compressed assembly that stands in a file: alone, in `assemblies.blob`, in a library that holds it.

    Each begins with XALZ, an index and its size when decoded; an LZ4 block follows. Source: dotnet/android,
    `src/Xamarin.Android.Build.Tasks/Utilities/AssemblyCompression.cs`.

    Args:
        data: the file; hostile.
        limit: bytes that all of them together may decode to.

    Yields:
        Where each begins, and its bytes or why there are none.
    """
    marks = [found.start() for found in _MARK.finditer(data)]
    for at, following in pairwise([*marks, len(data)]):
        if at + _HEADER.size > len(data):
            return
        _, _, size = _HEADER.unpack_from(data, at)
        if size > limit:
            yield at, ApkError("Its compressed assemblies are larger than may be unpacked.", code="size-limit")
            return
        try:
            yield at, decompress(bytes(data[at + _HEADER.size : following]), size)
        except ApkError as error:
            yield at, error
        else:
            limit -= size
