"""Strings that nobody had seen when the rules were made, from packages that are not in the corpus.

    python tests/apk/precision/fresh.py              what the record says, the rules by name and by text tried anew
    python tests/apk/precision/fresh.py FOLDER       the same, everything measured anew
    python tests/apk/precision/fresh.py FOLDER --write

Each sample was drawn by a seed after the rules had been written down, labelled from its context with no verdict in
sight, and scored once; that figure is `BLIND`. Then it was read and the rules made better, so that what is measured
today is no blind figure any more. They hold strings of DEX files, drawn as `draw.py` says, and URLs of other files.
A link that a page or a text offers to whoever looks at it is labelled as an endpoint, since the next touch opens it; a
link inside a list of licences, in a comment or in a message for developers is not.

`last` and `whole` were drawn after the mistakes of `later` had been read, each from other archives; `whole` holds
packages as phones have them, no parts of any. `last` is small, as little was left to fetch.

FOLDER holds one APK for each archive of `fresh_archives.tsv`, named after the first ten digits of the archive's
SHA-256: an APK as it is, the classes of an AAR or JAR as the D8 compiler makes DEX files of them, with its assets and
its libraries for arm64. Nothing of it is in this repository. So `fresh.jsonl` keeps for each string which rule took it
out when that was last measured, and without FOLDER those rules are believed that depend on the code around a string.
"""

import argparse
import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from phone_audit.apk.assets.url_context import PROSE
from phone_audit.apk.endpoints import endpoints as endpoints_module
from phone_audit.apk.endpoints.address_nodes import Spot, TextUse
from phone_audit.apk.endpoints.address_use import NOT_SETTLED
from phone_audit.apk.endpoints.host_collector import (
    BY_ANALYSIS,
    MARKUP_NAME,
    UNKNOWN_SUFFIX,
    HostCollector,
    RulesByUse,
    UsesOf,
)
from phone_audit.apk.read_apk import read_apk
from phone_audit.apk.text.host_text import Host, registered_domain
from phone_audit.apk.text.prose import is_name_in_markup, is_prose
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.model.apk import Endpoint
from phone_audit.model.finding import EvidenceKind
from tests.apk.precision.draw import Candidate
from tests.apk.precision.figures import Figures, Labelled, figures, interval, print_half, print_mistakes

HERE: Final = Path(__file__).resolve().parent
RECORD: Final = HERE / "fresh.jsonl"
NOT_LISTED: Final = "not listed"


class Blind(NamedTuple):
    """What counted, and how many of it were no endpoints, when a sample was scored first; `dex` of DEX files only."""

    counted: int
    wrong: int
    dex_counted: int
    dex_wrong: int


BLIND: Final[Mapping[str, Blind]] = {
    "fresh": Blind(143, 14, 127, 5),
    "final": Blind(59, 15, 41, 2),
    "later": Blind(147, 23, 136, 19),
    "last": Blind(37, 0, 37, 0),
    "whole": Blind(53, 11, 41, 6),
}


@dataclass(frozen=True)
class Entry:
    """One string of a sample. `rule` is what kept it from counting when it was last measured."""

    id: int
    half: str
    kind: EvidenceKind
    candidate: Candidate
    rule: str | None


def entries() -> list[Entry]:
    """Read the record."""
    return [_entry(json.loads(line)) for line in RECORD.read_text("utf-8").splitlines()]


def _entry(record: dict[str, Any]) -> Entry:
    number, half, kind, rule = (record.pop(key) for key in ("id", "half", "kind", "rule"))
    return Entry(number, half, kind, Candidate(**record), rule)


def labels() -> dict[int, dict[str, str]]:
    """Return label and reason by number."""
    with (HERE / "fresh_labels.tsv").open(encoding="utf-8", newline="") as lines:
        return {int(row["id"]): row for row in csv.DictReader(lines, delimiter="\t")}


def rule_now(one: Entry, knowledge: Knowledge) -> str | None:
    """Return the rule that takes a string out: by its host, its URL or its text, and else as the record says.

    A rule of the record that is tried here, or that is no longer among the knowledge, is not believed.
    """
    candidate = one.candidate
    if rule := knowledge.rule_for(candidate.host, candidate.url or candidate.text):
        return rule.id
    last = candidate.host.rpartition(".")[2]
    if not last.isdigit() and ":" not in candidate.host and registered_domain(candidate.host) is None:
        return UNKNOWN_SUFFIX
    if one.kind != "dex-string" and candidate.url and is_name_in_markup(candidate.text, candidate.url):
        return MARKUP_NAME
    if one.kind != "dex-string" and candidate.url and is_prose(candidate.text.partition(candidate.url)[0]):
        return PROSE
    by_code = {rule.id for rule in knowledge.rules if rule.by == "analysis"} - {UNKNOWN_SUFFIX, MARKUP_NAME}
    if one.kind != "dex-string" and _stands_alone(candidate):
        by_code.discard(PROSE)
    return one.rule if one.rule in by_code or one.rule == NOT_LISTED else None


def _stands_alone(candidate: Candidate) -> bool:
    """Tell whether the text that the record keeps begins with the URL, so that nothing makes it a sentence."""
    return candidate.text.startswith(candidate.url) and bool(candidate.url)


def labelled(found: Sequence[Entry]) -> Iterator[Labelled]:
    """Join the strings to their labels."""
    by_number = labels()
    for one in found:
        is_endpoint = by_number[one.id]["label"] == "endpoint"
        yield Labelled(one.candidate, one.half, is_endpoint, one.rule is None, one.rule)


def figures_now(knowledge: Knowledge) -> dict[str, Figures]:
    """Return the figures of each sample, as far as the record lets them be tried."""
    tried = tried_again(knowledge)
    return {half: figures([one for one in labelled(tried) if one.half == half]) for half in BLIND}


def tried_again(knowledge: Knowledge) -> list[Entry]:
    """Return the strings of the record with the rules of today, as far as they can be tried without the packages."""
    return [replace(one, rule=rule_now(one, knowledge)) for one in entries()]


def print_samples(found: Sequence[Entry]) -> None:
    """Print the figures of each sample, and its mistakes."""
    for half, blind in BLIND.items():
        shown = [one for one in labelled(found) if one.half == half]
        print_half(half, shown)
        print("  blind, before the rules were made better:", _share(blind.wrong, blind.counted), end="")
        print("; DEX files only:", _share(blind.dex_wrong, blind.dex_counted))
        print_mistakes(shown)


def _share(wrong: int, counted: int) -> str:
    low, high = interval(counted - wrong, counted)
    return f"{1 - wrong / counted:.4f} ({low:.3f} to {high:.3f}; {wrong} of {counted})"


class _Noting(HostCollector):
    """Gathers, and notes of each mention which rule takes it out."""

    notes: dict[tuple[str, int | None, str], str | None]
    uses: dict[Spot, str]

    def __init__(self, knowledge: Knowledge) -> None:
        super().__init__(knowledge)
        self.notes, self.uses = {}, {}
        _NOTED.append(self)

    def add(
        self,
        found: Host,
        kind: EvidenceKind,
        where: str,
        offset: int | None,
        rule: str | None = None,
        *,
        encoding: str | None = None,
        use: TextUse = NOT_SETTLED,
    ) -> None:
        super().add(found, kind, where, offset, rule, encoding=encoding, use=use)
        holds = rule in BY_ANALYSIS and not (found.url and self._is_wanted(found.host))
        self.notes.setdefault((where, offset, found.host), rule if holds else None)

    def endpoints(
        self, uses: RulesByUse, uses_of: UsesOf = lambda _: {}, glance: UsesOf | None = None
    ) -> tuple[Endpoint, ...]:
        def noting(texts: Mapping[Spot, str]) -> Mapping[Spot, str]:
            self.uses = dict(uses(texts))
            return self.uses

        return super().endpoints(noting, uses_of, glance)


_NOTED: Final[list[_Noting]] = []


def measured(folder: Path, knowledge: Knowledge) -> list[Entry]:
    """Analyse the packages anew, and give each string with the rule that now takes it out."""
    packages: dict[str, list[Entry]] = defaultdict(list)
    for one in entries():
        packages[one.candidate.apk].append(one)
    found = []
    for apk, of_it in packages.items():
        (path,) = folder.glob(f"{apk[:10]}-*.apk")
        _NOTED.clear()
        with patch.object(endpoints_module, "HostCollector", _Noting):
            info = read_apk(path, shown_as=path.name, knowledge=knowledge)
        listed = {one.host: one for one in info.endpoints or ()}
        found += [replace(one, rule=_rule(one, listed.get(one.candidate.host), knowledge)) for one in of_it]
    return sorted(found, key=lambda one: one.id)


def _rule(one: Entry, endpoint: Endpoint | None, knowledge: Knowledge) -> str | None:
    if endpoint is None:
        return NOT_LISTED
    candidate, noted = one.candidate, _NOTED[-1]
    rule = knowledge.rule_for(candidate.host, candidate.url or candidate.text)
    by_use = noted.uses.get(Spot(candidate.file, candidate.offset)) if one.kind == "dex-string" else None
    by_place = noted.notes.get((candidate.file, candidate.offset, candidate.host))
    return endpoint.ruled_out or (rule.id if rule else None) or by_place or by_use


def _write(found: Sequence[Entry]) -> None:
    lines = []
    for one in found:
        record = {"id": one.id, "half": one.half, "kind": one.kind, **one.candidate._asdict(), "rule": one.rule}
        lines.append(json.dumps(record) + "\n")
    RECORD.write_text("".join(lines), "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--write", action="store_true", help="keep in the record which rules take the strings out")
    asked = parser.parse_args()
    knowledge = load_knowledge()
    found = measured(asked.folder, knowledge) if asked.folder else tried_again(knowledge)
    print_samples(found)
    if asked.folder and asked.write:
        _write(found)


if __name__ == "__main__":
    main()
