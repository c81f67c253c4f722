"""Every error that phone-audit raises on purpose.

PhoneAuditError             what happened, as a sentence; `.hint` is the next step
├─ UsageError               the call itself cannot be understood
├─ AcquireError             the phone could not be read
│  ├─ NoDeviceError         no phone, or not the one that was named
│  ├─ SeveralDevicesError   more than one, and none was named
│  ├─ UnauthorizedError     the phone has not accepted this computer's key
│  ├─ DeviceOfflineError    listed, but it does not answer
│  │  └─ DeviceModeError    attached, but started in another mode
│  ├─ DevicePermissionError the operating system does not let us open the USB device
│  ├─ DeviceBusyError       another program, such as an adb server, holds it
│  ├─ DeviceLostError       gone half-way
│  │  └─ UnresponsiveError  there, but it lets us wait for answers that never come
│  ├─ ProtocolError         what answers there is no adbd
│  └─ CommandError          one command or one file on the phone failed
│     ├─ NotHeldError       an acquisition of another tool has no answer to it
│     └─ UnlistedCommandError  it is not in the list of what is sent to a phone
├─ SnapshotError            a saved acquisition is damaged, or from a newer version
├─ ApkError                 one file could not be read, or cost more than its budget
├─ KnowledgeError           a knowledge file breaks its schema
├─ ResultError              a saved result cannot be read
├─ AcceptanceError          a list of accepted findings cannot be read
└─ OutputError              a result cannot be written: the disk is full, or fails
"""

TO_TYPE = "    "
"""How a line of a hint begins that is to be typed as it stands: it is never broken."""


class PhoneAuditError(Exception):
    """Base of the tree.

    Args:
        message: what happened, a sentence for a person.
        hint: what the person can do next; empty where there is nothing to do.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(PhoneAuditError):
    """The call itself cannot be understood."""


class AcquireError(PhoneAuditError):
    """The phone could not be read."""


class NoDeviceError(AcquireError):
    """No phone, or not the one that was named."""


class SeveralDevicesError(AcquireError):
    """More than one phone, and none was named."""


class UnauthorizedError(AcquireError):
    """The phone has not accepted this computer's key."""


class DeviceOfflineError(AcquireError):
    """The phone is listed but does not answer, or is in another mode."""


class DeviceModeError(DeviceOfflineError):
    """The phone is attached, but started in another mode.

    Args:
        mode: a stable word: `recovery`, `sideload`, `bootloader` …
    """

    def __init__(self, message: str, *, mode: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.mode = mode


class DevicePermissionError(AcquireError):
    """The operating system does not let this user open the USB device."""


class DeviceBusyError(AcquireError):
    """Another program holds the phone."""


class DeviceLostError(AcquireError):
    """The phone went away half-way."""


class UnresponsiveError(DeviceLostError):
    """The phone let us wait too long, in all, for answers that never came."""


class ProtocolError(AcquireError):
    """What answers there does not speak ADB."""


class CommandError(AcquireError):
    """One command or one file on the phone failed; the rest can go on."""


class NotHeldError(CommandError):
    """An acquisition that another tool made has no answer to the question, as it says in general."""


class UnlistedCommandError(CommandError):
    """A command is not in the list of what is sent to a phone, and was not sent."""


class SnapshotError(PhoneAuditError):
    """A saved acquisition is damaged, or from a newer version."""


class ApkError(PhoneAuditError):
    """One file could not be read, or cost more than its budget.

    Args:
        message: the reason, a sentence.
        code: a stable word, as in `Skipped.code`.
    """

    def __init__(self, message: str, *, code: str = "unreadable") -> None:
        super().__init__(message)
        self.code = code


class KnowledgeError(PhoneAuditError):
    """A knowledge file breaks its schema; the message names file, entry and field."""


class ResultError(PhoneAuditError):
    """A saved result cannot be read."""


class AcceptanceError(PhoneAuditError):
    """A list of accepted findings cannot be read; the message names entry and field."""


class OutputError(PhoneAuditError):
    """A result cannot be written, though its place was well named: the disk is full, or fails."""
