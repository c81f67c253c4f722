"""Plain words for what code was seen to do, by the ids of behaviours, the most private first."""

from collections.abc import Iterable
from typing import Final

READS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("text messages", ("read.sms", "read.sms-incoming", "listen.sms")),
    ("contacts", ("read.contacts",)),
    ("call log", ("read.call-log",)),
    ("phone calls", ("read.call-state", "listen.outgoing-call")),
    ("location", ("read.location-background", "read.location-updates", "read.location")),
    ("microphone", ("read.microphone",)),
    ("camera", ("read.camera",)),
    ("screen", ("read.screen", "read.screen-hidden", "read.screen-shell")),
    ("what other packages show", ("read.screen-text",)),
    ("notifications", ("read.notifications",)),
    ("clipboard", ("read.clipboard", "read.clipboard-watch")),
    ("calendar", ("read.calendar",)),
    ("photos and videos", ("read.photos",)),
    ("browser history", ("read.browser-history",)),
    ("accounts", ("read.accounts",)),
    ("phone number", ("read.phone-number",)),
    ("IMEI", ("read.imei",)),
    ("IMSI", ("read.imsi",)),
    ("SIM card number", ("read.iccid",)),
    ("serial number", ("read.serial", "read.serial-property")),
    ("hardware addresses", ("read.wifi-mac", "read.bluetooth-mac")),
    ("Android ID", ("read.android-id",)),
    ("advertising ID", ("read.advertising-id", "read.vendor-advertising-id")),
    ("ID of Google's services", ("read.services-id",)),
    ("ID of the copy protection", ("read.drm-id",)),
    ("installed packages", ("read.packages", "read.packages-shell", "listen.package-change")),
    ("running packages", ("read.running-packages",)),
    ("use of packages", ("read.usage",)),
    ("Wi-Fi networks", ("read.wifi-name", "read.wifi-networks")),
    ("mobile masts", ("read.cell-towers",)),
    ("system log", ("read.log",)),
    ("motion sensors", ("read.sensors",)),
    ("mobile operator", ("read.sim-operator",)),
)
"""What can be read, and the behaviours that read it."""

WAYS_OUT: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        "HTTP",
        (
            "send.http-url-connection",
            "send.okhttp",
            "send.apache-http",
            "send.retrofit",
            "send.volley",
            "send.cronet",
        ),
    ),
    ("connections of its own", ("send.socket", "send.ssl-socket", "send.channel", "send.datagram", "send.native")),
    ("web sockets and message servers", ("send.websocket", "send.mqtt")),
    ("web pages", ("send.webview", "send.webview-bridge")),
    ("native code", ("send.native-library",)),
    ("downloads of the system", ("send.download",)),
    ("text messages", ("act.send-sms",)),
    ("mail", ("send.mail",)),
    ("Bluetooth", ("send.bluetooth",)),
    ("connections that others open to it", ("send.listening",)),
)
"""How data can leave, and the behaviours that show it."""

_WORDS: Final = {name: words for words, names in (*READS, *WAYS_OUT) for name in names}
_ORDER: Final = {words: rank for rank, (words, _) in enumerate((*reversed(WAYS_OUT), *reversed(READS)))}
_READERS: Final = frozenset(name for _, names in READS for name in names)
_SENDERS: Final = frozenset(name for _, names in WAYS_OUT for name in names)


def reads(behaviour: str) -> bool:
    """Tell whether a behaviour, by its id, reads something; one of extra knowledge does if its id says so."""
    return behaviour in _READERS or behaviour.startswith("read.")


def sends(behaviour: str) -> bool:
    """Tell whether a behaviour, by its id, is a way out."""
    return behaviour in _SENDERS or behaviour.startswith("send.")


def in_words(behaviours: Iterable[str]) -> list[str]:
    """Return words for behaviours by their ids, each once, the most private first; an unknown one keeps its id's words.

    Example:
        >>> in_words(["read.serial", "read.sms", "read.serial-property", "read.tea-time"])
        ['text messages', 'serial number', 'tea time']
    """
    words = {_WORDS.get(name, name.partition(".")[2].replace("-", " ")) for name in behaviours}
    return sorted(words, key=lambda one: (-_ORDER.get(one, -1), one))
