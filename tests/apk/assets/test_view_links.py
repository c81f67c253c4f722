"""An address that a settings page opens in a browser is a link; the same address, used in any other way, counts."""

import struct
from collections.abc import Sequence

import pytest

from phone_audit.apk.assets.page_links import author_pages, viewed_texts
from phone_audit.apk.code.libraries import Owner
from phone_audit.apk.code.preference_reads import reads_settings
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.xml.elements import ANDROID, STRING, Attribute, Element, Value
from tests.apk.assets.builders import look
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble, const_string

URL = "http://forum.example/thread"
VIEW = ("action", "android.intent.action.VIEW")


def element(tag: str, *said: tuple[str, str], children: tuple[Element, ...] = (), text: str = "") -> Element:
    return Element(tag, tuple(Attribute(0, name, Value(STRING, 0, of), ANDROID) for name, of in said), children, text)


def page(*intents: Element) -> Element:
    return element("PreferenceScreen", children=(element("Preference", ("title", "Forum"), children=intents),))


def test_the_data_of_an_intent_to_view() -> None:
    assert viewed_texts(page(element("intent", VIEW, ("data", URL)))) == {URL}


@pytest.mark.parametrize(
    "root",
    [
        page(element("intent", ("action", "com.app.SYNC"), ("data", URL))),
        page(element("intent", ("data", URL))),
        page(element("intent", VIEW, ("data", URL), ("targetClass", "com.app.Sync"), ("targetPackage", "com.app"))),
        page(element("intent", VIEW, ("data", URL), ("mimeType", "a/b"))),
        page(element("intent", VIEW, ("data", URL), children=(element("extra", ("name", "x")),))),
        page(element("intent", VIEW, ("data", URL)), element("Preference", ("defaultValue", URL))),
        page(element("intent", VIEW, ("data", URL)), element("item", text=URL)),
        page(element("activity", VIEW, ("data", URL))),
    ],
)
def test_whatever_else_may_happen_to_it(root: Element) -> None:
    assert URL not in viewed_texts(root)


AUTHOR = element("author", ("email", "a@vendor.example"), ("href", URL))


def test_the_page_of_an_author() -> None:
    assert author_pages(element("widget", children=(AUTHOR, element("content", ("src", "index.html"))))) == {URL}


@pytest.mark.parametrize(
    "root",
    [
        element("widget", children=(AUTHOR, element("content", ("src", URL)))),
        element("widget", children=(AUTHOR, element("access", ("origin", URL)))),
        element("widget", children=(AUTHOR, element("name", text=URL))),
        element("widget", children=(element("content", ("href", URL)),)),
        element("widget", children=(element("plugin", children=(AUTHOR,)),)),
        element("preferences", children=(AUTHOR,)),
    ],
)
def test_what_is_more_than_the_page_of_an_author(root: Element) -> None:
    assert URL not in author_pages(root)


def compiled(action: str) -> bytes:
    texts = ["action", "data", "intent", ANDROID, action, URL]
    raw = [bytes([len(one), len(one)]) + one.encode() + b"\0" for one in texts]
    offsets = [sum(map(len, raw[:number])) for number in range(len(raw))]
    body = b"".join(raw)
    body += bytes(-len(body) % 4)
    begin = 28 + 4 * len(raw)
    pool = struct.pack("<HHI5I", 1, 28, begin + len(body), len(raw), 0, 0x100, begin, 0)
    pool += struct.pack(f"<{len(raw)}I", *offsets) + body
    none = 0xFFFFFFFF
    said = b"".join(struct.pack("<IIIHBBI", 3, name, value, 8, 0, 3, value) for name, value in ((0, 4), (1, 5)))
    start = struct.pack("<HHIIIIIHHHHHH", 0x102, 16, 36 + len(said), 1, none, none, 2, 20, 20, 2, 0, 0, 0)
    whole = pool + start + said + struct.pack("<HHIIIII", 0x103, 16, 24, 1, none, none, 2)
    return struct.pack("<HHI", 3, 8, 8 + len(whole)) + whole


@pytest.mark.parametrize(("file", "action", "links"), [
    ("res/xml/prefs.xml", VIEW[1], [True]), ("res/xml/prefs.xml", "com.app.SYNC", [False]),
    ("res/layout/main.xml", VIEW[1], [False]),
])  # fmt: skip
def test_the_compiled_page_is_read(file: str, action: str, links: Sequence[bool]) -> None:
    found = look({file: compiled(action)}).mentions
    assert [one.is_link for one in found if one.found.host == "forum.example"] == links


NAMED_LIBRARIES = ("lib.", "androidx.", "org.apache.cordova.")


def reads(owner: str, call: str, *classes: Class) -> bool:
    caller = Class(owner, [Method("f()V", (0x106E, Ref("method", call), 0, RETURN))])
    indexes = index_file(read_dex("classes.dex", assemble(sorted([caller, *classes], key=lambda one: one.name))))
    return reads_settings(
        indexes,
        lambda name: Owner("library", "L") if name.startswith(NAMED_LIBRARIES) else Owner("unknown", None),
    )


def test_code_that_may_read_the_page() -> None:
    get_xml = "Landroid/content/res/Resources;->getXml(I)Landroid/content/res/XmlResourceParser;"
    assert reads("Lapp/Main;", get_xml)
    assert reads("Llib/Main;", get_xml)
    assert not reads("Landroidx/core/Main;", get_xml)
    assert not reads("Lorg/apache/cordova/ConfigXmlParser;", get_xml)
    for other in ("loadXmlMetaData", "getResourceAsStream", "getEntry"):
        assert reads("Lapp/Main;", f"Lany/Where;->{other}(Ljava/lang/String;)V")
    assert not reads("Llib/Main;", "Lany/Where;->getEntry(Ljava/lang/String;)V")
    named = Class("Llib/Named;", [Method("f()V", (*const_string("getXml"), RETURN))])
    assert reads("Lapp/Main;", "Lapp/Main;->g()V", named)
    assert not reads("Lapp/Main;", "Lapp/Main;->g()V")
    assert reads("Lapp/Main;", "Landroidx/preference/Preference;->getIntent()Landroid/content/Intent;")
    assert not reads("Lapp/Main;", "Landroid/app/Activity;->getIntent()Landroid/content/Intent;")
    own = Class("Lapp/Pref;", parent="Landroid/preference/Preference;")
    assert reads("Lapp/Main;", "Lapp/Pref;->getIntent()Landroid/content/Intent;", own)
