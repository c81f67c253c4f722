"""What code does with a text that holds a host, where that shows that nothing connects to it.

Seven things are told apart from all others: a constant of a library that no code reads, a text that only goes into
messages (the log, an exception, the console), a name that one library is known to use for something else, a page with
documentation in a known library, an address in an Intent that is never sent, a name in a list of public suffixes, and
a sentence for people that is handed on whole. Every instruction that loads the
text is followed, register by register; as soon as anything else happens to it, it counts. So nothing can be hidden by
its wording alone: a URL inside a sentence counts like any other if the code cuts it out again or hands it to what opens
addresses. A URL that is only compared counts too, since the page in a WebView that it is compared with was fetched.
What is not seen are texts fetched by reflection, by native code or out of the message of an exception that was caught;
whoever goes so far encrypts them, and the text stays listed in any case.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from phone_audit.analyse.dex.annotations import count_values
from phone_audit.analyse.dex.descriptors import java_name
from phone_audit.analyse.dex.index import DexIndex
from phone_audit.analyse.dex.instructions import DexCodeError
from phone_audit.analyse.dex.reads import Method
from phone_audit.analyse.followed import MESSAGE, PROSE, Follower, OtherUseError, SentenceFollower
from phone_audit.analyse.host_text import find_urls
from phone_audit.analyse.libraries import Owner
from phone_audit.analyse.mentions import Mention, classes_read, mentions_of
from phone_audit.analyse.mentions import Spot as Spot
from phone_audit.analyse.probes import PROBE
from phone_audit.analyse.sentences import is_sentence
from phone_audit.analyse.suffix_lists import SUFFIX_LIST, spots_in_lists
from phone_audit.knowledge.fact_schema import RuledOutRule

UNUSED: Final = "unused"
LIBRARY_PAGE: Final = "library-documentation"
BY_USE: Final = frozenset({UNUSED, MESSAGE, PROSE, LIBRARY_PAGE, PROBE, SUFFIX_LIST})
"""Rules of the knowledge that are tried here."""

MAX_TEXTS: Final = 500
"""Texts of one package that are followed."""
MAX_LISTED: Final = 5_000
"""Texts of one package of which is looked whether a list of suffixes holds them."""
MAX_USES: Final = 20
"""Instructions that may load a text; one that is loaded more often counts."""
MAX_UNUSED: Final = 50
"""Texts that no code reads and that are looked for in annotations; what goes beyond counts."""

_PAGES: Final = re.compile(
    r"https?://(?!docs\.google(?:apis)?\.com)(?:docs?|documentation|developers?|wiki|javadocs?|bugs|faqs?|guides?|learn"
    r"|forums?|kb)\.[^/?#]+(?:[/?#].*)?"
    r"|https?://(?!docs\.google)[^/?#]+/(?:(?!api/)[a-z-]+/)?(?:docs|documentation|javadocs?|wiki|faqs?)(?:/[^?]*|#.*)?"
)
"""Addresses whose first label, or the beginning of whose path, says that people read there."""


def rules_by_use(
    indexes: Sequence[DexIndex],
    owner_of: Callable[[str], Owner],
    constants: Sequence[RuledOutRule],
    texts: Mapping[Spot, str],
) -> dict[Spot, str]:
    """Give the rule for each text that the code uses in no other way than a rule says. Texts that count are left out.

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
    sentences = {spot: text for spot, text in texts.items() if _has_sentence(text)}
    others = {spot: text for spot, text in texts.items() if spot not in sentences}
    read = classes_read(indexes, {owner for one in mentions if one.text in texts for owner in one.owners})
    found: dict[Spot, str] = {}
    methods: dict[tuple[int, int], Method] = {}
    for kind, chosen in ((_Uses, others), (_Sentences, sentences)):
        uses = kind(indexes, owner_of, constants, methods)
        found |= uses.rules(chosen, [one for one in mentions if one.text in chosen], read)
    return found


def _has_sentence(text: str) -> bool:
    if text.isascii() and " " not in text:
        return False
    url = next((found.url for found in find_urls(text)), None)
    return url is not None and is_sentence(text, url)


class _Uses:
    """Tells of texts of one package which rules hold for all that happens to them."""

    follower: type[Follower] = Follower

    def __init__(
        self,
        indexes: Sequence[DexIndex],
        owner_of: Callable[[str], Owner],
        constants: Sequence[RuledOutRule],
        methods: dict[tuple[int, int], Method],
    ) -> None:
        """Take in the package; `methods` are those decoded so far, by index and row."""
        self._follower = self.follower(indexes, methods)
        self._owner_of = owner_of
        self._constants = {text: rule for rule in constants for text in rule.texts}
        self._left = MAX_UNUSED
        self._pages: frozenset[Spot] = frozenset()

    def rules(
        self, texts: Mapping[Spot, str], mentions: Collection[Mention], read: Collection[bytes]
    ) -> dict[Spot, str]:
        """Give the rules for some texts.

        Args:
            texts: what they say.
            mentions: what holds them.
            read: classes out of whose static fields code may take a text.
        """
        self._pages = frozenset(spot for spot, text in texts.items() if _PAGES.fullmatch(text))
        found: dict[Spot, set[str]] = defaultdict(set)
        counts: set[Spot] = set()
        for one in mentions:
            try:
                found[one.text] |= self._kinds(one, read, self._constants.get(texts[one.text]))
            except (OtherUseError, DexCodeError):
                counts.add(one.text)
        return {text: _rule(kinds) for text, kinds in found.items() if kinds and text not in counts}

    def _kinds(self, one: Mention, read: Collection[bytes], constant: RuledOutRule | None) -> set[str]:
        if len(one.users) > MAX_USES or self._may_be_read(one, read):
            raise OtherUseError
        if constant and one.is_held_only_by(constant):
            return {constant.id}
        if one.text in self._pages and self._is_of_libraries(one):
            return {LIBRARY_PAGE}
        if one.users:
            return {kind for use in one.users for kind in self._follower.rules_of(one.part, use)}
        if not one.owners:
            return set()
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

    def _may_be_read(self, one: Mention, read: Collection[bytes]) -> bool:
        """Tell whether code may take the text out of a static field."""
        return any(owner in read for owner in one.owners)


class _Sentences(_Uses):
    """Tells it of sentences for people. One that no instruction loads stands in an annotation."""

    follower = SentenceFollower

    def _may_be_read(self, one: Mention, read: Collection[bytes]) -> bool:
        return not one.users and super()._may_be_read(one, read)

    def _kinds(self, one: Mention, read: Collection[bytes], constant: RuledOutRule | None) -> set[str]:
        return super()._kinds(one, read, constant) if one.users or one.owners else {PROSE}


def _rule(kinds: Collection[str]) -> str:
    """Give the rule for a text with which all of this happens."""
    return min(kinds)
