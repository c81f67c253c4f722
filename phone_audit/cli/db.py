"""`phone-audit db`: what is known, feeds taken in, and indicators given out."""

import json
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phone_audit.cli import exits
from phone_audit.cli.help_text import Command, Group
from phone_audit.cli.options import KnowledgeDirs, among
from phone_audit.files.bounds import MB
from phone_audit.model.wording import counted, listed
from phone_audit.report.formats import EXPORTED, FORMATS

if TYPE_CHECKING:
    from phone_audit.knowledge.updates.update import SourceResult

IMPORTED = (
    "stix", "stalkerware", "stalkerware-samples", "stalkerware-network", "exodus", "appmanager", "uad-ng",
    "debloat-list", "suss", "hosts", "values", "csv", "maltrail", "misp-galaxy", "misp-warninglist", "xray",
    "disconnect", "duckduckgo", "drweb", "cve", "certificates", "baseline", "pixel-images",
    "google-packages", "mainline-modules",
)  # fmt: skip
"""The formats, written here so that the help does not load what reads them; a test compares."""
LISTED = (
    "incidents", "feeds", "trackers", "hosts", "host_rules", "keys", "rules", "behaviours", "calls", "libraries",
    "packers", "firmware", "schemes", "support", "labels", "baselines", "authorities",
    "installers", "powers",
)  # fmt: skip
"""The kinds of entries, written here for the same reason."""
_FORMATS = "\b\n" + textwrap.fill(f"Formats: {', '.join(IMPORTED)}.", 76, break_on_hyphens=False)
_PAGES = "Pages made from these facts are made anew in a checkout: python -m fixtures.knowledge.pages"
_MOST_LEFT_OUT = 10
_MOST_FOUND = 200

db = typer.Typer(
    name="db",
    help="The facts behind every verdict: look them up, check them, import feeds, export indicators.",
    cls=Group,
    no_args_is_help=True,
)
Sources = Annotated[list[str] | None, typer.Argument(metavar="SOURCE", help="Ids of sources.", show_default="all")]
Into = Annotated[
    Path | None, typer.Option("--into", metavar="DIR", help="The knowledge folder.", show_default="your own")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Feeds = Annotated[list[str] | None, typer.Option("--feed", metavar="ID", help="Only of this feed; repeatable.")]
Classes = Annotated[
    list[str] | None,
    typer.Option("--class", metavar="CLASS", help="Classes to export; repeatable.", show_default="the malicious ones"),
]


@db.command(cls=Command)
def update(
    sources: Sources = None,
    ca_file: Annotated[
        Path | None,
        typer.Option(
            "--ca-file",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Trust these authorities (PEM) in the place of the system's: for a server of your own.",
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option("--timeout", min=1, max=86400, metavar="SECONDS", help="Time for one file.")
    ] = 300,
    again: Annotated[bool, typer.Option("--again", help="Also take updates that a rollback removed.")] = False,
) -> None:
    """Fetch what is new from the sources in sources.json of your own folder. What fails leaves what was there."""
    from phone_audit.knowledge.own import own_folder
    from phone_audit.knowledge.updates.download import fetch_settings
    from phone_audit.knowledge.updates.update import UpdateJob
    from phone_audit.knowledge.updates.update import update as run
    from phone_audit.pipeline.db import check_all
    from phone_audit.pipeline.options import utc_now

    job = UpdateJob(
        own_folder(),
        fetch_settings(ca_file, seconds),
        lambda folder: check_all(folder, utc_now().date()).problems,
        utc_now,
        again,
    )
    raise typer.Exit(_write_updates(run(job, sources or ())))


@db.command(cls=Command)
def rollback(sources: Sources = None) -> None:
    """Go back to the version before the last update. Needs no connection."""
    from phone_audit.knowledge.own import own_folder
    from phone_audit.knowledge.updates.update import rollback as run

    raise typer.Exit(_write_updates(run(own_folder(), sources or ())))


def _write_updates(told: "Iterable[SourceResult]") -> int:
    """Write a line for each source as it is done, and give the exit code."""
    from phone_audit.cli.messages import tell
    from phone_audit.cli.outputs import write_out
    from phone_audit.report.safe import visible

    code, any_told = exits.DONE, False
    for one in told:
        days = one.now or "nothing" if one.before == one.now else f"{one.before or 'nothing'} -> {one.now or 'nothing'}"
        stays = "stays at " if one.word == "left out" else ""
        write_out(visible(f"{one.source}: {one.word}, {stays}{days}{f': {one.text}' if one.text else ''}") + "\n")
        if one.word == "left out":
            code = exits.COULD_NOT_RUN
            tell(f"  {one.hint}")
        any_told = True
    if not any_told:
        tell("sources.json lists no source.")
    return code


@db.command(cls=Command)
def info(
    knowledge: KnowledgeDirs = None,
    sources: Annotated[bool, typer.Option("--sources", help="Also list whom the facts are from.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what is known: how old it is, counts, feeds, digest, and how large the cache is; with --sources from whom."""
    from phone_audit.cli.knowledge import known_facts
    from phone_audit.cli.outputs import terminal_style, write_out
    from phone_audit.knowledge.own import own_folder
    from phone_audit.pipeline.db import feed_lines, version_lines
    from phone_audit.pipeline.known_files import records_folder
    from phone_audit.pipeline.options import rfc3339, utc_now
    from phone_audit.pipeline.record_cache import LARGEST, cache_size
    from phone_audit.report.json_v1 import render_json
    from phone_audit.report.knowledge_age import age_of, update_advice
    from phone_audit.report.text import render_entry, render_lines

    known, today = known_facts(knowledge), rfc3339(utc_now())
    if as_json:
        write_out(render_json(known.info))
        return
    facts = [
        ("age", age_of(known.info, today)),
        ("digest", known.info.digest),
        ("newest incident", known.info.newest_entry),
        ("entries", ", ".join(f"{count} {kind}" for kind, count in sorted(known.info.counts.items()))),
        ("sources", f"{len(known.sources)} (--sources lists them)" if not sources else str(len(known.sources))),
        *(
            ("source", f"{source.title}, {source.publisher}, {source.date}; {source.licence}")
            for source in (known.sources if sources else ())
        ),
        *(("feed", told) for told in feed_lines(known, own_folder())),
        *(("fetched", told) for told in version_lines(own_folder())),
        ("advice", update_advice(known.info, today)),
    ]
    facts = [(key, told) for key, told in facts if told]
    write_out(render_entry("knowledge", known.info.version, "", facts, terminal_style()))
    kept = cache_size(records_folder())
    cache = f"cache: {records_folder()}, {counted(kept.records, 'record')}, {kept.bytes / MB:.0f} of {LARGEST // MB} MB"
    write_out(render_lines([(f"own folder: {own_folder()}",), (cache,)], terminal_style()))


@db.command("list", cls=Command)
def list_(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help=f"One of: {', '.join(LISTED)}.", autocompletion=among(LISTED))
    ] = "incidents",
    knowledge: KnowledgeDirs = None,
    as_json: AsJson = False,
) -> None:
    """List the entries of a kind by id."""
    from phone_audit.cli.knowledge import known_facts
    from phone_audit.pipeline.db import entries

    known = known_facts(knowledge)
    _write_rows(
        [(entry.kind, entry.id, entry.title) for entry in entries(known, kind)], ("kind", "id", "title"), as_json
    )


@db.command(cls=Command)
def show(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="An id, or a host, hash, package name of a feed.")],
    knowledge: KnowledgeDirs = None,
    as_json: AsJson = False,
) -> None:
    """Show all that is known of an entry or a value."""
    from phone_audit.cli.knowledge import known_facts
    from phone_audit.cli.outputs import terminal_style, write_out
    from phone_audit.pipeline.db import show as look_up
    from phone_audit.report.text import render_entry

    found = look_up(known_facts(knowledge), wanted)
    if as_json:
        _write_json([{"kind": it.kind, "id": it.id, "title": it.title, "facts": it.facts} for it in found])
        return
    style = terminal_style()
    write_out("\n".join(render_entry(it.kind, it.id, it.title, it.facts, style) for it in found))


@db.command(cls=Command)
def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Part of a name, a host, a summary …")],
    knowledge: KnowledgeDirs = None,
    as_json: AsJson = False,
) -> None:
    """Find entries, and values of feeds, that hold a text."""
    from itertools import islice

    from phone_audit.cli.knowledge import known_facts
    from phone_audit.cli.messages import tell
    from phone_audit.pipeline.db import search as find

    met = list(islice(find(known_facts(knowledge), text), _MOST_FOUND + 1))
    _write_rows([(it.kind, it.id, it.found or it.title) for it in met[:_MOST_FOUND]], ("kind", "id", "found"), as_json)
    if len(met) > _MOST_FOUND:
        tell(f"There is more than these {_MOST_FOUND}: search for a longer text.")
    if not met:
        tell(f"No known fact contains {text!r}.")


def _write_rows(rows: list[tuple[str, ...]], names: tuple[str, ...], as_json: bool) -> None:
    from phone_audit.cli.outputs import terminal_style, write_out
    from phone_audit.report.text import render_lines

    if as_json:
        _write_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        write_out(render_lines(rows, terminal_style()))


def _write_json(values: object) -> None:
    from phone_audit.cli.outputs import write_out
    from phone_audit.report.safe import json_safe

    write_out(json_safe(json.dumps(values, indent=1, ensure_ascii=False)) + "\n")


@db.command(cls=Command)
def new(
    name: Annotated[str, typer.Argument(metavar="ID", help="Maker, what, year: acme-one-weather-2026.")],
    into: Into = None,
) -> None:
    """Write a template of an incident, to be filled in. db check says what is still missing."""
    from phone_audit.cli.outputs import write_out
    from phone_audit.knowledge.own import own_folder
    from phone_audit.knowledge.template import new_incident
    from phone_audit.report.safe import visible

    path = new_incident(name, into or own_folder())
    check_it = "phone-audit db check" + (f" --knowledge {into}" if into else "")
    write_out(visible(f"Written: {path}. Fill it in, then: {check_it}") + "\n")


@db.command(cls=Command)
def check(knowledge: KnowledgeDirs = None) -> None:
    """Check the facts of the package and of your own folder: file, entry, field, and what to write instead."""
    from phone_audit.cli.outputs import write_out
    from phone_audit.knowledge.load import BUNDLED
    from phone_audit.knowledge.own import own_folder, with_own
    from phone_audit.knowledge.updates.sources import NAME, read_sources
    from phone_audit.pipeline.db import check_all
    from phone_audit.pipeline.options import utc_now
    from phone_audit.report.safe import visible

    faulty = False
    for folder in (BUNDLED, *with_own(knowledge or ())):
        found = check_all(folder, utc_now().date())
        faulty = faulty or bool(found.problems)
        tried = f"tried: {found.matches} identifiers that match, {found.near_misses} near misses that stay quiet"
        problems = [str(problem) for problem in found.problems]
        told = [*problems, counted(len(problems), "problem")] if problems else found.counts
        shown = "the package" if folder == BUNDLED else str(folder)
        tried += f". {_PAGES}" if folder == BUNDLED and not problems else ""
        write_out("".join(f"{visible(line)}\n" for line in (f"{shown}:", *told, tried)))
    if (own_folder() / NAME).exists():
        listed = [str(problem) for problem in read_sources(own_folder()).problems]
        faulty = faulty or bool(listed)
        write_out("".join(f"{visible(line)}\n" for line in listed))
    raise typer.Exit(exits.COULD_NOT_RUN if faulty else exits.DONE)


@db.command("import", cls=Command, epilog=_FORMATS)
def import_(
    format_: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT", help="auto, or one of those below.", autocompletion=among(("auto", *IMPORTED))
        ),
    ],
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file, or a folder of files that are one feed.")],
    feed: Annotated[str, typer.Option("--id", metavar="ID", help="What to call the feed.")] = "",
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="Its title.")] = "",
    publisher: Annotated[str, typer.Option("--publisher", metavar="TEXT", help="Who publishes it.")] = "",
    url: Annotated[str, typer.Option("--url", metavar="URL", help="Where it is published.")] = "",
    date: Annotated[str, typer.Option("--date", metavar="DATE", help="The day of its content: 2026-01-31.")] = "",
    licence: Annotated[str, typer.Option("--licence", metavar="TEXT", help="Its licence.")] = "",
    class_: Annotated[
        str, typer.Option("--class", metavar="CLASS", help="What its values are: spyware, listed …")
    ] = "",
    into: Into = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List everything that was left out.")] = False,
) -> None:
    """Take a feed into your own knowledge folder. One bad row costs that row; what is left out is said."""
    from phone_audit.apk.text.host_text import is_public_suffix
    from phone_audit.cli.messages import tell
    from phone_audit.cli.outputs import write_out
    from phone_audit.knowledge.feeds.importing import FeedDetails, class_of, feed_date, import_feed, read_feed
    from phone_audit.knowledge.own import own_folder
    from phone_audit.pipeline.options import utc_now

    said = FeedDetails(
        feed=feed, title=title, publisher=publisher, url=url, date=feed_date(date), licence=licence,
        class_=class_of(class_) if class_ else None,
    )  # fmt: skip
    imported = read_feed(format_, path, said, utc_now, is_public_suffix)
    head, rejected = imported.head, imported.rejected
    target = import_feed(imported, into or own_folder())
    taken = ", ".join(f"{count} {kind}" for kind, count in head.counts.items())
    write_out(f"{head.feed}: {len(imported.indicators)} taken ({taken}), {len(rejected)} left out. Kept in {target}.\n")
    for item in rejected if verbose else rejected[:_MOST_LEFT_OUT]:
        tell(f"left out: {item.row}: {item.why}")
    if len(rejected) > _MOST_LEFT_OUT and not verbose:
        tell(f"and {len(rejected) - _MOST_LEFT_OUT} more (-v names them)")
    if not class_ and all(item.about.class_ == "listed" for item in imported.indicators):
        tell(
            "What it lists counts as exposed at most. --class spyware (or malware, stalkerware) says that it is worse."
        )
    if head.licence == "not stated":
        tell("The licence is not known: --licence, --publisher and --date say what a report has to name.")


@db.command(cls=Command)
def export(
    format_: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT", help=f"{listed(EXPORTED, last='or')} (a block list).", autocompletion=among(EXPORTED)
        ),
    ],
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it here.")] = None,
    feeds: Feeds = None,
    classes: Classes = None,
    knowledge: KnowledgeDirs = None,
) -> None:
    """Give out the known indicators of what is malicious. Each keeps its source and licence."""
    from phone_audit.cli.knowledge import known_facts
    from phone_audit.cli.outputs import write_file, write_out
    from phone_audit.errors import UsageError
    from phone_audit.knowledge.feeds.importing import class_of
    from phone_audit.pipeline.indicator_export import known_indicators

    if format_ not in EXPORTED:
        raise UsageError(f"There is no format {format_!r} for indicators; there are {listed(EXPORTED)}.")
    known = known_facts(knowledge)
    rows = known_indicators(known, feeds or (), tuple(map(class_of, classes or ())))
    text = FORMATS[format_].export(rows, f"{known.info.newest_entry}T00:00:00.000Z")
    if output is None:
        write_out(text)
    else:
        write_file(output, (text,))
