"""The DEX stage against isal's inflation of the same bytes, and how its time grows with them.

    python tests/benchmarks/bench_dex_stage.py FOLDER [--fit APK]

For every APK below FOLDER: processor time of inflating its DEX files with isal alone, and of the stage, which is
inflating, tables, class names, methods, endpoints and the cross-references that say who holds them and how they are
used. `code` is all of
read_code and inflating: trackers, behaviours and data flows on top. Judged are APKs with 4 MB of DEX or more (at most
5 times, 3 times with --no-holders); smaller ones are listed. --fit reads 1, 2, 4, 8 and 16 of the DEX files of one APK,
going round, and prints the line through the times. The fastest of a few rounds counts.
"""

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np

from phone_audit.apk.code.libraries import Owners
from phone_audit.apk.dex.descriptors import class_names
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.endpoints.address_flow import AddressFlow
from phone_audit.apk.endpoints.address_use import AddressUses
from phone_audit.apk.endpoints.call_effects import effects_of
from phone_audit.apk.endpoints.endpoints import find_endpoints
from phone_audit.apk.endpoints.holders import name_holders
from phone_audit.apk.endpoints.uses import rules_by_use
from phone_audit.apk.package_code import read_code
from phone_audit.apk.zip.archive import Archive
from phone_audit.errors import ApkError
from phone_audit.knowledge.load import Knowledge, load_knowledge

MAX_DEX = 2**30
JUDGED_FROM = 4 * 10**6
_NAME = re.compile(r"(?:base/dex/)?classes\d*\.dex")

Dexes = list[tuple[str, bytes | memoryview]]


def inflated(data: bytes) -> Dexes:
    """Inflate every DEX file of an archive."""
    archive = Archive(memoryview(data))
    return [(entry.name, archive.read(entry, MAX_DEX)) for entry in archive.entries if _NAME.fullmatch(entry.name)]


def stage(dexes: Dexes, knowledge: Knowledge, *, holders: bool) -> None:
    """Read tables, class names and endpoints, and, where asked for, who holds them."""
    files = [read_dex(name, content) for name, content in dexes]
    named = [class_names(file.type_descriptors) for file in files]
    for file in files:
        _ = file.defined_classes
    indexes = [index for file in files for index in index_file(file)]
    for index in indexes:
        _ = index.bodies
    if not holders:
        find_endpoints(files, named, knowledge)
        return
    owners = Owners(knowledge, None)
    uses_of = AddressUses(AddressFlow(indexes, effects_of(knowledge)))
    uses = partial(rules_by_use, indexes, owners.of, [rule for rule in knowledge.rules if rule.texts], uses_of)
    endpoints, _ = find_endpoints(files, named, knowledge, uses=uses, uses_of=uses_of, glance=uses_of.glance)
    name_holders(endpoints, indexes, owners.of)


def fastest(rounds: int, run: Callable[[], object]) -> float:
    """Return the least processor time of a few runs, in seconds."""
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        run()
        times.append(time.process_time() - begin)
    return min(times)


def ratios(paths: Iterable[Path], knowledge: Knowledge, chosen: argparse.Namespace) -> list[float]:
    """Print a line for each APK; give the ratios of those that are judged."""
    judged = []
    for path in paths:
        data = path.read_bytes()
        try:
            dexes = inflated(data)
        except ApkError:
            continue
        size = sum(len(content) for _, content in dexes)
        if not size:
            continue
        inflating = fastest(chosen.rounds, partial(inflated, data))
        reading = fastest(chosen.rounds, partial(stage, dexes, knowledge, holders=not chosen.no_holders))
        code = fastest(1, partial(read_code, dexes, knowledge))
        ratio = (inflating + reading) / inflating
        if size >= JUDGED_FROM:
            judged.append(ratio)
        print(
            f"{path.name}: {size / 1e6:.1f} MB, inflating {inflating * 1e3:.0f} ms, stage {ratio:.1f} x, "
            f"code {(inflating + code) / inflating:.1f} x{'' if size >= JUDGED_FROM else ' (small)'}"
        )
    return judged


def fit(path: Path, knowledge: Knowledge, rounds: int) -> None:
    """Print the line through the times of 1 to 16 DEX files."""
    dexes = inflated(path.read_bytes())
    sizes, times = [], []
    for count in (1, 2, 4, 8, 16):
        part = [(f"classes{number or ''}.dex", dexes[number % len(dexes)][1]) for number in range(count)]
        sizes.append(sum(len(content) for _, content in part) / 1e6)
        times.append(fastest(rounds, partial(stage, part, knowledge, holders=True)) * 1e3)
    slope, start = np.polyfit(sizes, times, 1)
    residual = np.array(times) - (slope * np.array(sizes) + start)
    share = 1 - residual.var() / np.array(times).var()
    print(
        f"{path.name}, 1 to 16 DEX files: "
        + ", ".join(f"{s:.0f} MB {t:.0f} ms" for s, t in zip(sizes, times, strict=True))
    )
    print(f"line: {start:.1f} ms + {slope:.2f} ms a MB, R2 {share:.4f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-holders", action="store_true")
    parser.add_argument("--fit", type=Path)
    chosen = parser.parse_args()
    knowledge = load_knowledge()
    _ = knowledge.info
    knowledge.owner_of("a.example"), knowledge.trackers_of_host("a.example"), knowledge.rule_for("a.example", "")
    paths = [chosen.folder] if chosen.folder.is_file() else sorted(chosen.folder.rglob("*.apk"))
    judged = ratios(paths, knowledge, chosen)
    limit = 3 if chosen.no_holders else 5
    if judged:
        print(f"{len(judged)} judged: median {np.median(judged):.1f} x, most {max(judged):.1f} x, limit {limit} x")
    if chosen.fit:
        fit(chosen.fit, knowledge, chosen.rounds)
    return 1 if any(ratio > limit for ratio in judged) else 0


if __name__ == "__main__":
    sys.exit(main())
