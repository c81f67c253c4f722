"""`--cluster`: whether this computer can use one, and the connection to it."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from phone_audit.errors import TO_TYPE, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from phone_audit.pipeline.cluster.dask_executor import DaskExecutor
    from phone_audit.pipeline.options import Budget, Progress

_LIBRARIES = ("distributed", "fsspec")


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


def executor_on(
    address: str, budget: "Budget", on_progress: "Progress", stopped: "Callable[[], bool]"
) -> "DaskExecutor":
    """Return the workers of a scheduler.

    Raises:
        PhoneAuditError: nothing answers at that address.
    """
    from phone_audit.pipeline.cluster.dask_executor import DaskExecutor

    return DaskExecutor(address, budget, on_progress, stopped)
