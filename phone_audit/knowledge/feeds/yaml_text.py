"""YAML of a feed: the only file that imports PyYAML, always its safe loader, within a size and without merge keys."""

from typing import Any, Final

import yaml  # noqa: TID251

from phone_audit.knowledge.feeds.json_text import FeedError

LARGEST: Final = 4 * 2**20
_SAFE: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Plain(_SAFE):  # type: ignore[misc]  # PyYAML has no types
    """The safe loader without merge keys (`<<`), which a few lines can make grow without end."""

    def flatten_mapping(self, node: Any) -> None:
        """Leave the mapping as it is; a merge key is then refused as a value without a constructor."""


def read_yaml(data: bytes) -> Any:
    """Parse YAML into plain values. Aliases stay references, so they cost nothing until somebody unfolds them.

    Raises:
        FeedError: it is none, is too large, is nested too deeply, or merges mappings.
    """
    if len(data) > LARGEST:
        raise FeedError(f"it is larger than {LARGEST // 2**20} MB, too much for YAML; use another format of the feed")
    try:
        return yaml.load(data, Loader=_Plain)  # noqa: S506  (a safe loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise FeedError(f"it is no YAML: {str(error).splitlines()[0]}") from error
