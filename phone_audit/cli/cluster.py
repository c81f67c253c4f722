"""`--cluster`: whether this computer can use one, the connection to it, and tables that are written in parts."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from phone_audit.cli.outputs import Output, check_places, pair_outputs, with_seal
from phone_audit.errors import TO_TYPE, UsageError

if TYPE_CHECKING:
    from phone_audit.model.apk import Apk
    from phone_audit.pipeline.cluster.dask_executor import DaskExecutor
    from phone_audit.pipeline.cluster.partitions import Partitions

_SLASHES: Final = re.compile(r"^([a-z][a-z0-9+.-]+:)/(?=[^/])")
"""What a path makes of the two slashes of a URL."""
_LIBRARIES: Final = ("distributed", "fsspec")


def check_extra(jobs: int | None) -> None:
    """Refuse what a cluster cannot be used with.

    Raises:
        UsageError: the libraries are not installed, or an option says how many files this computer reads at once.
    """
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"--cluster needs {missing[0]}, which is not installed.", f"{TO_TYPE}pip install 'phone-audit[cluster]'"
        )
    if jobs is not None:
        raise UsageError("--jobs says nothing to a cluster.", "Start its workers with as many threads as they have.")


def cluster_destinations(
    formats: Sequence[str] | None, paths: Sequence[Path] | None, seal: str | None
) -> tuple[tuple[Output, ...], list[str]]:
    """Return where the result goes, and the folders or URLs to which tables go in parts.

    Raises:
        UsageError: an unknown format, or a place that cannot be written.
    """
    outputs = pair_outputs(formats or (), paths or (), ["apks"])
    tables = [output.path for output in outputs if output.format == "parquet"]
    if None in tables or (tables and seal):
        raise UsageError("Tables of a cluster go to a folder, and are not sealed.", "Name a folder with -f parquet -o.")
    others = [output for output in outputs if output.format != "parquet"]
    check_places(others)
    return with_seal(others, seal), [_SLASHES.sub(r"\1//", str(path)) for path in tables]


@contextmanager
def partitioned_tables(folders: Sequence[str]) -> Iterator["list[Partitions]"]:
    """Open the folders or URLs to which tables go. Raises UsageError where one cannot be used."""
    if not folders:
        yield []
        return
    from phone_audit.pipeline.cluster.partitions import Partitions

    with ExitStack() as stack:
        yield [stack.enter_context(Partitions(folder)) for folder in folders]


def all_of(*takers: Callable[["Apk"], None]) -> Callable[["Apk"], None]:
    def hand_out(record: "Apk") -> None:
        for taker in takers:
            taker(record)

    return hand_out


def dask_executor() -> "type[DaskExecutor]":
    """Return what reads files on a cluster; what that takes is loaded only where it is asked for."""
    from phone_audit.pipeline.cluster.dask_executor import DaskExecutor

    return DaskExecutor
