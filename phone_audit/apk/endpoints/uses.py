"""What code does with a text that holds a host, where that shows that nothing connects to it.

Six things are told apart from all others: a constant of a library that no code reads, a text that only goes into
messages (the log, an exception, the console, a dialogue), a name that one library is known to use for something else,
an address in an Intent that is never sent, a name in a list of public suffixes, and a sentence for people that no code
loads. Every instruction that loads a text is followed, register by register; as soon as anything else happens to it,
it counts: also where it is kept in a field, given back, or handed to a method that cannot be followed. So nothing can
be hidden by its wording or by the name of the class it stands in: a URL inside a sentence counts like any other if the
code may cut it out again. A URL that is only compared counts too, since the page in a WebView that it is compared with
was fetched. What is not seen are texts fetched by reflection, out of an annotation, by native code or out of the
message of an exception that was caught; whoever goes so far encrypts them, and the text stays listed in any case.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from phone_audit.apk.code.libraries import Owner
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.encoded_values import count_values
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import DexCodeError
from phone_audit.apk.endpoints.host_text import find_urls
from phone_audit.apk.endpoints.intent_probes import PROBE
from phone_audit.apk.endpoints.mentions import Mention, classes_read, mentions_of
from phone_audit.apk.endpoints.mentions import Spot as Spot
from phone_audit.apk.endpoints.prose import is_sentence
from phone_audit.apk.endpoints.string_dataflow import MESSAGE, Follower, OtherUseError
from phone_audit.apk.endpoints.suffix_lists import SUFFIX_LIST, spots_in_lists
from phone_audit.knowledge.schema.facts import RuledOutRule

UNUSED: Final = "unused"
PROSE: Final = "prose"
BY_USE: Final = frozenset({UNUSED, MESSAGE, PROSE, PROBE, SUFFIX_LIST})
"""Rules of the knowledge that are tried here."""

MAX_TEXTS: Final = 500
"""Texts of one package that are followed."""
MAX_LISTED: Final = 5_000
"""Texts of one package of which is looked whether a list of suffixes holds them."""
MAX_USES: Final = 20
"""Instructions that may load a text; one that is loaded more often counts."""
MAX_UNUSED: Final = 50
"""Texts that no code reads and that are looked for in annotations; what goes beyond counts."""


def rules_by_use(
    indexes: Sequence[DexIndex],
    owner_of: Callable[[str], Owner],
    constants: Sequence[RuledOutRule],
    texts: Mapping[Spot, str],
) -> dict[Spot, str]:
    """Return the rule for each text that the code uses in no other way than a rule says. Texts that count are left out.

    The time is bounded by the bytes of the files and by `MAX_LISTED` and `MAX_TEXTS`; more texts than that all count.

    Args:
        indexes: one for each part of each DEX file of the package.
        owner_of: tells whose code a class is, by its name in Java form.
        constants: rules that name whole texts and the classes that hold them.
        texts: strings that hold a host, and what they say.
    """
    if not texts or len(texts) > MAX_LISTED:
        return {}
    mentions = [one for index in indexes for one in mentions_of(index, texts, MAX_USES + 1)]
    listed = dict.fromkeys(spots_in_lists(mentions, texts), SUFFIX_LIST)
    left = {spot: text for spot, text in texts.items() if spot not in listed}
    return listed | _rules_of_others(indexes, owner_of, constants, left, mentions)


def _rules_of_others(
    indexes: Sequence[DexIndex],
    owner_of: Callable[[str], Owner],
    constants: Sequence[RuledOutRule],
    texts: Mapping[Spot, str],
    mentions: Sequence[Mention],
) -> dict[Spot, str]:
    if not texts or len(texts) > MAX_TEXTS:
        return {}
    chosen = [one for one in mentions if one.text in texts]
    read = classes_read(indexes, {owner for one in chosen for owner in one.owners})
    return _Uses(indexes, owner_of, constants, read).rules(texts, chosen)


def _has_sentence(text: str) -> bool:
    if text.isascii() and " " not in text:
        return False
    url = next((found.url for found in find_urls(text)), None)
    return url is not None and is_sentence(text, url)


class _Uses:
    """Tells of texts of one package which rules hold for all that happens to them."""

    def __init__(
        self,
        indexes: Sequence[DexIndex],
        owner_of: Callable[[str], Owner],
        constants: Sequence[RuledOutRule],
        read: Collection[bytes],
    ) -> None:
        """Take in the package; `read` are classes out of whose static fields code may take a text."""
        self._follower = Follower(indexes)
        self._owner_of = owner_of
        self._constants = {text: rule for rule in constants for text in rule.texts}
        self._read = read
        self._left = MAX_UNUSED

    def rules(self, texts: Mapping[Spot, str], mentions: Collection[Mention]) -> dict[Spot, str]:
        """Return the rules for some texts, of which `mentions` tell what holds them."""
        found: dict[Spot, set[str]] = defaultdict(set)
        counts: set[Spot] = set()
        for one in mentions:
            try:
                found[one.text] |= self._kinds(one, texts[one.text])
            except (OtherUseError, DexCodeError):
                counts.add(one.text)
        return {text: _rule(kinds) for text, kinds in found.items() if kinds and text not in counts}

    def _kinds(self, one: Mention, text: str) -> set[str]:
        if len(one.users) > MAX_USES or any(owner in self._read for owner in one.owners):
            raise OtherUseError
        constant = self._constants.get(text)
        if constant and one.is_held_only_by(constant):
            return {constant.id}
        if one.users:
            return {kind for use in one.users for kind in self._follower.rules_of(one.part, use)}
        if not one.owners:
            return {PROSE} if _has_sentence(text) else set()
        if not self._is_of_libraries(one):
            raise OtherUseError
        self._left -= 1
        if self._left < 0 or count_values(one.part, one.number) > len(one.owners):
            raise OtherUseError
        return {UNUSED}

    def _is_of_libraries(self, one: Mention) -> bool:
        """Tell whether only classes of known libraries hold a text."""
        holders = one.holders
        return bool(holders) and all(self._owner_of(java_name(holder)).party == "library" for holder in holders)


def _rule(kinds: Collection[str]) -> str:
    """Return the rule for a text with which all of this happens."""
    return min(kinds)
