"""A file or folder of somebody's list → a feed in the user's knowledge folder."""

import hashlib
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BufferedReader
from itertools import chain
from pathlib import Path

from phone_audit.errors import KnowledgeError, UsageError
from phone_audit.files.bounded_json import read_checked
from phone_audit.files.bounded_lines import UTF16, read_bounded, read_utf8_lines
from phone_audit.files.bounds import FEED, FEED_FILE, FEED_LINE, MB, YAML_SIZE, BoundsError
from phone_audit.files.open_regular import open_inside, open_regular
from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.feeds.formats import FORMATS, LOOKED_AT, Format, recognised
from phone_audit.knowledge.feeds.indicator import CLASSES, About, FeedHead, Indicator, Rejected, Row, ThreatClass
from phone_audit.knowledge.feeds.store import write_feed
from phone_audit.knowledge.feeds.text import FeedError
from phone_audit.knowledge.files import FEED_FOLDER

_UNKNOWN = "not stated"
_VALUE = re.compile(r"'[^']*'|\"[^\"]*\"|(?<!\d)\d++(\.\d++){3}|/\S+")
MOST_ROWS = 10_000_000
"""A YAML file of a few lines can unfold into any number of rows."""


@dataclass(frozen=True)
class FeedDetails:
    """What whoever imports says of the feed; empty where the format or the file has to tell."""

    feed: str = ""
    title: str = ""
    publisher: str = ""
    url: str = ""
    revision: str = ""
    date: str = ""
    licence: str = ""
    class_: ThreatClass | None = None


@dataclass
class ImportedFeed:
    """A feed as it was read: its head, its indicators, each once, and what was left out."""

    head: FeedHead
    indicators: list[Indicator]
    rejected: list[Rejected] = field(default_factory=list)


def read_feed(
    format_name: str,
    path: Path,
    details: FeedDetails,
    clock: Callable[[], datetime],
    is_suffix: Callable[[str], bool] = lambda _: False,
) -> ImportedFeed:
    """Read a feed without keeping it.

    Args:
        format_name: a word of FORMATS, or `auto`.
        path: a file, or a folder whose files of the format are one feed.
        details: what is known of the feed.
        clock: gives the present time.
        is_suffix: tells whether a host is a public suffix, by a longer list than the one at hand here.

    Raises:
        UsageError: there is no such format, or the file is of none.
        KnowledgeError: the file cannot be read as this format, holds nothing to take, or far too much.
    """
    if format_name != "auto" and format_name not in FORMATS:
        raise UsageError(f"There is no format {short_repr(format_name)}.", f"Formats: auto, {', '.join(FORMATS)}.")
    read = _FeedDraft()
    for file in _files(path, FORMATS.get(format_name)):
        with _opened(path, file) as opened:
            found = FORMATS.get(format_name) or recognised(file.name, opened.read(LOOKED_AT))
            if found is None:
                read.leave_out(file, whole=file == path)
                continue
            opened.seek(0)
            data, rejected = _data(opened, file, found)
            read.begin(found, opened)
        for item in chain(rejected, _items(found, file, data, details.class_)):
            read.take(_below_suffix(item, is_suffix), path)
    if not read.indicators:
        raise KnowledgeError(
            f"{path} holds nothing that could be taken{_first(read.rejected)}.",
            "Check the format, or name another one.",
        )
    return ImportedFeed(_head(path, details, read, clock()), list(read.indicators), read.rejected)


@dataclass
class _FeedDraft:
    """What was read so far: the hash of all bytes, the time of the newest file, the rows.

    `format` is that of the first file, or of the first one whose format has a publisher and a licence.
    """

    format: Format | None = None
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    newest: float = 0.0
    indicators: dict[Indicator, None] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    rows: int = 0

    def begin(self, format_: Format, file: BufferedReader) -> None:
        if self.format is None or (format_.licence and not self.format.licence):
            self.format = format_
        file.seek(0)
        hashlib.file_digest(file, lambda: self.digest)
        self.newest = max(self.newest, os.fstat(file.fileno()).st_mtime)

    def leave_out(self, file: Path, *, whole: bool) -> None:
        """Pass over a file that no format fits; where it is all that there is, that is an error."""
        if whole:
            raise UsageError(f"{file} is of no format that can be told.", f"Name one of {', '.join(FORMATS)}.")
        self.rejected.append(Rejected(file.name, "a file of no format that can be told"))

    def take(self, item: Row, path: Path) -> None:
        """Keep a row; refuse to unfold without end."""
        self.rows += 1
        if self.rows > MOST_ROWS:
            raise KnowledgeError(f"{path} holds more than {MOST_ROWS} rows.", "Split it, and import the parts.")
        if isinstance(item, Rejected):
            self.rejected.append(item)
        else:
            self.indicators[item] = None


def import_feed(imported: ImportedFeed, folder: Path) -> Path:
    """Keep a feed in a knowledge folder, in the place of an earlier one of its name; gives its file."""
    target = folder / FEED_FOLDER / f"{imported.head.feed}.jsonl"
    write_feed(target, imported.head, imported.indicators)
    return target


def _files(path: Path, format_: Format | None) -> list[Path]:
    if path.is_dir():
        suffixes = format_.suffixes if format_ else ()
        inside = sorted(path.rglob("*") if format_ and format_.deep else path.iterdir())
        files = [file for file in inside if not suffixes or file.suffix.lower() in suffixes]
        files = [file for file in files if file.stem.upper() != "README" and stat.S_ISREG(file.lstat().st_mode)]
        if files:
            return files
        raise UsageError(f"{path} holds no file of this format.", "Name a file, or another folder.")
    if not path.exists():
        raise UsageError(f"{path} does not exist.", "Name a file or a folder of a feed.")
    return [path]


@contextmanager
def _opened(path: Path, file: Path) -> Iterator[BufferedReader]:
    """Open a file that was named, or one below a folder that was."""
    try:
        with open_regular(path) if file == path else open_inside(path, file.relative_to(path).as_posix()) as opened:
            yield opened
    except OSError as error:
        raise KnowledgeError(f"{file} cannot be read: {error.strerror}.", "Name a file that you may read.") from error
    except BoundsError as error:
        raise KnowledgeError(f"{file} was not read: {error}.", "Split it, and import the parts.") from error


def _data(file: BufferedReader, path: Path, format_: Format) -> tuple[bytes, list[Rejected]]:
    """Read what a format reads, and name the lines that are left out since they are longer than any."""
    if os.fstat(file.fileno()).st_size > FEED_FILE:
        raise BoundsError(f"it is larger than {FEED_FILE // MB} MB")
    if format_.text == "json":
        # one in UTF-16 is counted once it is UTF-8
        return (read_bounded(file, FEED.size) if file.peek(2)[:2] in UTF16 else read_checked(file, FEED)), []
    if format_.text == "yaml":
        return read_bounded(file, YAML_SIZE), []
    kept, left_out = bytearray(), []
    for number, line in enumerate(read_utf8_lines(file, FEED_LINE), 1):
        if line is None:
            left_out.append(Rejected(f"{path.name}: line {number}", f"it is longer than {FEED_LINE // 2**10} KB"))
        kept += b"\n" if line is None else line
    return bytes(kept), left_out


def _items(format_: Format, file: Path, data: bytes, class_: ThreatClass | None) -> Iterator[Row]:
    about = About(_name_of(file), class_ or format_.class_)
    try:
        for item in format_.read(data, about):
            yield item if isinstance(item, Rejected) else _adjusted(item, about.name, class_)
    except FeedError as error:
        raise KnowledgeError(
            f"{file} cannot be read as {format_.name}: {error}.", "Name the format that it is, or check the file."
        ) from error


def _adjusted(item: Indicator, file_name: str, class_: ThreatClass | None) -> Indicator:
    """Mark a name that stands in no row but is that of the file; put the class that the user names above the format's.

    What the row itself calls commonplace stays that.
    """
    about = item.about
    if about.name == file_name:
        about = replace(about, by_file=True)
    if class_ is not None and about.class_ != "commonplace":
        about = replace(about, class_=class_)
    return item if about is item.about else replace(item, about=about)


def _below_suffix(item: Row, is_suffix: Callable[[str], bool]) -> Row:
    if isinstance(item, Rejected) or item.kind != "host" or item.about.class_ == "commonplace":
        return item
    if not is_suffix(item.value):
        return item
    return Rejected(item.value, f"{short_repr(item.value)} is a public suffix, under which anybody has a name")


def _name_of(file: Path) -> str:
    """Return what a file is named after: `2021_x__android_vo1d.txt` is about `vo1d`."""
    return re.sub(r"^(\d{4}-\d\d-\d\d_)?(.*__)?(android_)?", "", file.stem)[:80] or file.stem


def _head(path: Path, details: FeedDetails, read: _FeedDraft, now: datetime) -> FeedHead:
    format_ = read.format or FORMATS["values"]
    name = details.feed or (format_.name if path.is_dir() and format_.publisher else f"{format_.name}-{path.stem}")
    return FeedHead(
        feed=re.sub(r"[^a-z0-9.-]+", "-", name.lower()).strip("-.")[:80] or "feed",
        format=format_.name,
        title=details.title or (f"{format_.publisher}: {path.name}" if format_.publisher else path.name),
        publisher=details.publisher or format_.publisher or _UNKNOWN,
        url=details.url or format_.url,
        revision=details.revision,
        date=details.date or datetime.fromtimestamp(read.newest, UTC).strftime("%Y-%m-%d"),
        licence=details.licence or format_.licence or _UNKNOWN,
        imported=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        input_sha256=read.digest.hexdigest(),
        counts=dict(sorted(Counter(item.kind for item in read.indicators).items())),
        left_out=dict(sorted(Counter(_reason(item) for item in read.rejected).items())),
    )


def _reason(item: Rejected) -> str:
    """Return the reason without the value, so that equal reasons can be counted."""
    return _VALUE.sub("…", item.why)[:120]


def _first(rejected: list[Rejected]) -> str:
    return f": {rejected[0].row}: {rejected[0].why}" if rejected else ""


def class_of(text: str) -> ThreatClass:
    """Return the class that a word names. Raises UsageError where it names none."""
    found = next((word for word in CLASSES if word == text), None)
    if found is None:
        raise UsageError(f"There is no class {short_repr(text)}.", f"Classes: {', '.join(CLASSES)}.")
    return found


def feed_date(text: str) -> str:
    """Return the day that a text names; empty stays empty. Raises UsageError where it is not a day."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).strftime("%Y-%m-%d") if text else ""
    except ValueError:
        raise UsageError(f"{short_repr(text)} is not a day.", "Write it like 2026-01-31.") from None
