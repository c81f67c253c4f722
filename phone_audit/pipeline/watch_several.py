"""Several phones watched at the same time, each in a thread of its own."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from phone_audit.errors import PhoneAuditError
from phone_audit.knowledge.load import Knowledge, whole
from phone_audit.model.watch import Watch
from phone_audit.pipeline.watch import WatchOptions, watch_device


def watch_devices(
    targets: Sequence[str], knowledge: Knowledge, options: WatchOptions
) -> tuple[Watch | PhoneAuditError, ...]:
    """Watch phones; what goes wrong with one disturbs no other.

    Args:
        targets: serials and HOST:PORT.
        knowledge: what is known.
        options: for each of them. `save` gets a folder for each phone: `phone-1`, `phone-2`, …

    Returns:
        The result of each, or why there is none, in the order of the targets.
    """
    facts = whole(knowledge)

    def one(number: int, target: str) -> Watch | PhoneAuditError:
        save = options.save / name_of(number) if options.save else None
        try:
            return watch_device(target, knowledge=facts, options=replace(options, save=save))
        except PhoneAuditError as error:
            return error

    with ThreadPoolExecutor(len(targets), thread_name_prefix="watch") as pool:
        return tuple(pool.map(one, range(1, len(targets) + 1), targets))


def name_of(number: int) -> str:
    """Name the files of a phone without its serial number.

    Example:
        >>> name_of(1)
        'phone-1'
    """
    return f"phone-{number}"
