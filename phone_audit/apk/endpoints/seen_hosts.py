"""What was seen of one host, and whether that counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from phone_audit.apk.endpoints.uses import Spot
from phone_audit.model.apk import CLEARTEXT_SCHEMES, HostKind
from phone_audit.model.finding import Evidence

MAX_SPOTS: Final = 20
"""Strings of one host whose use is looked at; with more of them it counts."""


@dataclass
class Gathered:
    """Everything seen of one host.

    Attributes:
        rule: what takes the host out whatever its URLs are.
        url_rules: what took single URLs out.
        look_alikes: what took it out where it stood alone, or where the code does nothing with it.
        free_url: whether some URL was taken out by nothing.
        free_name: whether it stood alone and was taken out by nothing.
        free_spots: strings of DEX files that would make it count, unless the code does nothing with them; for each what
            it says, and the URLs' schemes, or an empty text where it stands alone.
    """

    kind: HostKind
    rule: str | None
    urls: set[str] = field(default_factory=set)
    schemes: set[str] = field(default_factory=set)
    ports: set[int] = field(default_factory=set)
    evidence: list[Evidence] = field(default_factory=list)
    url_rules: set[str] = field(default_factory=set)
    look_alikes: set[str] = field(default_factory=set)
    free_url: bool = False
    free_name: bool = False
    free_spots: dict[Spot, tuple[str, set[str]]] = field(default_factory=dict)
    cleartext: bool = False

    def free(self, scheme: str, spot: Spot | None, text: str) -> None:
        """Take in a mention that counts; `scheme` is empty for a name alone, `spot` the string, where it is one."""
        if spot is not None and (spot in self.free_spots or len(self.free_spots) < MAX_SPOTS):
            self.free_spots.setdefault(spot, (text, set()))[1].add(scheme)
        elif scheme:
            self.free_url = True
            self.cleartext |= scheme in CLEARTEXT_SCHEMES
        else:
            self.free_name = True

    def decide(self, rules: Mapping[Spot, str]) -> None:
        """Let each string count, unless a rule takes it out by what the code does with it."""
        for spot, (_, schemes) in self.free_spots.items():
            for scheme in schemes:
                if spot in rules:
                    self.look_alikes.add(rules[spot])
                else:
                    self.free(scheme, None, "")
        self.free_spots.clear()

    @property
    def ruled_out(self) -> str | None:
        """The rule that takes the host out.

        A name that stands alone is no more than its URLs are: where every URL is documentation, so is the name.
        """
        if self.rule or self.free_url:
            return self.rule
        if self.url_rules or self.free_name:
            return min(self.url_rules, default=None)
        return min(self.look_alikes, default=None)
