"""One text, several phones: where the next one begins."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from phone_audit.judge.build_ids import BUILD_ID, DISPLAY_ID, INCREMENTAL, MODEL
from phone_audit.judge.properties_text import property_of
from phone_audit.judge.settings_text import labelled_lines
from phone_audit.knowledge.load import Knowledge

_OF_ONE_BUILD = frozenset(
    (
        DISPLAY_ID,
        BUILD_ID,
        "ro.build.fingerprint",
        INCREMENTAL,
        MODEL,
        "ro.build.tags",
        "ro.build.type",
        "ro.serialno",
        "ro.boot.serialno",
    )
)
"""A phone has one value of each of these; others may stand twice in its own files."""

Item = tuple[int, str, str]
"""Number of the line, what it names, its value."""


@dataclass
class _Record:
    start: int
    values: dict[str, str] = field(default_factory=dict)


def split_properties(text: str) -> list[str]:
    """Split a property text where a property of the build stands again with another value.

    Args:
        text: outputs of getprop or build.prop files, one after the other; hostile input. Takes time in its length.

    Returns:
        The text itself where it describes one phone, else a text for each.
    """
    lines = text.split("\n")
    named = ((at, found) for at, line in enumerate(lines) if (found := property_of(line)))
    return _cut(text, lines, ((at, *found) for at, found in named), _OF_ONE_BUILD)


def split_settings(text: str, knowledge: Knowledge) -> list[str]:
    """Split text of the Settings screen where a label stands again with another value; as `split_properties`."""
    lines = text.splitlines()
    items = [
        (item.at, item.name if item.name == DISPLAY_ID else item.label, item.value)
        for item in labelled_lines(lines, knowledge)
    ]
    return _cut(text, lines, items, {key for _, key, _ in items})


def _cut(text: str, lines: Sequence[str], items: Iterable[Item], telling: Container[str]) -> list[str]:
    """Begin a record where a name stands again or getprop's order starts anew; join those that agree on `telling`."""
    records = [_Record(0)]
    last = ""
    for at, key, value in items:
        unsorted = lines[at].startswith("[") and key < last  # getprop sorts by name
        if key in records[-1].values or unsorted:
            records.append(_Record(at))
        records[-1].values[key] = value
        last = key
    kept = records[:1]
    for record in records[1:]:
        before = kept[-1].values
        if any(key in telling and before.get(key, value) != value for key, value in record.values.items()):
            kept.append(record)
        else:
            before.update(record.values)
    if len(kept) == 1:
        return [text]
    ends = [record.start for record in kept[1:]] + [len(lines)]
    return ["\n".join(lines[record.start : end]) for record, end in zip(kept, ends, strict=True)]
