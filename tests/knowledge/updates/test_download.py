"""Fetching: from a TLS server on loopback that does everything wrong that a server can do."""

import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from phone_audit.errors import KnowledgeError
from phone_audit.knowledge.updates.download import DownloadError, FetchSettings, fetch, fetch_settings
from tests.knowledge.updates.server import NOW, Authority, Server, body, in_good_order, raw, redirect, status


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority: Authority, tmp_path: Path) -> Iterator[Server]:
    with Server(authority.certify(tmp_path)) as server:
        yield server


@pytest.fixture
def by(authority: Authority) -> FetchSettings:
    return fetch_settings(authority.file, 20)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "content"


def test_what_is_fetched_is_what_lies_there(server: Server, by: FetchSettings, into: Path) -> None:
    server.answers["/list?a=b"] = body(b"x" * 200_000, Last_Modified="Sat, 31 Jan 2026 10:00:00 GMT")
    assert fetch(server.url("/list?a=b"), into, 200_000, by) == "2026-01-31"
    assert into.read_bytes() == b"x" * 200_000


@pytest.mark.promise("update-over-tls")
def test_what_is_told_of_the_user_is_nothing(
    server: Server, by: FetchSettings, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No cookie, not even in a redirect that sets one; no proxy of the environment."""
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server.answers |= {"/a": body(b"", code=302, Location="/b", Set_Cookie="id=1"), "/b": body(b"x")}
    assert fetch(server.url("/a"), into, 10, by) is None
    assert server.asked == ["/a", "/b"]
    assert [sorted(sent) for sent in server.headers] == [["Accept-Encoding", "Connection", "Host", "User-Agent"]] * 2
    assert {sent["User-Agent"] for sent in server.headers} == {"phone-audit"}


def test_chunks_are_joined(server: Server, by: FetchSettings, into: Path) -> None:
    server.answers["/"] = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    fetch(server.url("/"), into, 10, by)
    assert into.read_bytes() == b"abcde"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (body(b"abc", promised=5), "ended the answer in the middle"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"), "ended the answer in the middle"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc"), "ended the answer in the middle"),
        (raw(b"HTTP/1.1 200 OK\r\n\r\nno length, no end"), "ended the answer in the middle"),
        (raw(b""), "ended the answer in the middle"),
        (raw(b"SSH-2.0-x\r\n"), "does not answer as a web server does"),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"), "does not answer as a web server does"),
        (raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000), "does not answer as a web server does"),
        (status(404), "answered 404"),
        (status(500), "answered 500"),
        (status(304), "answered 304"),
        (body(b"x", Content_Encoding="gzip"), "compressed"),
        (body(b"x" * 1001), "larger than"),
        (body(b"", promised=10**15), "larger than"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + b"x" * 2000), "larger than"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + b"x" * 3), "ended the answer in the middle"),
        (redirect("http://127.0.0.1/x"), "leads to a URL that is not fetched: it has to begin with https://"),
        (redirect("//u:p@127.0.0.1/x"), "leads to a URL that is not fetched: it may hold no user"),
        (redirect("file:///etc/passwd"), "leads to a URL that is not fetched"),
        (redirect("/a b"), "leads to a URL that is not fetched"),
        (redirect("/"), "more than 5 redirects"),
    ],
)
def test_what_goes_wrong_is_told(server: Server, by: FetchSettings, into: Path, answer: object, said: str) -> None:
    server.answers["/"] = answer  # type: ignore[assignment]
    with pytest.raises(DownloadError, match=said):
        fetch(server.url("/"), into, 1000, by)
    assert not into.exists() or into.stat().st_size <= 1000


def test_a_body_that_ends_early_in_good_order_is_not_whole(server: Server, by: FetchSettings, into: Path) -> None:
    """TLS says that nothing was cut off, yet the length says that something lacks."""
    server.answers["/"] = in_good_order(body(b"abc", promised=5))
    with pytest.raises(DownloadError, match=r"Only 3 of 5 bytes came|ended the answer in the middle"):
        fetch(server.url("/"), into, 1000, by)


def test_five_redirects_are_followed(server: Server, by: FetchSettings, into: Path) -> None:
    server.answers |= {f"/{place}": redirect(f"/{place + 1}", 301 + place % 2) for place in range(5)}
    server.answers["/5"] = body(b"here")
    fetch(server.url("/0"), into, 10, by)
    assert into.read_bytes() == b"here"


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"])
def test_a_trickle_ends_in_time(authority: Authority, server: Server, into: Path, before: bytes) -> None:
    """Bytes keep coming, so no time-out of a single read ever ends it: neither in the head nor in the body."""
    server.answers["/"] = server.trickle(before)
    with pytest.raises(DownloadError, match="took too long"):
        fetch(server.url("/"), into, 1000, fetch_settings(authority.file, 0.6))


def test_a_server_that_never_says_a_word_ends_in_time(authority: Authority, into: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DownloadError, match="took too long"):
        fetch(f"https://127.0.0.1:{silent.getsockname()[1]}/", into, 10, fetch_settings(authority.file, 0.4))


def test_a_closed_port_is_told(by: FetchSettings, into: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(DownloadError, match=f"127.0.0.1, port {port}, could not be reached"):
        fetch(f"https://127.0.0.1:{port}/", into, 10, by)


def test_a_server_without_tls_is_refused(by: FetchSettings, into: Path) -> None:
    with Server(None) as plain, pytest.raises(DownloadError, match="could not be reached"):
        fetch(plain.url("/"), into, 10, by)


@pytest.mark.promise("update-over-tls")
def test_the_certificate_has_to_be_of_that_authority(server: Server, tmp_path: Path, into: Path) -> None:
    server.answers["/"] = body(b"x")
    for trusting in (fetch_settings(Authority.made(tmp_path, "another").file, 5), fetch_settings(None, 5)):
        with pytest.raises(DownloadError, match=r"certificate of 127\.0\.0\.1 is not accepted: .*(self-signed|issuer)"):
            fetch(server.url("/"), into, 10, trusting)
    assert server.asked == []


@pytest.mark.promise("update-over-tls")
def test_the_certificate_has_to_name_the_host(
    authority: Authority, tmp_path: Path, by: FetchSettings, into: Path
) -> None:
    shown = authority.certify(tmp_path, "127.0.0.2")
    with Server(shown) as server, pytest.raises(DownloadError, match="not accepted: IP address mismatch"):
        fetch(server.url("/"), into, 10, by)


def test_an_expired_certificate_is_refused(authority: Authority, tmp_path: Path, by: FetchSettings, into: Path) -> None:
    shown = authority.certify(tmp_path, until=NOW - timedelta(hours=1))
    with Server(shown) as server, pytest.raises(DownloadError, match="not accepted: certificate has expired"):
        fetch(server.url("/"), into, 10, by)


@pytest.mark.promise("update-over-tls")
def test_old_tls_is_refused(by: FetchSettings) -> None:
    assert by.trust.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert (by.trust.verify_mode, by.trust.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_file_that_cannot_be_written_is_no_fault_of_the_network(
    server: Server, by: FetchSettings, tmp_path: Path
) -> None:
    server.answers["/"] = body(b"x" * 100_000)
    with pytest.raises(OSError, match="No such file"):
        fetch(server.url("/"), tmp_path / "none" / "x", 10**6, by)
    full = Path("/dev/full")
    if full.is_char_device():
        with pytest.raises(OSError, match="No space left"):
            fetch(server.url("/"), full, 10**6, by)


def test_authorities_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate", "utf-8")
    with pytest.raises(KnowledgeError, match=r"no\.pem holds no certificates"):
        fetch_settings(tmp_path / "no.pem", 1)
