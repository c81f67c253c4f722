"""What tells a phone from others, for what this computer remembers of it."""

import json
from dataclasses import dataclass

from phone_audit.acquire.transport import Handshake


@dataclass(frozen=True)
class PhoneIdentity:
    """Which phone it is, as far as that can be told.

    Attributes:
        text: the serial number that the phone states, its ADB banner and the key of this computer that it accepted;
            None where something of it is missing, so that nothing is remembered.
        knew_us: whether the phone accepted that key without asking its owner. Only then is what was remembered of it
            used: one that has to ask is another phone, or was reset since.
    """

    text: str | None = None
    knew_us: bool = False


NOBODY = PhoneIdentity()
"""A phone that cannot be told from others, or none: a saved acquisition."""


def identity_of(serial: str | None, handshake: Handshake | None) -> PhoneIdentity:
    """Return the identity of a phone.

    The serial alone is none: any phone may state any, and cheap ones share theirs.
    """
    if not serial or handshake is None or handshake.host_key is None:
        return NOBODY
    return PhoneIdentity(json.dumps([serial, handshake.banner, handshake.host_key]), not handshake.asked)
