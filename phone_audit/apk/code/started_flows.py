"""Flows of data whose steps nothing in the package starts: they stay listed, and are not told of the package."""

from collections.abc import Iterable, Iterator

from phone_audit.apk.code.started_code import StartedCode
from phone_audit.model.apk import Behaviour


def with_started_steps(flows: Iterable[Behaviour], code: StartedCode) -> Iterator[Behaviour]:
    """Yield flows; those with a step in code that nothing starts are `library_only`."""
    for flow in flows:
        runs = all(code.starts_named(step.class_, step.method) for step in flow.steps or ())
        yield flow if runs else flow.model_copy(update={"library_only": True})
