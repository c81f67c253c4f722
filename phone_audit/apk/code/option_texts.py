"""Whether a package names an option of a library: in an address, such as `jdbc:…;ssl=require`, or as a setting."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from phone_audit.apk.code.libraries import Owner, OwnerOf
from phone_audit.apk.code.names_in_files import MOST_BYTES
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.encoded_values import count_values
from phone_audit.apk.dex.index import DexIndex, remembered
from phone_audit.apk.dex.xrefs import MAX_USES, users_of
from phone_audit.errors import ApkError

_BEFORE: Final = b"[;?&]"
"""What stands before an option in an address. Source: jTDS, "URL format"; RFC 3986 section 3.4."""


class OptionTexts:
    """Answers for the texts of one package.

    Args:
        indexes: all parts of its code.
        owner_of: whose code a class is.
        others: gives the bytes of its other files.
    """

    def __init__(
        self,
        indexes: Sequence[DexIndex],
        owner_of: OwnerOf,
        others: Callable[[], Iterable[bytes | memoryview]] = tuple,
    ) -> None:
        self._indexes = indexes
        self._owner_of = owner_of
        self._others = others

    @remembered
    def has(self, name: str, library: Owner) -> bool:
        """Tell whether code that is not of the library, or another file, names an option; also where it is not known.

        A text that is nothing but the name counts in code alone; in files, an option of an address, or a line.
        """
        return self._is_in_code(name.encode(), library) or self._is_in_files(name.encode())

    def _is_in_code(self, name: bytes, library: Owner) -> bool:
        inside = re.compile(rb"(?i)(?:^|%b)%b(?:=|$)" % (_BEFORE, re.escape(name)))
        for index in self._indexes:
            texts = index.file.strings.holding(b"(?i)" + re.escape(name))
            offsets = [offset for offset, text in texts if inside.search(text.encode("utf-8", "surrogatepass"))]
            numbers = index.string_ids(offsets).values()
            if any(self._is_used(index, number, library) for number in numbers):
                return True
        return False

    def _is_used(self, index: DexIndex, number: int, library: Owner) -> bool:
        """Tell whether others than the library have a text as a value; names of fields and methods are texts, too."""
        uses = users_of(index, "string", [number])[number]
        owners = {self._owner_of(java_name(index.row_class(use.row))) for use in uses}
        return len(uses) == MAX_USES or bool(owners - {library}) or count_values(index, number) > 0

    def _is_in_files(self, name: bytes) -> bool:
        wanted = re.compile(rb"(?i)(?:^|[\r\n]|%b)%b=" % (_BEFORE, re.escape(name)))
        size = 0
        try:
            for content in self._others():
                size += len(content)
                if size > MOST_BYTES or wanted.search(content):
                    return True
        except ApkError:
            return True
        return False
