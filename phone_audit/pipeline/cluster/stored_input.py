"""A file that a worker of the cluster reads, and how its place is named."""

import re
from dataclasses import dataclass

_URL = re.compile(r"[a-z][a-z0-9+.-]+:/")


@dataclass(frozen=True, slots=True)
class StoredInput:
    """A file to read.

    Attributes:
        place: an absolute path, or a URL.
        shown_as: its name in the record.
        sure: whether it is read whatever it holds.
        member: what of a ZIP it is; empty where it is a file of its own.
        sidecar: whether its v4 signature lies beside it; None: not known.
    """

    place: str
    shown_as: str
    sure: bool = True
    member: str = ""
    sidecar: bool | None = False

    @property
    def local(self) -> bool:
        """Whether it is read where it lies, by a path that is the same on every worker."""
        return not is_url(self.place)


def is_url(text: str) -> bool:
    """Tell whether a place is named by a URL.

    Example:
        >>> is_url("s3://bucket/a.apk"), is_url("/home/me/a.apk"), is_url("C:/a.apk")
        (True, False, False)
    """
    return _URL.match(text) is not None
