"""What the record of a package claims, as claims that labels decide, and which of its findings are true."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from phone_audit.detect.detectors import APK_DETECTORS
from phone_audit.model.apk import Apk, Behaviour
from phone_audit.model.finding import Evidence, Finding
from phone_audit.report.draw_code import reads
from tests.benchmarks.precision_labels import Claim, Decision, Labels

_SENDS: Final = frozenset(detector.id for detector, _ in APK_DETECTORS if detector.sign == "sends")
_DATA_FINDINGS: Final = ("cleartext-data", "tracker-data", "network-data")
_HOST_FINDINGS: Final = ("cleartext-endpoint", "telemetry-endpoint")
_WITH_CODE: Final = ("present", "initialised")
_NOT_SEEN: Final = "othing was seen to start"
FOR_ANY: Final[tuple[Decision, ...]] = ("true", "unlabelled", "open", "unreached", "false")
"""Where one true claim is enough; for all of them to be true the other way round."""
_FOR_ALL: Final = tuple(reversed(FOR_ANY))


def exposes(finding: Finding) -> bool:
    """Tell whether the outcome `exposed` may rest on a finding."""
    return finding.id in _SENDS and finding.confidence != "low"


def sha10(apk: Apk) -> str:
    return (apk.sha256 or "")[:10]


def place(piece: Evidence) -> str:
    return f"{piece.class_ or ''}.{(piece.method or '').partition('(')[0]}".rstrip(".")


def flow_claims(apk: Apk, *, seen_only: bool = False) -> list[Claim]:
    """Return the flows that reach the network and that nothing keeps from it, each once by its steps.

    With `seen_only` those alone of which something was seen to start each step.
    """
    told = [flow for flow in network_flows(apk) if flow.told and (flow.start_seen or not seen_only)]
    return list(dict.fromkeys(flow_claim(apk, flow) for flow in told))


def network_flows(apk: Apk) -> list[Behaviour]:
    return [one for one in apk.behaviours or () if one.id.startswith("flow.") and one.id.endswith("-network")]


def finding_claim(apk: Apk, finding: Finding) -> Claim:
    """Return a finding as something to judge by hand."""
    return Claim(sha10(apk), "finding", finding.key, f"{finding.id}: {finding.message}")


def flow_claim(apk: Apk, flow: Behaviour) -> Claim:
    steps = [(step, f"{step.class_}.{step.method.partition('(')[0]}") for step in flow.steps or ()]
    text = " | ".join(f"{where} {step.what}" for step, where in steps)
    unencrypted = " unencrypted" if flow.cleartext else ""
    places = tuple(where for _, where in steps)
    return Claim(sha10(apk), "flow", flow.data or "", f"{flow.title}{unencrypted}: {text}", places)


def claims(apk: Apk) -> Iterator[Claim]:
    """Yield what a peer could say too: code of trackers, hosts that count, what can be read, what is sent."""
    for tracker in apk.trackers or ():
        if tracker.tier in _WITH_CODE:
            yield Claim(sha10(apk), "tracker", tracker.id, tracker.name)
    for endpoint in apk.endpoints or ():
        if endpoint.counts:
            yield Claim(sha10(apk), "endpoint", endpoint.host, f"{endpoint.use}: {' '.join(endpoint.urls[:2])}")
    for behaviour in apk.behaviours or ():
        if behaviour.told and reads(behaviour.id):
            yield Claim(sha10(apk), "behaviour", behaviour.id, " ".join(map(place, behaviour.evidence[:4])))
    for data in dict.fromkeys(flow.data or "" for flow in network_flows(apk) if flow.told):
        yield Claim(sha10(apk), "data", data)


def first_of(order: Sequence[Decision], decisions: Sequence[Decision]) -> Decision:
    return next((one for one in order if one in decisions), "unlabelled")


class FindingLabels:
    """What the labels say of findings, by detector; `decide` also keeps what is left to judge by hand."""

    def __init__(self, labels: Labels, decide: Callable[[Claim], Decision]) -> None:
        self._labels = labels
        self._decide = decide

    def decide(self, apk: Apk, finding: Finding) -> Decision:
        """Say whether a finding is true: by what it rests on, else as it was judged itself.

        Where it says itself that nothing was seen to start the code, it is true of code that nothing starts.
        """
        decided = self._by_labels(apk, finding)
        if decided == "unreached" and _NOT_SEEN in finding.message:
            return "true"
        if decided == "unlabelled" and finding.id not in (*_DATA_FINDINGS, *_HOST_FINDINGS):
            return self._decide(finding_claim(apk, finding))
        return decided

    def _by_labels(self, apk: Apk, finding: Finding) -> Decision:
        if finding.id in _DATA_FINDINGS:
            return self._data(apk, finding)
        if finding.id in _HOST_FINDINGS:
            return self._first_host(apk, finding)
        if finding.id == "tracker-present":
            return self._tracker(apk, finding)
        if finding.id == "accepts-any-certificate":
            accepts = "host-name" if "host name" in finding.title else "certificate"
            places = tuple(map(place, finding.evidence))
            return self._labels.decide(Claim(sha10(apk), "certificate", accepts, places=places))
        if finding.id == "debuggable-package":
            return "true" if self._labels.packages[sha10(apk)]["debuggable"] in {"true", "yes"} else "false"
        return "unlabelled"

    def _first_host(self, apk: Apk, finding: Finding) -> Decision:
        """The host that the sentence names stands for it."""
        words = finding.message.removeprefix(str(apk.package)).replace(",", " ").split()
        hosts = {endpoint.host for endpoint in apk.endpoints or ()}
        named = next((host for word in words for host in (word, word.rstrip(".;")) if host in hosts), "")
        return self._decide(Claim(sha10(apk), "endpoint", named))

    def _tracker(self, apk: Apk, finding: Finding) -> Decision:
        tracker = next(one for one in apk.trackers or () if finding.title == f"Tracker: {one.name}")
        if tracker.tier not in _WITH_CODE:
            hosts = [self._decide(Claim(sha10(apk), "endpoint", host)) for host in tracker.endpoints]
            return first_of(FOR_ANY, hosts)
        kind = "started-tracker" if tracker.tier == "initialised" else "tracker"
        return self._labels.decide(Claim(sha10(apk), kind, tracker.id))

    def _data(self, apk: Apk, finding: Finding) -> Decision:
        """Every kind of data that the sentence names has to be sent by one of the flows that it rests on."""
        rests_on = set(finding.evidence)
        clear = finding.id == "cleartext-data"
        flows = [one for one in network_flows(apk) if set(one.evidence) <= rests_on and bool(one.cleartext) == clear]
        by_data: dict[str, list[Decision]] = {}
        for claim in (flow_claim(apk, flow) for flow in flows):
            claim = replace(claim, kind="cleartext-flow") if clear else claim
            by_data.setdefault(claim.value, []).append(self._decide(claim))
        best = [first_of(FOR_ANY, decisions) for decisions in by_data.values()]
        return first_of(_FOR_ALL, best)
