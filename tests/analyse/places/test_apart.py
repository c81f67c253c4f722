"""What takes URLs out by their place: the self-tests of the rules in the knowledge, and that hosts looked for stay."""

import base64

import pytest

from phone_audit.analyse.endpoints import find_endpoints
from phone_audit.analyse.places.apart import CERTIFICATE, DOCUMENT_FILE, OF_PLACES, PROSE
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import Endpoint
from phone_audit.model.finding import Evidence
from tests.analyse.facts import incident, knowledge, rule, tracker
from tests.analyse.places.builders import look

RULES = {rule.id: rule for rule in load_knowledge().rules}


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
    assert rule_in("assets/a.js", f"a = 1\n{sign} http://www.vendor.dev/".encode()) == PROSE
    assert rule_in("assets/a.js", f"a {sign} b = http://www.vendor.dev/".encode()) is None


@pytest.mark.parametrize("text", RULES[PROSE].ignores)
def test_no_prose(text: str) -> None:
    assert rule_in("assets/a.js", text.encode()) is None


@pytest.mark.parametrize("der", RULES[CERTIFICATE].matches)
def test_certificates(der: str) -> None:
    assert rule_in("assets/a.cer", b"0\x82\0" + bytes.fromhex(der) + b"0\r\x06") == CERTIFICATE


@pytest.mark.parametrize("der", RULES[CERTIFICATE].ignores)
def test_no_certificates(der: str) -> None:
    assert rule_in("assets/a.cer", b"0\x82\0" + bytes.fromhex(der) + b"\0\r\x06") is None


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


def test_bare_hosts_of_other_files_are_judged_like_those_of_dex_files() -> None:
    text = '{"a": "stat.vendor.cn", "b": "1.2.3.4"}'
    known = knowledge(rules=[rule(name, by="analysis") for name in ("look-alike", "dotted-number")])
    found = find_endpoints([], [], known, look({"assets/a.json": text.encode()}))[0]
    assert {one.host: one.ruled_out for one in found} == {"stat.vendor.cn": None, "1.2.3.4": "dotted-number"}
