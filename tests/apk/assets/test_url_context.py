"""What takes URLs out by their place: the self-tests of the rules in the knowledge, and that hosts looked for stay."""

import base64
import csv
import io
from collections.abc import Callable

import pytest

from phone_audit.apk.assets import der as der_module
from phone_audit.apk.assets.string_tables import BEFORE
from phone_audit.apk.assets.url_context import CERTIFICATE, DOCUMENT_FILE, OF_PLACES, PROSE
from phone_audit.apk.endpoints.endpoints import find_endpoints
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import Endpoint
from phone_audit.model.finding import Evidence
from tests.apk.assets.builders import look
from tests.apk.facts import incident, knowledge, rule, tracker
from tests.steps import LINEAR, growth

RULES = {rule.id: rule for rule in load_knowledge().rules}


def value(tag: int, content: bytes) -> bytes:
    """A value in DER of less than 256 bytes."""
    return bytes([tag, *((0x81,) if len(content) > 0x7F else ()), len(content)]) + content


def named(content: bytes) -> bytes:
    """A structure in DER that an object identifier names, such as an extension of a certificate."""
    return value(0x30, b"\x06\x03\x55\x1d\x1f" + content)


def rule_in(name: str, content: bytes) -> str | None:
    (mention,) = look({name: content}).mentions
    return mention.rule


def test_every_rule_is_among_the_knowledge() -> None:
    assert {name for name in OF_PLACES if RULES[name].by == "analysis"} == OF_PLACES


@pytest.mark.parametrize("name", RULES[DOCUMENT_FILE].matches)
def test_documents(name: str) -> None:
    assert rule_in(name, b"u='http://www.vendor.dev/'") == DOCUMENT_FILE


@pytest.mark.parametrize("name", RULES[DOCUMENT_FILE].ignores)
def test_no_documents(name: str) -> None:
    assert rule_in(name, b"u='http://www.vendor.dev/'") is None


@pytest.mark.parametrize("text", RULES[PROSE].matches)
def test_prose(text: str) -> None:
    assert rule_in("assets/a.js", text.encode()) == PROSE


@pytest.mark.parametrize("sign", ["#", "//", "  * ", "<!--", ";", "--"])
def test_comments(sign: str) -> None:
    assert rule_in("assets/a.lua", f"a = 1\n{sign} http://www.vendor.dev/".encode()) == PROSE
    assert rule_in("assets/a.lua", f"a {sign} b = http://www.vendor.dev/".encode()) is None


@pytest.mark.parametrize(
    "text",
    [
        "/* by\n   http://www.vendor.dev/ */",
        "f();/*!\n By A\n (http://www.vendor.dev/)\n*/",
        '<p><!-- not yet\n <script src="http://www.vendor.dev/a.js"></script>\n-->',
        "  // http://www.vendor.dev/",
    ],
)
def test_comments_of_web_pages(text: str) -> None:
    assert rule_in("assets/a.html", text.encode()) == PROSE


@pytest.mark.parametrize(
    "text",
    [
        "/* a */ f('http://www.vendor.dev/')",
        "/* a\n */ f('http://www.vendor.dev/')",
        "#a{background:url(http://www.vendor.dev/)}",
        "*{background:url(http://www.vendor.dev/)}",
        ";f('http://www.vendor.dev/')",
        "--a||f('http://www.vendor.dev/')",
        "a='/*';\nf('http://www.vendor.dev/')",
        "/* f(\n'http://www.vendor.dev/')",
        "<!-- a --><script src='http://www.vendor.dev/'>",
        "<!-- a\n --><script src='http://www.vendor.dev/'>",
        "<script><!--\n f('http://www.vendor.dev/')\n//--></script>",
        "a='<!--';\nf('http://www.vendor.dev/');'-->'",
        "<!--\n f('http://www.vendor.dev/')",
        "*/ f('http://www.vendor.dev/')",
    ],
)
def test_no_comments_of_web_pages(text: str) -> None:
    assert rule_in("assets/a.html", text.encode()) is None


def test_an_address_behind_another_one_in_a_long_line_stands_in_no_comment() -> None:
    """What is looked at of a long line may begin at the slashes of the address that stands before."""
    rest = "`);const b=make(`"
    for length in range(BEFORE - len("//www.first.dev/" + rest) + 2):
        line = f"var a=1;log(`Too old. See: https://www.first.dev/{'n' * length}{rest}https://www.vendor.dev`,`key`)"
        mentions = {one.found.host: one.rule for one in look({"assets/app.js": line.encode()}).mentions}
        assert mentions == {"www.first.dev": PROSE, "www.vendor.dev": None}


@pytest.mark.parametrize("odd", [b"\xff", "\ufffd".encode()])
def test_no_byte_that_is_no_text_makes_a_comment_of_a_long_line(odd: bytes) -> None:
    for length in range(BEFORE):
        line = (
            b"var a=1;f(`x//www.first.dev/" + odd + b"n" * length + b"`);const b=make(`https://www.vendor.dev`,`key`)"
        )
        mentions = {one.found.host: one.rule for one in look({"assets/app.js": line}).mentions}
        assert mentions["www.vendor.dev"] is None


def test_a_comment_of_several_lines_is_told_in_web_pages_only() -> None:
    text = b"/* a\n http://www.vendor.dev/"
    assert rule_in("assets/a.css", text) == PROSE
    assert rule_in("assets/a.txt", text) is None
    assert rule_in("assets/a.txt", text + b"\n*/") == PROSE
    assert rule_in("assets/a.txt", b"/* a */ b\n http://www.vendor.dev/\n*/") is None


def test_a_certificate_with_a_long_address() -> None:
    url = b"ldap://www.vendor.dev/" + b"a" * 150
    assert rule_in("assets/a.cer", b"0\x82\0" + named(value(0x86, url)) + b"0\r\x06") == CERTIFICATE
    assert rule_in("assets/a.cer", b"0\x82\0" + named(value(0x87, url)) + b"0\r\x06") is None


def test_several_addresses_of_one_list_in_a_certificate() -> None:
    others = value(0x86, b"dir:" + b"a" * 120) + value(0x86, b"dir:b")
    names = others + value(0x86, b"http://www.vendor.dev/")
    assert rule_in("assets/a.cer", b"\0\1" + named(value(4, value(0x30, names))) + b"\0") == CERTIFICATE
    assert rule_in("assets/a.cer", b"\0\1" + named(b"\x85\x09" + names) + b"\0") is None


@pytest.mark.parametrize("tag", [0x16, 0x86])
def test_a_length_before_an_address_makes_no_certificate(tag: int) -> None:
    url = value(tag, b"http://www.vendor.dev/gate")
    for lead in (b"", b"\x30" + bytes([len(url)]), value(0x30, b"\x06\x03\x55\x1d\x1f"), b"\x30\x7f\x06\x03abc\x7f"):
        assert rule_in("assets/key.dat", b"\0\1" + lead + url + b"\0") is None


def test_the_search_for_structures_is_bounded() -> None:
    noise, address = b"\x30\x7f\x06\x03abc" + b"\5\0" * 60, value(0x86, b"http://www.vendor.dev/")

    def looked(structures: int) -> Callable[[], object]:
        content = b"\0" + (noise * structures + address) * 20
        return lambda: look({"a.bin": content})

    assert {one.rule for one in look({"a.bin": b"\0" + noise * 5 + address}).mentions} == {None}
    assert growth(looked, 5) < LINEAR


@pytest.mark.parametrize("text", RULES[PROSE].ignores)
def test_no_prose(text: str) -> None:
    assert rule_in("assets/a.js", text.encode()) is None


@pytest.mark.parametrize("der", RULES[CERTIFICATE].matches)
def test_certificates(der: str) -> None:
    assert rule_in("assets/a.cer", b"0\x82\0" + bytes.fromhex(der) + b"0\r\x06") == CERTIFICATE


@pytest.mark.parametrize("der", RULES[CERTIFICATE].ignores)
def test_no_certificates(der: str) -> None:
    assert rule_in("assets/a.cer", b"0\x82\0" + bytes.fromhex(der) + b"\0\r\x06") is None


def _der(content: bytes, *, missing: int = 0) -> bytes:
    return b"\x30\x82" + (len(content) + missing).to_bytes(2, "big") + content


def test_a_file_that_is_a_list_of_certificates() -> None:
    text = named(value(0x30, value(0x0C, b"Policy, http://www.vendor.dev/cps and more")) + b"\x05\0")
    assert rule_in("assets/list", _der(text)) == CERTIFICATE
    assert rule_in("assets/list", _der(text, missing=1)) is None
    assert rule_in("assets/list", b"\x31" + _der(text)[1:]) is None
    assert rule_in("assets/list", _der(text + b"\x30\5\5")) is None


@pytest.mark.parametrize(
    "content",
    [
        b'{"server": "http://www.vendor.dev/gate"}\n',
        b"\x0c\x16http://www.vendor.dev/",
        b"\x06\x03\x55\x1d\x1f\x45\x16http://www.vendor.dev/",
        b"\x06\x03\x55\x1d\x1f\x0c\x17http://www.vendor.dev/",
    ],
)
def test_the_header_of_a_structure_makes_no_list_of_certificates(content: bytes) -> None:
    assert rule_in("assets/key.dat", _der(content)) is None


def test_structures_that_are_too_many_or_too_deep_are_no_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    text = named(value(0x0C, b"http://www.vendor.dev/cps"))
    deep = text
    for _ in range(40):
        deep = value(0x30, deep)
    assert rule_in("assets/list", _der(b"\5\0" * 50 + text)) == CERTIFICATE
    assert rule_in("assets/list", deep) is None
    monkeypatch.setattr(der_module, "_MAX_VALUES", 50)
    assert rule_in("assets/list", _der(b"\5\0" * 50 + text)) is None


def test_keys_by_which_a_package_describes_itself() -> None:
    assert rule_in("META-INF/a.properties", b"Module-Origin=https://www.vendor.dev/a.git") == DOCUMENT_FILE
    assert rule_in("META-INF/a.properties", b"Bundle-DocURL: https://www.vendor.dev/") == DOCUMENT_FILE
    assert rule_in("META-INF/a.properties", b"Origin=https://www.vendor.dev/") is None
    assert rule_in("META-INF/a.properties", b"x.Module-Origin=https://www.vendor.dev/") is None


TABLE = "ID,NAME,INFORMATION_SOURCE,URL\n"


def test_the_source_of_a_row_in_a_table() -> None:
    row = '1,"a, b","Survey;\nhttp://www.vendor.dev/ via ""A""",x\n2,c,d,e\n'
    assert rule_in("assets/a.csv", (TABLE + row).encode()) == DOCUMENT_FILE
    assert rule_in("assets/a.csv", (TABLE + "1,a,b,http://www.vendor.dev/\n2,c,d,e\n").encode()) is None
    assert rule_in("assets/a.csv", (TABLE + "1,http://www.vendor.dev/,b,c\n").encode()) is None
    assert (
        rule_in("assets/a.csv", (TABLE.replace("INFORMATION_", "") + "1,a,http://www.vendor.dev/,c").encode()) is None
    )
    assert rule_in("assets/a.txt", (TABLE + "1,a,http://www.vendor.dev/,c\n").encode()) is None
    assert rule_in("assets/a.csv", (TABLE + "http://www.vendor.dev/\n").encode()) is None
    assert rule_in("assets/a.csv", b"URL,REMARKS\nhttp://www.vendor.dev/,a\n") is None
    tabs = TABLE.replace(",", "\t")
    assert rule_in("assets/a.tsv", (tabs + "1\ta\thttp://www.vendor.dev/\tc\n").encode()) == DOCUMENT_FILE


def test_rows_that_fit_no_header_are_not_read_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    cells_of = csv.reader

    def counted(text: io.StringIO, delimiter: str) -> object:
        read.append(len(text.getvalue()))
        return cells_of(text, delimiter=delimiter)

    monkeypatch.setattr(csv, "reader", counted)
    content = (TABLE + "1,http://www.vendor.dev/\n" * 2000).encode()
    assert {one.rule for one in look({"assets/a.csv": content}).mentions} == {None}
    assert len(content) < sum(read) < 20 * len(content)


@pytest.mark.parametrize(
    "text",
    [
        '{"name":"a","license":"MIT","keywords":[],"homepage":"http://www.vendor.dev/"}',
        '{copyright:"A",license:"MIT",source:"http://www.vendor.dev/"}',
        '{"bugs":{"url":"http://www.vendor.dev/"},"dependencies":{}}',
        '{"repository":{"type":"git","url":"git+http://www.vendor.dev/"},"license":"MIT"}',
        '<link rel="canonical" href="http://www.vendor.dev/">',
        '<meta property="og:url" content="http://www.vendor.dev/">',
        "<dc:source>http://www.vendor.dev/</dc:source>",
    ],
)
def test_what_a_package_or_a_page_says_about_itself(text: str) -> None:
    assert rule_in("assets/a.js", text.encode()) == DOCUMENT_FILE


@pytest.mark.parametrize(
    "text",
    [
        '{"homepage":"http://www.vendor.dev/"}',
        '{"license":"MIT","homepage":"http://www.vendor.dev/"}',
        '{"license":"MIT","keywords":[],"server":"http://www.vendor.dev/"}',
        '<link rel="stylesheet" href="http://www.vendor.dev/">',
        '<link rel="preconnect" href="http://www.vendor.dev/">',
        '<meta property="og:image" content="http://www.vendor.dev/">',
        '<script src="http://www.vendor.dev/">',
        '<a href="http://www.vendor.dev/">',
        "<source>http://www.vendor.dev/</source>",
    ],
)
def test_what_it_asks_is_no_description(text: str) -> None:
    assert rule_in("assets/a.js", text.encode()) is None


def test_a_link_in_a_message_of_code_is_prose_and_one_in_a_page_counts() -> None:
    text = b'See <a href="http://www.vendor.dev/">this</a> for more'
    assert rule_in("assets/a.pyc", b"\0\x01" + text + b"\0") == PROSE
    assert rule_in("assets/a.html", text) is None


def test_an_encoded_certificate() -> None:
    uri = value(0x86, b"http://www.vendor.dev/root.crl")
    der, behind = named(value(4, value(0xA0, uri))), b"0\x0d\x06\x03"
    for lead in (b"", b"0\x82\1", b"0\x82\1\0" * 9):
        for encoded in (base64.b64encode(lead + der + behind), (lead + der + behind).hex().encode()):
            assert rule_in("assets/a.txt", encoded) == CERTIFICATE
    other = named(value(4, value(0xA0, b"\x0c" + uri[1:])))
    for plain in (other + behind, uri + behind, uri[2:] + behind, der.replace(b"\xa0", b"\xa0\x80")):
        for encoded in (base64.b64encode(plain), plain.hex().encode()):
            assert rule_in("assets/a.txt", encoded) is None


def test_a_line_of_its_own_in_a_text_that_code_holds() -> None:
    assert rule_in("a.pyc", b"\0\x01\x02Something.\n     http://www.vendor.dev/\n") == PROSE
    assert rule_in("a.pyc", b"\0\x01\x02Something.\nhttp://www.vendor.dev/\n") is None
    assert rule_in("a.txt", b"Something.\n     http://www.vendor.dev/\n") is None


def endpoint(text: str, *, wanted: bool) -> Endpoint:
    known = knowledge(
        rules=[rule(PROSE, by="analysis")],
        trackers=[tracker("T", hosts=["t.vendor.dev"])] if wanted else (),
        incidents=[incident("c2.other.dev")] if wanted else (),
    )
    (found,) = find_endpoints([], [], known, look({"a.js": text.encode()}))[0]
    return found


@pytest.mark.parametrize("host", ["t.vendor.dev", "c2.other.dev"])
def test_a_host_that_is_looked_for_counts_in_prose(host: str) -> None:
    text = f"Sending everything to http://{host}/up"
    assert endpoint(text, wanted=False).ruled_out == PROSE
    assert endpoint(text, wanted=True).ruled_out is None


def test_a_decoded_host_names_its_encoding_and_place() -> None:
    encoded = base64.b64encode(b"http://api.vendor.dev/x")
    (found,) = find_endpoints([], [], knowledge(), look({"assets/a.bin": b"\0" + encoded + b"\0"}))[0]
    (evidence,) = found.held_by[0].evidence
    assert (found.host, found.urls, found.cleartext) == ("api.vendor.dev", ("http://api.vendor.dev/x",), True)
    assert evidence == Evidence(
        kind="decoded", where="assets/a.bin", value="http://api.vendor.dev/x", offset=1, encoding="base64"
    )


def test_bare_names_in_documents_are_none() -> None:
    text = b'{"a": "stat.vendor.cn"}'
    assert [one.text for one in look({"assets/app-package.json": text}).candidates] == ["stat.vendor.cn"]
    assert look({"assets/package.json": text}).candidates == ()


def test_bare_hosts_of_other_files_are_judged_like_those_of_dex_files() -> None:
    text = '{"a": "stat.vendor.cn", "b": "1.2.3.4"}'
    known = knowledge(rules=[rule(name, by="analysis") for name in ("look-alike", "dotted-number")])
    found = find_endpoints([], [], known, look({"assets/a.json": text.encode()}))[0]
    assert {one.host: one.ruled_out for one in found} == {"stat.vendor.cn": None, "1.2.3.4": "dotted-number"}
