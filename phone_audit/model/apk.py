"""One APK: what the analyser read from it (ApkInfo), and the published record (Apk)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final, Literal

from pydantic import AfterValidator

from phone_audit.model.base import OPEN, Frozen
from phone_audit.model.finding import Evidence, Finding, Incident, KnowledgeInfo, Outcome, Skipped, Tool, Verdict
from phone_audit.model.stated import Decimal, Host, Md5, Number, Sha1, Sha256, Time

CLEARTEXT_SCHEMES: Final = frozenset({
    "http", "ws", "ftp", "telnet", "mqtt", "amqp", "xmpp", "rtsp", "rtmp", "rtp", "mms", "tcp", "udp", "smtp",
    "imap", "pop3", "ldap", "irc", "socks", "socksh", "socks4", "socks4h", "socks5", "socks5h", "coap", "nats",
    "redis", "mysql", "postgres", "postgresql", "mongodb", "git", "svn", "rsync", "smb", "nfs", "stun", "turn",
    "grpc", "webcal", "nntp", "news", "gopher",
})  # fmt: skip
"""Those that encrypt nothing by themselves. What is sent over them may still be encrypted by the code, or both sides
may agree to encrypt later."""
_MOST_IN_METHOD: Final = 3
"""Hosts that one method connects to: where it is more, which of them data goes to is not known."""
_IN_CLEARTEXT: Final = re.compile(rf"(?:{'|'.join(sorted(CLEARTEXT_SCHEMES))}):(?:\\?/){{2}}([^/\s]+)", re.IGNORECASE)


FileRole = Annotated[Literal["base", "split", "feature", "config", "container", "odex", "vdex"], OPEN]
ComponentKind = Annotated[Literal["activity", "activity-alias", "service", "receiver", "provider"], OPEN]
Tier = Annotated[Literal["referenced", "host-only", "present", "initialised"], OPEN]
HostKind = Annotated[Literal["domain", "ipv4", "ipv6"], OPEN]
EndpointCategory = Annotated[
    Literal[
        "telemetry", "advertising", "crash-reporting", "push", "update", "cloud", "social", "identity", "other",
        "unknown",
    ],
    OPEN,
]  # fmt: skip
Party = Annotated[Literal["first-party", "library", "obfuscated", "unknown"], OPEN]

AddressUse = Annotated[Literal["fetched", "opened", "compared", "unused", "unknown"], OPEN]


COUNTING_USES: Final[frozenset[str]] = frozenset({"fetched", "unknown"})
"""Uses of an address that count: nothing hides because it could not be followed."""
NO_USE_SEEN: Final = "no use of it was seen"
"""Begins what is shown of an address that code holds and was not seen to do anything with."""

Accepts = Annotated[Literal["certificate", "host-name"], OPEN]
WayIn = Annotated[Literal["used", "option", "unused"], OPEN]
ACCEPTS_ANY_HOST_NAME = "act.accept-any-host-name"
ACCEPTS_ANY_CERTIFICATE = "act.accept-any-certificate"
"""The id of the behaviour that is found by following code and not by a rule of the knowledge."""


class ApkFile(Frozen):
    """One of the files that make up the record. SHA-1 and MD5 are there because incidents print only those."""

    path: str
    sha256: Sha256 | None
    size: Number
    role: FileRole
    sha1: Sha1 | None = None
    md5: Md5 | None = None


class Signature(Frozen):
    """Schemes present; `verified` is null where the digests were not checked, and `unchecked` may say why."""

    verified: bool | None
    schemes: tuple[str, ...]
    errors: tuple[str, ...] = ()
    lineage: tuple[Sha256, ...] = ()
    source_stamp: str | None = None
    unchecked: str | None = None


class Signer(Frozen):
    """A signing certificate. `known_key` is the id of a public or leaked key, or null."""

    sha256: Sha256
    sha1: Sha1
    subject: str
    schemes: tuple[str, ...]
    not_before: str
    not_after: str
    known_key: str | None = None


NATIVE_ACTIVITY: Final = "android.app.NativeActivity"
"""The activity of Android that runs native code of a package which need hold no other code."""


class Component(Frozen):
    """An entry point of the manifest."""

    kind: ComponentKind
    name: str
    exported: bool
    permission: str | None
    actions: tuple[str, ...]

    @property
    def said(self) -> tuple[str, ...]:
        """What the manifest says of it, as rules write it: `receiver for ACTION`, `service guarded by PERMISSION`."""
        kind = "activity" if self.kind == "activity-alias" else self.kind
        guarded = (f"{kind} guarded by {self.permission}",) if self.permission else ()
        return (*(f"{kind} for {action}" for action in self.actions), *guarded)


class HeldBy(Frozen):
    """Whose code holds an endpoint, or does something."""

    party: Party
    library: str | None
    evidence: tuple[Evidence, ...]


class AcceptedBy(HeldBy):
    """Whose code takes a server for what it is not.

    It accepts any `certificate`, also one that anybody made, or a valid one for any `host-name`. `way` tells what leads
    to that code: it is `used` where other code or Android does, an `option` where only a text chooses it, and `unused`
    where nothing was seen to. `installed`: beside it stands a call that puts it before connections.
    """

    accepts: Accepts = "certificate"
    way: WayIn = "used"
    installed: bool = False


class NetworkPolicy(Frozen):
    """What the manifest and its network security config allow. `source` says which of them was read.

    `accepts_any_certificate` and `accepts_any_host_name` are what code does that something leads to; `accepted_by` says
    whose code, also where nothing does.
    """

    cleartext: bool
    domains: tuple[str, ...]
    trusts_user_cas: bool
    pins: bool
    accepts_any_certificate: bool
    source: str
    accepted_by: tuple[AcceptedBy, ...] = ()
    accepts_any_host_name: bool = False


class OptOut(Frozen):
    """A switch of a tracker that the manifest sets. `meaning` is what the tracker then does, or null if not known."""

    name: str
    value: str
    meaning: str | None

    @property
    def shown(self) -> str:
        """How it stands in evidence."""
        return f"{self.name} = {self.value}"


class Tracker(Frozen):
    """Third-party code that sends, and how far it is there."""

    id: str
    name: str
    owner: str | None
    categories: tuple[str, ...]
    tier: Tier
    endpoints: tuple[Host, ...]
    evidence: tuple[Evidence, ...]
    opt_out: tuple[OptOut, ...] = ()


class Endpoint(Frozen):
    """A host that stands in the files. `ruled_out` is the rule that takes it out of every count, or null.

    `use` is what becomes of it: code connects to it (`fetched`); it is shown, or given to a browser or another app
    (`opened`); it is only `compared`; nothing loads it (`unused`); or that was not settled (`unknown`). `use_evidence`
    is what decided that. `cleartext_use` is the same of the texts alone that name it with an unencrypted scheme, null
    where there are none. `started` is false where only code holds it that nothing in the package starts;
    it then counts for nothing, but stays listed. Otherwise it is null. `start_seen` is false where code connects to it
    that nothing was seen to start: its use is then not settled.
    """

    host: Host
    kind: HostKind
    registered_domain: Host | None
    urls: tuple[str, ...]
    schemes: tuple[str, ...]
    ports: tuple[Number, ...]
    cleartext: bool
    owner: str | None
    category: EndpointCategory
    ruled_out: str | None
    held_by: tuple[HeldBy, ...]
    observed: bool | None = None
    use: AddressUse = "unknown"
    cleartext_use: AddressUse | None = None
    use_evidence: tuple[Evidence, ...] = ()
    started: bool | None = None
    start_seen: bool = True

    @property
    def is_idle(self) -> bool:
        """Whether code holds it and was not seen to do anything with it."""
        shown = [piece.value.partition(": ")[2] for piece in self.use_evidence]
        return bool(shown) and all(text.startswith(NO_USE_SEEN) for text in shown)

    @property
    def counts(self) -> bool:
        """Whether code connects to it, for all that is known."""
        return self.ruled_out is None and self.use in COUNTING_USES and self.started is not False

    @property
    def counts_in_cleartext(self) -> bool:
        """Whether code connects to it without encryption, for all that is known."""
        use = self.use if self.cleartext_use is None else self.cleartext_use
        return self.cleartext and self.ruled_out is None and use in COUNTING_USES and self.started is not False


def connecting_methods(endpoints: Iterable[Endpoint]) -> Mapping[tuple[str, str], Sequence[Endpoint]]:
    """Return the endpoints that each method, by class and name, connects to, of methods that connect to few."""
    found: dict[tuple[str, str], dict[str, Endpoint]] = {}
    for endpoint in endpoints:
        for piece in endpoint.use_evidence if endpoint.use == "fetched" or not endpoint.start_seen else ():
            if piece.class_ and piece.method:
                found.setdefault((piece.class_, piece.method), {})[endpoint.host] = endpoint
    return {method: tuple(hosts.values()) for method, hosts in found.items() if len(hosts) <= _MOST_IN_METHOD}


def names_in_cleartext(text: str, host: str) -> bool:
    """Tell whether a text names a host behind an unencrypted scheme."""
    return any(host in authority.lower() for authority in _IN_CLEARTEXT.findall(text))


_AUTHORITY: Final = re.compile(r"https?://(?:[^/?#@\s]*@)?([^/:?#\s]+)", re.IGNORECASE)


def host_in(text: str) -> str | None:
    """Return the host of the first address in a text.

    Example:
        >>> host_in("sends it to HTTP://a@B.dev:80/c"), host_in("sends it")
        ('b.dev', None)
    """
    found = _AUTHORITY.search(text)
    return found[1].lower() if found else None


class FlowStep(Frozen):
    """One step of a data flow; `class_` is published as `class`."""

    class_: str
    method: str
    offset: int
    what: str


DIGESTS: Final = "makes a digest of it: "
"""Begins what a step is called after which only a digest of data goes on."""


class Whose(Frozen):
    """Whose code it is; `library` is its name where `party` is `library`."""

    party: Party
    library: str | None


class Behaviour(Frozen):
    """What code was seen to do. `whose` are the owners of the classes that `evidence` names.

    `needs` are the permissions of which Android asks for one, or components that a package has to have; empty where it
    asks for nothing. `allowed` tells whether the package asks for what is needed, on a phone whether it was granted;
    null where nothing is needed, or where it is not known. `until_sdk` is the last API level whose Android does not
    refuse it, where all later ones do; else null. `library_only`: only base libraries hold such code, and no
    other code of the package calls it; of a flow, that nothing in the package starts one of its steps, that it is typed
    into a screen that ends before it is shown, that it likely takes one object for another, or that a surer one says
    the same. `start_seen`: of a flow, whether something was seen to start each step.
    """

    id: str
    title: str
    evidence: tuple[Evidence, ...]
    whose: tuple[Whose, ...] = ()
    allowed: bool | None = None
    needs: tuple[str, ...] = ()
    until_sdk: int | None = None
    library_only: bool = False
    start_seen: bool = True
    source: str | None = None
    sink: str | None = None
    data: str | None = None
    cleartext: bool | None = None
    steps: tuple[FlowStep, ...] | None = None

    @property
    def is_digest(self) -> bool:
        """Whether of data that is passed on only a digest goes out, by which the same phone is known again."""
        return any(step.what.startswith(DIGESTS) for step in self.steps or ())

    @property
    def is_followed(self) -> bool:
        """Whether its data was followed through code; of a script only the names are read that it sends data under."""
        return all(step.method for step in self.steps or ())

    @property
    def possible(self) -> bool:
        """Whether nothing that is known of Android keeps the code from doing it."""
        return self.allowed is True or (self.allowed is None and not self.needs)

    @property
    def told(self) -> bool:
        """Whether it is said of the package: it is possible, and not what base libraries alone hold."""
        return self.possible and not self.library_only


class Obfuscation(Frozen):
    """Signs of hidden code. `name_share` is the share of classes with names of one or two letters.

    `packers` are ids of the knowledge; `evidence` is what they and `encrypted` rest on.
    """

    packers: tuple[str, ...]
    name_share: Decimal | None
    encrypted: bool | None
    dynamic_code: bool | None
    evidence: tuple[Evidence, ...] = ()


class LeftOnPhone(Frozen):
    """Media that were left on the phone: how many files, bytes as packed, and how many bytes of the APK were read."""

    files: Number
    bytes: Number
    bytes_read: Number


class ApkInfo(Frozen):
    """What was read from one APK. Null is unknown, an empty tuple is looked for and none."""

    path: str
    sha256: Sha256 | None
    size: Number | None
    files: tuple[ApkFile, ...]
    package: str | None
    app_name: str | None
    version_name: str | None
    version_code: int | None
    min_sdk: int | None
    target_sdk: int | None
    shared_user_id: str | None
    has_code: bool | None
    debuggable: bool | None
    signature: Signature | None
    signers: tuple[Signer, ...] | None
    permissions: tuple[str, ...] | None
    components: tuple[Component, ...] | None
    instruments: tuple[str, ...] | None = None
    """The packages that it tests: Android loads it into their processes, with what they may do."""
    network_policy: NetworkPolicy | None
    trackers: tuple[Tracker, ...] | None
    endpoints: tuple[Endpoint, ...] | None
    behaviours: tuple[Behaviour, ...] | None
    flows_complete: bool | None = None
    """Whether data was followed through all of its code; false where there is too much of it."""
    flows_followed: float | None = None
    """The share of the methods to which data was seen to come that were followed; null where there are none."""
    obfuscation: Obfuscation | None
    left_on_phone: LeftOnPhone | None = None
    """What stayed on the phone where only the parts that are analysed were read; null where all of it was."""
    skipped: tuple[Skipped, ...]

    @property
    def may_run(self) -> bool | None:
        """Whether some file of it may run: code that its manifest speaks of, or native code with nothing else."""
        is_native = any(one.name == NATIVE_ACTIVITY for one in self.components or ())
        return is_native or self.has_code


class ApkRun(Frozen):
    """What may differ between two runs. `seconds` is from opening the file to the record."""

    seconds: Decimal
    cached: bool


class Apk(ApkInfo):
    """The published record, phone-audit/apk/1."""

    schema_: Literal["phone-audit/apk/1"]
    findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...]
    outcome: Outcome
    tool: Tool
    knowledge_digest: Sha256
    run: ApkRun


class ApksRun(Frozen):
    """What may differ between two runs over a folder. Times are RFC 3339, `seconds` a duration."""

    started: Time
    finished: Time
    seconds: Decimal


class Apks(Frozen):
    """The published result of a folder, phone-audit/apks/1."""

    schema_: Literal["phone-audit/apks/1"]
    label: str | None
    apks: Annotated[Sequence[Apk], AfterValidator(tuple)]
    """In the order of their paths. Where there may be too many for memory they lie elsewhere and come one at a time."""
    files_seen: int
    counts: dict[str, Number]
    skipped: tuple[Skipped, ...]
    verdict: Verdict
    knowledge: KnowledgeInfo
    tool: Tool
    run: ApksRun
