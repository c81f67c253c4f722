"""Texts that came through other computers: their line ends and their encoding may be those of Windows."""

import codecs

_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def text_of(data: bytes) -> bytes:
    r"""Give a text in UTF-8 with plain line feeds. `adb shell getprop > file` in PowerShell writes UTF-16.

    Example:
        >>> text_of("a\r\nb\r\n".encode("utf-16")), text_of(b"\xef\xbb\xbfa\xff\n")
        (b'a\nb\n', b'a\xff\n')
    """
    encoding = _WIDE.get(data[:2])
    if encoding:
        data = data[2:].decode(encoding, "replace").encode("utf-8")
    return data.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n")
