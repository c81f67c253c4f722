"""Traffic that somebody else recorded: what was read of it, and what a result publishes of that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from phone_audit.model.apk import EndpointCategory
from phone_audit.model.base import OPEN, Frozen
from phone_audit.model.device import IdentifierKind
from phone_audit.model.finding import Skipped
from phone_audit.model.stated import Address, Number, PackageName, Sha256, ShownHost, Time

TrafficProtocol = Annotated[Literal["dns", "tls", "http", "quic", "tcp", "udp"], OPEN]
IDENTIFIER_NAMES: Final[Mapping[IdentifierKind, str]] = {
    "imei": "IMEI",
    "imsi": "IMSI",
    "iccid": "SIM card number",
    "serial": "serial number",
    "mac": "hardware address",
    "android-id": "Android ID",
}
"""Kind of an identifier → what a sentence calls it."""
_SHOWN: Final = 4


def masked(kind: IdentifierKind, value: str) -> str:
    """Name an identifier by its last characters: enough to know it again, too little to use it.

    Example:
        >>> masked("imei", "490154203237518"), masked("mac", "02:00:5e:aa:bb:cc")
        ('IMEI …7518', 'hardware address …bbcc')
    """
    plain = "".join(character for character in value if character.isalnum())
    return f"{IDENTIFIER_NAMES[kind]} …{plain[-_SHOWN:]}"


@dataclass(frozen=True)
class SentIdentifier:
    """An identifier that stands unencrypted in what was sent to one host; only its name and last characters are kept.

    `own`: it is known to be this phone's, else it has the form of one and is called one where it stands. `times` counts
    messages that held it: look-ups, requests, datagrams, or connections of another protocol. `in_host`: it stood in the
    name of the host.
    """

    kind: IdentifierKind
    masked: str
    own: bool
    times: int
    in_host: bool = False


@dataclass(frozen=True)
class HostTraffic:
    """One place that somebody was seen to look up or to talk to.

    Attributes:
        host: its name, by the look-up before, the TLS or HTTP request, or the log; None where none was seen. Labels
            that hold an identifier are masked.
        address: the first one it was reached at; None where only a look-up was seen.
        port: None of a look-up.
        protocol: `dns` is a look-up and nothing more.
        package: as the capture names it.
        uid: as the capture states it.
        cleartext: whether others can read along; None where that cannot be told.
        times: look-ups, requests (HTTP) or connections.
        sent: identifiers in the clear.
        requests: the first HTTP requests, without what was asked for behind `?`; identifiers and long opaque
            segments are masked.
        whole_host: the host with all its labels, where some are masked: for comparing with what is published, and
            nothing that is shown.
    """

    host: str | None
    address: str | None
    port: int | None
    protocol: TrafficProtocol
    package: str | None
    uid: int | None
    cleartext: bool | None
    times: int
    sent: tuple[SentIdentifier, ...] = ()
    requests: tuple[str, ...] = ()
    whole_host: str | None = field(default=None, repr=False)

    @property
    def compared(self) -> str:
        """The host that it really was, or the address where no name was seen. Not to be shown."""
        return self.whole_host or self.host or self.address or ""

    @property
    def place(self) -> str:
        """The host, or the address, with the port where there is one."""
        name = self.host or self.address or "an unknown place"
        shown = f"[{name}]" if ":" in name else name
        return shown if self.port is None else f"{shown}:{self.port}"


@dataclass(frozen=True)
class TrafficLog:
    """What was read of one file. `first` and `last` are RFC 3339; `not_seen` are sentences."""

    file: str
    sha256: str
    format: str
    first: str | None
    last: str | None
    hosts: tuple[HostTraffic, ...]
    not_seen: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()


class TrafficHost(Frozen):
    """One place in recorded traffic, as `HostTraffic` says. `owner` and `category` are known of the host.

    `identifiers` are those of this phone, or of some phone, that were sent there in the clear; masked. `data` are the
    kinds of them; `of_this_phone`: some of them are known to be this phone's.
    """

    host: ShownHost | None
    address: Address | None
    port: Number | None
    package: PackageName | None
    cleartext: bool | None
    times: Number
    identifiers: tuple[str, ...]
    protocol: TrafficProtocol
    uid: int | None = None
    owner: str | None = None
    category: EndpointCategory | None = None
    requests: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    of_this_phone: bool = False


class RecordedTraffic(Frozen):
    """A capture or log that somebody else made.

    `first` and `last` are null where the file states no whole times. `not_seen` are sentences on what it, or its
    reader, cannot show. `own_numbers` are numbers of the phone, masked, that a person stated and that were searched for
    beside those that the acquisition knows.
    """

    file: str
    sha256: Sha256
    format: str
    first: Time | None
    last: Time | None
    hosts: tuple[TrafficHost, ...]
    not_seen: tuple[str, ...] = ()
    own_numbers: tuple[str, ...] = ()
