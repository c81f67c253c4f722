"""Every fuzz target by its name."""

from typing import Final

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    answers,
    archives,
    bounded,
    code,
    connections,
    feeds,
    images,
    places,
    records,
    results,
    saved,
    signatures,
    traffic,
    updates,
    xml,
)

TARGETS: Final[dict[str, Target]] = {
    name: target
    for file in (
        archives,
        xml,
        code,
        signatures,
        places,
        records,
        answers,
        connections,
        saved,
        feeds,
        updates,
        results,
        bounded,
        traffic,
        images,
    )
    for name, target in file.TARGETS.items()
}
