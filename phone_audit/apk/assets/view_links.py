"""Which texts of compiled XML are only links: the address of an Intent by which a setting opens a page elsewhere."""

from typing import Final

from phone_audit.apk.xml.elements import ANDROID, Element

_VIEW: Final = "android.intent.action.VIEW"
_FOR_ANYBODY: Final = frozenset({"action", "data"})


def viewed_texts(root: Element) -> frozenset[str]:
    """Return the texts that stand in XML nowhere but as the data of an `intent` to view it that names no class."""
    linked: set[str] = set()
    others: set[str] = set()
    waiting = [root]
    while waiting:
        one = waiting.pop()
        waiting += one.children
        said = {attribute.name: attribute.value.text for attribute in one.attributes if attribute.namespace == ANDROID}
        is_link = one.tag == "intent" and said.get("action") == _VIEW and said.keys() == _FOR_ANYBODY
        is_link = is_link and len(one.attributes) == len(said) and not one.children
        for attribute in one.attributes:
            held = linked if is_link and attribute.name == "data" else others
            held.update(text for text in (attribute.value.text, attribute.raw) if text)
        others.add(one.text)
    return frozenset(linked - others)
