"""The structure of trackers, hosts, keys and rules, and the self-tests that they carry."""

import re
from collections.abc import Iterable

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.fact_schema import (
    FactSource,
    HostFact,
    KeyFact,
    LibraryFact,
    OptOutFact,
    RuledOutRule,
    TrackerFact,
)
from phone_audit.knowledge.hosts import host_under
from phone_audit.knowledge.naming import digest_fault, host_fault, prefix_fault
from phone_audit.knowledge.problems import Report
from phone_audit.knowledge.rules import RuleIndex, split_url

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
