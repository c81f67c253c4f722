"""The schema of baselines: packages that are known to be Android's or a maker's own, and how that is proven."""

from typing import Annotated, Literal

from pydantic import Field

from phone_audit.knowledge.fact_schema import FactSource
from phone_audit.model.base import Frozen

Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class BaselineFact(Frozen):
    """Packages that one proof holds for; a name alone never proves anything.

    `signer`: signed with one of `signers` (SHA-256 of the certificate). `platform`: preinstalled on a phone of one of
    `api_levels`, and signed with the key that signed the phone's own system package. `file`: the very file, by
    SHA-256; `files` is hash → package.
    """

    id: str
    name: str
    kind: Literal["signer", "platform", "file"]
    packages: tuple[str, ...] = ()
    signers: tuple[Hash, ...] = ()
    api_levels: tuple[int, ...] = ()
    files: dict[Hash, str] = Field(default_factory=dict)
    source: str


class BaselineFile(Frozen):
    """A file of the folder `baselines/`."""

    sources: tuple[FactSource, ...]
    entries: tuple[BaselineFact, ...]
