"""Where data comes from: which calls and fields give it, and which methods of a package read it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from phone_audit.apk.behaviours.lookup import Lookup, Numbers, Wanted
from phone_audit.apk.flows import models
from phone_audit.apk.flows.machine import SMALL
from phone_audit.apk.flows.program import Method, Program
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.behaviour import BehaviourRule, Leaf

WORDS: Final[Mapping[str, str]] = {
    "imei": "the IMEI",
    "imsi": "the IMSI",
    "iccid": "the number of the SIM card",
    "serial": "the serial number",
    "mac": "a hardware address",
    "location": "the place of the phone",
    "phone-number": "the phone number",
    "android-id": "the Android ID",
    "advertising-id": "the advertising ID",
    "packages": "the list of installed packages",
    "accounts": "the accounts",
    "contacts": "the contacts",
    "sms": "text messages",
    "call-log": "the call log",
    "clipboard": "the clipboard",
}


_SETTING_CALLS: Final = frozenset(Leaf("call", name) for name in models.SETTING_CALLS)
_QUERIES: Final = frozenset({Leaf("call", models.QUERY)})
_SETTINGS: Final = [Leaf("string", text) for text in models.SETTINGS]
_PROVIDERS: Final = [Leaf("string_start", text) for text in models.PROVIDER_TEXTS]


class Sources:
    """The calls and fields whose result is data, from the rules of behaviour that consist of such a list alone.

    Attributes:
        calls: the data by `class.method`.
        fields: the data by `class.field`.
        wanted: what to look for to find the methods that read data: these calls and fields, the calls whose data
            depends on a text that they are handed, and the one whose data depends on the provider that is asked.
        providers: the fields that name a provider.
    """

    def __init__(self, rules: Iterable[BehaviourRule]) -> None:
        found = dict(_data_of(rules))
        self.calls: Mapping[str, str] = {leaf.text: data for leaf, data in found.items() if leaf.kind == "call"}
        self.fields: Mapping[str, str] = {leaf.text: data for leaf, data in found.items() if leaf.kind == "field"}
        self.wanted = Wanted([*found, *_SETTING_CALLS, *_QUERIES])
        self.providers = Wanted(Leaf("field", name) for name in models.PROVIDER_FIELDS)


def _data_of(rules: Iterable[BehaviourRule]) -> Iterable[tuple[Leaf, str]]:
    for rule in rules:
        if rule.data in WORDS and rule.data is not None and rule.scope == "method":
            for part in (rule.match, *rule.match.any_of):
                yield from ((leaf, rule.data) for leaf in part.own_leaves() if leaf.kind in ("call", "field"))


@lru_cache(maxsize=4)
def sources_of(knowledge: Knowledge) -> Sources:
    """Return the sources that the knowledge names."""
    return Sources(knowledge.behaviours)


def reading(program: Program, sources: Sources) -> set[Method]:
    """Return the methods that call or read a source, or are handed data by Android."""
    lookups = [Lookup(index) for index in program.indexes]
    named = [lookup.find(sources.wanted) for lookup in lookups]
    plain = [_numbers(part.methods, without=_SETTING_CALLS | _QUERIES) for part in named]
    found = {method for method, _, _ in program.users("method", plain)}
    found |= {method for method, _, _ in program.users("field", [part.fields for part in named])}
    for name, proto in models.CALLBACKS:
        for part in range(len(program.indexes)):
            found |= set(program.defined(part, name, proto))
    asking = [_numbers(part.methods, only=_SETTING_CALLS) for part in named]
    if any(asking):
        found |= _naming(program, asking, [lookup.strings(_SETTINGS) for lookup in lookups], [{} for _ in lookups])
    asking = [_numbers(part.methods, only=_QUERIES) for part in named]
    if any(asking):
        fields = [lookup.find(sources.providers).fields for lookup in lookups]
        found |= _naming(program, asking, [lookup.strings(_PROVIDERS) for lookup in lookups], fields)
    return found


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
