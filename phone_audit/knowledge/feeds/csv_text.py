"""CSV of a feed, with whatever names its columns have."""

import csv
import io
from collections.abc import Iterator

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.feeds.indicator import Rejected
from phone_audit.knowledge.feeds.values import shown


def table(data: bytes) -> Iterator[dict[str, str] | Rejected]:
    """Yield each line by the names of the columns, in lower case. Lines with more columns are left out."""
    text = data.decode("utf-8-sig", "replace").replace("\0", "")
    head_line = text.partition("\n")[0]
    delimiter = max(",;\t|", key=head_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    head: list[str] | None = None
    while True:
        try:
            line = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Rejected(f"line {reader.line_num}", f"it is no CSV: {error}")
            continue
        if not line or line[0].startswith("#"):
            continue
        if head is None:
            head = [name.strip().lower() for name in line]
        elif len(line) > len(head):
            yield Rejected(shown(f"line {reader.line_num}: {short_repr(line)}"), "it has more columns than the head")
        else:
            yield dict(zip(head, (cell.strip() for cell in line), strict=False))
