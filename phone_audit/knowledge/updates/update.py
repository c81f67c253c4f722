"""`db update` and `db rollback`: source by source, whole or not at all.

A source is a feed, or a knowledge folder as one ZIP: `incidents/x.json`, `indicators/feed.jsonl` and so on.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from phone_audit.errors import KnowledgeError, PhoneAuditError, UsageError
from phone_audit.files.bounded_zip import ZipBounds, ZipEntry, ZipError, ZipReader, is_plain
from phone_audit.files.bounds import BoundsError
from phone_audit.files.open_regular import open_regular
from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.feeds.importing import FeedDetails, import_feed, read_feed
from phone_audit.knowledge.feeds.index import Indicators
from phone_audit.knowledge.feeds.store import feed_files, sha256_of
from phone_audit.knowledge.files import FEED_FOLDER, Problem, read_folder
from phone_audit.knowledge.kinds import FOLDERS
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.updates import generations
from phone_audit.knowledge.updates.claim import Claim, claim_of, newer_of, refuse_older
from phone_audit.knowledge.updates.download import FetchSettings, fetch
from phone_audit.knowledge.updates.locks import changing, updating
from phone_audit.knowledge.updates.sources import BUNDLE, NAME, SourceList, UpdateSource, read_sources

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class SourceResult:
    """What became of a source. `before` and `now` are the days of the content that stood and stands; empty: none."""

    source: str
    word: Literal["taken", "nothing new", "left out", "removed", "taken back"]
    before: str
    now: str
    text: str = ""
    hint: str = ""


@dataclass(frozen=True)
class UpdateJob:
    """What an update goes by.

    Attributes:
        own: the user's knowledge folder.
        check: gives what is wrong with a knowledge folder, as `db check` does.
        again: whether to take again what was taken back.
    """

    own: Path
    settings: FetchSettings
    check: Callable[[Path], Sequence[Problem]]
    clock: Clock
    again: bool = False


def update(job: UpdateJob, wanted: Sequence[str] = ()) -> Iterator[SourceResult]:
    """Fetch what is new, and tell of each source as it is done. What fails costs that source its update, no more.

    `wanted` are ids of sources; all of them where none is named.

    Raises:
        KnowledgeError: there is no list of sources, another update or a scan is running, or nothing can be written.
        UsageError: there is no source of that id.
    """
    listed = read_sources(job.own)
    _refuse_unknown(wanted, listed.names)
    with updating(job.own):
        with changing(job.own):  # while a scan runs, nothing is even fetched
            generations.forget_others(job.own)
        yield from _unusable(job, listed, wanted)
        for source in listed.sources:
            if not wanted or source.id in wanted:
                yield _updated(job, source)
        if not wanted and listed.names_all:
            yield from _no_longer_listed(job, listed)


def rollback(own: Path, wanted: Sequence[str] = ()) -> Iterator[SourceResult]:
    """Go back to the version before, and tell of each source. Without a connection.

    `wanted` are ids of sources; every one that has an earlier version where none is named.

    Raises:
        KnowledgeError: there is no earlier version, an update or a scan is running, or nothing can be written.
        UsageError: nothing was ever fetched from a source of that id.
    """
    with updating(own):
        sources = generations.read_pointer(own).sources
        _refuse_unknown(wanted, frozenset(sources))
        names = sorted(set(wanted)) or [name for name, kept in sorted(sources.items()) if kept.previous]
        lacking = [name for name in names if sources[name].previous is None]
        if lacking or not names:
            raise KnowledgeError(
                f"No earlier version is kept{f' of {lacking[0]}' if lacking else ''}.",
                "phone-audit db info says what is kept. What was taken back comes again with db update --again.",
            )
        for name in names:
            yield _taken_back(own, name, sources[name])


def _taken_back(own: Path, name: str, kept: generations.SourceState) -> SourceResult:
    left, stands = kept.current, kept.previous
    if stands is None or not generations.version_folder(own, name, stands).is_dir():
        raise KnowledgeError(f"The earlier version of {name} is gone.", "phone-audit db update fetches what is new.")
    try:
        generations.point(
            own, name, generations.SourceState(current=stands, newest=kept.newest, taken_back=left.identity)
        )
    except OSError as error:
        raise KnowledgeError(f"{own} cannot be written: {error.strerror}.", "Check your rights.") from error
    return SourceResult(name, "taken back", left.date, stands.date, "db update --again takes the newer one again")


def _refuse_unknown(wanted: Sequence[str], known: frozenset[str]) -> None:
    for name in wanted:
        if name not in known:
            raise UsageError(f"There is no source {name!r}.", f"Sources: {', '.join(sorted(known)) or 'none'}.")


def _unusable(job: UpdateJob, listed: SourceList, wanted: Sequence[str]) -> Iterator[SourceResult]:
    sources = generations.read_pointer(job.own).sources
    for problem in listed.problems:
        if not wanted or problem.entry in wanted:
            stays = _day_of(sources.get(problem.entry))
            yield SourceResult(problem.entry, "left out", stays, stays, f"{problem}.", "docs/lists.md has an example.")


def _no_longer_listed(job: UpdateJob, listed: SourceList) -> Iterator[SourceResult]:
    for name, kept in sorted(generations.read_pointer(job.own).sources.items()):
        if name not in listed.names:
            try:
                generations.point(job.own, name, None)
            except (PhoneAuditError, OSError) as error:
                yield _left_out(name, kept, error)
            else:
                yield SourceResult(name, "removed", kept.current.date, "", f"{NAME} no longer lists it")


def _updated(job: UpdateJob, source: UpdateSource) -> SourceResult:
    kept = generations.read_pointer(job.own).sources.get(source.id)
    try:
        with generations.draft_folder(job.own, source.id) as draft:
            return _fetched(job, source, kept, draft)
    except (PhoneAuditError, OSError) as error:
        return _left_out(source.id, kept, error)


def _left_out(name: str, kept: generations.SourceState | None, error: PhoneAuditError | OSError) -> SourceResult:
    stays = _day_of(kept)
    if isinstance(error, PhoneAuditError):
        return SourceResult(name, "left out", stays, stays, error.message, error.hint)
    text = f"It cannot be written: {error.strerror or error}."
    return SourceResult(name, "left out", stays, stays, text, "Free some room, or check your rights.")


def _fetched(job: UpdateJob, source: UpdateSource, kept: generations.SourceState | None, draft: Path) -> SourceResult:
    """Fetch, verify, read, check and keep one source; whatever goes wrong is raised."""
    claim = claim_of(source, draft, job.settings)
    seen = generations.read_pointer(job.own).seen.get(claim.signer or "")
    if kept and claim.identity == kept.current.identity:
        newest = newer_of(claim.order, kept.newest)
        if newest != kept.newest:
            generations.point(job.own, source.id, kept.model_copy(update={"newest": newest}), _seen(claim, seen))
        return SourceResult(source.id, "nothing new", kept.current.date, kept.current.date)
    if seen:
        refuse_older(claim, seen.newest, seen.identity)
    if kept:
        refuse_older(claim, kept.newest, kept.taken_back)
        if claim.identity == kept.taken_back and not job.again:
            told = "the newer one was taken back; --again takes it all the same"
            return SourceResult(source.id, "nothing new", kept.current.date, kept.current.date, told)
    version = _made(job, source, claim, draft)
    newest = newer_of(claim.order, kept.newest if kept else None)
    stands = generations.SourceState(current=version, previous=kept.current if kept else None, newest=newest)
    generations.point(job.own, source.id, stands, _seen(claim, seen))
    held = "1 entry" if version.entries == 1 else f"{version.entries} entries"
    return SourceResult(source.id, "taken", _day_of(kept), version.date, held)


def _seen(claim: Claim, before: generations.SignerState | None) -> dict[str, generations.SignerState]:
    """Return what is to be remembered of a key and a name, also when the source is dropped."""
    newest = newer_of(claim.order, before.newest if before else None)
    if claim.signer is None or newest is None:
        return {}
    return {claim.signer: generations.SignerState(newest=newest, identity=claim.identity)}


def _made(job: UpdateJob, source: UpdateSource, claim: Claim, draft: Path) -> generations.Version:
    """Make a version of what the source has now; nothing points to it yet."""
    content, made = draft / f"{source.id}.fetched", draft / "made"
    modified = fetch(source.url, content, source.largest_mb * 2**20, job.settings)
    claim.check(content)
    now = job.clock().astimezone(UTC)
    day = claim.day or modified or f"{now:%Y-%m-%d}"
    if source.format == BUNDLE:
        unpack(content, made)
    else:
        _import(source, content, day, made, job.clock)
    problems = job.check(made)
    if problems:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise KnowledgeError(f"It does not pass the check: {problems[0]}{more}.", "Ask its publisher.")
    digest, entries = sha256_of(content), _entries(made)
    return generations.Version(
        generation=generations.keep(job.own, source.id, made, f"{now:%Y%m%dT%H%M%SZ}", digest),
        identity=claim.identity,
        sha256=digest,
        date=day,
        taken=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        url=source.url,
        entries=entries,
    )


def _import(source: UpdateSource, content: Path, day: str, made: Path, clock: Clock) -> None:
    said = FeedDetails(
        feed=source.id, title=source.title or source.id, publisher=source.publisher, url=source.url, date=day,
        licence=source.licence, class_=source.class_,
    )  # fmt: skip
    try:
        import_feed(read_feed(source.format, content, said, clock), made)
    except KnowledgeError as error:
        raise KnowledgeError(error.message.replace(str(content), source.url), error.hint) from error


def _entries(made: Path) -> int:
    return sum(Knowledge(tuple(read_folder(made, 0)), (), Indicators(feed_files(made))).info.counts.values())


def _day_of(kept: generations.SourceState | None) -> str:
    return kept.current.date if kept else ""


_NAME: Final = re.compile(
    rf"(?:(?:{'|'.join(FOLDERS)})/[A-Za-z0-9][A-Za-z0-9._-]*\.json|{FEED_FOLDER}/[A-Za-z0-9][A-Za-z0-9._-]*\.jsonl"
    rf"|(?:{'|'.join((*FOLDERS, FEED_FOLDER))})/LICENSE[A-Za-z0-9._-]*)"
)
_MOST_FILES: Final = 20_000
_MOST_BYTES: Final = 512 * 2**20


def unpack(path: Path, into: Path) -> None:
    """Unpack a bundle into a folder.

    Raises:
        KnowledgeError: it is no such bundle, damaged, or unfolds into too much.
        OSError: it cannot be written.
    """
    try:
        with open_regular(path) as file, ZipReader(file, ZipBounds(2 * _MOST_FILES)) as bundle:
            entries = [entry for entry in bundle.entries if not entry.filename.endswith("/")]
            _check_entries(entries)
            left = _MOST_BYTES
            for entry in entries:
                left -= _write(bundle, entry, into / entry.filename, left)
    except BoundsError as error:
        raise KnowledgeError(f"The bundle was not read: {error}.", f"One to {_MOST_FILES} files are taken.") from error
    except ZipError as error:
        raise KnowledgeError(f"It is no ZIP, or a damaged one: {error}.", "Ask its publisher.") from error


def _check_entries(entries: list[ZipEntry]) -> None:
    if not entries or len(entries) > _MOST_FILES:
        raise KnowledgeError(f"The bundle holds {len(entries)} files.", f"One to {_MOST_FILES} are taken.")
    seen: set[str] = set()
    for entry in entries:
        if not _NAME.fullmatch(entry.filename) or entry.filename.lower() in seen:
            raise KnowledgeError(
                f"The bundle holds a file that has no place in it: {short_repr(entry.filename)}.",
                "It may hold incidents/x.json and so on, indicators/feed.jsonl, each once, and LICENSE files there.",
            )
        if not is_plain(entry):
            raise KnowledgeError(f"{entry.filename} is encrypted, or packed in an unusual way.", "Use plain ZIP.")
        seen.add(entry.filename.lower())


def _write(bundle: ZipReader, entry: ZipEntry, target: Path, left: int) -> int:
    """Write one file and give its length; the length that the ZIP states is not believed."""
    written = 0
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with target.open("xb") as file:
        for piece in bundle.pieces(entry):
            written += len(piece)
            if written > left:
                raise KnowledgeError(
                    f"The bundle unfolds into more than {_MOST_BYTES // 2**20} MB.", "Ask its publisher."
                )
            file.write(piece)
    return written
