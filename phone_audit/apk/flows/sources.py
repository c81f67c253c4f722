"""The calls and fields whose result is data, and the methods that read it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from phone_audit.apk.behaviours.lookup import LeafQuery, Lookup, Numbers
from phone_audit.apk.code.libraries import is_of_library
from phone_audit.apk.dex.descriptors import is_of_android, java_name
from phone_audit.apk.flows.program import Method, Program
from phone_audit.apk.flows.sending_libraries import SendingLibraries, Sink
from phone_audit.apk.flows.taint_rules import (
    ANSWERS,
    CALLBACKS,
    COPIES,
    EXTRAS,
    LOOKUPS,
    MARKS,
    MEMORY,
    MESSAGES,
    OF_LIBRARIES,
    PROVIDER_FIELDS,
    PROVIDER_TEXTS,
    QUERY,
    SETTING_CALLS,
    SETTINGS,
    SINKS,
    SMALL,
)
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.behaviour import BehaviourRule, Leaf
from phone_audit.knowledge.schema.call import CallFact
from phone_audit.model.wording import DATA_WORDS

_SETTING_CALLS: Final = frozenset(Leaf("call", name) for name in SETTING_CALLS)
_QUERIES: Final = frozenset({Leaf("call", QUERY)})
_SETTINGS: Final = [Leaf("string", text) for text in SETTINGS]
_PROVIDERS: Final = [Leaf("string_start", text) for text in PROVIDER_TEXTS]


class Sources:
    """The calls and fields whose result is data, from the rules of behaviour that consist of such a list alone.

    `calls` and `fields` tell the data by `class.method` and `class.field`. `wanted` is what to look for to find the
    methods that read data: these, the calls whose data depends on a text that they are handed, and the one whose data
    depends on the provider that is asked, which `providers`, fields, name. `android` are the classes of Android that
    rules name, and those of `libraries` that send. By what is `leaving` data may leave the phone. What `answers` give
    comes from the other side: of libraries all calls that send. What is `whole` takes all fields of an object. What is
    `of_libraries` is followed only in code of others than the library that gives it.
    """

    def __init__(self, rules: Iterable[BehaviourRule], calls: Iterable[CallFact] = ()) -> None:
        libraries = self.libraries = SendingLibraries(calls)
        rules = tuple(rules)
        found = dict(_data_of(rules))
        self.of_libraries = OF_LIBRARIES.union(rule.data for rule in rules if rule.outside_library and rule.data)
        self.calls: Mapping[str, str] = {leaf.text: data for leaf, data in found.items() if leaf.kind == "call"}
        self.library_names = {name.rpartition(".")[2] for name in self.calls if not _is_of_system(name)}
        self.fields: Mapping[str, str] = {leaf.text: data for leaf, data in found.items() if leaf.kind == "field"}
        self.wanted = LeafQuery([*found, *_SETTING_CALLS, *_QUERIES])
        self.sinks: Mapping[str, Sink] = {**SINKS, **libraries.sinks}
        self.answers = ANSWERS | libraries.sinks.keys()
        self.whole = libraries.written | libraries.sinks.keys()
        named_calls = (*self.calls, *SINKS, *MARKS, *COPIES, *MESSAGES, *SETTING_CALLS, *LOOKUPS)
        owners = {call.rpartition(".")[0] for call in named_calls}.union(EXTRAS, MEMORY)
        named = (f"L{one.replace('.', '/')};".encode() for one in owners)
        self.android = libraries.holding_types.union(one for one in named if is_of_android(one))
        leaving = (*((call, sink.name) for call, sink in self.sinks.items()), *MARKS.items())
        self.leaving = LeafQuery(Leaf("call", call) for call, name in leaving if name in ("network", "sms"))
        self.providers = LeafQuery(Leaf("field", name) for name in PROVIDER_FIELDS)


def _is_of_system(name: str) -> bool:
    """Tell whether a call is one of Android, or gives nothing back itself that is data."""
    method = name.rpartition(".")[2]
    return is_of_android(f"L{name.replace('.', '/')};".encode()) or not method.startswith("get")


def _data_of(rules: Iterable[BehaviourRule]) -> Iterable[tuple[Leaf, str]]:
    for rule in rules:
        if rule.data in DATA_WORDS and rule.data is not None and rule.scope == "method":
            for part in (rule.match, *rule.match.any_of):
                yield from ((leaf, rule.data) for leaf in part.own_leaves if leaf.kind in ("call", "field"))


@lru_cache(maxsize=4)
def sources_of(knowledge: Knowledge) -> Sources:
    """Return the sources that the knowledge names."""
    return Sources(knowledge.behaviours, knowledge.calls)


def source_methods(program: Program, sources: Sources) -> set[Method]:
    """Return the methods that call or read a source, or are handed data by Android."""
    lookups = [Lookup(index) for index in program.indexes]
    named = [lookup.find(sources.wanted) for lookup in lookups]
    plain = [_numbers(part.methods, without=_SETTING_CALLS | _QUERIES) for part in named]
    reading = ((method, number) for method, number, _ in program.users("method", plain))
    found = {method for method, number in reading if not _reads_itself(program, sources, method, number)}
    views = program.view_fields
    numbers = [
        program.fields_named(part, views.numbers.keys()) if views.numbers else () for part in range(len(lookups))
    ]
    fields = [part.fields.keys() | of_part for part, of_part in zip(named, numbers, strict=True)]
    found |= {method for method, _, _ in program.users("field", fields)}
    for name, proto in CALLBACKS:
        for part in range(len(program.indexes)):
            found |= set(program.defined(part, name, proto))
    asking = [_numbers(part.methods, only=_SETTING_CALLS) for part in named]
    if any(asking):
        found |= _naming(program, asking, [lookup.strings(_SETTINGS) for lookup in lookups], [{} for _ in lookups])
    asking = [_numbers(part.methods, only=_QUERIES) for part in named]
    if any(asking):
        naming = [lookup.find(sources.providers).fields for lookup in lookups]
        found |= _naming(program, asking, [lookup.strings(_PROVIDERS) for lookup in lookups], naming)
    return found | set(program.holding(views.data))


def _reads_itself(program: Program, sources: Sources, method: Method, number: int) -> bool:
    """Tell whether a method of a library in the package calls one of the same library that gives data of its own."""
    called = program.names.named(method.part, number)
    owner = java_name(called.owner)
    if (
        sources.calls.get(f"{owner}.{called.name}") not in sources.of_libraries
        or program.brought_place(called.owner) is None
    ):
        return False
    return is_of_library(java_name(program.name_of(method).owner), of=owner)


def _numbers(found: Numbers, only: frozenset[Leaf] | None = None, without: frozenset[Leaf] = frozenset()) -> list[int]:
    """Return the numbers that stand for one of some leaves, or for none but others."""
    return [
        number for number, leaves in found.items() if not (only and only.isdisjoint(leaves)) and not without & {*leaves}
    ]


def _naming(
    program: Program,
    asking: Sequence[Collection[int]],
    strings: Sequence[Collection[int]],
    fields: Sequence[Collection[int]],
) -> set[Method]:
    """Return the methods that make one of these calls and name what makes its result data.

    Where a method that only hands on such a name may be followed from anywhere, it is all that make the call.
    """
    if not any(strings) and not any(fields):
        return set()
    names = {method for method, _, _ in program.users("string", strings)}
    names |= {method for method, _, _ in program.users("field", fields)}
    if not names:
        return set()
    asks = {method for method, _, _ in program.users("method", asking)}
    handing_on = any((code := program.code(method)) and len(code.units) <= SMALL for method in names)
    return asks if handing_on else asks & names
