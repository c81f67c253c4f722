"""docs/state.md names every item of the state."""

import re
from pathlib import Path

from phone_audit.acquire.questions.identity import PROPERTIES
from phone_audit.acquire.questions.settings import GLOBAL, SECURE, SYSTEM

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/state.md").read_text("utf-8")
LITERAL = re.compile(r'\b(?:item|key_of|_store)\(\s*"([a-z_]+)"')


def test_every_setting_and_property_is_named() -> None:
    names = {*PROPERTIES, *GLOBAL, *SECURE, *(f"system:{name}" for name in SYSTEM)}
    assert {name for name in names if f"`{name}`" not in PAGE} == set()


def test_every_other_item_is_named() -> None:
    sources = (ROOT / "phone_audit/acquire/questions").glob("*.py")
    written = {name for path in sources for name in LITERAL.findall(path.read_text("utf-8"))}
    assert len(written) > 15
    assert {name for name in written if f"`{name}`" not in PAGE} == set()
