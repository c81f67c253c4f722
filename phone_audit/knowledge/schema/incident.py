"""The schema of an incident file: one published case, its facts, and the identifiers that prove the file works."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from phone_audit.knowledge.patterns import pattern_fault
from phone_audit.model.base import Frozen
from phone_audit.model.finding import Severity

Category = Literal[
    "data-leak", "backdoor", "preinstalled-malware", "ota-compromise", "adware", "vulnerable-preinstall",
    "identifier-exposure", "leaked-key", "supply-chain-risk", "telemetry", "censorship",
]  # fmt: skip
State = Literal["fixed", "partly-fixed", "historic", "ongoing", "unknown", "by-design", "disputed"]
Raises = Literal["exposed", "suspicious", "known-bad"]
FactConfidence = Literal["sourced", "recalled"]
TextMatch = Literal["exact", "prefix", "suffix", "contains", "regex"]
PROSE = "description"
"""The `field` of a fact that is for people only and never compared."""
PACKAGE_VERSION = "package-version"
"""The `field` of a build fact that compares the version name of a package."""


def _compiles(pattern: str) -> str:
    """Refuse a regular expression when a file is loaded: an error or an endless search in mid-scan is too late."""
    if fault := pattern_fault(pattern):
        raise ValueError(fault)
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]


class IncidentSource(Frozen):
    """A publication. Facts name it by `n`; `date` is as printed: a year, a month or a day.

    `primary` is who found it, the maker, or a record such as a CVE; `secondary` is press; a `list` says how things are
    spelled and accuses nobody, so it is never named as who published a case. `lacks` says why it has no address or no
    date, or why its address is no more than a home page.
    """

    n: int
    title: str
    publisher: str
    date: str
    url: str
    kind: Literal["primary", "secondary", "list"]
    lacks: str | None = None


class Condition(Frozen):
    """A demand on a property of the build. `value` is null only with `present`."""

    field: str
    match: TextMatch | Literal["present"]
    value: str | None = None

    @model_validator(mode="after")
    def _pattern_compiles(self) -> "Condition":
        if self.match == "regex" and self.value is not None:
            _compiles(self.value)
        return self


class Fact(Frozen):
    """What every fact says about itself. Only `sourced` facts confirm; `source` is null only where `recalled`."""

    value: str
    confidence: FactConfidence
    source: int | None = None
    value_source: int | None = None
    label: str | None = None
    note: str | None = None
    only_if: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()


class PhoneFact(Fact):
    """A fact about phones that a build or model is compared with.

    `phones` maps properties to the values that phones have which are meant (case tells nothing): a phone that says
    anything else in one of them is another one. What it does not say leaves the fact as it is. `any_phone` says why no
    phone can be named.
    """

    phones: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    any_phone: str | None = None


class BuildFact(PhoneFact):
    """A build or a range of builds.

    `match: range` compares versions of `scheme` (`hmd` inside `branch`, `miui`, `dotted`, `unix-seconds`): `from`
    included, `below` excluded. `regex` compares `pattern`, and then `value` is a label. `inferred` was concluded from a
    sourced fact and is not printed there. `field: package-version` compares the version name of `package`.
    """

    field: str
    status: Literal["affected", "candidate", "fixed"]
    match: TextMatch | Literal["range"] | None = None
    pattern: Pattern | None = None
    scheme: Literal["hmd", "miui", "dotted", "unix-seconds"] | None = None
    branch: str | None = None
    from_: str | None = None
    below: str | None = None
    package: str | None = None
    inferred: bool = False


class ModelFact(PhoneFact):
    """A model that was sold with the fault; a hit says `model` and no more."""

    field: str
    match: TextMatch | None = None
    pattern: Pattern | None = None


class PackageFact(Fact):
    """A package name, or with `kind` something that is not one. `standalone`: the name alone is enough."""

    standalone: bool
    kind: Literal["app-label", "file", "class", "code-prefix", "prefix", "rule", "description"] | None = None
    version_name: str | None = None
    version_code: int | None = None


class HashFact(Fact):
    """The hash of a file of the incident."""

    algo: Literal["md5", "sha1", "sha256"]
    file: str


class CertificateFact(Fact):
    """A signing certificate by its hash. `standalone` false: only together with a package of the incident."""

    algo: Literal["md5", "sha1", "sha256"]
    role: str
    standalone: bool
    subject: str | None = None


class PathFact(Fact):
    """A path on the phone, or with `kind` something that is not compared."""

    standalone: bool
    kind: Literal["file-name", "partition", "pattern", "description"] | None = None
    type: Literal["file", "folder"] | None = None


class PropertyFact(Fact):
    """A system property; `value` is its name. `expected` null: set to anything."""

    standalone: bool
    expected: str | None


class EndpointFact(Fact):
    """A host, address or URL. `weight` says what it proves: see docs/knowledge.md."""

    kind: Literal["domain", "url", "ip", "host:port", "url-path"]
    weight: Literal["strong", "second", "none"]


class MustMatch(Frozen):
    """An identifier that must match, and the strongest word it gets. `why`: what keeps it from being confirmed."""

    kind: str
    value: str | dict[str, str | int]
    status: Literal["confirmed", "affected", "weak", "candidate", "model", "fixed", "newer"]
    why: str | None = None
    build: dict[str, str] = Field(default_factory=dict)
    type: Literal["file", "folder"] | None = None
    derived: bool = False


class MustIgnore(Frozen):
    """A near miss that must give nothing (or `fixed`), and why."""

    kind: str
    value: str | dict[str, str | int]
    why: str
    build: dict[str, str] = Field(default_factory=dict)
    type: Literal["file", "folder"] | None = None
    derived: bool = False


class IncidentTests(Frozen):
    """The self-test of an incident. `unmatchable` says why there is nothing to match."""

    matches: tuple[MustMatch, ...] = ()
    ignores: tuple[MustIgnore, ...] = ()
    unmatchable: str | None = None


class Step(Frozen):
    """One thing that a person can do.

    `needs: found`: said only where the thing itself was found; `listed`: also where a publisher lists the build as
    affected. What needs neither has to make sense of a phone of which only the model is known. `PACKAGE` in a command
    stands for the package of the finding.
    """

    text: str
    needs: Literal["found", "listed"] | None = None


def _as_step(given: Any) -> Any:
    """A step without a demand is written as its text."""
    return {"text": given} if isinstance(given, str) else given


class IncidentEntry(Frozen):
    """One published incident. `raises` is the most that a confirmed match may give.

    `headline` is the title without a model: what is found may be on a phone of another maker.
    `applies_to: system-packages`: it is about the firmware, so a package that is not known to be part of it proves
    nothing.
    `spares` are packages that carry facts of it on ordinary phones too; they prove nothing while they hold no code.
    """

    id: str
    title: str
    headline: str | None = None
    summary: str
    category: Category
    severity: Severity
    status: State
    raises: Raises
    raises_note: str | None = None
    disclosed: str
    generated_from: str | None = None
    requires: tuple[Literal["build"], ...] = ()
    applies_to: Literal["system-packages"] | None = None
    spares: tuple[Fact, ...] = ()
    only_if: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()
    vendors: tuple[Fact, ...]
    component_vendors: tuple[Fact, ...] = ()
    models: tuple[ModelFact, ...] = ()
    builds: tuple[BuildFact, ...] = ()
    packages: tuple[PackageFact, ...] = ()
    hashes: tuple[HashFact, ...] = ()
    certificates: tuple[CertificateFact, ...] = ()
    paths: tuple[PathFact, ...] = ()
    properties: tuple[PropertyFact, ...] = ()
    endpoints: tuple[EndpointFact, ...] = ()
    data_types: tuple[Fact, ...] = ()
    transport: Fact | None = None
    cves: tuple[Fact, ...] = ()
    vendor_response: tuple[Fact, ...] = ()
    notes: str | None = None
    what_to_do: tuple[Annotated[Step, BeforeValidator(_as_step, json_schema_input_type=str | Step)], ...] = ()
    sources: tuple[IncidentSource, ...]
    tests: IncidentTests

    def facts(self) -> Iterator[tuple[str, Fact]]:
        """Yield every fact with its place in the file, such as `builds[3]`."""
        for name, value in self:
            facts = value if isinstance(value, tuple) else (value,)
            yield from ((f"{name}[{number}]", fact) for number, fact in enumerate(facts) if isinstance(fact, Fact))
