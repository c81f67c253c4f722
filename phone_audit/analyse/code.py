"""What the DEX files of one package say: endpoints, trackers, signs of hidden code."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.analyse.dex.descriptors import class_names
from phone_audit.analyse.dex.file import read_dex
from phone_audit.analyse.endpoints import find_endpoints
from phone_audit.analyse.trackers import Classes, find_trackers
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import Endpoint, Obfuscation, Tracker
from phone_audit.model.finding import Skipped

_SHORT: Final = re.compile(rb"L(?:[^;]*/)?(?!R[;$])(?:[^/;]*\$)?[A-Za-z]{1,2}(?:\$[0-9]+)*;")
"""A class whose own name has one or two letters, inner classes and what is numbered inside them included. `R` is what
every build calls its resources, with inner classes such as `id`."""
_LOADERS: Final = (b"Ldalvik/system/DexClassLoader;", b"Ldalvik/system/InMemoryDexClassLoader;")


@dataclass(frozen=True)
class CodeFacts:
    """What was read from the DEX files of one package."""

    endpoints: tuple[Endpoint, ...]
    trackers: tuple[Tracker, ...]
    obfuscation: Obfuscation
    skipped: tuple[Skipped, ...]


def read_code(dexes: Sequence[tuple[str, bytes | memoryview]], knowledge: Knowledge) -> CodeFacts:
    """Read endpoints, trackers and signs of obfuscation from DEX files.

    Never raises for what the bytes hold; what cannot be read is in `skipped`. Time grows linearly with the bytes.

    Args:
        dexes: name of the entry (`classes2.dex`) and its bytes, hostile; they must not change meanwhile.
        knowledge: trackers, owners of hosts, rules that take endpoints out.
    """
    files = [read_dex(name, content) for name, content in dexes]
    classes = [Classes(file.name, class_names(file.type_descriptors), file.defined_classes) for file in files]
    endpoints, left_out = find_endpoints(files, [one.named for one in classes], knowledge)
    skipped = [skip for file in files for skip in file.skipped]
    return CodeFacts(
        endpoints=endpoints,
        trackers=find_trackers(classes, endpoints, knowledge),
        obfuscation=_obfuscation(classes),
        skipped=(*skipped, *left_out),
    )


def _obfuscation(classes: Sequence[Classes]) -> Obfuscation:
    """Give what names alone can tell; packers and encryption show elsewhere and stay unknown here."""
    defined = [name for file in classes for name in file.defined]
    short = sum(1 for name in defined if _SHORT.fullmatch(name))
    loads = any(loader in file.named for file in classes for loader in _LOADERS)
    return Obfuscation(
        packers=(),
        name_share=round(short / len(defined), 4) if defined else None,
        encrypted=None,
        dynamic_code=True if loads else None,
    )
