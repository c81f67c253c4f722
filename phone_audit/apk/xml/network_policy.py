"""Which traffic a package may send in the clear, and whom it trusts.

Format: https://developer.android.com/privacy-and-security/security-config, defaults from AOSP
`NetworkSecurityConfig.java`, attributes as `XmlConfigSource.java` reads them: cleartext is off from target version 28
on, user certificates are trusted below 24. Where there is a security config, the manifest's own flag is ignored, as
Android does from version 7 on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from phone_audit.apk.xml.elements import Element
from phone_audit.apk.xml.manifest import ManifestFacts
from phone_audit.model.apk import ACCEPTS_ANY_CERTIFICATE, Behaviour, HeldBy, NetworkPolicy

_CLEARTEXT = "cleartextTrafficPermitted"
_NO_CLEARTEXT_FROM = 28
_NO_USER_CERTIFICATES_FROM = 24


@dataclass(frozen=True, slots=True)
class _Rules:
    cleartext: bool
    user_certificates: bool


def read_policy(facts: ManifestFacts, config: Element | None) -> NetworkPolicy:
    """Put together what the manifest and its security config allow.

    Args:
        facts: the manifest.
        config: root of the compiled security config, or None where there is none or it cannot be read.

    Returns:
        `cleartext` holds for hosts in general, `domains` are those that the config names as allowed in the clear.
        `accepts_any_certificate` is false: no configuration can say that, only code can (`with_code`).
    """
    target = facts.platform_target
    default = _Rules(target < _NO_CLEARTEXT_FROM, target < _NO_USER_CERTIFICATES_FROM)
    if config is None:
        allowed = facts.network.cleartext
        source = "platform default" if allowed is None else "AndroidManifest.xml"
        return _policy(default if allowed is None else replace(default, cleartext=allowed), (), source=source)
    base = next((_rules(element, default) for element in config.all("base-config")), default)
    domains = [rule for element in config.all("domain-config") for rule in _domains(element, base)]
    user = base.user_certificates or any(rules.user_certificates for _, rules in domains)
    if facts.debuggable:
        user = user or any(_rules(element, base).user_certificates for element in config.all("debug-overrides"))
    named = tuple(sorted({domain for domain, rules in domains if rules.cleartext}))
    pins = any(any(True for _ in _inside(element, "pin")) for element in config.all("domain-config"))
    return _policy(replace(base, user_certificates=user), named, pins=pins, source="network security config")


def with_code(policy: NetworkPolicy | None, accepting: tuple[HeldBy, ...]) -> NetworkPolicy | None:
    """Add what the code of the package does.

    Args:
        policy: what its manifest allows, or None where that is not known.
        accepting: whose code accepts any certificate.
    """
    if policy is None or not accepting:
        return policy
    return policy.model_copy(update={"accepts_any_certificate": True, "accepted_by": accepting})


def accepting_behaviour(accepting: tuple[HeldBy, ...]) -> tuple[Behaviour, ...]:
    """Say it as a behaviour too, which is known where the policy is not."""
    evidence = tuple(one for holder in accepting for one in holder.evidence)
    return (
        (Behaviour(id=ACCEPTS_ANY_CERTIFICATE, title="Accepts any certificate", evidence=evidence),) if evidence else ()
    )


def _policy(rules: _Rules, domains: tuple[str, ...], *, source: str, pins: bool = False) -> NetworkPolicy:
    return NetworkPolicy(
        cleartext=rules.cleartext,
        domains=domains,
        trusts_user_cas=rules.user_certificates,
        pins=pins,
        accepts_any_certificate=False,
        source=source,
    )


def _rules(element: Element, inherited: _Rules) -> _Rules:
    cleartext = _cleartext(element, inherited.cleartext)
    anchors = next(element.all("trust-anchors"), None)
    if anchors is None:
        return replace(inherited, cleartext=cleartext)
    sources = (certificates.by_name("src") for certificates in anchors.all("certificates"))
    return _Rules(cleartext, any(s is not None and s.reference is None and s.text == "user" for s in sources))


def _domains(element: Element, inherited: _Rules) -> Iterator[tuple[str, _Rules]]:
    rules = _rules(element, inherited)
    for domain in element.all("domain"):
        if domain.text:
            yield domain.text.lower(), rules
    for inner in element.all("domain-config"):
        yield from _domains(inner, rules)


def _inside(element: Element, tag: str) -> Iterator[Element]:
    for child in element.children:
        if child.tag == tag:
            yield child
        yield from _inside(child, tag)


def _cleartext(element: Element, inherited: bool) -> bool:
    """Read the permission as Android does: of any namespace, the last one counts, and what is no number permits."""
    permitted = inherited
    for one in element.attributes:
        if one.name == _CLEARTEXT:
            permitted = one.value.integer != 0
    return permitted
