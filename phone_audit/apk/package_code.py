"""What the DEX files of one package say: endpoints, trackers, signs of hidden code."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from phone_audit.apk.assets.asset_walker import NO_ASSETS, AssetFacts
from phone_audit.apk.behaviours.declared import NOTHING_DECLARED, Declared
from phone_audit.apk.behaviours.find import find_behaviours, name_owners, plan_of
from phone_audit.apk.code.certificate_checks import accepting_code
from phone_audit.apk.code.field_lookups import FieldLookUps
from phone_audit.apk.code.files_read import IdsOf, with_readers
from phone_audit.apk.code.libraries import Owners
from phone_audit.apk.code.obfuscation import count_short, packers_in_code
from phone_audit.apk.code.option_texts import OptionTexts
from phone_audit.apk.code.optional_parts import OptionalParts
from phone_audit.apk.code.preference_reads import reads_settings
from phone_audit.apk.code.started_code import StartedCode
from phone_audit.apk.code.started_flows import with_started_steps
from phone_audit.apk.code.unseen_screens import UnseenScreens
from phone_audit.apk.code.unsure_ways import UnsureWays
from phone_audit.apk.code.ways_in import Running
from phone_audit.apk.dex.descriptors import Classes, class_names, under
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import DexIndex, index_file
from phone_audit.apk.endpoints.address_flow import AddressFlow
from phone_audit.apk.endpoints.address_nodes import Spot
from phone_audit.apk.endpoints.address_use import AddressUses
from phone_audit.apk.endpoints.call_effects import effects_of
from phone_audit.apk.endpoints.endpoints import find_endpoints
from phone_audit.apk.endpoints.holders import name_holders
from phone_audit.apk.endpoints.resource_hosts import with_connecting
from phone_audit.apk.endpoints.script_endpoints import with_sent_to
from phone_audit.apk.endpoints.spelled_hosts import spelled_hosts
from phone_audit.apk.endpoints.started_hosts import with_started
from phone_audit.apk.endpoints.uses import rules_by_use
from phone_audit.apk.flows.connections import with_connections
from phone_audit.apk.flows.find import BUDGET, INTERNET, OFFLINE, find_flows
from phone_audit.apk.flows.most_direct import with_most_direct
from phone_audit.apk.flows.page_flows import page_flows, possible_requests
from phone_audit.apk.flows.program import NO_VIEWS
from phone_audit.apk.flows.sources import sources_of
from phone_audit.apk.trackers.initialised import InitialisedTrackers
from phone_audit.apk.trackers.trackers import find_trackers, with_opt_outs
from phone_audit.apk.xml.package_facts import accepting_behaviours
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import NATIVE_ACTIVITY, AcceptedBy, Behaviour, Endpoint, Obfuscation, Tracker
from phone_audit.model.finding import Skipped

_LOADERS: Final = (b"Ldalvik/system/DexClassLoader", b"Ldalvik/system/InMemoryDexClassLoader")


@dataclass(frozen=True)
class CodeFacts:
    """What was read from the DEX files of one package.

    `accepting` is code that accepts any certificate; `flows_complete` tells whether all data could be followed,
    `flows_followed` the share of the methods to which it was seen to come.
    """

    endpoints: tuple[Endpoint, ...]
    trackers: tuple[Tracker, ...]
    behaviours: tuple[Behaviour, ...]
    flows_complete: bool
    flows_followed: float | None
    obfuscation: Obfuscation
    accepting: tuple[AcceptedBy, ...]
    skipped: tuple[Skipped, ...]


def read_code(
    dexes: Sequence[tuple[str, bytes | memoryview]],
    knowledge: Knowledge,
    declared: Declared = NOTHING_DECLARED,
    elsewhere: AssetFacts = NO_ASSETS,
    others: Callable[[], Iterable[bytes | memoryview]] = tuple,
    views: Mapping[int, str] = NO_VIEWS,
    ids_of: IdsOf = lambda _: {},
) -> CodeFacts:
    """Read endpoints, trackers, behaviours and signs of obfuscation from DEX files.

    Never raises for what the bytes hold; what cannot be read is in `skipped`. Time grows linearly with the bytes.

    Args:
        dexes: name of the entry (`classes2.dex`) and its bytes, hostile; they must not change meanwhile.
        knowledge: what is known of hosts, trackers, libraries and behaviours.
        declared: what the manifest says.
        elsewhere: what the other files of the package hold; its Java classes count where there is no DEX file.
        others: gives their bytes, in which names of classes may stand.
        views: what is typed into views, by their number, as its resources say.
        ids_of: gives the numbers of the resources that hold texts.
    """
    files = [read_dex(name, content) for name, content in (*dexes, *elsewhere.dexes)]
    classes = [Classes(file.name, class_names(file.type_descriptors), file.defined_classes) for file in files]
    classes += () if files else elsewhere.classes
    indexes = [index for file in files for index in index_file(file)]
    owners = Owners(knowledge, declared.package, declared.components)
    constants = [rule for rule in knowledge.rules if rule.texts]
    has_native = any(one.name == NATIVE_ACTIVITY for one in declared.components)
    components = [one.name for one in declared.components]
    off = () if declared.active is None else {*components} - {*declared.active}
    started = StartedCode(
        indexes, owners.of, declared.names, others, off, declared.private, are_marked=declared.marks_for_pages
    )
    look_ups = FieldLookUps(indexes, owners.of, started)
    flow = AddressFlow(
        indexes,
        effects_of(knowledge),
        has_native=has_native,
        may_read=look_ups.may_read,
        may_find=look_ups.may_find,
        package=declared.package,
        sees=started.sees,
    )
    uses_of = AddressUses(flow)
    uses = partial(rules_by_use, indexes, owners.of, constants, uses_of)
    named = [one.named for one in classes]
    elsewhere = _without_links_read_back(elsewhere, indexes, owners)
    spelled = spelled_hosts(indexes)
    elsewhere = replace(
        elsewhere,
        mentions=(*spelled.mentions, *elsewhere.mentions),
        candidates=(*elsewhere.candidates, *spelled.candidates),
    )
    spots: dict[str, tuple[Spot, ...]] = {}
    endpoints, left_out = find_endpoints(files, named, knowledge, elsewhere, uses, uses_of, uses_of.glance, spots)
    endpoints = with_connecting(endpoints, flow, uses_of, ids_of, knowledge)
    endpoints = name_holders(endpoints, indexes, owners.of, spelled.methods)
    parts = OptionalParts(knowledge.libraries, None if declared.names is None else declared.meta_data)
    endpoints = with_started(endpoints, files, indexes, started, spots, parts, uses_of)
    endpoints = with_readers(endpoints, indexes, owners.of, started.starts, ids_of)
    requests = possible_requests(elsewhere.requests, indexes, declared)
    endpoints = tuple(with_sent_to(endpoints, requests))
    behaviours, not_followed = find_behaviours(indexes, declared, plan_of(knowledge), owners)
    budget = BUDGET if declared.package is None or INTERNET in declared.permissions else OFFLINE
    flows = find_flows(
        indexes,
        sources_of(knowledge),
        started,
        owners.own_starts,
        budget,
        frozenset(one.name for one in declared.components if one.exported),
        views,
    )
    seen = UnseenScreens(indexes, declared.active).with_seen_screens(with_started_steps(flows.found, started))
    ways = UnsureWays(indexes)
    sure = with_connections(ways.with_sure_ways(seen), endpoints, owners.of)
    told = with_most_direct(sure, endpoints, owners.of, ways.unsure_steps)
    switches = {name: switch for one in knowledge.libraries for name, switch in one.switches.items()}
    options = {name: option for one in knowledge.libraries for name, option in one.options.items()}
    running = Running(started.starts, started.is_idle, look_ups.may_set_any)
    texts = OptionTexts(indexes, owners.of, others)
    accepting = accepting_code(indexes, owners.of, declared.names, running, switches, options, texts.has)
    skipped = [skip for file in files for skip in file.skipped]
    initialised = InitialisedTrackers(indexes, declared, owners.of, knowledge, started.starts, others, started.sees)
    trackers = find_trackers(classes, endpoints, knowledge, initialised, components)
    return CodeFacts(
        endpoints=endpoints,
        trackers=with_opt_outs(trackers, declared.meta_data, knowledge),
        behaviours=_in_order(
            *name_owners((*behaviours, *told, *accepting_behaviours(accepting)), owners.of),
            *page_flows(requests, indexes, started),
        ),
        flows_complete=flows.complete,
        flows_followed=flows.followed,
        obfuscation=_obfuscation(classes, knowledge),
        accepting=accepting,
        skipped=(*skipped, *spelled.skipped, *left_out, *not_followed),
    )


def _in_order(*behaviours: Behaviour) -> tuple[Behaviour, ...]:
    return tuple(sorted(behaviours, key=lambda one: one.id))


def _without_links_read_back(facts: AssetFacts, indexes: Sequence[DexIndex], owners: Owners) -> AssetFacts:
    """Let no address in a settings page be a mere link where code of the package may read such pages."""
    linked = [one for one in facts.mentions if one.is_link and one.kind == "resource"]
    if not linked or not reads_settings(indexes, owners.of):
        return facts
    return replace(
        facts, mentions=tuple(one._replace(is_link=one.is_link and one.kind != "resource") for one in facts.mentions)
    )


def _obfuscation(classes: Sequence[Classes], knowledge: Knowledge) -> Obfuscation:
    """Return what the names of classes can tell; what only other files show stays unknown here."""
    defined = [name for file in classes for name in file.defined]
    loads = any(under(file.named, loader) for file in classes for loader in _LOADERS)
    packers, evidence = packers_in_code(classes, knowledge)
    return Obfuscation(
        packers=packers,
        name_share=round(count_short(defined) / len(defined), 4) if defined else None,
        encrypted=None,
        dynamic_code=True if loads else None,
        evidence=evidence,
    )
