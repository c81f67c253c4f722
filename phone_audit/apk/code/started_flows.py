"""Flows of data whose steps nothing in the package starts stay listed, and are not told of the package.

Where nothing was seen to start one, but code that cannot be followed may, that is said.
"""

from collections.abc import Collection, Iterable, Iterator

from phone_audit.apk.code.selectors import Row
from phone_audit.apk.code.started_code import StartedCode
from phone_audit.model.apk import Behaviour


def with_started_steps(flows: Iterable[Behaviour], code: StartedCode) -> Iterator[Behaviour]:
    """Yield flows; those with a step in code that nothing starts are `library_only`, or not `start_seen`.

    A step in a method that is not defined counts as started.
    """
    for flow in flows:
        steps = [rows for step in flow.steps or () if (rows := code.named(step.class_, step.method))]
        if not all(map(code.starts_any, steps)):
            yield flow.model_copy(update={"library_only": True, "start_seen": False})
        elif not _is_seen(steps, code):
            yield flow.model_copy(update={"start_seen": False})
        else:
            yield flow


def _is_seen(steps: Iterable[Collection[Row]], code: StartedCode) -> bool:
    return all(map(code.sees_any, steps))
