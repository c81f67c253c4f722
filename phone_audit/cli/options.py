"""The options that several commands share."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from phone_audit.cli.exits import FailOn
from phone_audit.model.wording import listed
from phone_audit.report.formats import FORMATS, formats_of

Via = Literal["auto", "direct", "server"]
Depth = Literal["quick", "standard", "deep"]


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise typer.BadParameter("it has to be a number of seconds")
    return value


@dataclass(frozen=True)
class ScanArguments:
    """The command line of `scan`, checked, besides how phones are read."""

    targets: tuple[str, ...]
    all: bool
    wait: bool
    depth: Depth
    users: str
    knowledge: tuple[Path, ...]
    fail_on: FailOn
    quiet: bool
    verbose: bool
    details: bool = False
    waits: bool = True
    discreet: bool = False

    @property
    def several(self) -> bool:
        """Whether `-o` and `--save` name folders for several phones."""
        return self.all or len(self.targets) > 1


def among(names: Iterable[str]) -> Callable[[str], list[str]]:
    """Return what offers the names that begin as what was typed."""
    return lambda incomplete: [name for name in names if name.startswith(incomplete)]


def printable(text: str | None) -> str | None:
    """Write bytes of the command line that are no UTF-8 as escapes, so that they can stand in a result."""
    return None if text is None else text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def format_option(*kinds: str) -> Any:
    """Return the option that names formats of documents of these kinds."""
    live = len(kinds) == 1  # a saved result is there as a whole
    fit = formats_of(kinds)
    named = listed([f"{name} (streams)" if live and FORMATS[name].streams else name for name in fit], len(fit), "or")
    return typer.Option(
        "--format", "-f", metavar="FORMAT", autocompletion=among(fit), help=f"{named}; pairs with -o in order."
    )


ScanFormats = Annotated[list[str] | None, format_option("scan")]
Outputs = Annotated[
    list[Path] | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write the result here; the suffix tells the format."),
]
FailOnOption = Annotated[
    FailOn,
    typer.Option(
        "--fail-on",
        metavar="OUTCOME",
        help="exposed, inconclusive, suspicious, known-bad or never: the weakest outcome that the exit code tells.",
    ),
]
ViaOption = Annotated[Via, typer.Option("--via", help="How to reach the phone: directly, or through an adb server.")]
WithIdentifiers = Annotated[bool, typer.Option("--with-identifiers", help="Put the serial number into the result.")]
KnowledgeDirs = Annotated[
    list[Path] | None,
    typer.Option(
        "--knowledge", metavar="DIR", exists=True, file_okay=False, help="A folder of further knowledge; repeatable."
    ),
]
Label = Annotated[
    str | None,
    typer.Option("--label", metavar="TEXT", callback=printable, help="Case or asset name, kept in the result."),
]
Seal = Annotated[
    str | None,
    typer.Option(
        "--seal",
        metavar="KEYFILE|own",
        callback=printable,
        help="Sign each -o file with this secret key of minisign; own: with yours, which is made at first use.",
    ),
]
Accept = Annotated[
    Path | None,
    typer.Option(
        "--accept",
        metavar="FILE",
        help="A list of findings that somebody answers for: they are shown, and do not decide the exit code.",
    ),
]
Assets = Annotated[
    Path | None,
    typer.Option(
        "--assets",
        metavar="FILE",
        help="With several phones: a CSV with the columns serial and asset, and others; the summary then names them.",
    ),
]
Details = Annotated[
    bool, typer.Option("--details", help="All as text, not only the answer: evidence, sources, what each app holds.")
]
Discreet = Annotated[
    bool, typer.Option("--discreet", help="html with a neutral title and no colours that say from afar what it is.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no remarks.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more about what is being done.")]
Jobs = Annotated[
    int | None, typer.Option("--jobs", min=1, metavar="N", help="APKs analysed at once.", show_default="cores")
]
Timeout = Annotated[
    float, typer.Option("--timeout", min=1, metavar="SECONDS", callback=_finite, help="Time for one APK.")
]
Memory = Annotated[int, typer.Option("--memory", min=256, metavar="MB", help="Memory for one APK.")]
Traffic = Annotated[
    list[Path] | None,
    typer.Option(
        "--traffic",
        metavar="FILE",
        help="Traffic that was recorded elsewhere: pcap, pcapng, PCAPdroid's CSV, a query log of Pi-hole, "
        "AdGuard Home or NextDNS; repeatable.",
    ),
]
OwnNumbers = Annotated[
    Path | None,
    typer.Option(
        "--own-numbers",
        metavar="FILE",
        help="With --traffic: numbers of the phone that you read off it, a line each (imei 490154203237518).",
    ),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Analyse everything again, and remember nothing.")]
