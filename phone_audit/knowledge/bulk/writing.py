"""What the bulk scripts share: the command line, deterministic bytes, self-tests made from the facts."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from phone_audit.knowledge.load import BUNDLED
from phone_audit.model.base import Frozen


def run(description: str, make: Callable[[Path], tuple[Frozen, list[str]]], target: str) -> None:
    """Run a bulk script: read SOURCE, write the data file, print what was left out or corrected to standard error."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="the folder of the feed, or its file")
    parser.add_argument("-o", "--output", type=Path, default=BUNDLED / target, help="default: the file in the package")
    options = parser.parse_args()
    document, lines = make(options.source)
    options.output.write_bytes(to_bytes(document))
    sys.stderr.write("".join(f"{line}\n" for line in lines))


def to_bytes(document: Frozen) -> bytes:
    """Give the bytes of a data file: fields in the order of the schema, one space of indent, a newline at the end."""
    text = json.dumps(document.model_dump(mode="json"), indent=1, ensure_ascii=False)
    return (text + "\n").encode()


def self_tests(prefixes: Iterable[str], hosts: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Make the self-tests of a tracker: names that its facts must meet, and near misses that they must not.

    Near misses of a class prefix: a letter more in its last label, and its parent package. Of a host: a letter more
    in front of its first label.
    """
    prefixes, hosts = tuple(prefixes), tuple(hosts)
    stems = [prefix.removesuffix(".") for prefix in prefixes]
    matches = [*(f"{stem}.Sample" for stem in stems), *(f"eu.{host}" for host in hosts)]
    near = [*(f"{stem}x.Sample" for stem in stems), *(f"{stem.rpartition('.')[0]}.Sample" for stem in stems)]
    missed = [name for name in near if not any(name.startswith(f"{stem}.") for stem in stems)]
    missed += [f"not{host}" for host in hosts if not any(f"not{host}".endswith(f".{other}") for other in hosts)]
    return tuple(sorted(set(matches))), tuple(sorted(set(missed)))
