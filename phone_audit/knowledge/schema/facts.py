"""The schemas of facts that stand in lists: trackers, libraries, hosts, keys, baselines, packers, support and so on."""

import re
from ipaddress import ip_network
from operator import not_
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from phone_audit.files.short_repr import short_repr
from phone_audit.model.apk import EndpointCategory
from phone_audit.model.base import Frozen


class FactSource(Frozen):
    """Where a data file's facts come from, under which licence, and when they were read."""

    id: str
    title: str
    publisher: str
    url: str
    revision: str
    date: str
    licence: str


class FactFile(Frozen):
    """A file that lists entries of one kind; `Kind.list_file` says which."""

    sources: tuple[FactSource, ...]
    entries: tuple[Any, ...]


class OptOutFact(Frozen):
    """A name of meta-data by which the manifest of a package tells a tracker how much to collect.

    `values` are those that the maker documents, in lower case, each with what the tracker then does. `source` is the
    address where that stands.
    """

    name: str
    values: dict[str, str]
    source: str


class TrackerNeedFact(Frozen):
    """What a tracker has to be told in a package before it does anything by itself; one of all these is enough.

    `resources` are names of resources, `meta_data` names of meta-data in the manifest, `code` classes, or
    packages, that code of the package calls to tell it. What such code sets going needs none of it. `source` is the
    address where the maker says so.
    """

    resources: tuple[str, ...] = ()
    meta_data: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    source: str


class TakenDataFact(Frozen):
    """What a tracker takes, in words that fit after "it takes", and the address of the page that says so.

    That page is by its maker, or by somebody who builds it in and has to tell their users.
    """

    data: tuple[str, ...]
    source: str


class TrackerFact(Frozen):
    """Third-party code that sends.

    `code` are prefixes of class names in Java form, matched from the start of the name and, unless they end in a dot,
    only up to a whole label (`com.adjust.sdk` is no prefix of `com.adjust.sdkx.A`). `hosts` match themselves and
    their subdomains. `components` are whole names of what it has packages declare in their manifest: they tell it
    where its other classes were renamed, or are packed. `country` is where the head office of its owner is.
    """

    id: str
    name: str
    owner: str | None
    categories: tuple[str, ...]
    code: tuple[str, ...]
    hosts: tuple[str, ...]
    opt_out: tuple[OptOutFact, ...] = ()
    needs: TrackerNeedFact | None = None
    components: tuple[str, ...] = ()
    country: str | None = None
    takes: TakenDataFact | None = None
    website: str
    source: str
    matches: tuple[str, ...]
    ignores: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """The prefixes that its classes are looked for by."""
        return (*self.code, *self.components)


class HostFact(Frozen):
    """Who owns a host and what it is for. Matches the host and its subdomains, whole labels only.

    One that `delivers` is of a network that names what it delivers after the whole host of its customer
    (`www.customer.example.edgesuite.net`): such a name is the customer's, where that is known.
    """

    host: str
    owner: str
    category: EndpointCategory
    source: str
    delivers: bool = Field(default=False, exclude_if=not_)


class KeyFact(Frozen):
    """A signing certificate that everybody can use, or that leaked."""

    id: str
    name: str
    kind: Literal["aosp-test-key", "aosp-build-testdata", "leaked", "vendor"]
    sha256: str | None
    sha1: str | None
    source: str


class RuledOutRule(Frozen):
    """Hosts and URL prefixes that look like endpoints and are none, such as XML namespaces, and why.

    A host covers its subdomains; one with a slash is a network of addresses (`192.0.2.0/24`); one of a single label is
    a top-level domain (`test`). A URL prefix is host and path without scheme (`www.apache.org/licenses/`).
    A URL pattern is a regular expression for the whole of host and path without scheme, for what is told by its shape;
    a URL exception is one too, for what stays in although a prefix or a pattern covers it.
    A rule `by` analysis names none of them: its id stands for a test in the analyser, which sees what is around a text.
    Such a rule may name `texts`, whole strings that are none where only classes below the prefixes `held_by` hold them.
    A rule `by` use names URLs that stay endpoints and of which it only says little that they encrypt nothing: `spares`
    tells whether that holds `always`, or so long as no code was seen to connect to them.
    Where code can connect to what it takes out, as to an address of the owner's own network, it is `reachable`: what
    code does with it is found out all the same.
    """

    id: str
    reason: str
    reachable: bool = False
    by: Literal["name", "analysis", "use"] = "name"
    spares: Literal["always", "unless-fetched"] | None = None
    texts: tuple[str, ...] = ()
    held_by: tuple[str, ...] = ()
    hosts: tuple[str, ...]
    url_prefixes: tuple[str, ...]
    url_patterns: tuple[str, ...] = ()
    url_exceptions: tuple[str, ...] = ()
    source: str
    matches: tuple[str, ...]
    ignores: tuple[str, ...]

    @field_validator("hosts")
    @classmethod
    def _networks_can_be_read(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if "/" in host:
                ip_network(host)  # raises ValueError with the reason, which becomes a problem of this field
        return hosts

    @field_validator("url_patterns", "url_exceptions")
    @classmethod
    def _patterns_can_be_read(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{short_repr(pattern)} is no regular expression: {error}") from error
        return patterns


class LibraryPartFact(Frozen):
    """A part of a library that does nothing unless a package asks for it, and the addresses that it connects to.

    `addresses` are hosts, or hosts with a whole path, of those who make the library or whom the part is for: never of
    anybody who could make a package. Whatever else is asked of the host is of no part. A package asks by `meta_data`,
    one of these names in its manifest; where there is none, by starting the code of the library that holds them.
    `source` is the address where that stands.
    """

    addresses: tuple[str, ...]
    meta_data: tuple[str, ...] = ()
    source: str


class LibraryFact(Frozen):
    """Code that many packages share, and whose it is.

    `code` are prefixes of class names in Java form, whole labels only. A `connector` is code that talks to a tracker
    where there is one, or stands in for it: a mediation adapter, an interface, a no-op. It is no sign of that tracker.
    `base` are those of its prefixes, or parts of them, that stand in packages whatever they do, and `base_behaviours`
    tells which of its classes, with those inside them, are known to do what: that counts only where other code calls
    it. A class with nothing is one that manifests name, and that leads to none of it on behalf of the package.
    `base_matches` and `base_ignores` are class names that try `base`. `runs_tests`: it is there to run tests, and a
    package whose components are all of it does nothing else. `switches` names classes that accept any certificate only
    where a method says so, which a file or a setting of its developers has to turn on. `options` names classes that do
    so only where an address or a setting names an option of the library.
    `joins` are two texts of which it makes one host: the second stands in place of the `%s` of the first. `parts` do
    nothing unless asked for.
    """

    id: str
    name: str
    owner: str
    role: Literal["library", "connector"]
    code: tuple[str, ...]
    source: str
    matches: tuple[str, ...]
    ignores: tuple[str, ...]
    base: tuple[str, ...] = ()
    base_behaviours: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    base_matches: tuple[str, ...] = ()
    base_ignores: tuple[str, ...] = ()
    runs_tests: bool = False
    switches: dict[str, str] = Field(default_factory=dict)
    options: dict[str, Annotated[str, Field(pattern="^[A-Za-z][A-Za-z0-9_.]+$")]] = Field(default_factory=dict)
    joins: tuple[tuple[str, str], ...] = ()
    parts: tuple[LibraryPartFact, ...] = ()

    @field_validator("joins")
    @classmethod
    def _joins_name_hosts(cls, pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        for template, part in pairs:
            if template.count("%s") != 1 or not template.endswith(".%s") or "." not in part:
                raise ValueError(f"{short_repr(template)} and {short_repr(part)} give no host; write `https://a.%s`")
        return pairs


Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class BaselineFact(Frozen):
    """Packages that one proof holds for; a name alone never proves anything.

    `signer`: signed with one of `signers` (SHA-256 of the certificate). `platform`: preinstalled on a phone of one of
    `api_levels`, and signed with the key that signed the phone's own system package. `file`: the very file, by
    SHA-256; `files` is hash → package.
    """

    id: str
    name: str
    kind: Literal["signer", "platform", "file"]
    packages: tuple[str, ...] = ()
    signers: tuple[Hash, ...] = ()
    api_levels: tuple[int, ...] = ()
    files: dict[Hash, str] = Field(default_factory=dict)
    source: str


class AuthorityFact(Frozen):
    """The certificate of an authority. `sha256` is of its DER, `api_levels` those whose AOSP release holds it."""

    id: str
    sha256: Hash
    name: str
    api_levels: Annotated[tuple[int, ...], Field(min_length=1)]
    sources: tuple[str, ...]


Hides = Literal["code", "parts"]
"""`code`: what stands in the DEX files only unpacks the real code. `parts`: strings, single classes or methods."""


class PackerFact(Frozen):
    """A packer or protector.

    `files` are names of entries, each of them enough alone: without a slash the last part of a path (`libjiagu.so`),
    with one the path from the root of the package (`assets/ijiami.dat`), with one at its end a folder; `*` stands for
    any letters but a slash. Of `weak_files`, which other software has too, two are needed. `classes` are prefixes of
    class names in Java form, as those of trackers; the class has to be defined in the package.

    Each self-test is a path (with a slash), a class name, or several paths joined by ` + `.
    """

    id: str
    name: str
    owner: str | None
    hides: Hides
    files: tuple[str, ...]
    weak_files: tuple[str, ...]
    classes: tuple[str, ...]
    sources: tuple[str, ...]
    matches: tuple[str, ...]
    ignores: tuple[str, ...]


class SupportFact(Frozen):
    """Until when a maker promised security updates for a model.

    `models` are values of `ro.product.model`, as the phone or its Settings screen shows them; `devices` of
    `ro.product.device`, which count only where the brand is not another one. Case tells nothing. `until` is a day.
    """

    id: str
    maker: str
    name: str
    brand: str
    models: tuple[str, ...]
    devices: tuple[str, ...]
    until: str
    sources: tuple[str, ...]


class LabelFact(Frozen):
    """What the Settings screen calls a property, in several languages. Case tells nothing."""

    id: str
    labels: tuple[str, ...]
    sources: tuple[str, ...]


class MonthNames(Frozen):
    """The twelve months of a language, the first letters that tell them apart."""

    language: str
    names: tuple[str, ...]


class LabelFile(FactFile):
    """A file of the folder `labels/`. The id of an entry is the property."""

    entries: tuple[LabelFact, ...]
    months: tuple[MonthNames, ...]
