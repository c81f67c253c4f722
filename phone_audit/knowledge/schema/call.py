"""What calls do with an address or with data, and how a class of a library is known where its names were changed."""

import re
from typing import Final, Literal

from pydantic import field_validator

from phone_audit.model.base import Frozen

CallEffect = Literal[
    "fetched", "opened", "printed", "compared", "nothing", "result", "object", "intent", "named", "addressed",
    "callback", "sent", "held", "collected", "written", "asked", "resource",
]  # fmt: skip
"""What a method does with an address: connects to it; shows it or gives it to another app; does so where it is called
of a known object; compares it; nothing at all; its result holds it; the object that is called and the result hold it;
sends the Intent that holds it; gives such an Intent a receiver by name, or by its package; hands it to another method
of the same object. Of libraries, and of any data: sends it; its object holds it; the same, where several methods put it
there piece by piece; its result holds all fields of the objects that it is handed; the library asks a method that
stands in for this one, and sends what it returns. Its result is the text of the resource whose number it is handed."""

_OF_FLOWS: Final[frozenset[CallEffect]] = frozenset({"sent", "held", "collected", "written", "asked"})
"""Effects that data is followed by, and that say nothing of an address."""
LOWERING: Final[frozenset[CallEffect]] = frozenset(
    {"opened", "printed", "compared", "nothing", "result", "object", "intent"}
)
"""Effects by which an address counts for less than one of which nothing is known."""
PLATFORM: Final = ("android.", "java.", "javax.", "dalvik.", "org.apache.http.", "org.json.", "org.xml.", "org.w3c.")
NO_PLATFORM: Final = ("android.support.", "android.arch.")
"""Classes of Android: where a package brings one of the same name, Android loads its own. Others only look so."""


class Structure(Frozen):
    """Methods of a class of a library, whatever their names.

    `texts` stand in the code of one class: messages, which a shrinker leaves as they are. `methods` are names and
    prototypes as DEX files hold them, with `*` for a name and `**` for any more arguments: `*(Ljava/util/Map;**)L*;`.
    Where there are `handed` texts, one of what the method is handed is of a class in whose code they stand.
    """

    texts: tuple[str, ...]
    methods: tuple[str, ...]
    handed: tuple[str, ...] = ()

    @field_validator("texts", "methods")
    @classmethod
    def _are_there(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        if not values or not all(values):
            raise ValueError("missing; a class is known by a text, its methods by what they take")
        return values

    def covers(self, signature: str) -> bool:
        """Tell whether a method is one of them, by name and prototype.

        Example:
            >>> one = Structure(texts=("add-to-queue",), methods=("*(L*;)L*;",))
            >>> one.covers("a(Lb;)Lb;"), one.covers("a(Lb;)V"), one.covers("a(Lb;Lc;)Lb;")
            (True, False, False)
        """
        escaped = [re.escape(pattern) for pattern in self.methods]
        patterns = (one.replace(r"\*\*", "[^()]*").replace(r"\*", "[^;()]*") for one in escaped)
        return any(re.fullmatch(pattern, signature) for pattern in patterns)


class CallFact(Frozen):
    """What methods do with an address that they are handed, as a text or inside an object.

    `classes` are names in Java form; what derives from them inherits their methods. A method `*` stands for all those
    of the class that no other fact names. `arguments` says which of what the method is handed: 0 the object that is
    called, 1 the first argument; where it is empty, each but that object. An effect that lowers holds only for classes
    of Android, since a package can bring any other class under any name. Of a `final` class nothing derives, so that no
    method of the package stands in for its own; with `complete` all classes of Android that have the method are named,
    so that only what derives from one of them can. With `intent` an address is opened where the Intent is made with one
    of `texts` and names no class of the package; what is `named` with one of `texts` narrows an Intent as any app does,
    and one that is `addressed` to a package among `texts` is for that app. Where code of the package calls one of
    `read_back`, a method of any class or, with dots, of that class, an address does not count as opened, since it may
    be read out again. `printed` is an address where the object that is called comes from one of the static fields in
    `texts`. What is `sent` counts only where a text of the package begins with one of `texts`. A `callback` is the
    method of the same object that is handed the same arguments. `rule` takes a text out with which nothing else
    happens. By its `structure` it is known what sends under other names. Each self-test is a class, a method, an
    argument: `java.net.URL.openStream 0`.
    """

    id: str
    effect: CallEffect
    classes: tuple[str, ...]
    methods: tuple[str, ...]
    arguments: tuple[int, ...] = ()
    final: bool = False
    complete: bool = False
    texts: tuple[str, ...] = ()
    read_back: tuple[str, ...] = ()
    callback: str | None = None
    rule: Literal["message", "browser-probe"] | None = None
    structure: Structure | None = None
    source: str
    matches: tuple[str, ...]
    ignores: tuple[str, ...]

    @property
    def is_of_flows(self) -> bool:
        """Whether it says how data is sent, and nothing of an address."""
        return self.effect in _OF_FLOWS

    @property
    def is_of_addresses(self) -> bool:
        """Whether it says what becomes of an address."""
        return not self.is_of_flows and self.effect != "resource"

    def covers(self, owner: str, method: str, argument: int) -> bool:
        """Tell whether it says what a method does with one of its arguments."""
        named = owner in self.classes and (method in self.methods or "*" in self.methods)
        return named and (argument in self.arguments if self.arguments else argument > 0)


def is_of_platform(name: str) -> bool:
    """Tell whether a class, by its name in Java form, is one that Android brings itself.

    Example:
        >>> is_of_platform("android.net.Uri"), is_of_platform("android.support.v4.app.Fragment")
        (True, False)
    """
    return name.startswith(PLATFORM) and not name.startswith(NO_PLATFORM)
