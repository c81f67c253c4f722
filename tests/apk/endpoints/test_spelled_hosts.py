"""Hosts that code hides from a list of its strings."""

import base64

import pytest

from phone_audit.apk.behaviours.declared import Declared
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.endpoints.spelled_hosts import spelled_hosts
from phone_audit.apk.package_code import read_code
from phone_audit.knowledge.load import load_knowledge
from tests.apk.dex.assembler import RETURN, Class, Method, assemble, const_string
from tests.apk.dex.test_array_texts import spelling


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def holding(*texts: str) -> bytes:
    units = tuple(unit for text in texts for unit in const_string(text))
    return assemble([Class("Lapp/Main;", [Method("f()V", (*units, RETURN))])])


def candidates(*texts: str) -> list[str]:
    found = spelled_hosts(index_file(read_dex("classes.dex", holding(*texts)))).candidates
    assert {one.encoding for one in found} <= {"base64"}
    return sorted(one.text for one in found)


@pytest.mark.parametrize(
    "host", ["147.185.221.22", "evil.com", "c2.evil-host.xyz", "a.io", "t.me", "10.1.2.3", "evil.com:8080", "z9.3d.cn"]
)
def test_a_host_alone_in_base64(host: str) -> None:
    assert candidates(encoded(host)) == [host]
    assert candidates(encoded(host).rstrip("=")) == [host]
    assert candidates(f"{encoded(host)}\n") == candidates(f"{encoded(host)}\r\n") == [host]


@pytest.mark.parametrize(
    "text",
    [
        "EVIL.COM",
        "evil.com/a",
        " evil.com",
        "evil",
        "evil.com\n",
        "-evil.com.",
        "0.5",
        "caf\u00e9.com",
        "a" * 200 + ".com",
    ],
)
def test_anything_else_in_base64_is_none(text: str) -> None:
    assert candidates(encoded(text)) == []


def test_what_is_no_base64_is_none() -> None:
    whole = encoded("147.185.221.22")
    assert candidates(f"{whole}=", f"x{whole}", whole.lower(), "startActivity", "MTIzNDU2Nzg5", "MTQ3!!!!") == []


def test_it_counts_with_whoever_holds_it() -> None:
    data = holding(encoded("147.185.221.22"))
    (found,) = read_code([("classes.dex", data)], load_knowledge(), Declared(package="app")).endpoints
    assert (found.host, found.counts, found.use) == ("147.185.221.22", True, "unknown")
    ((holder),) = found.held_by
    (piece,) = holder.evidence
    assert (holder.party, piece.kind, piece.encoding, piece.class_) == ("first-party", "decoded", "base64", "app.Main")


def test_several_urls_in_one_array() -> None:
    data = assemble([spelling("http://one.dev/a http://two.dev/b")])
    found = spelled_hosts(index_file(read_dex("classes.dex", data)))
    assert [one.found.host for one in found.mentions] == ["one.dev", "two.dev"]
    assert found.candidates == ()


def test_of_two_files_of_one_name_both_are_read() -> None:
    files = [read_dex("classes.dex", holding(encoded(host))) for host in ("one.com", "two.com")]
    found = spelled_hosts([index for file in files for index in index_file(file)])
    assert sorted(one.text for one in found.candidates) == ["one.com", "two.com"]


def test_what_is_too_much_is_cut_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.apk.endpoints.spelled_hosts.MOST", 1)
    data = holding(encoded("one.com"), encoded("two.com"))
    found = spelled_hosts(index_file(read_dex("classes.dex", data)))
    assert [(one.subject, one.code) for one in found.skipped] == [("classes.dex", "too-many-endpoints")]
    arrays = [Class(f"Lapp/H{at};", spelling(f"http://host{at}.dev/").methods) for at in range(4)]
    cut = spelled_hosts(index_file(read_dex("classes2.dex", assemble(arrays))))
    assert [one.subject for one in cut.skipped] == ["classes2.dex"]
    assert len(cut.mentions) == 2
    assert read_code([("classes.dex", data)], load_knowledge()).skipped
