"""As much of JSON Schema as the published schemas use: says where a document breaks one."""

import re
from collections.abc import Iterator
from typing import Any

TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
    "null": type(None),
}  # fmt: skip
KNOWN = {
    "$schema", "$defs", "$ref", "title", "description", "default", "discriminator", "format", "type", "enum", "const",
    "anyOf", "oneOf", "properties", "required", "additionalProperties", "items", "prefixItems", "minItems", "maxItems",
    "minLength", "pattern", "propertyNames", "patternProperties",
    "minimum", "maximum",
}  # fmt: skip


def faults(schema: dict[str, Any], document: Any) -> list[str]:
    """Return the places at which a document breaks a schema."""
    return list(_faults(schema, document, "", schema))


def _faults(schema: dict[str, Any], document: Any, at: str, root: dict[str, Any]) -> Iterator[str]:
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    if "$ref" in schema:
        yield from _faults(root["$defs"][schema["$ref"].rpartition("/")[2]], document, at, root)
    for choices in (schema.get("anyOf"), schema.get("oneOf")):
        if choices and all(list(_faults(choice, document, at, root)) for choice in choices):
            yield f"{at}: none of the choices"
    if "type" in schema:
        fits = isinstance(document, TYPES[schema["type"]])
        if not fits or (isinstance(document, bool) and schema["type"] != "boolean"):
            yield f"{at}: no {schema['type']}"
            return
    if ("enum" in schema and document not in schema["enum"]) or ("const" in schema and document != schema["const"]):
        yield f"{at}: no such word"
    short = isinstance(document, str) and len(document) < schema.get("minLength", 0)
    if short or (isinstance(document, str) and not re.search(schema.get("pattern", ""), document)):
        yield f"{at}: too short, or of another form"
    if isinstance(document, int) and not schema.get("minimum", document) <= document <= schema.get("maximum", document):
        yield f"{at}: too small or too large"
    if isinstance(document, dict):
        yield from _of_object(schema, document, at, root)
    if isinstance(document, list):
        yield from _of_array(schema, document, at, root)


def _of_object(schema: dict[str, Any], document: dict[str, Any], at: str, root: dict[str, Any]) -> Iterator[str]:
    known = schema.get("properties", {})
    yield from (f"{at}.{name}: missing" for name in schema.get("required", ()) if name not in document)
    by_form = schema.get("patternProperties", {})
    for name, part in document.items():
        yield from _faults(schema.get("propertyNames", {}), name, f"{at}.{name}", root)
        forms = [inside for form, inside in by_form.items() if re.search(form, name)]
        more = forms[0] if forms else schema.get("additionalProperties", True)
        if name in known:
            yield from _faults(known[name], part, f"{at}.{name}", root)
        elif more is False:
            yield f"{at}.{name}: no such field"
        elif isinstance(more, dict):
            yield from _faults(more, part, f"{at}.{name}", root)


def _of_array(schema: dict[str, Any], document: list[Any], at: str, root: dict[str, Any]) -> Iterator[str]:
    if not schema.get("minItems", 0) <= len(document) <= schema.get("maxItems", len(document)):
        yield f"{at}: too few or too many"
    first = schema.get("prefixItems", [])
    for number, part in enumerate(document):
        inside = first[number] if number < len(first) else schema.get("items", {})
        yield from _faults(inside, part, f"{at}[{number}]", root)
