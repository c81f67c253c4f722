"""Measures flows against DroidBench and ICC-Bench: the confusion matrix by category, sensitivity and specificity apart.

    python tests/apk/flows/measure.py CORPUS TRUTH.json [--list]

CORPUS is the folder of the real APKs, TRUTH the file that says how many leaks each benchmark package holds. A package
counts as one: it leaks or it does not. Always crying "leak" would be right in five of six, so one figure says nothing.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from phone_audit.apk.read_apk import read_apk
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import ApkInfo, Behaviour

CLAIMED = ("GeneralJava", "Lifecycle", "Callbacks", "AndroidSpecific", "ArraysAndLists")


@dataclass(frozen=True)
class Case:
    file: str
    category: str
    leaks: int
    found: tuple[Behaviour, ...]

    @property
    def cell(self) -> str:
        return ("T" if bool(self.found) == (self.leaks > 0) else "F") + ("P" if self.found else "N")


def flows_of(info: ApkInfo) -> tuple[Behaviour, ...]:
    return tuple(one for one in info.behaviours or () if one.id.startswith("flow."))


def measure(read: Callable[[str], ApkInfo], truth: Path) -> list[Case]:
    """Hold the flows in the record of each file that the truth counts against it."""
    listed = [entry for entry in json.loads(truth.read_bytes()).values() if "number_of_leaks" in entry]
    return [
        Case(
            entry["file"], entry["category"].rpartition("/")[2], entry["number_of_leaks"],
            flows_of(read(entry["file"])),
        )
        for entry in sorted(listed, key=lambda entry: (entry["category"], entry["file"]))
    ]  # fmt: skip


def share(hits: int, total: int) -> str:
    return f"{hits / total:.2f} ({hits}/{total})" if total else "- (0/0)"


def line(name: str, cases: list[Case]) -> str:
    count = {cell: sum(case.cell == cell for case in cases) for cell in ("TP", "FN", "FP", "TN")}
    sensitivity = share(count["TP"], count["TP"] + count["FN"])
    specificity = share(count["TN"], count["TN"] + count["FP"])
    cells = " ".join(f"{cell} {number:2d}" for cell, number in count.items())
    return f"{name:28s} {cells}   sensitivity {sensitivity:14s} specificity {specificity}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--list", action="store_true", help="name the packages that are judged wrongly")
    given = parser.parse_args()
    knowledge = load_knowledge()
    cases = measure(lambda name: read_apk(given.corpus / name, shown_as=name, knowledge=knowledge), given.truth)
    by_category: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_category[case.category].append(case)
    out = [line(name, by_category[name]) for name in sorted(by_category)]
    out.append(line("claimed categories", [case for case in cases if case.category in CLAIMED]))
    out.append(line("all", cases))
    if given.list:
        out += [f"{case.cell} {case.category} {case.file} {sorted({one.id for one in case.found})}" for case in cases]
    sys.stdout.write("".join(f"{text}\n" for text in out))


if __name__ == "__main__":
    main()
