"""Pairs this computer with a phone's wireless debugging by code, through the adb server, which keeps the proof."""

from phone_audit.acquire.adb import states
from phone_audit.acquire.adb.server import AdbServer, find_server
from phone_audit.acquire.adb.tcp import split_address
from phone_audit.errors import UsageError

CODE_LENGTH = 6


def server_for_pairing(address: str) -> AdbServer:
    """Return the running adb server, before the person is asked for a code.

    Raises:
        UsageError: the address is none.
        NoDeviceError: no adb server is running; none is ever started.
    """
    if split_address(address) is None:
        raise UsageError(
            f"{address!r} is no HOST:PORT.",
            "Take it from the phone's dialog 'Pair device with pairing code'; its port differs from the one for scans.",
        )
    server = find_server()
    if server is None:
        raise states.no_server_to_pair()
    return server


def pair(server: AdbServer, address: str, code: str) -> str:
    """Pair, and give a sentence on what to do next.

    Args:
        server: the running adb server.
        address: HOST:PORT, as the phone's dialog shows it.
        code: the six digits that the dialog shows.

    Raises:
        UsageError: the code is none.
        UnauthorizedError: the phone did not accept it, or is not there.
        ProtocolError: the server does not answer as one.
    """
    digits = code.replace(" ", "")
    if not (len(digits) == CODE_LENGTH and digits.isascii() and digits.isdigit()):
        raise UsageError("A pairing code has six digits.", "Type it as the phone's dialog shows it.")
    said = server.pair(address, digits)
    if not said.startswith("Successfully paired"):
        raise states.not_paired(address, said)
    host = address.rpartition(":")[0]
    return (
        f"Paired with {address}. The main screen of the phone's wireless debugging shows another port: "
        f"phone-audit scan {host}:PORT --via server"
    )
