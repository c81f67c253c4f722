"""Lists that are YAML; the only file that imports yaml, which loads when one is read."""

from typing import Any, Final

import yaml  # noqa: TID251

from phone_audit.files.bounds import MB, YAML_DEPTH, YAML_NODES, YAML_SIZE
from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.feeds.text import FeedError

_SAFE: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_READ: Final = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:bool")


class _Plain(_SAFE):  # type: ignore[misc]  # PyYAML has no types
    """The safe loader, for which only words such as `null` and `true` are more than texts."""

    yaml_implicit_resolvers = {  # noqa: RUF012  (PyYAML's name)
        first: [(tag, form) for tag, form in forms if tag in _READ]
        for first, forms in _SAFE.yaml_implicit_resolvers.items()
    }


class _Once(_Plain):
    """The same, which refuses a field that stands twice in one place: YAML would take the last without a word."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping. Raises FeedError where a field is there twice."""
        names: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in names:
                raise FeedError(f"{short_repr(key.value)} stands twice in one place, again in line {_line(key)}")
            names.add(str(key.value))
        made: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return made


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def read_yaml(data: bytes, *, once: bool = False) -> Any:
    """Parse YAML into plain values.

    Args:
        data: the text.
        once: whether a field that stands twice is refused.

    Raises:
        FeedError: it is none, is too large or nested too deeply, or holds what no list of texts needs.
    """
    if len(data) > YAML_SIZE:
        raise FeedError(f"it is larger than {YAML_SIZE // MB} MB, too much for YAML")
    try:
        _look_through(data)
        return yaml.load(data, Loader=_Once if once else _Plain)  # noqa: S506  (a safe loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, FeedError):
            raise
        raise FeedError(f"it is no YAML: {str(error)[:200].splitlines()[0]}") from error


def _look_through(data: bytes) -> None:
    """Refuse what is not plain, event by event; nothing is built meanwhile."""
    nodes = depth = 0
    for event in yaml.parse(data, Loader=_Plain):
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if not isinstance(event, yaml.NodeEvent):
            continue
        if event.anchor is not None:  # of an alias too
            raise FeedError("it holds an alias or an anchor, which no such list needs")
        if getattr(event, "tag", None) is not None:
            raise FeedError("it holds a tag, which no such list needs")
        nodes += 1
        depth += isinstance(event, yaml.CollectionStartEvent)
        if nodes > YAML_NODES:
            raise FeedError(f"it holds more than {YAML_NODES:,} values")
        if depth > YAML_DEPTH:
            raise FeedError(f"it is nested more than {YAML_DEPTH} levels deep")
