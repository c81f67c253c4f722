"""Fetches one file over TLS. The only file of phone-audit that opens a connection to anything but a phone.

No proxy of the environment, no cookie, no password: `http.client` knows none of them by itself.
"""

import contextlib
import email.utils
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead, RemoteDisconnected  # noqa: TID251
from pathlib import Path
from time import monotonic
from typing import Final
from urllib.parse import urljoin, urlsplit

from phone_audit.errors import KnowledgeError
from phone_audit.files.bounded_lines import read_bounded
from phone_audit.files.bounds import CERTIFICATES_SIZE
from phone_audit.files.open_regular import open_regular
from phone_audit.knowledge.updates.sources import checked_url

_REDIRECTS: Final = (301, 302, 303, 307, 308)
_MOST_REDIRECTS: Final = 5
_PIECE: Final = 2**16
_WAIT: Final = 20.0  # seconds for one answer of the network


class DownloadError(KnowledgeError):
    """It could not be fetched; nothing of it is kept."""


@dataclass(frozen=True)
class FetchSettings:
    """How things are fetched: whom to trust, and how many seconds one file may take in all."""

    trust: ssl.SSLContext
    seconds: float


def fetch_settings(ca_file: Path | None, seconds: float) -> FetchSettings:
    """Return how things are fetched: trusting the certificates in `ca_file` in the place of those of the system.

    Raises:
        KnowledgeError: the file holds no certificates.
    """
    try:
        trust = ssl.create_default_context(cadata=None if ca_file is None else _certificates(ca_file))
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise KnowledgeError(
            f"{ca_file} holds no certificates that can be read: {said}.", "Name a PEM file."
        ) from error
    trust.minimum_version = ssl.TLSVersion.TLSv1_2  # some builds of Python leave that to the system
    return FetchSettings(trust, seconds)


def _certificates(file: Path) -> str:
    with open_regular(file) as opened:
        return read_bounded(opened, CERTIFICATES_SIZE).decode("ascii", "replace")


def fetch(url: str, into: Path, largest: int, settings: FetchSettings) -> str | None:
    """Fetch a file, and give the day on which it was last modified (2026-01-31), where the server says it.

    Args:
        url: where it is; redirects are followed, to https only.
        into: where it is written; it may not be whole when this raises.
        largest: bytes; more are refused.
        settings: whom to trust, and for how long.

    Raises:
        DownloadError: it could not be fetched, or not as a whole.
        OSError: it could not be written.
    """
    deadline = monotonic() + settings.seconds
    for _ in range(_MOST_REDIRECTS + 1):
        with _answer(url, settings, deadline) as (answer, line):
            if answer.status in _REDIRECTS:
                url = _redirected(url, answer.headers.get("Location"))
                continue
            if answer.status != HTTPStatus.OK:
                raise DownloadError(f"The server answered {answer.status} for {url}.", "Check the URL, or try later.")
            _keep(answer, line, into, largest)
            return _day(answer.headers.get("Last-Modified"))
    raise DownloadError(f"There were more than {_MOST_REDIRECTS} redirects.", "Name the URL to which they lead.")


@dataclass(frozen=True)
class _Line:
    """A connection: to whom it leads, and whether its time is over."""

    host: str
    port: int
    late: threading.Event

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Turn what fails on the network into a DownloadError."""
        try:
            yield
        except (OSError, HTTPException) as error:
            raise self._said(error) from error

    def _said(self, error: OSError | HTTPException) -> DownloadError:
        if self.late.is_set() or isinstance(error, TimeoutError):
            return self.too_long()
        if isinstance(error, ssl.SSLCertVerificationError):
            return DownloadError(
                f"The certificate of {self.host} is not accepted: {error.verify_message}.",
                "Somebody may stand between. --ca-file names the authority of a server of your own.",
            )
        if isinstance(error, ssl.SSLEOFError | IncompleteRead | RemoteDisconnected):
            return DownloadError(f"{self.host} ended the answer in the middle.", "Try again.")
        if isinstance(error, HTTPException):
            return DownloadError(f"{self.host} does not answer as a web server does.", "Check the URL.")
        return DownloadError(
            f"{self.host}, port {self.port}, could not be reached: {error.strerror or error}.",
            "Check the URL and the network.",
        )

    def too_long(self) -> DownloadError:
        """Return the error for what does not end in time."""
        return DownloadError(f"{self.host} took too long.", "Try later, or give it more time with --timeout.")


@contextlib.contextmanager
def _answer(url: str, settings: FetchSettings, deadline: float) -> Iterator[tuple[HTTPResponse, _Line]]:
    """Ask for a URL, and keep the connection while its answer is read."""
    parts = urlsplit(url)
    line = _Line(parts.hostname or "", parts.port or 443, threading.Event())
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with contextlib.ExitStack() as stack:
        with line.told():
            plain = socket.create_connection((line.host, line.port), min(_WAIT, max(0.1, deadline - monotonic())))
            stack.callback(plain.close)
            stack.enter_context(_cut_off(plain, deadline, line.late))
            # an end that the server did not announce is an error, not an end
            tls = settings.trust.wrap_socket(plain, server_hostname=line.host, suppress_ragged_eofs=False)
            stack.callback(tls.close)
            connection = HTTPSConnection(line.host, line.port, context=settings.trust)
            connection.sock = tls
            connection.request("GET", path, headers={"User-Agent": "phone-audit", "Connection": "close"})
            answer = connection.getresponse()
            stack.callback(answer.close)
        yield answer, line


@contextlib.contextmanager
def _cut_off(plain: socket.socket, deadline: float, late: threading.Event) -> Iterator[None]:
    """Shut the connection when the time is over, whatever it is doing: a time-out alone never ends a slow trickle."""
    plug = plain.dup()

    def cut() -> None:
        late.set()
        with contextlib.suppress(OSError):
            plug.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline - monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        plug.close()


def _redirected(url: str, to: str | None) -> str:
    try:
        return checked_url(urljoin(url, to or ""))
    except ValueError as error:
        raise DownloadError(
            f"{urlsplit(url).hostname} leads to a URL that is not fetched: {error}.", "Ask its publisher."
        ) from error


def _keep(answer: HTTPResponse, line: _Line, into: Path, largest: int) -> None:
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise DownloadError("The server sent it compressed, which was not asked for.", "Ask its publisher.")
    promised = answer.length  # None where it comes in chunks, or until the connection ends
    taken = 0
    with into.open("wb") as file:
        while promised is None or promised <= largest:
            with line.told():
                piece = answer.read1(_PIECE)
            if not piece:
                break
            taken += len(piece)
            if taken > largest:
                break
            file.write(piece)
    if taken > largest or (promised or 0) > largest:
        raise DownloadError(
            f"It is larger than {largest / 2**20:.3g} MB.", "If that is right, raise largest_mb of the source."
        )
    if line.late.is_set():
        raise line.too_long()
    if promised is not None and taken < promised:
        raise DownloadError(f"Only {taken} of {promised} bytes came.", "Try again.")


def _day(text: str | None) -> str | None:
    try:
        return email.utils.parsedate_to_datetime(text or "").strftime("%Y-%m-%d")
    except ValueError:
        return None
