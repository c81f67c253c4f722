"""Measures recall and precision of endpoints in DEX strings.

    python tests/apk/precision/measure.py FOLDER [--held]

FOLDER holds the corpus of APKs. The candidates were drawn by `draw.py` before the rules were written and labelled by
hand in `labels.tsv`: `endpoint`, a host that the code may contact or hand to something that contacts it, or `not`. The
half `tune` shows its mistakes, so that rules can be made; the half `held` gives its figures only, and only when asked.
The samples that `fresh.py` keeps, from packages outside the corpus, follow.
"""

import argparse
import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from phone_audit.apk.code.libraries import Owners
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.endpoints.address_flow import AddressFlow
from phone_audit.apk.endpoints.address_nodes import Spot
from phone_audit.apk.endpoints.address_use import AddressUses
from phone_audit.apk.endpoints.call_effects import effects_of
from phone_audit.apk.endpoints.uses import rules_by_use
from phone_audit.apk.package_code import CodeFacts, read_code
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.model.apk import Endpoint
from tests.apk.precision.draw import Candidate, dex_files
from tests.apk.precision.figures import Labelled, print_half, print_mistakes
from tests.apk.precision.fresh import print_samples, tried_again

HERE: Final = Path(__file__).resolve().parent
Found = Mapping[str, Mapping[str, Endpoint]]
"""SHA-256 of an APK, and in it each endpoint by host."""


def read_packages(folder: Path, knowledge: Knowledge) -> dict[str, CodeFacts]:
    """Analyse the DEX files of every APK of a folder, by the name of its file."""
    return {path.name: read_code(dexes, knowledge) for path in sorted(folder.iterdir()) if (dexes := dex_files(path))}


def endpoints_by_hash(read: Mapping[str, CodeFacts], index: Path) -> Found:
    """Return the endpoints of each package by the hash that the index of the corpus gives its file."""
    with index.open(encoding="utf-8", newline="") as lines:
        sha256 = {row["file"]: row["sha256"] for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)}
    return {sha256[name]: {one.host: one for one in code.endpoints} for name, code in read.items()}


def drawn() -> Iterator[tuple[Candidate, str, bool]]:
    """Yield each candidate with its half, and whether its label says that it is an endpoint."""
    with (HERE / "labels.tsv").open(encoding="utf-8", newline="") as lines:
        labels = {int(row["id"]): row["label"] for row in csv.DictReader(lines, delimiter="\t")}
    for line in (HERE / "candidates.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        label, half = labels.pop(record.pop("id")), record.pop("half")
        if label not in ("endpoint", "not"):
            raise ValueError(f"{label} is no label")
        yield Candidate(**record), half, label == "endpoint"
    if labels:
        raise ValueError(f"{len(labels)} labels belong to no candidate")


def labelled(found: Found, used: Mapping[str, Mapping[Spot, str]], knowledge: Knowledge) -> Iterator[Labelled]:
    """Join candidates, labels and what the analyser says."""
    for one, half, endpoint in drawn():
        rule = _rule(found[one.apk].get(one.host), used[one.apk], one, knowledge)
        yield Labelled(one, half, endpoint, rule is None, rule)


def rules_of_uses(folder: Path, knowledge: Knowledge) -> dict[str, dict[Spot, str]]:
    """Return for each APK the strings among the candidates that what the code does with them takes out."""
    packages: dict[str, list[Candidate]] = {}
    for one, _, _ in drawn():
        packages.setdefault(one.apk, []).append(one)
    constants = [rule for rule in knowledge.rules if rule.texts]
    found = {}
    for apk, candidates in packages.items():
        (path,) = folder.glob(f"{apk[:10]}-*")
        owners = Owners(knowledge, candidates[0].package)
        indexes = [index for name, content in dex_files(path) for index in index_file(read_dex(name, content))]
        texts = {Spot(one.file, one.offset): one.text for one in candidates if not _wanted(one.host, knowledge)}
        found[apk] = rules_by_use(
            indexes, owners.of, constants, AddressUses(AddressFlow(indexes, effects_of(knowledge))), texts
        )
    return found


def _wanted(host: str, knowledge: Knowledge) -> bool:
    """Tell whether what the code does with its strings does not matter, since a tracker has this host."""
    return bool(knowledge.trackers_of_host(host))


def _rule(endpoint: Endpoint | None, used: Mapping[Spot, str], one: Candidate, knowledge: Knowledge) -> str | None:
    """Return what keeps a candidate from counting: its host, or this very mention of it, is ruled out or not listed."""
    if endpoint is None:
        return "not listed"
    if endpoint.ruled_out:
        return endpoint.ruled_out
    rule = knowledge.rule_for(one.host, one.url or one.text)
    return rule.id if rule else used.get(Spot(one.file, one.offset))


def missed_hosts(found: Found, reference: Path) -> tuple[int, set[tuple[str, str]]]:
    """Return how many http(s) hosts the reference lists over the whole corpus, and those that are not listed by us."""
    entries = json.loads(reference.read_text("utf-8"))
    wanted = {(apk, host) for apk in found for host in entries[apk].get("url_hosts_in_dex") or ()}
    return len(wanted), {(apk, host) for apk, host in wanted if host not in found[apk]}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shared", type=Path, default=HERE.parents[3] / "shared" / "corpus")
    parser.add_argument("--held", action="store_true", help="print the figures of the half that was kept aside too")
    asked = parser.parse_args()
    knowledge = load_knowledge()
    found = endpoints_by_hash(read_packages(asked.folder, knowledge), asked.shared / "index.tsv")
    count, missed = missed_hosts(found, asked.shared / "reference.json")
    print(f"reference: recall {1 - len(missed) / count:.4f} of {count} http(s) hosts; missed: {sorted(missed)}")
    halves: dict[str, list[Labelled]] = {"tune": [], "held": []}
    for one in labelled(found, rules_of_uses(asked.folder, knowledge), knowledge):
        halves[one.half].append(one)
    print_half("tune", halves["tune"])
    print_mistakes(halves["tune"])
    print("  kept from counting by:", dict(Counter(one.rule for one in halves["tune"] if one.rule)))
    if asked.held:
        print_half("held", halves["held"])
    print_samples(tried_again(knowledge))


if __name__ == "__main__":
    main()
