"""Until when a phone gets security updates, and how old its patch level is."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from phone_audit.detect.build_properties import with_fingerprint_parts
from phone_audit.detect.incidents.citations import cited_source
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import SupportFact
from phone_audit.model.results import Support

_MODELS = ("ro.product.model", "ro.product.marketname", "ro.product.vendor.model")


def support_of(properties: Mapping[str, str], knowledge: Knowledge) -> Support | None:
    """Return the end of support of the model that the properties name, or None where no source tells it."""
    known = with_fingerprint_parts(properties)
    models, devices = _tables(knowledge)
    fact = next((models[name] for field in _MODELS if (name := known.get(field, "").casefold()) in models), None)
    if fact is None:
        fact = devices.get((known.get("ro.product.brand", "").casefold(), known.get("ro.product.device", "")))
    if fact is None:
        return None
    sources = {source.id: source for source in knowledge.sources}
    return Support(
        maker=fact.maker,
        model=fact.name,
        until=fact.until,
        sources=tuple(cited_source(sources[name]) for name in fact.sources),
    )


def patch_age(patch: str | None, as_of: date) -> int | None:
    """Return the days from a patch level to a day.

    None where there is none, or it is no date, or later than the day.
    """
    try:
        days = (as_of - date.fromisoformat(patch or "")).days
    except ValueError:
        return None
    return days if days >= 0 else None


@lru_cache(maxsize=4)
def _tables(knowledge: Knowledge) -> tuple[Mapping[str, SupportFact], Mapping[tuple[str, str], SupportFact]]:
    """Return what is known by the model's name, and by brand and device."""
    models = {name.casefold(): fact for fact in knowledge.support for name in fact.models}
    devices = {(fact.brand.casefold(), name): fact for fact in knowledge.support for name in fact.devices}
    return models, devices
