"""The frozen base of every value, and words that a later version may add to."""

import re
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError, ValidationInfo, WrapValidator
from pydantic_core import CoreSchema, from_json

from phone_audit.files.bounded_json import CheckedJson, JsonError

READ_CONTEXT = {"reading": True}
"""Validation context in which words that this version does not know are kept as they are."""


def published_name(field: str) -> str:
    """`class_` and `schema_` are words that Python or pydantic keeps for itself."""
    return field.rstrip("_")


_SEVERAL = frozenset({"list", "tuple", "set", "frozenset", "dict"})


def _stop_at_first_fault(schema: Any, own: type) -> None:
    """Let every collection in a schema stop at its first fault: a list of wrong values would cost 1 KB for each."""
    left = [schema]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            kind = part.get("type")  # of a table of fields it may be a field
            if isinstance(kind, str) and kind in _SEVERAL:
                part["fail_fast"] = True
            if kind != "model" or part.get("cls") is own:  # of other models it was done already
                left.extend(part.values())
        elif isinstance(part, list):
            left.extend(part)


class Frozen(BaseModel):
    """A value that cannot change and that takes no unknown field when written."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,
        alias_generator=published_name,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        _stop_at_first_fault(schema, cls)
        return schema


_WORD: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""What a later version can call something; no sentence, and nothing that a terminal acts on."""


def _keep_unknown_word(value: Any, handler: Any, info: ValidationInfo) -> Any:
    if info.context == READ_CONTEXT and isinstance(value, str) and _WORD.fullmatch(value):
        return value
    return handler(value)


Document = TypeVar("Document", bound=Frozen)

OPEN = WrapValidator(_keep_unknown_word)
"""Marks an enumeration whose unknown words are refused when written and kept when a result is read."""


def read_document(document: type[Document], text: CheckedJson) -> Document:
    """Read a published document, also one of a later version: unknown fields and words do not stop it.

    Raises a pydantic.ValidationError where the text is no such document, which names the first fault of each list; a
    JsonError where it is no JSON.
    """
    return read_values(document, parse_unicode(text))


def read_values(document: type[Document], values: object) -> Document:
    """Read a published document from its JSON as `parse_unicode` parsed it; see `read_document`."""
    return document.model_validate(values, context=READ_CONTEXT, extra="ignore")


def read_strictly(model: type[Document], text: CheckedJson) -> Document:
    """Read a value in which every field has to be known; raises as `read_document`."""
    return model.model_validate(parse_unicode(text))


def read_own(model: type[Document], text: str | bytes) -> Document:
    """Read a value that this very process put aside, or that is part of the package: nobody else wrote it."""
    return model.model_validate_json(text)


def parse_unicode(text: CheckedJson) -> Any:
    """Parse a text whose strings can all be published: half of a surrogate pair is refused with a JsonError.

    The values are built once. `model_validate_json` would build them again for each fault, which holds what was wrong.
    """
    try:
        return from_json(text)
    except ValueError as error:
        raise JsonError(f"it is no JSON: {str(error)[:_LONGEST_SENTENCE]}") from error


def first_fault(error: ValidationError) -> tuple[str, str]:
    """Return where the first fault of a text is, as `packages.3.name`, and what is wrong there; both short."""
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(step)[:_LONGEST_STEP] for step in fault["loc"][:_MOST_STEPS])
    return place, fault["msg"].removeprefix("Value error, ")[:_LONGEST_SENTENCE]


_LONGEST_STEP = 60
_MOST_STEPS = 12
_LONGEST_SENTENCE = 300
