"""Small results of a watch, for the tests of reports and of the command line."""

from phone_audit.model.device import Device
from phone_audit.model.finding import Finding, Outcome, Skipped, Verdict
from phone_audit.model.watch import Moved, Observation, Samples, Watch, WatchRun
from tests.documents import KNOWLEDGE, TOOL, verdict


def watch(
    *observations: Observation,
    outcome: Outcome = "nothing-found",
    findings: tuple[Finding, ...] = (),
    skipped: tuple[Skipped, ...] = (),
    judged: Verdict | None = None,
) -> Watch:
    return Watch(
        schema_="phone-audit/watch/1",
        label=None,
        device=Device(
            serial=None,
            pseudonym="0" * 16,
            manufacturer="HMD",
            brand="Nokia",
            model="Nokia 7 plus",
            product="P",
            device="B2N_sprout",
        ),
        samples=Samples(
            taken=120, failed=1, interval_ms=250, longest_gap_ms=400, missed_connections=2, core_share=0.0123
        ),
        observations=observations,
        traffic=(Moved(uid=10123, user=0, packages=("com.a",), received=5, sent=6),),
        findings=findings,
        incidents=(),
        verdict=judged or verdict(outcome),
        skipped=skipped,
        cannot_see=("120 looks at the sockets were taken.",),
        knowledge=KNOWLEDGE,
        tool=TOOL,
        run=WatchRun(started="2026-01-01T00:00:00Z", finished="2026-01-01T00:00:30Z", seconds=30.0),
    )
