"""How much of what is said of packages is true, by labels that were made before anything was said.

    phone-audit apks -f jsonl -o RESULT.jsonl FOLDER
    python tests/benchmarks/score_precision.py LABELS RESULT.jsonl --names FILE [--judgements FILE] [--to-judge FILE]
        [--peer NAME=CLAIMS.tsv ...]

LABELS is a folder of tables (precision_labels.py). Shares are of what the labels or a judgement by hand decide, with
95 % Wilson intervals; what neither decides is counted beside it, and written to `--to-judge` with an empty `decision`.
"""

import argparse
import csv
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import COUNTING_USES, Apk, Endpoint
from phone_audit.model.base import read_values
from phone_audit.model.finding import SEVERITIES
from phone_audit.model.wording import DATA_WORDS
from tests.benchmarks.precision_claims import FOR_ANY, FindingLabels, claims, exposes, first_of, flow_claims, sha10
from tests.benchmarks.precision_labels import Claim, Decision, Labels, read_claims

_SEVERE: Final = SEVERITIES[: SEVERITIES.index("medium") + 1]
_Z: Final = 1.959964


def wilson(hits: int, number: int) -> tuple[float, float]:
    """Return the 95 % interval of a share.

    Example:
        >>> [round(bound, 3) for bound in wilson(9, 10)]
        [0.596, 0.982]
    """
    if not number:
        return 0.0, 1.0
    share, spread = hits / number, _Z**2 / number
    centre = share + spread / 2
    margin = _Z * math.sqrt(share * (1 - share) / number + spread / (4 * number))
    return max(0.0, (centre - margin) / (1 + spread)), min(1.0, (centre + margin) / (1 + spread))


def share(hits: int, number: int) -> str:
    low, high = wilson(hits, number)
    return f"{hits} of {number}" + (f" = {hits / number:.3f} [{low:.3f}, {high:.3f}]" if number else "")


def print_share(title: str, decisions: Iterable[Decision]) -> None:
    """Print the share of true claims; what nothing starts is told apart, once counted as false and once as true."""
    counts = Counter(decisions)
    number = counts["true"] + counts["false"] + counts["unreached"]
    line = share(counts["true"], number)
    if counts["unreached"]:
        line += f"; with what nothing starts {share(counts['true'] + counts['unreached'], number)}"
    print(f"{title}: {line}; left open {counts['open']}, unlabelled {counts['unlabelled']}")


class Score:
    """The measures over one sample. `undecided` gathers what is left to judge by hand."""

    def __init__(self, labels: Labels, apks: Sequence[Apk]) -> None:
        self._labels = labels
        self._findings = FindingLabels(labels, self._decide)
        self._apks = apks
        self._claims = [claim for apk in apks for claim in claims(apk)]
        self.undecided: dict[tuple[str, str, str], Claim] = {}

    def _decide(self, claim: Claim) -> Decision:
        decision = self._labels.decide(claim)
        if decision == "unlabelled":
            self.undecided[claim.key] = claim
        return decision

    def findings(self) -> None:
        """Print the findings of medium and more, in all and by detector."""
        severe = [
            (finding.id, self._findings.decide(apk, finding))
            for apk in self._apks
            for finding in apk.findings
            if finding.severity in _SEVERE
        ]
        print_share("findings of medium and more", [decision for _, decision in severe])
        for detector in sorted({name for name, _ in severe}):
            print_share(f"  {detector}", [decision for name, decision in severe if name == detector])

    def exposed(self) -> None:
        """Print each package that is said to be exposed, with its reasons; wrong is one without a true reason."""
        outcomes: list[Decision] = []
        reasons: list[Decision] = []
        for apk in (one for one in self._apks if one.outcome == "exposed"):
            decided = [(self._findings.decide(apk, one), one) for one in apk.findings if exposes(one)]
            here = [decision for decision, _ in decided]
            reasons += here
            outcomes.append(first_of(FOR_ANY, here))
            print(f"  {sha10(apk)} {apk.package}: {outcomes[-1]}")
            for decision, finding in decided:
                print(f"    {decision}: {finding.severity} {finding.id}: {finding.message}")
        print_share("packages rightly `exposed`", outcomes)
        print_share("reasons of `exposed`", reasons)

    def endpoints(self) -> None:
        """Print what is said of the labelled hosts, and how many of those said to be fetched are destinations.

        A host of library code that nothing starts, or of the phone's own network, stays listed but counts for nothing,
        so all are given.
        """
        hosts = {(sha10(apk), one.host): one for apk in self._apks for one in apk.endpoints or ()}
        rows = self._labels.endpoints.items()
        table = Counter((row["label"], row["reached"], _said(hosts.get(key))) for key, row in rows)
        print("endpoints by label, reached, and what is said of them:")
        print(*(f"  {' '.join(key)}: {number}" for key, number in sorted(table.items())), sep="\n")
        near = {rule.id for rule in load_knowledge().rules if rule.reachable}
        kinds = {
            " that counts": [key for key, one in hosts.items() if one.counts],
            "": [key for key, one in hosts.items() if one.ruled_out is None],
            ", with the phone's own network": [key for key, one in hosts.items() if one.ruled_out in {None, *near}],
        }
        for title, keys in kinds.items():
            found = {key: hosts[key] for key in keys}
            fetched = [
                self._decide(Claim(apk, "endpoint", host)) for (apk, host), one in found.items() if one.use == "fetched"
            ]
            print_share(f"endpoints with use fetched{title} that are destinations", fetched)
            kept = {key for key, one in found.items() if one.use in COUNTING_USES}
            for of_what, there in _labelled(self._labels, "endpoint").items():
                hits = sum((apk, host) in kept for apk, values in there for host in values)
                print(f"destinations found among use fetched and unknown{title}{of_what}: {share(hits, len(there))}")

    def behaviours(self) -> None:
        """Print how much of what is said to be readable is, and what no permission allows."""
        told = [claim for claim in self._claims if claim.kind == "behaviour"]
        asked = {sha10(apk): apk.permissions or () for apk in self._apks}
        print_share("'can read' lines; not started are base libraries", [self._decide(claim) for claim in told])
        unasked = {(sha10(apk), one.id) for apk in self._apks for one in apk.behaviours or () if one.until_sdk}
        lacking = [claim for claim in told if self._labels.lacks_permission(claim, asked[claim.sha10])]
        refused = [claim for claim in lacking if (claim.sha10, claim.value) not in unasked]
        print(f"'can read' lines without the permission, where Android asks for one: {len(refused)} of {len(told)}")
        print(*(f"  {claim.sha10} {claim.value}" for claim in refused), sep="\n", end="\n" if refused else "")

    def flows(self) -> None:
        """Print each flow that reaches the network, and whether it is true in its steps."""
        sent = [claim for apk in self._apks for claim in flow_claims(apk)]
        decided = [self._decide(claim) for claim in sent]
        print(*(f"  {one}: {claim.sha10} {claim.text}" for one, claim in zip(decided, sent, strict=True)), sep="\n")
        print_share(f"network flows, in {len({claim.sha10 for claim in sent})} packages", decided)
        started = [claim for apk in self._apks for claim in flow_claims(apk, seen_only=True)]
        print_share("of these, whose start was seen", [self._decide(claim) for claim in started])

    def compared(self, name: str, said: Sequence[Claim]) -> None:
        """Print what a peer can be measured by too: shares of what it says that are true, and of what there is."""
        for kind in sorted({claim.kind for claim in said}):
            of_kind = [claim for claim in said if claim.kind == kind]
            keys = {claim.key for claim in of_kind}
            print_share(f"{name}: {kind} true", [self._labels.decide(claim) for claim in of_kind])
            for title, rows in _labelled(self._labels, kind).items():
                found = sum(any((apk, kind, value) in keys for value in values) for apk, values in rows)
                print(f"{name}: {kind} found{title}: {share(found, len(rows))}")


def _said(endpoint: Endpoint | None) -> str:
    if endpoint is None:
        return "not listed"
    return endpoint.ruled_out or endpoint.use + (", not started" if endpoint.started is False else "")


def _labelled(labels: Labels, kind: str) -> Mapping[str, Sequence[tuple[str, set[str]]]]:
    """Return what the labels say is there: packages, and the ids of which one has to be said."""
    if kind == "endpoint":
        fetched = [(*key, row["reached"]) for key, row in labels.endpoints.items() if row["label"] == "fetched"]
        every = [(apk, {host}) for apk, host, _ in fetched]
        return {"": every, ", of what is started": [(apk, {host}) for apk, host, reached in fetched if reached != "n"]}
    if kind == "tracker":
        present = [row for row in labels.trackers if row["state"] == "present"]
        known = [(row["sha10"], labels.ids(kind, row["tracker"])) for row in present]
        return {", of those with a signature": [row for row in known if row[1]]}
    if kind == "data":
        true = [row for row in labels.flows if row["verdict"] == "true"]
        sent = [(row["sha10"], labels.ids("flow", row["data"])) for row in true]
        return {"": sent, ", of the kinds that are followed": [row for row in sent if row[1] & DATA_WORDS.keys()]}
    return {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--names", type=Path, required=True)
    parser.add_argument("--judgements", type=Path)
    parser.add_argument("--to-judge", type=Path)
    parser.add_argument("--peer", action="append", default=[])
    chosen = parser.parse_args()
    labels = Labels(chosen.labels, chosen.names, chosen.judgements)
    lines = chosen.result.read_text("utf-8").splitlines()
    apks = [apk for apk in (read_values(Apk, json.loads(line)) for line in lines) if sha10(apk) in labels.packages]
    print(f"{len(apks)} of {len(labels.packages)} labelled packages")
    score = Score(labels, apks)
    for measure in (score.findings, score.exposed, score.endpoints, score.behaviours, score.flows):
        measure()
    score.compared("this", [claim for apk in apks for claim in claims(apk)])
    for name, _, path in (one.partition("=") for one in chosen.peer):
        score.compared(name, read_claims(Path(path)))
    if chosen.to_judge:
        with chosen.to_judge.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n")
            table.writerow(("sha10", "kind", "value", "decision", "text"))
            table.writerows(
                (*(one.replace("\t", " ") for one in key), "", claim.text) for key, claim in score.undecided.items()
            )


if __name__ == "__main__":
    main()
