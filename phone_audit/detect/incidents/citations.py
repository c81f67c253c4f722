"""Incidents and their sources as a report cites them."""

from collections.abc import Iterable, Sequence

from phone_audit.knowledge.feeds.indicator import FeedHead
from phone_audit.knowledge.schema.facts import FactSource
from phone_audit.knowledge.schema.incident import EndpointFact, Fact, IncidentEntry, IncidentSource
from phone_audit.model.finding import Incident, Source
from phone_audit.model.wording import listed


def cited(incident: IncidentEntry) -> Incident:
    """Return an incident as a result embeds it. Data types that are only recalled are left out."""
    return Incident(
        id=incident.id,
        title=incident.title,
        summary=incident.summary,
        data_types=tuple(sorted(fact.value for fact in incident.data_types if fact.confidence == "sourced")),
        status=incident.status,
        raises=incident.raises,
        sources=all_sources(incident),
        hosts=tuple(sorted({fact.value for fact in incident.endpoints if _is_host(fact)})),
    )


def _is_host(fact: EndpointFact) -> bool:
    """Tell whether a publisher names a host that serves the case, and not ordinary software too."""
    return fact.kind == "domain" and fact.confidence == "sourced" and fact.weight != "none"


def all_sources(incident: IncidentEntry) -> tuple[Source, ...]:
    """Return all publications of an incident, in its order; lists of names, which accuse nobody, are none."""
    return tuple(cited_source(source) for source in incident.sources if source.kind != "list")


def sources_of(incident: IncidentEntry, facts: Iterable[Fact]) -> tuple[Source, ...]:
    """Return the publications that these facts of an incident rest on, in the incident's order.

    Where the spelling of a value was read is left out: a list of names accuses nobody.
    """
    wanted = {fact.source for fact in facts}
    return tuple(cited_source(source) for source in incident.sources if source.n in wanted and source.kind != "list")


def cited_source(source: IncidentSource | FactSource | FeedHead) -> Source:
    """Return a publication as a result cites it."""
    return Source(title=source.title, publisher=source.publisher, date=source.date, url=source.url)


def publishers(sources: Sequence[Source]) -> str:
    """Name who published, with dates, each publisher once."""
    names = {
        source.publisher: f"{source.publisher} ({source.date})" if source.date else source.publisher
        for source in reversed(sources)
    }
    return listed(list(reversed(names.values())), 3)
