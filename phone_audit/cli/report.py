"""`phone-audit report`: a saved result in another format."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phone_audit.cli import exits
from phone_audit.cli import options as shared
from phone_audit.cli.messages import tell, tell_uncovered, tell_unmatched
from phone_audit.cli.options import format_option, printable
from phone_audit.report.formats import KINDS, kind_of

if TYPE_CHECKING:
    from phone_audit.model.base import Frozen


def _printable(texts: list[str] | None) -> list[str]:
    return [printable(text) or "" for text in texts or ()]


def _with_traffic(
    document: "Frozen", files: Sequence[Path], folders: Sequence[Path], own_numbers: Path | None
) -> "Frozen":
    """Add what recorded traffic shows; only then facts are loaded."""
    from phone_audit.cli.knowledge import knowledge_in_use
    from phone_audit.pipeline.own_numbers import read_own_numbers
    from phone_audit.pipeline.traffic import add_traffic

    stated = read_own_numbers(own_numbers, files) if own_numbers is not None else ()
    with knowledge_in_use(folders) as known:
        return add_traffic(document, files, known, stated)


def report(
    result: Annotated[
        Path, typer.Argument(metavar="RESULT", help="A result saved with -f json; - reads it from standard input.")
    ],
    formats: Annotated[list[str] | None, format_option(*KINDS)] = None,
    outputs: shared.Outputs = None,
    accept: shared.Accept = None,
    details: shared.Details = False,
    discreet: shared.Discreet = False,
    fail_on: Annotated[
        exits.FailOn | None,
        typer.Option("--fail-on", metavar="OUTCOME", help="Exit as the command that made it would with this."),
    ] = None,
    seal_key: Annotated[
        list[str] | None,
        typer.Option(
            "--seal-key",
            metavar="PUBKEY",
            callback=_printable,
            help="A public key of minisign, or its file: refuse a result that is not sealed with it; repeatable.",
        ),
    ] = None,
    traffic: shared.Traffic = None,
    own_numbers: shared.OwnNumbers = None,
    knowledge: shared.KnowledgeDirs = None,
    quiet: shared.Quiet = False,
) -> None:
    """Render a saved JSON result in another format, with no phone and no APK."""
    from phone_audit.cli.outputs import check_formats, destinations, said_on_terminal, write_outputs
    from phone_audit.pipeline.report import check_seal_of, judged_outcomes, parse_result, read_result
    from phone_audit.report.canvas import Style

    places = destinations(list(KINDS), formats, outputs)
    text = read_result(result)
    seal = check_seal_of(result, text, seal_key or ())
    document = parse_result(result, text)
    check_formats(places, [kind_of(document)])
    if traffic or own_numbers is not None:
        document = _with_traffic(document, traffic or (), knowledge or (), own_numbers)
    if accept is not None:
        from phone_audit.model.acceptance import Acceptances
        from phone_audit.pipeline.accept import uncovered, unmatched, with_accepted
        from phone_audit.pipeline.accept_file import read_accepted
        from phone_audit.pipeline.options import utc_now

        accepted = Acceptances.on(utc_now().date(), read_accepted(accept))
        document = with_accepted(document, accepted)
        if not quiet:
            tell_unmatched(accept, unmatched(document, accepted.by_key))
            tell_uncovered(accept, uncovered(document, accepted))
    name = "standard input" if str(result) == "-" else printable(str(result)) or ""
    if not quiet and not said_on_terminal(places):
        tell(f"As stated in {name}. {seal}")
    write_outputs(document, places, Style(stated_in=name, seal=seal, details=details, discreet=discreet))
    if fail_on is None:
        return
    raise typer.Exit(exits.strongest(exits.exit_code(*judged, fail_on) for judged in judged_outcomes(document)))
