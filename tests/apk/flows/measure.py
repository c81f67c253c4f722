"""Measures flows against DroidBench and ICC-Bench: the confusion matrix by category, sensitivity and specificity apart.

    python tests/apk/flows/measure.py CORPUS TRUTH.json [--list]

Beside each case of DroidBench stands what FlowDroid, the reference tool of the field, is expected to find by its own
tests (`flowdroid.tsv`; soot-infoflow-android/test/.../droidBench of https://github.com/secure-software-engineering/FlowDroid,
commit 9a8dcf5, results of its forward analysis).

CORPUS is the folder of the real APKs, TRUTH the file that says how many leaks each benchmark package holds. A package
counts as one: it leaks or it does not. Always crying "leak" would be right in five of six, so one figure says nothing.
"""

import argparse
import csv
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


FLOWDROID = Path(__file__).with_name("flowdroid.tsv")


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
        return self.file.partition("-")[2].removesuffix(".apk")


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


def flowdroid() -> dict[str, tuple[int, str]]:
    """Return what FlowDroid finds in each case, and how it was set up where it was not as usual."""
    with FLOWDROID.open() as file:
        return {row["case"]: (int(row["leaks"]), row["note"]) for row in csv.DictReader(file, delimiter="\t")}


def beside_flowdroid(cases: list[Case]) -> dict[str, tuple[bool, bool]]:
    """Return, for each case that FlowDroid has a result of, whether ours is right and whether its is."""
    of_it = flowdroid()
    known = [case for case in cases if case.name in of_it]
    return {case.name: (case.cell[0] == "T", (of_it[case.name][0] > 0) == (case.leaks > 0)) for case in known}


def share(hits: int, total: int) -> str:
    return f"{hits / total:.2f} ({hits}/{total})" if total else "- (0/0)"


def line(name: str, cases: list[Case]) -> str:
    count = {cell: sum(case.cell == cell for case in cases) for cell in ("TP", "FN", "FP", "TN")}
    sensitivity = share(count["TP"], count["TP"] + count["FN"])
    specificity = share(count["TN"], count["TN"] + count["FP"])
    cells = " ".join(f"{cell} {number:2d}" for cell, number in count.items())
    return f"{name:28s} {cells}   sensitivity {sensitivity:14s} specificity {specificity}"


def listed(case: Case) -> str:
    leaks, note = flowdroid().get(case.name, (None, ""))
    word = "no result" if leaks is None else f"finds {leaks}"
    found = ", ".join(sorted({one.id for one in case.found})) or "nothing"
    return f"{case.cell} {case.category}/{case.name}: {found}; FlowDroid {word} of {case.leaks}{note and f', {note}'}"


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
    both = list(beside_flowdroid(cases).values())
    ours, its = (share(sum(one[which] for one in both), len(both)) for which in (0, 1))
    out.append(f"where FlowDroid has a result: right {ours}, FlowDroid {its}")
    if given.list:
        out += map(listed, cases)
    sys.stdout.write("".join(f"{text}\n" for text in out))


if __name__ == "__main__":
    main()
