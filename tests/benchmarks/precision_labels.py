"""Labels of a sample of packages, made without sight of any result, and what they say of a claim.

Tables with a header, tab-separated; `sha10` is the beginning of the file's SHA-256. `names.tsv` joins the words of the
labels with the ids of the knowledge, and hand judgements settle what the labels do not.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Row = Mapping[str, str]
Decision = Literal["true", "false", "unreached", "open", "unlabelled"]
"""`unreached`: the code does it, but nothing starts it. `open`: the labels leave it open."""

_BETWEEN_PLACES: Final = re.compile(r"[,/ ():]+")


@dataclass(frozen=True)
class Claim:
    """One thing that a tool says of a package. `places` are `class.method` of its code, from source to sink."""

    sha10: str
    kind: str
    value: str
    text: str = ""
    places: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What a judgement by hand names it by; a flow is named by its steps, for a package may send a thing twice."""
        return self.sha10, self.kind, self.text if self.kind.endswith("flow") else self.value


def read_rows(path: Path) -> list[Row]:
    """Read a table; texts hold quotes that mean nothing."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def read_claims(path: Path) -> list[Claim]:
    """Read what another tool says: `sha10`, `kind`, `value` in ids of the knowledge, `detail`."""
    return [Claim(row["sha10"], row["kind"], row["value"], row["detail"]) for row in read_rows(path)]


def name_place(text: str, place: str) -> bool:
    """Tell whether a text names a place; it may leave out the beginning, and what stood before a comma or slash.

    Example:
        >>> name_place("com.a.net.b/c, verifier", "com.a.net.c.verify") or name_place("net.b: read", "com.a.net.b")
        True
        >>> name_place("com.a.net.b", "com.a.net.bc.verify")
        False
    """
    outer = re.sub(r"\$[\w$]+", "", place)
    return any(f".{token}." in f".{one}." for token in _tokens(text) for one in (place, outer))


def _tokens(text: str) -> Iterator[str]:
    package = ""
    for word in filter(None, _BETWEEN_PLACES.split(text)):
        if "." in word:
            package = word.rpartition(".")[0]
            yield word
        elif package:
            yield f"{package}.{word}"


class Labels:
    """The labels of a sample, by package and by what is claimed."""

    def __init__(self, folder: Path, names: Path, judgements: Path | None) -> None:
        self._ids: dict[tuple[str, str], set[str]] = defaultdict(set)
        for row in read_rows(names):
            self._ids[row["kind"], row["label"]].add(row["id"])
        self.endpoints = {
            (row["sha10"], row["host"]): row
            for name in ("endpoints_rest.tsv", "endpoints.tsv")
            for row in read_rows(folder / name)
        }
        self.packages = {row["sha10"]: row for row in read_rows(folder / "packages.tsv")}
        self.trackers = read_rows(folder / "trackers.tsv")
        self.behaviours = read_rows(folder / "behaviours.tsv")
        self.flows = read_rows(folder / "flows.tsv")
        self.tls = read_rows(folder / "tls.tsv")
        self._judged = {
            (row["sha10"], row["kind"], row["value"]): row["decision"]
            for row in (read_rows(judgements) if judgements else ())
            if row["decision"]
        }

    def ids(self, kind: str, label: str) -> set[str]:
        """Return the ids of the knowledge that mean what a label names."""
        return self._ids.get((kind, label), set())

    def decide(self, claim: Claim) -> Decision:
        """Say whether a claim is true: as the labels say, else as it was judged by hand."""
        by_label = _BY_KIND[claim.kind](self, claim) if claim.kind in _BY_KIND else "unlabelled"
        judged = self._judged.get(claim.key)
        return by_label if by_label != "unlabelled" or judged is None else _decision(judged)

    def lacks_permission(self, claim: Claim, permissions: Sequence[str]) -> bool:
        """Tell whether a package reads what it has no permission for: as labelled, else by what its like needs."""
        rows = self.rows("behaviour", self.behaviours, claim, "behaviour")
        if rows:
            return all(row["permission_requested"] == "no" for row in rows)
        like = [row for row in self.behaviours if claim.value in self.ids("behaviour", row["behaviour"])]
        needed = [set(row["permission_needed"].split()) for row in like if row["code_present"] == "true"]
        short = {name.rpartition(".")[2] for name in permissions}
        return bool(needed) and not any("-" in one or one & short for one in needed)

    def rows(self, kind: str, rows: Iterable[Row], claim: Claim, column: str) -> list[Row]:
        """Return the labels of the package that mean what is claimed."""
        return [row for row in rows if row["sha10"] == claim.sha10 and claim.value in self.ids(kind, row[column])]


def _decision(text: str) -> Decision:
    decisions: Mapping[str, Decision] = {
        "true": "true",
        "false": "false",
        "unreached": "unreached",
        "yes": "true",
        "no": "false",
    }
    return decisions.get(text, "open")


def _strongest(decisions: Sequence[Decision]) -> Decision:
    """Of several labels for one claim, the one that speaks most for it."""
    order: Sequence[Decision] = ("true", "open", "unreached", "false")
    return next((one for one in order if one in decisions), "unlabelled")


def _endpoint(labels: Labels, claim: Claim) -> Decision:
    row = labels.endpoints.get((claim.sha10, claim.value))
    if row is None:
        return "unlabelled"
    if row["label"] == "fetched":
        return "unreached" if row["reached"] == "n" else "true"
    return "open" if row["label"] == "unknown" else "false"


def _tracker(labels: Labels, claim: Claim) -> Decision:
    rows = labels.rows("tracker", labels.trackers, claim, "tracker")
    return _strongest(["true" if row["state"] == "present" else "false" for row in rows])


def _started_tracker(labels: Labels, claim: Claim) -> Decision:
    rows = labels.rows("tracker", labels.trackers, claim, "tracker")
    return _strongest([_decision(row["initialised_by_app"]) for row in rows])


def _behaviour(labels: Labels, claim: Claim) -> Decision:
    rows = labels.rows("behaviour", labels.behaviours, claim, "behaviour")
    if not rows:  # what is seen to be sent was read
        sent = labels.rows("behaviour", labels.flows, claim, "data")
        return "true" if any(row["verdict"] == "true" for row in sent) else "unlabelled"
    allowed = [row for row in rows if row["code_present"] == "true" and row["permission_requested"] != "no"]
    of_app = [row for row in allowed if row["base_library_only"] == "no" or row["called_by_app"] == "yes"]
    return "true" if of_app else _strongest(["unreached" if row in allowed else "false" for row in rows])


def _data(labels: Labels, claim: Claim) -> Decision:
    """Of data alone, without a place: whether any label says that the package sends it."""
    return _strongest([_decision(row["verdict"]) for row in labels.rows("flow", labels.flows, claim, "data")])


def _flow(labels: Labels, claim: Claim) -> Decision:
    return _strongest([_decision(row["verdict"]) for row in _same_flow(labels, claim)])


def _cleartext_flow(labels: Labels, claim: Claim) -> Decision:
    """That others can read it is wrong, too, where the connection is not encrypted and what is sent is."""
    rows = _same_flow(labels, claim)
    hidden = [row["cleartext"] == "no" or row["encrypted_body"] == "yes" for row in rows]
    return _strongest(["false" if no else _decision(row["verdict"]) for row, no in zip(rows, hidden, strict=True)])


def _same_flow(labels: Labels, claim: Claim) -> list[Row]:
    """Return the labels that name the place of the source, and, of what is sent, that of another step too."""
    rows = [
        row
        for row in labels.rows("flow", labels.flows, claim, "data")
        if any(name_place(row["source"], place) for place in claim.places[:1])
    ]
    steps = claim.places[1:]
    return [row for row in rows if row["verdict"] == "false" or any(name_place(row["steps"], one) for one in steps)]


def _accepts(row: Row) -> str:
    return "any-certificate" if row["kind"] == "webview" else row["kind"]


def _certificate(labels: Labels, claim: Claim) -> Decision:
    """`value` is `certificate` or `host-name`; the label has to say the same of one of the classes.

    A page that goes on after each error of a certificate, `webview`, accepts any certificate.
    """
    rows = [row for row in labels.tls if row["sha10"] == claim.sha10]
    rows = [row for row in rows if any(name_place(row["place"], place) for place in claim.places)]
    return _strongest(
        [_decision(row["reachable"]) if claim.value.replace("-", "") in _accepts(row) else "false" for row in rows]
    )


_BY_KIND: Final = {
    "endpoint": _endpoint,
    "tracker": _tracker,
    "started-tracker": _started_tracker,
    "behaviour": _behaviour,
    "data": _data,
    "flow": _flow,
    "cleartext-flow": _cleartext_flow,
    "certificate": _certificate,
}
