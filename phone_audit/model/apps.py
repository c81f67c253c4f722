"""What is known of one app, joined: where it came from, what it may do and did, where it sends, and how much."""

from typing import Annotated, Final, Literal

from phone_audit.model.apk import EndpointCategory
from phone_audit.model.base import OPEN, Frozen
from phone_audit.model.stated import Number, ShownHost, Time

Origin = Annotated[Literal["firmware", "store", "hand", "other", "unknown"], OPEN]
"""How an app came onto a phone.

firmware   with the phone: it lies on the system image
store      from a store that came with the phone, or that is signed as that store is; as the phone notes
hand       from a file, a browser or a cable: somebody who held the phone chose it
other      another app, of which it is not known what it is, installed it
unknown    the phone does not say, or names a store that is not shown to be on it
"""

Watching = Annotated[Literal["all", "part", "none"], OPEN]
"""What of a person can be watched: all that is done on the phone, as the screen or what is typed; one part, as what is
said near it or where it is; nothing."""

LinkKind = Annotated[Literal["flow", "fetched", "seen", "capture", "held"], OPEN]
LINK_KINDS: Final[tuple[LinkKind, ...]] = ("capture", "seen", "flow", "fetched", "held")
"""What ties an app to a place, strongest first.

capture    a recording of traffic shows it
seen       the phone's own tables of connections showed it
flow       its code was followed, from private data to the network
fetched    its code connects to it
held       its code holds the address; whether it connects to it is not settled
"""


class CameFrom(Frozen):
    """How an app came onto the phone, and when; null is unknown.

    `installer` is the package that installed it, as the phone names it, `installer_name` what people call that.
    """

    kind: Origin
    installer: str | None
    installed: Time | None
    updated: Time | None
    installer_name: str | None = None


class Power(Frozen):
    """Something that an app may do, or did, beyond what every app may.

    Attributes:
        what: the id of the power in the knowledge, such as `microphone`.
        granted: whether it may do so now; false where it did it and may not any more, null where that is not known.
        last_used: when it last did, by the phone's own notes; null where they name no time or were not read.
        background: whether that was in the background; null where the phone does not tell.
        title: the power in a few words, such as `microphone`.
        can: what an app with it can do, in words that follow "may": `record with the microphone`.
        did: what an app did that used it, in words that follow its name: `used the microphone`.
        watching: what of a person can be watched with it.
        last_background: when it last did so in the background.
    """

    what: str
    granted: bool | None
    last_used: Time | None = None
    background: bool | None = None
    title: str = ""
    can: str = ""
    did: str = ""
    watching: Watching = "none"
    last_background: Time | None = None


class Destination(Frozen):
    """A place that an app sends to, or would, by the strongest link that was seen.

    Attributes:
        host: null where data was followed to the network and the address was not.
        owner: who is known to own it.
        category: what it is for.
        cleartext: whether without encryption; null where that is not known.
        by: what ties the app to it.
        data: kinds of private data, as in `imei` or `location`; of a capture those that were read in it.
        times: how often it was seen; null where it was not.
    """

    host: ShownHost | None
    owner: str | None
    category: EndpointCategory
    cleartext: bool | None
    by: LinkKind
    data: tuple[str, ...] = ()
    times: Number | None = None


class App(Frozen):
    """One package as one user has it, with all that belongs together.

    Attributes:
        package, user: what it is.
        label: its name on the screen; null where its APK was not read or has none.
        system: whether it came with the firmware.
        came_from: how it came onto the phone.
        powers: what it may do or did, those that watch a person first.
        destinations: where it sends or would, strongest link first; the most that are told of one app.
        sent, sent_background: bytes; null where the phone does not tell.
        findings: keys of the findings that speak of it, in their order.
        sent_since: from when on they were counted.
        sent_shared: how many other packages the counters are of as well, since they share its user id.
        destinations_count: how many destinations there are, also those that are not told.
    """

    package: str
    label: str | None
    user: int
    system: bool | None
    came_from: CameFrom
    powers: tuple[Power, ...] = ()
    destinations: tuple[Destination, ...] = ()
    sent: Number | None = None
    sent_background: Number | None = None
    findings: tuple[str, ...] = ()
    sent_since: Time | None = None
    sent_shared: Number = 0
    destinations_count: Number = 0

    @property
    def name(self) -> str:
        """What a sentence calls it: the name on the screen, else the package."""
        return self.label or self.package
