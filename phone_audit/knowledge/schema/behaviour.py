"""The schema of behaviour rules: what code has to call, name or declare for a sentence about it to be said."""

import re
from collections.abc import Iterator, Set
from functools import cached_property
from typing import Final, Literal, NamedTuple

from pydantic import Field, field_validator, model_validator

from phone_audit.files.short_repr import short_repr
from phone_audit.model.base import Frozen

Scope = Literal["method", "class", "package", "app"]
"""Within what all parts of a condition have to be seen: one method, one class, one Java package, anywhere."""
LeafKind = Literal["call", "field", "string", "string_start", "extends", "permission", "component"]
Category = Literal["identifier", "location", "personal", "surveillance", "control", "code", "persistence", "network"]

DECLARED: Final[frozenset[LeafKind]] = frozenset({"permission", "component"})
"""Kinds that stand in the manifest; they hold for the whole package, whatever the scope."""
_LISTS: Final[dict[str, LeafKind]] = {
    "calls": "call",
    "fields": "field",
    "strings": "string",
    "string_starts": "string_start",
    "extends": "extends",
    "permissions": "permission",
    "components": "component",
}
_MEMBER: Final = re.compile(r"[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)+\.(<init>|[A-Za-z_][\w$]*)")
_CLASS: Final = re.compile(r"[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)+")
_COMPONENT: Final = re.compile(r"(activity|service|receiver|provider) (for|guarded by) [\w.]+")
_SHAPES: Final = {"call": _MEMBER, "field": _MEMBER, "extends": _CLASS, "permission": _CLASS, "component": _COMPONENT}


class Leaf(NamedTuple):
    """One thing that can be seen, such as `("call", "java.lang.Runtime.exec")`."""

    kind: LeafKind
    text: str


class _Lists(Frozen):
    """What can be seen, by kind.

    Attributes:
        calls: `class.method` in Java form, matched whole; a constructor is `class.<init>`.
        fields: `class.field`, read anywhere in the code.
        strings: whole constant strings.
        string_starts: what a constant string begins with.
        extends: a class or interface that a class of the package derives from.
        permissions: a permission that the manifest asks for.
        components: `receiver for ACTION`, or `service guarded by PERMISSION`.
    """

    calls: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    strings: tuple[str, ...] = ()
    string_starts: tuple[str, ...] = ()
    extends: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    components: tuple[str, ...] = ()

    @field_validator("calls", "fields", "extends", "permissions", "components")
    @classmethod
    def _readable(cls, texts: tuple[str, ...], info: object) -> tuple[str, ...]:
        shape = _SHAPES[_LISTS[getattr(info, "field_name", "")]]
        for text in texts:
            if shape.fullmatch(text) is None:
                raise ValueError(f"{short_repr(text)} cannot be read; see docs/knowledge.md for how it is written")
        return texts

    @cached_property
    def own_leaves(self) -> tuple[Leaf, ...]:
        """What the lists name, in their order."""
        return tuple(Leaf(kind, text) for field, kind in _LISTS.items() for text in getattr(self, field))


class Condition(_Lists):
    """One part of a rule: a list of which one has to be seen, or other parts. Exactly one field is given."""

    any_of: tuple["Condition", ...] = ()
    all_of: tuple["Condition", ...] = ()

    @model_validator(mode="after")
    def _one_field(self) -> "Condition":
        given = [name for name in type(self).model_fields if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(
                f"give one field that is not empty, found {len(given)}; join several with any_of or all_of"
            )
        return self

    def leaves(self) -> Iterator[Leaf]:
        """Yield everything that the condition names, at any depth."""
        yield from self.own_leaves
        for part in (*self.any_of, *self.all_of):
            yield from part.leaves()

    def holds(self, seen: Set[Leaf]) -> bool:
        """Tell whether the condition holds where exactly these things were seen together. Seeing more never hurts."""
        if self.any_of:
            return any(part.holds(seen) for part in self.any_of)
        if self.all_of:
            return all(part.holds(seen) for part in self.all_of)
        return not self._choice.isdisjoint(seen)

    @cached_property
    def _choice(self) -> frozenset[Leaf]:
        return frozenset(self.own_leaves)


class Features(_Lists):
    """What one unit of code and its manifest hold, for the examples of a rule."""

    def seen_by(self, condition: Condition) -> set[Leaf]:
        """Return what of it a condition can see: of `string_start` what begins one of the strings."""
        starts = {leaf for leaf in condition.leaves() if leaf.kind == "string_start"}
        begun = {leaf for leaf in starts if any(text.startswith(leaf.text) for text in self.strings)}
        return {leaf for leaf in self.own_leaves if leaf.kind != "string_start"} | begun


class Held(Frozen):
    """What a package holds on one phone, as far as Android asks for it.

    Attributes:
        sdk: the API level of the phone.
        target: the API level that the package is made for.
        permissions: those that it asks for, or that it was granted.
        components: as in a condition.
        preinstalled: whether it came with the firmware.
        privileged: whether it gets permissions that only the system's own packages get, where it asks for them.
    """

    sdk: int
    target: int
    permissions: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    preinstalled: bool = False
    privileged: bool = True


class Need(Frozen):
    """Something that Android asks for before the code of a rule works: one of the permissions or of the components.

    It applies from API level `since` to `until` of the phone, and where the package is made for `target_since` to
    `target_until`; each is null where there is no such bound. Where it names nothing, no package is allowed.

    Attributes:
        permissions: one of them is enough.
        components: one of them in the manifest is enough.
        privileged: those of the permissions that only the system's own packages get, whoever asks for them.
        preinstalled: coming with the firmware is enough.
        op: the app-op by which the owner allows it in place of a permission, or null.
        source: the reference of the platform that says so.
    """

    permissions: tuple[str, ...] = ()
    privileged: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    preinstalled: bool = False
    op: str | None = None
    since: int | None = None
    until: int | None = None
    target_since: int | None = None
    target_until: int | None = None
    source: str

    def applies(self, sdk: int, target: int) -> bool:
        """Tell whether Android of this API level asks a package that is made for `target`."""
        return _within(sdk, self.since, self.until) and _within(target, self.target_since, self.target_until)

    def is_met(self, held: Held) -> bool:
        """Tell whether a package holds one of the things asked for."""
        if self.preinstalled and held.preinstalled:
            return True
        wanted = set(self.permissions) - (set() if held.privileged else set(self.privileged))
        return not (wanted.isdisjoint(held.permissions) and set(self.components).isdisjoint(held.components))


def _within(level: int, first: int | None, last: int | None) -> bool:
    return (first is None or level >= first) and (last is None or level <= last)


class Flag(Frozen):
    """What a call has to be handed to count: an argument with one of some bits, where it is a constant.

    Attributes:
        call: one of the calls of the rule.
        argument: its number, 1 for the first behind the object.
        bits: of which one is enough.
        source: the reference of the platform that says what the bits mean.
    """

    call: str
    argument: int = Field(ge=1, le=16)
    bits: int = Field(ge=1, le=0x7FFFFFFF)
    source: str


class BehaviourRule(Frozen):
    """One behaviour.

    Attributes:
        meaning: what it means for the owner of the phone, in plain words.
        data: the kind of data that is read, in the words of a flow's `data`, or null.
        scope: within what all parts of `match` have to be seen together.
        source: the reference of the platform that says what the call does.
        example: what must match.
        near_miss: what looks alike and must not match.
        needs: what Android asks for; each that applies has to be met. Empty where it asks for nothing.
        allowed_with: what must be enough.
        refused_with: what must not be enough.
        flags: what calls have to be handed to count.
        outside_library: whether a call counts only outside of the library that has the method, if it is brought along.
    """

    id: str
    title: str
    meaning: str
    category: Category
    data: str | None
    scope: Scope
    match: Condition
    source: str
    example: Features
    near_miss: Features
    needs: tuple[Need, ...] = ()
    allowed_with: tuple[Held, ...] = ()
    refused_with: tuple[Held, ...] = ()
    flags: tuple[Flag, ...] = ()
    outside_library: bool = False

    def allows(self, held: Held) -> bool | None:
        """Tell whether Android lets a package do it on such a phone; None where it asks for nothing."""
        asked = [need for need in self.needs if need.applies(held.sdk, held.target)]
        return all(need.is_met(held) for need in asked) if asked else None

    @cached_property
    def code_leaves(self) -> tuple[Leaf, ...]:
        """What of the rule stands in code, each once."""
        return tuple(dict.fromkeys(leaf for leaf in self.match.leaves() if leaf.kind not in DECLARED))

    @cached_property
    def declared_leaves(self) -> tuple[Leaf, ...]:
        """What of the rule stands in the manifest, each once."""
        return tuple(dict.fromkeys(leaf for leaf in self.match.leaves() if leaf.kind in DECLARED))
