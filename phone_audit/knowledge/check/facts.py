"""Checks of facts that stand in lists, and of the self-tests that they carry."""

import re
from collections import Counter
from collections.abc import Iterable

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.files import Report
from phone_audit.knowledge.hosts import host_under
from phone_audit.knowledge.naming import digest_fault, host_fault, prefix_fault
from phone_audit.knowledge.packers import PackerIndex
from phone_audit.knowledge.rules import RuleIndex, split_url
from phone_audit.knowledge.schema.facts import (
    AuthorityFact,
    BaselineFact,
    FactSource,
    HostFact,
    KeyFact,
    LabelFact,
    LibraryFact,
    OptOutFact,
    PackerFact,
    RuledOutRule,
    SupportFact,
    TrackerFact,
)

_LIBRARY_PREFIX = re.compile(r"[A-Za-z_]\w{3,}|[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)+")
"""One label alone only where it is long enough to be a name: `okhttp3`, but not `rx` or `io`."""


def check_source(source: FactSource, report: Report) -> None:
    """Report what a source of bulk facts lacks."""
    for field in ("title", "publisher", "licence"):
        if not getattr(source, field).strip():
            report(f"sources.{field}", "missing")
    if not source.url.startswith(("http://", "https://")):
        report("sources.url", f"{short_repr(source.url)} is no address; write http(s)://…")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", source.date):
        report("sources.date", f"{short_repr(source.date)}; write the day it was read: 2026-01-31")


def covers_class(prefix: str, name: str) -> bool:
    """Tell whether a class prefix covers a class name: whole labels only, and the exact name unless it ends in a dot.

    Example:
        >>> covers_class("com.adjust.sdk", "com.adjust.sdk.Adjust")
        True
        >>> covers_class("com.adjust.sdk", "com.adjust.sdkx.Adjust")
        False
    """
    return name.startswith(prefix if prefix.endswith(".") else f"{prefix}.") or name == prefix


def check_tracker(tracker: TrackerFact, report: Report) -> None:
    """Report faults of a tracker; each of its self-tests is a class name or a host."""
    for place, prefix in enumerate(tracker.code):
        _report(prefix_fault(prefix), f"code[{place}]", report)
    for place, host in enumerate(tracker.hosts):
        _report(host_fault(host), f"hosts[{place}]", report)
    for place, switch in enumerate(tracker.opt_out):
        _check_opt_out(switch, f"opt_out[{place}]", report)
    _check_tests_present(tracker, bool(tracker.code or tracker.hosts), report)
    for name, wanted, given in (("matches", True, tracker.matches), ("ignores", False, tracker.ignores)):
        for place, text in enumerate(given):
            met = any(covers_class(prefix, text) for prefix in tracker.code)
            met = met or any(host_under(text, host) for host in tracker.hosts)
            _report_test(name, place, text, met, wanted, report)


def _check_opt_out(switch: OptOutFact, place: str, report: Report) -> None:
    if not re.fullmatch(r"[\w.-]+", switch.name):
        report(
            f"{place}.name", f"{short_repr(switch.name)} is no name of meta-data; write it as it stands in the manifest"
        )
    if not switch.values:
        report(f"{place}.values", "missing; say for one value at least what the tracker then does")
    for value, meaning in switch.values.items():
        if value != value.lower() or not meaning.strip():
            report(f"{place}.values", f"{short_repr(value)}: write the value in lower case, and what it means")
    if not switch.source.startswith("https://"):
        report(f"{place}.source", f"{short_repr(switch.source)} is no address; name where the maker says it: https://…")


def check_library(library: LibraryFact, report: Report) -> None:
    """Report faults of a library; each of its self-tests is a class name."""
    if not library.owner.strip():
        report("owner", "missing; name who makes it")
    for place, prefix in enumerate(library.code):
        if not _LIBRARY_PREFIX.fullmatch(prefix):
            report(
                f"code[{place}]",
                f"{short_repr(prefix)} is no prefix of class names; write whole labels: com.vendor.library",
            )
    _check_tests_present(library, True, report)
    for name, wanted, given in (("matches", True, library.matches), ("ignores", False, library.ignores)):
        for place, text in enumerate(given):
            met = any(covers_class(prefix, text) for prefix in library.code)
            _report_test(name, place, text, met, wanted, report)


def check_host(fact: HostFact, report: Report) -> None:
    """Report faults of the owner of a host."""
    _report(host_fault(fact.host, as_owner=True), "host", report)
    if not fact.owner.strip():
        report("owner", "missing; name the company")


def check_key(key: KeyFact, report: Report) -> None:
    """Report faults of a public or leaked key."""
    if key.sha256 is None and key.sha1 is None:
        report("sha256", "missing; give the SHA-256 of the certificate, or its SHA-1")
    if key.sha256 is not None:
        _report(digest_fault(key.sha256, "sha256"), "sha256", report)
    if key.sha1 is not None:
        _report(digest_fault(key.sha1, "sha1"), "sha1", report)


def check_rule(rule: RuledOutRule, report: Report) -> None:
    """Report faults of a rule; each of its self-tests is a host or a URL."""
    if not rule.reason.strip():
        report("reason", "missing; say why nothing is sent there")
    faults = [*map(_rule_host_fault, rule.hosts), *map(_url_prefix_fault, rule.url_prefixes)]
    places = [f"hosts[{place}]" for place in range(len(rule.hosts))]
    places += [f"url_prefixes[{place}]" for place in range(len(rule.url_prefixes))]
    for place, fault in zip(places, faults, strict=True):
        _report(fault, place, report)
    for number, prefix in enumerate(rule.held_by):
        _report(prefix_fault(prefix), f"held_by[{number}]", report)
    _check_tests_present(rule, True, report)
    if rule.by == "analysis" and (rule.hosts or rule.url_prefixes or rule.url_patterns):
        report("by", "a rule by analysis names no hosts, URL prefixes or patterns; write by name, or leave them out")
    if bool(rule.texts) != bool(rule.held_by) or (rule.texts and rule.by != "analysis"):
        report("texts", "texts and held_by go together, in a rule by analysis")
    if rule.by == "analysis" or any(faults):
        return  # a self-test says nothing about a rule that cannot be read, or that only the analyser can try
    index = RuleIndex((rule,))
    for name, wanted, given in (("matches", True, rule.matches), ("ignores", False, rule.ignores)):
        for number, text in enumerate(given):
            _report_test(name, number, text, index.find(split_url(text)[0], text) is not None, wanted, report)


def _rule_host_fault(host: str) -> str | None:
    is_network_or_whole_domain = "/" in host or "." not in host
    return None if is_network_or_whole_domain else host_fault(host)


def _url_prefix_fault(prefix: str) -> str | None:
    host, path = split_url(prefix)
    if "://" in prefix or not path.startswith("/"):
        return f"{short_repr(prefix)}; write host and path without scheme: www.host.example/licenses/"
    return host_fault(host)


def check_rule_against(rule: RuledOutRule, sending: Iterable[tuple[str, str]], report: Report) -> None:
    """Report hosts that a rule takes out although another fact says that data is sent there.

    Args:
        rule: the rule.
        sending: hosts of trackers, of incidents and of telemetry, each with who says so.
        report: takes the problems.
    """
    index = RuleIndex((rule,))
    for host, who in sending:
        if index.find(host, ""):
            report("hosts", f"takes out {host}, to which data is sent ({who}); name a narrower host or a URL prefix")


def _check_tests_present(entry: TrackerFact | RuledOutRule | LibraryFact, comparable: bool, report: Report) -> None:
    if comparable and not entry.matches:
        report("matches", "missing; give a name that must be met")
    if comparable and not entry.ignores:
        report("ignores", "missing; give a near miss that must not be met")


def _report_test(name: str, place: int, text: str, met: bool, wanted: bool, report: Report) -> None:
    if met != wanted:
        report(
            f"{name}[{place}]",
            f"{short_repr(text)} is {'not ' if wanted else ''}met; correct the facts or the self-test",
        )


def _report(fault: str | None, field: str, report: Report) -> None:
    if fault:
        report(field, fault)


_FILE = re.compile(r"[\w.+*-]+(/[\w.+*-]+)*/?")
_JOIN = " + "


def check_packer(packer: PackerFact, report: Report) -> None:
    """Report faults of a packer; each of its self-tests is a path, a class name, or several paths."""
    for field in ("files", "weak_files"):
        for place, text in enumerate(getattr(packer, field)):
            fault = file_fault(text)
            if fault:
                report(f"{field}[{place}]", fault)
    for place, prefix in enumerate(packer.classes):
        fault = prefix_fault(prefix)
        if fault:
            report(f"classes[{place}]", fault)
    if len(packer.weak_files) == 1:
        report("weak_files", "one weak name alone is never enough; name another one, or none")
    for field in ("name", "sources", "matches", "ignores"):
        if not getattr(packer, field):
            report(field, "missing")
    _check_tests(packer, report)


def _check_tests(packer: PackerFact, report: Report) -> None:
    index = PackerIndex((packer,))
    for field, wanted in (("matches", True), ("ignores", False)):
        for place, text in enumerate(getattr(packer, field)):
            met = any(covers_class(prefix, text) for prefix in packer.classes) or index.of_files(text.split(_JOIN))
            if bool(met) != wanted:
                report(
                    f"{field}[{place}]",
                    f"{short_repr(text)} is {'not ' if wanted else ''}met; correct the facts or the self-test",
                )


def file_fault(text: str) -> str | None:
    """Say what keeps a text from being the name of an entry, or None. Too few letters would meet too much."""
    if not _FILE.fullmatch(text):
        return f"{short_repr(text)} is no path inside a package; write libname.so, assets/name or assets/folder/"
    if len(re.sub(r"[*/]|assets/|lib/", "", text)) < 4:
        return f"{short_repr(text)} would meet too much; name more of it"
    return None


_PACKAGE = re.compile(r"[A-Za-z]\w*(\.[A-Za-z_]\w*)*")
_PROOFS = {"signer": ("packages", "signers"), "platform": ("packages", "api_levels"), "file": ("files",)}
"""What each kind of proof has to name, and nothing else."""


def check_baseline(fact: BaselineFact, report: Report) -> None:
    """Report faults of a baseline: a proof that is missing, names that are none or stand twice."""
    if not fact.name.strip():
        report("name", "missing")
    for field in ("packages", "signers", "api_levels", "files"):
        if field in _PROOFS[fact.kind] and not getattr(fact, field):
            report(field, f"missing; of kind {fact.kind} it is the proof")
        elif field not in _PROOFS[fact.kind] and getattr(fact, field):
            report(field, f"says nothing in an entry of kind {fact.kind}; leave it out")
    counts = Counter((*fact.packages, *fact.files.values()) if fact.kind != "file" else ())
    for name in (*fact.packages, *fact.files.values()):
        if not _PACKAGE.fullmatch(name):
            report("packages", f"{short_repr(name)} is no name of a package")
        elif counts[name] > 1:
            report("packages", f"{name} stands {counts[name]} times; keep one of them")


OLDEST, NEWEST = 21, 99
"""API levels: before 21 the list lay elsewhere in AOSP."""


def check_authority(fact: AuthorityFact, report: Report) -> None:
    """Report faults of an authority: no name, API levels that are none or not in order, no source."""
    if not fact.name.strip():
        report("name", "missing")
    if list(fact.api_levels) != sorted(set(fact.api_levels)):
        report("api_levels", "write each once, the oldest first")
    for level in fact.api_levels:
        if not OLDEST <= level <= NEWEST:
            report("api_levels", f"{level} is no API level")
    if not fact.sources:
        report("sources", "missing")


def check_support(fact: SupportFact, report: Report) -> None:
    """Report faults of an end of support."""
    if not re.fullmatch(r"\d{4}-[01]\d-[0-3]\d", fact.until):
        report("until", f"{short_repr(fact.until)}; write a day: 2026-01-31")
    for name in ("maker", "name", "brand", "sources"):
        if not getattr(fact, name):
            report(name, "missing")
    if not fact.models and not fact.devices:
        report("models", "names no model and no device; name one, or leave the entry out")


def check_label(fact: LabelFact, report: Report) -> None:
    """Report faults of the words for a property. Its id is the property."""
    if "." not in fact.id:
        report("id", f"{short_repr(fact.id)} is no property")
    for place, label in enumerate(fact.labels):
        if not label.strip() or label != label.strip() or label.endswith(":"):
            report(f"labels[{place}]", f"{short_repr(label)}; write the words alone, with nothing around them")
