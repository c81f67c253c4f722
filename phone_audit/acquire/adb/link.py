"""What the ADB protocol needs of a cable: bytes there and back, each with a time limit."""

from typing import Protocol


class Link(Protocol):
    """An open TCP connection or USB interface. One thread may read while another writes, and a third closes.

    Attributes:
        name: as the user would name the phone.
    """

    name: str

    def read(self, want: int, deadline: float) -> bytes:
        """Return at least one byte and at most `want`.

        Raises:
            TimeoutError: nothing came until `deadline`, a time of `time.monotonic()`.
            DeviceLostError: the other side is gone.
        """
        ...

    def write(self, data: bytes) -> None:
        """Send all of `data`, as one transfer where the link knows such.

        Raises:
            DeviceLostError: the other side is gone, or takes nothing for `WRITE_TIMEOUT`.
        """
        ...

    def close(self) -> None:
        """Let go; a second call does nothing."""
        ...


WRITE_TIMEOUT = 10.0
"""Seconds after which a phone that takes no data counts as gone."""
