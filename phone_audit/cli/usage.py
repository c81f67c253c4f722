"""A call that cannot be understood → sentences; what a library says of a value is said in our own words."""

from typing import Any, Final

import typer

_WORDS: Final = {
    "int_parsing": "it has to be a whole number",
    "int_parsing_size": "it has to be a smaller number",
    "float_parsing": "it has to be a number",
    "greater_than_equal": "it has to be at least {ge:g}",
    "less_than_equal": "it has to be at most {le:g}",
    "value_error": "{error}",
}
"""What pydantic calls a fault → what a person reads."""


def usage_lines(error: typer.TyperException) -> tuple[str, ...]:
    """Return what is wrong with a call, and where it stands how it is made."""
    text = error.format_message()
    if text.startswith("Usage: "):  # a group of commands without one: its help
        return tuple(text.splitlines())
    faults: list[Any] = getattr(error.__cause__, "errors", list)()
    if faults:
        said = _WORDS.get(faults[0]["type"], "it is not understood").format(**faults[0].get("ctx", {}))
        text = text.removesuffix(error.message) + said
    context = getattr(error, "ctx", None)
    asked = context.command_path if context is not None else "phone-audit"
    end = "" if text.endswith((".", "?")) else "."
    return f"phone-audit: {text}{end}", f"  '{asked} --help' shows how it is called."
