"""The kinds of facts, in one table: loading, checking, look-up and the published schemas follow from it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from types import GenericAlias
from typing import Any, Final, Generic, TypeVar

from pydantic import create_model

from phone_audit.knowledge.schema import facts
from phone_audit.knowledge.schema.app import InstallerFact, PowerFact
from phone_audit.knowledge.schema.behaviour import BehaviourRule
from phone_audit.knowledge.schema.call import CallFact
from phone_audit.knowledge.schema.firmware import FirmwareRule
from phone_audit.knowledge.schema.host_rule import HostRule
from phone_audit.knowledge.schema.incident import IncidentEntry
from phone_audit.knowledge.schema.scheme import SchemeEntry
from phone_audit.model.base import Frozen

Entry = TypeVar("Entry", bound=Frozen)


@dataclass(frozen=True)
class Kind(Generic[Entry]):
    """One kind of facts.

    Attributes:
        folder: the sub-folder of a knowledge folder that holds its files; also the word for it on the command line.
        schema: the name of its published schema.
        entry: the model of one entry.
        in_lists: whether a file lists entries, with their sources at its head; else it is one entry, named by its id.
        id_of: gives the id of an entry, or what stands for one.
        unique: whether an id stands once, and in a later folder in the place of that of an earlier one.
        list_model: the model of a file, where it holds more than sources and entries.
    """

    folder: str
    schema: str
    entry: type[Entry]
    in_lists: bool = True
    id_of: Callable[[Entry], str] = attrgetter("id")
    unique: bool = True
    list_model: type[facts.FactFile] | None = None

    @cached_property
    def list_file(self) -> type[facts.FactFile]:
        """The model of a file that lists such entries; made when it is first asked for."""
        if self.list_model is not None:
            return self.list_model
        entries: Any = (GenericAlias(tuple, (self.entry, ...)), ...)
        name, told = f"{self.schema.capitalize()}File", f"A file of the folder `{self.folder}/`."
        return create_model(name, __base__=facts.FactFile, __doc__=told, entries=entries)

    @property
    def file(self) -> type[Frozen]:
        return self.list_file if self.in_lists else self.entry


INCIDENTS: Final = Kind("incidents", "incident", IncidentEntry, in_lists=False)
TRACKERS: Final = Kind("trackers", "tracker", facts.TrackerFact)
HOSTS: Final = Kind("hosts", "host", facts.HostFact, id_of=attrgetter("host"))
HOST_RULES: Final = Kind("host_rules", "host_rule", HostRule)
KEYS: Final = Kind("keys", "key", facts.KeyFact)
RULES: Final = Kind("rules", "rule", facts.RuledOutRule)
BEHAVIOURS: Final = Kind("behaviours", "behaviour", BehaviourRule, in_lists=False)
CALLS: Final = Kind("calls", "call", CallFact)
LIBRARIES: Final = Kind("libraries", "library", facts.LibraryFact)
PACKERS: Final = Kind("packers", "packer", facts.PackerFact)
FIRMWARE: Final = Kind("firmware", "firmware", FirmwareRule, in_lists=False)
SCHEMES: Final = Kind("schemes", "scheme", SchemeEntry)
SUPPORT: Final = Kind("support", "support", facts.SupportFact)
LABELS: Final = Kind("labels", "label", facts.LabelFact, unique=False, list_model=facts.LabelFile)
BASELINES: Final = Kind("baselines", "baseline", facts.BaselineFact)
AUTHORITIES: Final = Kind("authorities", "authority", facts.AuthorityFact)
INSTALLERS: Final = Kind("installers", "installer", InstallerFact)
POWERS: Final = Kind("powers", "power", PowerFact)

KINDS: Final[tuple[Kind[Any], ...]] = (
    INCIDENTS, TRACKERS, HOSTS, HOST_RULES, KEYS, RULES, BEHAVIOURS, CALLS, LIBRARIES, PACKERS, FIRMWARE, SCHEMES,
    SUPPORT, LABELS, BASELINES, AUTHORITIES, INSTALLERS, POWERS,
)  # fmt: skip
"""In the order in which their folders are read."""
FOLDERS: Final = tuple(kind.folder for kind in KINDS)
"""The sub-folders of a knowledge folder, but for that of the feeds."""
READ_BY: Final = frozenset(
    kind.folder for kind in (TRACKERS, HOSTS, HOST_RULES, KEYS, RULES, BEHAVIOURS, CALLS, LIBRARIES, PACKERS)
)
"""The kinds that decide what is read from an APK; all others only judge what was read."""
