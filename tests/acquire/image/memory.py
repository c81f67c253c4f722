"""Bytes of a test as those of an image."""

from phone_audit.acquire.image.byte_source import check_range


class MemoryBytes:
    """See `ByteSource`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read(self, at: int, count: int) -> bytes:
        check_range(self, at, count)
        return self._data[at : at + count]
