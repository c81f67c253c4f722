"""Checks of facts that stand in lists, and of the self-tests that they carry."""

import re
from collections import Counter
from collections.abc import Iterable

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.check.reporting import (
    report_failed,
    report_fault,
    report_faults,
    report_missing,
    report_untested,
)
from phone_audit.knowledge.files import Report
from phone_audit.knowledge.hosts import host_under
from phone_audit.knowledge.naming import digest_fault, host_fault, prefix_fault
from phone_audit.knowledge.packers import PackerIndex
from phone_audit.knowledge.rules import RuleIndex, split_url
from phone_audit.knowledge.schema import facts as schema
from phone_audit.knowledge.schema.call import LOWERING, CallFact, is_of_platform
from phone_audit.knowledge.schema.host_rule import HostRule

_LIBRARY_PREFIX = re.compile(r"[A-Za-z_]\w{3,}|[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)+")
"""One label alone only where it is long enough to be a name: `okhttp3`, but not `rx` or `io`."""
_FILE = re.compile(r"[\w.+*-]+(/[\w.+*-]+)*/?")
_JOIN = " + "
"""Between the paths of a self-test of a packer."""
_CLASS = re.compile(r"[A-Za-z_]\w*(\.[\w$]+)+")
_PACKAGE = re.compile(r"[A-Za-z]\w*(\.[A-Za-z_]\w*)*")
_PROOFS = {"signer": ("packages", "signers"), "platform": ("packages", "api_levels"), "file": ("files",)}
"""What each kind of proof of a baseline has to name, and nothing else."""
OLDEST, NEWEST = 21, 99
"""API levels of authorities: before 21 the list lay elsewhere in AOSP."""


def check_source(source: schema.FactSource, report: Report) -> None:
    for field, text in (("title", source.title), ("publisher", source.publisher), ("licence", source.licence)):
        if not text.strip():
            report(f"sources.{field}", "missing")
    if not source.url.startswith(("http://", "https://")):
        report("sources.url", f"{short_repr(source.url)} is no address; write http(s)://…")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", source.date):
        report("sources.date", f"{short_repr(source.date)}; write the day it was read: 2026-01-31")


def covers_class(prefixes: Iterable[str], name: str) -> bool:
    """Tell whether a class prefix covers a class name: whole labels only, and the exact name unless it ends in a dot.

    Example:
        >>> covers_class(["com.adjust.sdk"], "com.adjust.sdk.Adjust")
        True
        >>> covers_class(["com.adjust.sdk"], "com.adjust.sdkx.Adjust")
        False
    """
    return any(name == prefix or name.startswith(f"{prefix.removesuffix('.')}.") for prefix in prefixes)


def check_tracker(tracker: schema.TrackerFact, report: Report) -> None:
    """Report faults of a tracker; each of its self-tests is a class name or a host."""
    report_faults(report, "code", tracker.code, prefix_fault)
    report_faults(report, "hosts", tracker.hosts, host_fault)
    for place, switch in enumerate(tracker.opt_out):
        _check_opt_out(switch, f"opt_out[{place}]", report)
    if tracker.needs is not None:
        _check_needs(tracker.needs, report)
    if tracker.takes is not None:
        _check_taken(tracker.takes, report)
    if tracker.country is not None and not (tracker.owner and tracker.country.strip()):
        report("country", "is that of the owner; name both, or leave the country out")
    for place, name in enumerate(tracker.components):
        if not _CLASS.fullmatch(name):
            report(
                f"components[{place}]", f"{short_repr(name)} is no name of a class; write com.vendor.sdk.PushService"
            )
    if tracker.classes or tracker.hosts:
        report_untested(report, tracker.matches, tracker.ignores)

    def is_met(text: str) -> bool:
        return covers_class(tracker.classes, text) or any(host_under(text, host) for host in tracker.hosts)

    report_failed(report, tracker.matches, tracker.ignores, is_met)


def _check_opt_out(switch: schema.OptOutFact, place: str, report: Report) -> None:
    if not re.fullmatch(r"[\w.-]+", switch.name):
        text = f"{short_repr(switch.name)} is no name of meta-data; write it as it stands in the manifest"
        report(f"{place}.name", text)
    if not switch.values:
        report(f"{place}.values", "missing; say for one value at least what the tracker then does")
    for value, meaning in switch.values.items():
        if value != value.lower() or not meaning.strip():
            report(f"{place}.values", f"{short_repr(value)}: write the value in lower case, and what it means")
    if not switch.source.startswith("https://"):
        report(f"{place}.source", f"{short_repr(switch.source)} is no address; name where the maker says it: https://…")


def _check_taken(takes: schema.TakenDataFact, report: Report) -> None:
    if not takes.data or not all(text.strip() for text in takes.data):
        report("takes.data", "missing; name what it takes, such as: the IMEI")
    if not takes.source.startswith("https://"):
        report("takes.source", f"{short_repr(takes.source)} is no address; name the page that says it: https://…")


def _check_needs(needs: schema.TrackerNeedFact, report: Report) -> None:
    names = (*needs.resources, *needs.meta_data)
    if not (names or needs.code):
        report("needs", "missing; name a resource or meta-data without which it does nothing")
    for name in names:
        if not re.fullmatch(r"[\w.-]+", name):
            report("needs", f"{short_repr(name)} is no name of a resource or of meta-data")
    for name in needs.code:
        if not _CLASS.fullmatch(name):
            report("needs", f"{short_repr(name)} is no name of a class")
    if not needs.source.startswith("https://"):
        report("needs.source", f"{short_repr(needs.source)} is no address; name where the maker says it: https://…")


def _check_part(part: schema.LibraryPartFact, place: str, report: Report) -> None:
    if not part.addresses:
        report(f"{place}.addresses", "missing; name what it alone connects to, such as: api.example.com/path")
    for address in part.addresses:
        if fault := host_fault(address.partition("/")[0]):
            report(f"{place}.addresses", fault)
    for name in part.meta_data:
        if not re.fullmatch(r"[\w.-]+", name):
            report(f"{place}.meta_data", f"{short_repr(name)} is no name of meta-data")
    if not part.source.startswith("https://"):
        report(f"{place}.source", f"{short_repr(part.source)} is no address; name where that stands: https://…")


def check_library(library: schema.LibraryFact, report: Report) -> None:
    """Report faults of a library; each of its self-tests is a class name."""
    if not library.owner.strip():
        report("owner", "missing; name who makes it")
    for place, prefix in enumerate(library.code):
        if not _LIBRARY_PREFIX.fullmatch(prefix):
            text = f"{short_repr(prefix)} is no prefix of class names; write whole labels: com.vendor.library"
            report(f"code[{place}]", text)
    report_untested(report, library.matches, library.ignores)
    report_failed(report, library.matches, library.ignores, lambda text: covers_class(library.code, text))
    for place, prefix in enumerate(library.base):
        if not covers_class(library.code, f"{prefix}.Sample"):
            report(f"base[{place}]", f"{short_repr(prefix)} is no part of the library; see its code")
    for name in library.base_behaviours:
        if not covers_class(library.base, name):
            report("base_behaviours", f"{short_repr(name)} is in none of its base")
    for name, switch in library.switches.items():
        if not (covers_class(library.code, name) and covers_class(library.code, switch)):
            report("switches", f"{short_repr(name)} or {short_repr(switch)} is no part of the library; see its code")
    for name in library.options:
        if not covers_class(library.code, name):
            report("options", f"{short_repr(name)} is no part of the library; see its code")
    for place, part in enumerate(library.parts):
        _check_part(part, f"parts[{place}]", report)
    if library.base:
        report_untested(report, library.base_matches, library.base_ignores)
        report_failed(report, library.base_matches, library.base_ignores, lambda text: covers_class(library.base, text))


def check_call(fact: CallFact, report: Report) -> None:
    """Report faults of what a call does; each of its self-tests is a class, a method and the number of an argument."""
    for field, names in (("classes", fact.classes), ("methods", fact.methods)):
        if not names:
            report(field, "missing; name one at least")
    for place, name in enumerate(fact.classes):
        if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_][\w$]*)+", name):
            report(f"classes[{place}]", f"{short_repr(name)} is no class name; write java.net.URL")
        elif fact.effect in LOWERING and not is_of_platform(name):
            text = f"{short_repr(name)} may be a class of the package; only what Android's own classes do can lower"
            report(f"classes[{place}]", text)
    if (fact.effect == "callback") != (fact.callback is not None):
        report("callback", "the effect callback names a method, and no other effect does")
    if fact.effect in ("intent", "addressed", "printed") and not fact.texts:
        report("texts", "the effect intent names actions, addressed packages, printed fields")
    if fact.texts and fact.effect not in ("intent", "named", "addressed", "printed", "sent"):
        report("texts", "only the effects intent, named, addressed, printed and sent have texts")
    if fact.read_back and fact.effect not in ("opened", "printed"):
        report("read_back", "only what the effects opened and printed show can be read back")
    if fact.rule and fact.effect not in ("opened", "printed", "compared"):
        report("rule", "only what is opened, printed or compared can be taken out")
    report_untested(report, fact.matches, fact.ignores)
    report_failed(report, fact.matches, fact.ignores, lambda text: _covers_call(fact, text))


def _covers_call(fact: CallFact, text: str) -> bool:
    call, _, argument = text.partition(" ")
    owner, _, method = call.rpartition(".")
    return argument.isdecimal() and fact.covers(owner, method, int(argument))


def check_host(fact: schema.HostFact, report: Report) -> None:
    report_fault(report, "host", host_fault(fact.host, as_owner=True))
    if not fact.owner.strip():
        report("owner", "missing; name the company")


def check_host_rule(rule: HostRule, report: Report) -> None:
    """Report faults of a rule over the names of hosts; each of its self-tests is a host."""
    report_missing(report, owners=rule.owners, words=rule.words or rule.labels, reason=rule.reason.strip())
    for place, word in enumerate(rule.words):
        if not re.fullmatch(r"[a-z][a-z0-9]*[a-z]|[a-z]", word):
            text = f"{short_repr(word)} is no part of a label; write small letters, no hyphen, no digit at the end"
            report(f"words[{place}]", text)
    for field, hosts in (("matches", rule.matches), ("ignores", rule.ignores)):
        report_faults(report, field, hosts, host_fault)
    report_untested(report, rule.matches, rule.ignores)
    report_failed(report, rule.matches, rule.ignores, lambda text: rule.covers(text.rpartition(".")[0]))


def check_key(key: schema.KeyFact, report: Report) -> None:
    if key.sha256 is None and key.sha1 is None:
        report("sha256", "missing; give the SHA-256 of the certificate, or its SHA-1")
    if key.sha256 is not None:
        report_fault(report, "sha256", digest_fault(key.sha256, "sha256"))
    if key.sha1 is not None:
        report_fault(report, "sha1", digest_fault(key.sha1, "sha1"))


def check_rule(rule: schema.RuledOutRule, report: Report) -> None:
    """Report faults of a rule; each of its self-tests is a host or a URL."""
    if not rule.reason.strip():
        report("reason", "missing; say why nothing is sent there")
    report_faults(report, "hosts", rule.hosts, _rule_host_fault)
    report_faults(report, "url_prefixes", rule.url_prefixes, _url_prefix_fault)
    report_faults(report, "held_by", rule.held_by, prefix_fault)
    report_untested(report, rule.matches, rule.ignores)
    if rule.by == "analysis" and (rule.hosts or rule.url_prefixes or rule.url_patterns):
        report("by", "a rule by analysis names no hosts, URL prefixes or patterns; write by name, or leave them out")
    if (rule.by == "use") != (rule.spares is not None) or (rule.spares and rule.hosts):
        report("spares", "a rule by use, and no other, says what it spares; it names URLs and no whole host")
    if bool(rule.texts) != bool(rule.held_by) or (rule.texts and rule.by != "analysis"):
        report("texts", "texts and held_by go together, in a rule by analysis")
    if (
        rule.by == "analysis"
        or any(map(_rule_host_fault, rule.hosts))
        or any(map(_url_prefix_fault, rule.url_prefixes))
    ):
        return  # a self-test says nothing about a rule that cannot be read, or that only the analyser can try
    index = RuleIndex((rule,))
    report_failed(report, rule.matches, rule.ignores, lambda text: index.find(split_url(text)[0], text))


def _rule_host_fault(host: str) -> str | None:
    is_network_or_whole_domain = "/" in host or "." not in host
    return None if is_network_or_whole_domain else host_fault(host)


def _url_prefix_fault(prefix: str) -> str | None:
    host, path = split_url(prefix)
    if "://" in prefix or not path.startswith("/"):
        return f"{short_repr(prefix)}; write host and path without scheme: www.host.example/licenses/"
    return host_fault(host)


def check_rule_against(rule: schema.RuledOutRule, sending: Iterable[tuple[str, str]], report: Report) -> None:
    """Report hosts that a rule takes out although another fact says that data is sent there; `sending` names both."""
    index = RuleIndex((rule,))
    for host, who in sending:
        if index.find(host, ""):
            report("hosts", f"takes out {host}, to which data is sent ({who}); name a narrower host or a URL prefix")


def check_packer(packer: schema.PackerFact, report: Report) -> None:
    """Report faults of a packer; each of its self-tests is a path, a class name, or several paths."""
    report_faults(report, "files", packer.files, _file_fault)
    report_faults(report, "weak_files", packer.weak_files, _file_fault)
    report_faults(report, "classes", packer.classes, prefix_fault)
    if len(packer.weak_files) == 1:
        report("weak_files", "one weak name alone is never enough; name another one, or none")
    report_missing(report, name=packer.name, sources=packer.sources, matches=packer.matches, ignores=packer.ignores)
    index = PackerIndex((packer,))

    def is_met(text: str) -> bool:
        return covers_class(packer.classes, text) or bool(index.of_files(text.split(_JOIN)))

    report_failed(report, packer.matches, packer.ignores, is_met)


def _file_fault(text: str) -> str | None:
    """Say what keeps a text from being the name of an entry, or None. Too few letters would meet too much."""
    if not _FILE.fullmatch(text):
        return f"{short_repr(text)} is no path inside a package; write libname.so, assets/name or assets/folder/"
    if len(re.sub(r"[*/]|assets/|lib/", "", text)) < 4:
        return f"{short_repr(text)} would meet too much; name more of it"
    return None


def check_baseline(fact: schema.BaselineFact, report: Report) -> None:
    """Report faults of a baseline: a proof that is missing, names that are none or stand twice."""
    report_missing(report, name=fact.name.strip())
    proofs = {"packages": fact.packages, "signers": fact.signers, "api_levels": fact.api_levels, "files": fact.files}
    for field, proof in proofs.items():
        if field in _PROOFS[fact.kind] and not proof:
            report(field, f"missing; of kind {fact.kind} it is the proof")
        elif field not in _PROOFS[fact.kind] and proof:
            report(field, f"says nothing in an entry of kind {fact.kind}; leave it out")
    counts = Counter((*fact.packages, *fact.files.values()) if fact.kind != "file" else ())
    for name in (*fact.packages, *fact.files.values()):
        if not _PACKAGE.fullmatch(name):
            report("packages", f"{short_repr(name)} is no name of a package")
        elif counts[name] > 1:
            report("packages", f"{name} stands {counts[name]} times; keep one of them")


def check_authority(fact: schema.AuthorityFact, report: Report) -> None:
    """Report faults of an authority: no name, API levels that are none or not in order, no source."""
    report_missing(report, name=fact.name.strip(), sources=fact.sources)
    if list(fact.api_levels) != sorted(set(fact.api_levels)):
        report("api_levels", "write each once, the oldest first")
    for level in fact.api_levels:
        if not OLDEST <= level <= NEWEST:
            report("api_levels", f"{level} is no API level")


def check_support(fact: schema.SupportFact, report: Report) -> None:
    if not re.fullmatch(r"\d{4}-[01]\d-[0-3]\d", fact.until):
        report("until", f"{short_repr(fact.until)}; write a day: 2026-01-31")
    report_missing(report, maker=fact.maker, name=fact.name, brand=fact.brand, sources=fact.sources)
    if not fact.models and not fact.devices:
        report("models", "names no model and no device; name one, or leave the entry out")


def check_label(fact: schema.LabelFact, report: Report) -> None:
    """Report faults of the words for a property. Its id is the property."""
    if "." not in fact.id:
        report("id", f"{short_repr(fact.id)} is no property")
    for place, label in enumerate(fact.labels):
        if not label.strip() or label != label.strip() or label.endswith(":"):
            report(f"labels[{place}]", f"{short_repr(label)}; write the words alone, with nothing around them")
