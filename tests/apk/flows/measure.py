"""Measures flows against DroidBench and ICC-Bench: the confusion matrix by category, sensitivity and specificity apart.

    python tests/apk/flows/measure.py CORPUS TRUTH.json [--list]
    python tests/apk/flows/measure.py CHECKOUT [--list]

CORPUS is the folder of the real APKs, TRUTH the file that says how many leaks each benchmark package holds. CHECKOUT is
one of https://github.com/secure-software-engineering/DroidBench, with all of its cases. A package counts as one: it
leaks or it does not, by what is told of it; a flow in code that nothing starts is listed, and not told. Always crying
"leak" would be right in five of six, so one figure says nothing.

`droidbench.tsv` says how many leaks each case of DroidBench holds by its source, and how many FlowDroid, the reference
tool of the field, finds by its own tests (soot-infoflow-android/test/.../droidBench of
https://github.com/secure-software-engineering/FlowDroid, commit 9a8dcf5, forward analysis).
"""

import argparse
import csv
import json
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from phone_audit.apk.read_apk import read_apk
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import ApkInfo, Behaviour

CLAIMED = ("GeneralJava", "Lifecycle", "Callbacks", "AndroidSpecific", "ArraysAndLists")


CORRECTED = {"ApplicationModeling1": 0}
"""Leaks where the benchmark's own figure is wrong: its manifest names a class that is not there, so the activity with
the sink never starts. Qiu, Wang and Rubin, "Analyzing the Analyzers" (ISSTA 2018), expect none either:
https://resess.github.io/artifacts/ISSTA2018.html"""
DROIDBENCH = Path(__file__).with_name("droidbench.tsv")


@dataclass(frozen=True)
class Case:
    file: str
    category: str
    leaks: int
    found: tuple[Behaviour, ...]

    @property
    def cell(self) -> str:
        return ("T" if bool(self.found) == (self.leaks > 0) else "F") + ("P" if self.found else "N")

    @property
    def name(self) -> str:
        return Path(self.file).stem.rpartition("-")[2]


def flows_of(info: ApkInfo) -> tuple[Behaviour, ...]:
    return tuple(one for one in info.behaviours or () if one.id.startswith("flow."))


def measure(read: Callable[[str], ApkInfo], truth: Path) -> list[Case]:
    """Hold the flows in the record of each file that the truth counts against it."""
    listed = [entry for entry in json.loads(truth.read_bytes()).values() if "number_of_leaks" in entry]
    order = sorted(listed, key=lambda entry: (entry["category"], entry["file"]))
    return [_case(entry["file"], entry["category"], entry["number_of_leaks"], read) for entry in order]


def _case(file: str, category: str, leaks: int, read: Callable[[str], ApkInfo]) -> Case:
    told = tuple(one for one in flows_of(read(file)) if one.told)
    case = Case(file, category.rpartition("/")[2], leaks, told)
    return replace(case, leaks=CORRECTED.get(case.name, leaks))


class Stated(NamedTuple):
    """What a case of DroidBench holds by its source, and what FlowDroid finds; `note` where it was set up otherwise."""

    leaks: int
    flowdroid: int
    note: str


def droidbench() -> dict[str, Stated]:
    """Return what is stated of each case, by its name."""
    with DROIDBENCH.open() as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {row["case"]: Stated(int(row["leaks"]), int(row["flowdroid"]), row["note"]) for row in rows}


def measure_checkout(read: Callable[[str], ApkInfo], checkout: Path) -> list[Case]:
    """Hold the flows in the record of each case of DroidBench against what its source says."""
    stated = droidbench()
    files = sorted(file.relative_to(checkout) for file in checkout.glob("apk/*/*.apk"))
    return [_case(str(file), file.parent.name, stated[file.stem].leaks, read) for file in files]


def beside_flowdroid(cases: list[Case]) -> dict[str, tuple[bool, bool]]:
    """Return, for each case that FlowDroid has a result of, whether ours is right and whether its is."""
    stated = droidbench()
    known = [case for case in cases if case.name in stated]
    return {case.name: (case.cell[0] == "T", (stated[case.name].flowdroid > 0) == (case.leaks > 0)) for case in known}


def share(hits: int, total: int) -> str:
    return f"{hits / total:.2f} ({hits}/{total})" if total else "- (0/0)"


def line(name: str, cases: list[Case]) -> str:
    count = {cell: sum(case.cell == cell for case in cases) for cell in ("TP", "FN", "FP", "TN")}
    sensitivity = share(count["TP"], count["TP"] + count["FN"])
    specificity = share(count["TN"], count["TN"] + count["FP"])
    cells = " ".join(f"{cell} {number:2d}" for cell, number in count.items())
    return f"{name:28s} {cells}   sensitivity {sensitivity:14s} specificity {specificity}"


def listed(case: Case) -> str:
    stated = droidbench().get(case.name)
    found = ", ".join(sorted({one.id for one in case.found})) or "nothing"
    line = f"{case.cell} {case.category}/{case.name}: {found} of {case.leaks}"
    return f"{line}; FlowDroid finds {stated.flowdroid} {stated.note}".rstrip() if stated else line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("truth", type=Path, nargs="?")
    parser.add_argument("--list", action="store_true", help="print a line for each package")
    given = parser.parse_args()
    knowledge = load_knowledge()

    def read(name: str) -> ApkInfo:
        return read_apk(given.corpus / name, shown_as=name, knowledge=knowledge)

    cases = measure(read, given.truth) if given.truth else measure_checkout(read, given.corpus)
    by_category: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_category[case.category].append(case)
    out = [line(name, by_category[name]) for name in sorted(by_category)]
    out.append(line("claimed categories", [case for case in cases if case.category in CLAIMED]))
    out.append(line("all", cases))
    both = list(beside_flowdroid(cases).values())
    ours, its = (share(sum(one[which] for one in both), len(both)) for which in (0, 1))
    out.append(f"where FlowDroid has a result: right {ours}, FlowDroid {its}")
    if given.list:
        out += map(listed, cases)
    sys.stdout.write("".join(f"{text}\n" for text in out))


if __name__ == "__main__":
    main()
