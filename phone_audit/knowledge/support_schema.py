"""The schemas of what is known of a phone's support, and of the words of the Settings screen."""

from phone_audit.knowledge.fact_schema import FactSource
from phone_audit.model.base import Frozen


class SupportFact(Frozen):
    """Until when a maker promised security updates for a model.

    `models` are values of `ro.product.model`, as the phone or its Settings screen shows them; `devices` of
    `ro.product.device`, which count only where the brand is not another one. Case tells nothing. `until` is a day.
    """

    id: str
    maker: str
    name: str
    brand: str
    models: tuple[str, ...]
    devices: tuple[str, ...]
    until: str
    sources: tuple[str, ...]


class SupportFile(Frozen):
    """A file of the folder `support/`."""

    sources: tuple[FactSource, ...]
    entries: tuple[SupportFact, ...]


class LabelFact(Frozen):
    """What the Settings screen calls a property, in several languages. Case tells nothing."""

    id: str
    labels: tuple[str, ...]
    sources: tuple[str, ...]


class MonthNames(Frozen):
    """The twelve months of a language, the first letters that tell them apart."""

    language: str
    names: tuple[str, ...]


class LabelFile(Frozen):
    """A file of the folder `labels/`. The id of an entry is the property."""

    sources: tuple[FactSource, ...]
    entries: tuple[LabelFact, ...]
    months: tuple[MonthNames, ...]
