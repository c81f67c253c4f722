"""Phones that say something else of themselves than they did when they started."""

from collections.abc import Iterator, Mapping

from phone_audit.detect.detector import Detector, setting, settings_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="build-prop-contradicted", category="firmware")
DIFFERS: Mapping[str, str] = {
    "build_prop_differs": "its own build.prop",
    "vbmeta_differs": "its transparency service noted at the start",
}
REMEDY = Remedy(
    text="Trust the value that was there first. If you did not change it yourself, install the maker's firmware."
)


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where properties that cannot be set again differ from what they were at the start."""
    for name, item in settings_of(snapshot, tuple(DIFFERS)).items():
        yield DETECTOR.finding(
            setting(name),
            "Properties were changed while the phone ran",
            f"What the phone says differs from {DIFFERS[name]}: {', '.join((item.value or '').split())}.",
            severity="medium",
            confidence="high",
            evidence=item.evidence,
            remedy=(REMEDY,),
        )
