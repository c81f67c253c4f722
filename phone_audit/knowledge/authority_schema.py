"""The schema of certificate authorities that Android itself trusts, by API level."""

from typing import Annotated

from pydantic import Field

from phone_audit.knowledge.baseline_schema import Hash
from phone_audit.knowledge.fact_schema import FactSource
from phone_audit.model.base import Frozen


class AuthorityFact(Frozen):
    """The certificate of an authority. `sha256` is of its DER, `api_levels` those whose AOSP release holds it."""

    id: str
    sha256: Hash
    name: str
    api_levels: Annotated[tuple[int, ...], Field(min_length=1)]
    sources: tuple[str, ...]


class AuthorityFile(Frozen):
    """A file of the folder `authorities/`."""

    sources: tuple[FactSource, ...]
    entries: tuple[AuthorityFact, ...]
