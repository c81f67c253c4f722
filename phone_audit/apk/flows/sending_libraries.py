"""Libraries that packages bring along to send data: classes that hold what is to be sent, calls that send it.

What is handed to an object of such a class is taken to lie in it, as with classes of Android. A class that only bears
the name may do something else with data, so its code is followed too. Which they are stands in the knowledge (`calls`).
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from phone_audit.knowledge.schema.call import CallFact

REQUESTS: Final = (b"Lretrofit2/http/", b"Lretrofit/http/")
"""Annotations of methods that Retrofit makes to send what they are handed; whatever bears one is an interface."""


class Sink(NamedTuple):
    """A call that gives data away, by `name`.

    Arguments count from the number `first` on, 1 being the first behind the object; with `receiver` the object counts
    too. With `only` just these count, 0 being the object. With `texts` it gives data away only where a text of the
    package begins with one of them.
    """

    name: str
    receiver: bool = False
    first: int = 1
    only: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()


class SendingLibraries:
    """What is known of them.

    Attributes:
        renamed: facts of those that are known under other names too.
        sinks: what each call gives away, by `class.method`.
        holding: classes that hold what is to be sent, or send it; `holding_types` are their descriptors.
        collecting: those that it is put into piece by piece, often by several methods of a class that keeps one.
        written: calls, by `class.method`, whose result holds all fields of the objects that they are handed.
        asked: methods, by `class.method`, that a package writes anew and of which the library sends the result;
            `asked_names` are their names alone.
    """

    def __init__(self, facts: Iterable[CallFact]) -> None:
        known = [fact for fact in facts if fact.is_of_flows]
        named = {
            (fact.effect, f"{one}.{method}"): fact for fact in known for one in fact.classes for method in fact.methods
        }
        self.renamed = [fact for fact in known if fact.structure]
        self.sinks = {
            call: Sink("network", only=fact.arguments, texts=fact.texts)
            for (effect, call), fact in named.items()
            if effect == "sent"
        }
        self.written = frozenset(call for effect, call in named if effect == "written")
        self.asked = frozenset(call for effect, call in named if effect == "asked")
        self.asked_names = frozenset(call.rpartition(".")[2] for call in self.asked)
        self.holding = frozenset(one for fact in known for one in fact.classes)
        self.holding_types = frozenset(f"L{one.replace('.', '/')};".encode() for one in self.holding)
        self.collecting = frozenset(one for fact in known if fact.effect == "collected" for one in fact.classes)
