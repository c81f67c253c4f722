"""The frozen base of every value, and words that a later version may add to."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationInfo, WrapValidator

READING = {"reading": True}
"""Validation context in which words that this version does not know are kept as they are."""


def _published_name(field: str) -> str:
    """`class_` and `schema_` are words that Python or pydantic keeps for itself."""
    return field.rstrip("_")


class Frozen(BaseModel):
    """A value that cannot change and that takes no unknown field when written."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,
        alias_generator=_published_name,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


def _keep_unknown_word(value: Any, handler: Any, info: ValidationInfo) -> Any:
    if info.context == READING and isinstance(value, str):
        return value
    return handler(value)


Document = TypeVar("Document", bound=Frozen)

OPEN = WrapValidator(_keep_unknown_word)
"""Marks an enumeration whose unknown words are refused when written and kept when a result is read."""


def read_document(document: type[Document], text: str | bytes) -> Document:
    """Read a published document, also one of a later version: unknown fields and words do not stop it.

    Args:
        document: the model of the document.
        text: its JSON.

    Raises:
        pydantic.ValidationError: the text is not such a document.
    """
    return document.model_validate_json(text, context=READING, extra="ignore")
