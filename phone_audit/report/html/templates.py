"""Draws templates: every value is made harmless, and a policy lets nothing run or load but what the page brings."""

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: TID251  the one place that draws pages
from markupsafe import Markup

from phone_audit.model.wording import amount, counted
from phone_audit.report.canvas import Style
from phone_audit.report.safe import clipped, shortened, visible

_FOLDER: Final = "phone_audit.report.html"
_PIECES: Final = 200
"""Pieces of a template that are joined before they are handed on."""


def draw(template: str, style: Style, **values: Any) -> Iterator[str]:
    """Yield a page in pieces; what it is of decides `template`, and `values` what stands in it."""
    stream = _environment().get_template(template).stream(style=style, **_own_parts(), **values)
    stream.enable_buffering(_PIECES)
    yield from stream


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(short=shortened, clip=clipped, amount=amount, counted=counted)
    return environment


def _harmless(value: Any) -> Any:
    """Show what an eye would not see, before it is escaped as any other text."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _own_parts() -> dict[str, Markup]:
    """Return the style and the script that every page brings, and the policy that lets only them in."""
    css, script = (_source(name) for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; style-src '{_digest(css)}'; script-src '{_digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return {"css": Markup(css), "script": Markup(script), "policy": Markup(policy)}  # noqa: S704  our own files


def _source(name: str) -> str:
    loader = _environment().loader
    assert loader is not None  # noqa: S101  it is given above
    return loader.get_source(_environment(), name)[0]


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
