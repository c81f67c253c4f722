"""The tests that incident files hold, run through the matcher: does every entry say what its author meant?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from phone_audit.detect.builds.detect_build import read_build
from phone_audit.detect.incidents.incident_match import HitKind
from phone_audit.detect.incidents.incident_matcher import match_incidents
from phone_audit.detect.incidents.match_input import MatchInput, PackageInput, PathKind
from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.rules import split_url
from phone_audit.knowledge.schema.incident import IncidentEntry, MustIgnore, MustMatch
from phone_audit.model.apk import Endpoint
from phone_audit.model.detection import MATCH_STRENGTHS, NOT_CLAIMED, MatchStrength

_WHOLE_BUILD = ("fingerprint", "display-id", "build", "model", "package+version")
"""Kinds of test in which the build itself is what is tested; in the others it is only known beside it."""
_BUILD_HITS: tuple[HitKind, ...] = ("build", "model", "package-version")
_TYPED = ("fingerprint", "display-id")
"""Kinds of test whose value a person types: it is read as that would be."""


@dataclass(frozen=True)
class FailedTest:
    """A test of an incident that does not hold: its place in the file; `got` and `wanted` are words, None no match."""

    incident: str
    place: str
    test: MustMatch | MustIgnore
    got: MatchStrength | None
    wanted: MatchStrength | None

    def __str__(self) -> str:
        value = self.test.value
        shown = value if isinstance(value, str) else " with ".join(f"{name} {part}" for name, part in value.items())
        if self.wanted is None:
            said = f"must stay quiet, but gives {self.got}; narrow the fact that it meets, or take this out"
        elif self.got is None:
            said = f"meets no fact; it should give {self.wanted}: correct the fact, or the value here"
        else:
            said = f"gives {self.got}, not {self.wanted}; correct the fact, or write {self.got} as status"
        return f"{short_repr(shown)} {said}"


def failed_tests(knowledge: Knowledge) -> Iterator[FailedTest]:
    for incident in knowledge.incidents:
        for number, must in enumerate(incident.tests.matches):
            got = word_for(incident, must, knowledge)
            if got != must.status:
                yield FailedTest(incident.id, f"tests.matches[{number}]", must, got, must.status)
        for number, quiet in enumerate(incident.tests.ignores):
            got = word_for(incident, quiet, knowledge)
            if got not in (None, *NOT_CLAIMED):
                yield FailedTest(incident.id, f"tests.ignores[{number}]", quiet, got, None)


def word_for(incident: IncidentEntry, test: MustMatch | MustIgnore, knowledge: Knowledge) -> MatchStrength | None:
    """Return the strongest word with which the identifier of a test meets an incident, or None."""
    matches = match_incidents(observed_in(test, knowledge), knowledge)
    hits = [hit for match in matches if match.incident.id == incident.id for hit in match.hits]
    words = [hit.strength for hit in hits if test.kind in _WHOLE_BUILD or hit.kind not in _BUILD_HITS]
    return min(words, key=MATCH_STRENGTHS.index, default=None)


def observed_in(test: MustMatch | MustIgnore, knowledge: Knowledge) -> MatchInput:
    """Put the identifier of a test into the form that the matcher is given; a ValueError for a kind that is not known.

    What tells of a build goes the way that it goes when a person gives it: typed, or as a file of properties.
    """
    one = test.value if isinstance(test.value, str) else ""
    parts = {} if isinstance(test.value, str) else {name: str(value) for name, value in test.value.items()}
    properties = {**test.build, **{name: value for name, value in parts.items() if name.startswith("ro.")}}
    paths: Mapping[str, PathKind | None] = {}
    packages: tuple[PackageInput, ...] = ()
    if test.kind in _TYPED:
        properties |= read_build(one, knowledge).properties
    elif test.kind == "model":
        properties["ro.product.model"] = one
    elif test.kind == "property":
        properties.update(parts)
    elif test.kind == "property+build":
        properties[parts["property"]] = "1"
    elif test.kind == "path":
        paths = {one: test.type}
    elif test.kind.startswith("package") or test.kind in ("hash", "certificate", "endpoint", "dex-string"):
        packages = (_package(test.kind, one, parts),)
    elif test.kind == "build":
        text = "".join(f"{name}={value}\n" for name, value in properties.items())
        properties = dict(read_build(text, knowledge).properties)
    else:
        raise ValueError(f"there is no test of the kind {short_repr(test.kind)}")
    return MatchInput(properties, packages, paths)


def _package(kind: str, one: str, parts: Mapping[str, str]) -> PackageInput:
    host = one if kind in ("endpoint", "dex-string") else parts.get("endpoint")
    digest = one if kind == "hash" else parts.get("hash")
    signer = one if kind == "certificate" else parts.get("signer")
    return PackageInput(
        name=one if kind == "package" else parts.get("package"),
        version_name=parts.get("version_name"),
        signers=frozenset([signer] if signer else []),
        hashes=frozenset([digest] if digest else []),
        endpoints=(_endpoint(host),) if host else (),
        path="test",
        system=True,  # incidents tell of firmware
    )


def _endpoint(text: str) -> Endpoint:
    """An endpoint as the analyser would give it: of a URL or `host:port`, only the host is compared."""
    return Endpoint(
        host=split_url(text)[0],
        kind="domain",
        registered_domain=None,
        urls=(),
        schemes=(),
        ports=(),
        cleartext=False,
        owner=None,
        category="unknown",
        ruled_out=None,
        held_by=(),
    )
