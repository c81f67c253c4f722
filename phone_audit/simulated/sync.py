"""The `sync:` service: what lies where on the phone, and the bytes of its files.

Source: AOSP `adb/SYNC.TXT` and `adb/file_sync_protocol.h`. Nothing can be sent to the phone.
"""

import errno
import os
import struct

from phone_audit.simulated.stream import Stream
from phone_audit.simulated.tree import Node, Tree

_REQUEST = struct.Struct("<4sI")
_STAT_1 = struct.Struct("<4sIII")
_STAT_2 = struct.Struct("<4sIQQIIIIQqqq")
_ENTRY = struct.Struct("<4sIIII")
_LONGEST_PATH = 1024
_LARGEST_DATA = 64 * 1024
_READ_ONLY = "Read-only file system: nothing can be sent to a simulated phone"
_DEVICE = 0xFE00


class _Line:
    """Reads exact counts of bytes from a stream."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._data = bytearray()

    def take(self, size: int) -> bytes:
        """Return exactly `size` bytes.

        Raises:
            BrokenPipeError: the other side closed the stream before.
        """
        while len(self._data) < size:
            data = self.stream.read()
            if not data:
                raise BrokenPipeError
            self._data += data
        taken = bytes(self._data[:size])
        del self._data[:size]
        return taken


def serve_sync(stream: Stream, tree: Tree) -> None:
    """Answer requests until the computer says QUIT.

    Raises:
        BrokenPipeError: the computer has left.
    """
    line = _Line(stream)
    while True:
        request, length = _REQUEST.unpack(line.take(_REQUEST.size))
        if request == b"QUIT":
            return
        if length > _LONGEST_PATH:
            _fail(stream, "path too long")
            return
        path = line.take(length).decode("utf-8", "surrogateescape")
        if request == b"STAT":
            _stat_1(stream, tree, path)
        elif request in (b"STA2", b"LST2"):
            _stat_2(stream, tree, path, request)
        elif request == b"LIST":
            _list(stream, tree, path)
        elif request == b"RECV":
            _receive(stream, tree, path)
        elif request == b"SEND":
            _refuse(line)
        else:
            _fail(stream, f"unknown command {request.hex()}")
            return


def _fail(stream: Stream, text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    stream.write(_REQUEST.pack(b"FAIL", len(data)) + data)


def _look(tree: Tree, path: str, *, follow: bool) -> Node | OSError:
    try:
        return tree.find(path, follow=follow)
    except OSError as error:
        return error


def _stat_1(stream: Stream, tree: Tree, path: str) -> None:
    node = _look(tree, path, follow=False)
    numbers = (0, 0, 0) if isinstance(node, OSError) else (node.mode, node.size, node.time)
    stream.write(_STAT_1.pack(b"STAT", *numbers))


def _stat_2(stream: Stream, tree: Tree, path: str, request: bytes) -> None:
    node = _look(tree, path, follow=request == b"STA2")
    if isinstance(node, OSError):
        stream.write(_STAT_2.pack(request, node.errno or errno.EIO, *[0] * 10))
        return
    times = (node.time,) * 3
    numbers = (_DEVICE, node.inode, node.mode, 1, node.uid, node.gid, node.size, *times)
    stream.write(_STAT_2.pack(request, 0, *numbers))


def _list(stream: Stream, tree: Tree, path: str) -> None:
    """A folder that may not be listed looks empty, as adbd has it."""
    answer = bytearray()
    try:
        for name in (".", "..", *tree.names(path)):
            node = tree.find(f"{path}/{name}", follow=False)
            data = name.encode("utf-8", "surrogateescape")
            answer += _ENTRY.pack(b"DENT", node.mode, node.size, node.time, len(data)) + data
    except OSError:
        answer.clear()
    stream.write(bytes(answer) + _ENTRY.pack(b"DONE", 0, 0, 0, 0))


def _receive(stream: Stream, tree: Tree, path: str) -> None:
    try:
        file = tree.open(path)
    except OSError as error:
        _fail(stream, f"open failed: {os.strerror(error.errno or errno.EIO)}")
        return
    with file:
        while data := file.read(_LARGEST_DATA):
            stream.write(_REQUEST.pack(b"DATA", len(data)) + data)
    stream.write(_REQUEST.pack(b"DONE", 0))


def _refuse(line: _Line) -> None:
    """Let the computer send its file to the end, then say that it was not taken."""
    while True:
        request, length = _REQUEST.unpack(line.take(_REQUEST.size))
        if request == b"DONE":
            break
        if request != b"DATA" or length > _LARGEST_DATA:
            _fail(line.stream, "invalid data message")
            raise BrokenPipeError
        line.take(length)
    _fail(line.stream, _READ_ONLY)
