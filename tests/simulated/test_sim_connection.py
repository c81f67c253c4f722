"""The handshake, the streams and their flow control, and computers that break the rules."""

import struct
import time
from contextlib import ExitStack

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.simulated.profile import load_profile
from tests.simulated.keys import POLICIES, Policy
from tests.simulated.lab_phone import LabPhone
from tests.simulated.wire import CHECKED, MAX_DATA, UNCHECKED, Wire, connected, greeted, offered, packed, signed

BANNER = (
    b"device::ro.product.name=Onyx_00WW;ro.product.model=Nokia 7 plus;ro.product.device=B2N_sprout;"
    b"features=cmd,stat_v2,shell_v2"
)


def complained(phone: LabPhone, text: str) -> bool:
    """Wait until the phone has noted what a computer did wrong."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if any(text in complaint for complaint in phone.complaints):
            return True
        time.sleep(0.01)
    return False


# ---------------------------------------------------------------------------- handshake
def test_the_phone_says_what_it_is(phone: LabPhone) -> None:
    with connected(phone) as wire:
        answer = wire.hello()
        assert (answer.command, answer.arg0, answer.arg1) == (b"CNXN", UNCHECKED, 262144)
        assert answer.payload == BANNER
        assert answer.checksum == 0


def test_an_old_computer_gets_checksums(phone: LabPhone) -> None:
    with connected(phone) as wire:
        answer = wire.hello(CHECKED)
        assert answer.checksum == sum(answer.payload) & 0xFFFFFFFF
        assert wire.run("exec:echo hello") == b"hello\n"
    assert phone.complaints == []


def test_an_old_phone_gives_and_wants_checksums() -> None:
    profile = load_profile("nokia7plus")
    old = profile.model_copy(
        update={"daemon": profile.daemon.model_copy(update={"version": CHECKED, "max_data": 4096})}
    )
    with LabPhone(old) as phone, connected(phone) as wire:
        answer = wire.hello(UNCHECKED)
        assert (answer.arg0, answer.arg1) == (CHECKED, 4096)
        assert answer.checksum == sum(answer.payload) & 0xFFFFFFFF
        assert wire.run("exec:echo hello") == b"hello\n"
        wire.raw(packed(b"OPEN", 9, 0, b"exec:id\0", checksum=0))
        assert wire.hung_up()
        assert complained(phone, "checksum")


@pytest.mark.parametrize("ours", [100, 4096, 10**6])
def test_no_payload_is_longer_than_both_take(phone: LabPhone, ours: int) -> None:
    with connected(phone) as wire:
        wire.hello(max_data=ours)
        us, them = wire.open("exec:dumpsys package")
        sizes = []
        while (packet := wire.receive()).command == b"WRTE":
            sizes.append(len(packet.payload))
            wire.send(b"OKAY", us, them)
        assert sum(sizes) > 10**4
        assert max(sizes) <= min(ours, 262144)
        assert min(ours, sum(sizes)) == max(sizes)


def test_what_is_asked_before_the_handshake_is_not_answered(phone: LabPhone) -> None:
    with connected(phone) as wire:
        wire.send(b"OPEN", 1, 0, b"exec:id\0")
        assert wire.silent()
        assert phone.opened == []


# ------------------------------------------------------------------------- authentication
def ask(wire: Wire, key: rsa.RSAPrivateKey) -> None:
    """Say hello, fail with a signature, offer the key."""
    question = wire.hello()
    assert (question.command, question.arg0, len(question.payload)) == (b"AUTH", 1, 20)
    wire.send(b"AUTH", 2, 0, signed(key, question.payload))
    again = wire.receive()
    assert (again.command, again.arg0) == (b"AUTH", 1)
    assert again.payload != question.payload
    wire.send(b"AUTH", 3, 0, offered(key))


def test_an_accepted_key_is_let_in_and_remembered(rsa_key: rsa.RSAPrivateKey, other_key: rsa.RSAPrivateKey) -> None:
    with LabPhone(auth="accept") as phone:
        with connected(phone) as wire:
            ask(wire, rsa_key)
            assert wire.receive().command == b"CNXN"
        with connected(phone) as wire:
            wire.send(b"AUTH", 2, 0, signed(rsa_key, wire.hello().payload))
            assert wire.receive().command == b"CNXN"
        with connected(phone) as wire:
            wire.send(b"AUTH", 2, 0, signed(other_key, wire.hello().payload))
            assert wire.receive().command == b"AUTH"
        phone.gate.forget()
        with connected(phone) as wire:
            wire.send(b"AUTH", 2, 0, signed(rsa_key, wire.hello().payload))
            assert wire.receive().command == b"AUTH"
        assert phone.complaints == []


def test_a_refused_key_gets_no_answer(rsa_key: rsa.RSAPrivateKey) -> None:
    with LabPhone(auth="refuse") as phone, connected(phone) as wire:
        ask(wire, rsa_key)
        assert wire.silent()
        wire.send(b"OPEN", 1, 0, b"exec:id\0")
        assert wire.silent()
        assert phone.opened == []


@pytest.mark.parametrize("yes", [True, False])
def test_a_dialog_waits_for_an_answer(rsa_key: rsa.RSAPrivateKey, yes: bool) -> None:
    with LabPhone(auth="ask") as phone, connected(phone) as wire:
        assert not phone.answer(yes=True)
        ask(wire, rsa_key)
        assert phone.gate.wait_for_dialog(5)
        assert wire.silent()
        assert phone.answer(yes=yes)
        if yes:
            assert wire.receive().command == b"CNXN"
        else:
            assert wire.silent()
        assert not phone.answer(yes=True)


def test_a_dialog_that_is_accepted_too_late_harms_nobody(rsa_key: rsa.RSAPrivateKey) -> None:
    with LabPhone(auth="ask") as phone:
        with connected(phone) as wire:
            ask(wire, rsa_key)
            assert phone.gate.wait_for_dialog(5)
        assert phone.answer(yes=True)
        with connected(phone) as wire:
            wire.send(b"AUTH", 2, 0, signed(rsa_key, wire.hello().payload))
            assert wire.receive().command == b"CNXN"


@pytest.mark.parametrize(
    ("kind", "payload", "text"),
    [(3, b"AAAA\0", "not in Android's form"), (1, b"\0" * 20, "unknown kind 1"), (9, b"", "unknown kind 9")],
)
def test_nonsense_instead_of_a_key_ends_the_connection(kind: int, payload: bytes, text: str) -> None:
    with LabPhone(auth="accept") as phone, connected(phone) as wire:
        wire.hello()
        wire.send(b"AUTH", kind, 0, payload)
        assert wire.hung_up()
        assert complained(phone, text)


def test_somebody_who_is_in_has_nothing_to_prove(phone: LabPhone) -> None:
    with greeted(phone) as wire:
        wire.send(b"AUTH", 2, 0, b"\0" * 256)
        assert wire.hung_up()
        assert complained(phone, "nobody asked for")


def test_nobody_may_try_keys_for_ever(rsa_key: rsa.RSAPrivateKey) -> None:
    with LabPhone(auth="accept") as phone, connected(phone) as wire:
        wire.hello()
        for _ in range(63):
            wire.send(b"AUTH", 2, 0, b"\0" * 256)
            assert wire.receive().command == b"AUTH"
        wire.send(b"AUTH", 2, 0, b"\0" * 256)
        assert wire.hung_up()
        assert complained(phone, "Too many keys")


# -------------------------------------------------------------------------------- streams
def test_an_unknown_service_is_closed_at_once(phone: LabPhone) -> None:
    with greeted(phone) as wire:
        for service in (b"reboot:\0", b"tcp:80\0", b"sync\0", b"\0", b"root:\0"):
            wire.send(b"OPEN", 7, 0, service)
            answer = wire.receive()
            assert (answer.command, answer.arg0, answer.arg1) == (b"CLSE", 0, 7)


def test_the_phone_waits_for_okay(phone: LabPhone) -> None:
    with connected(phone) as wire:
        wire.hello(max_data=1000)
        us, them = wire.open("exec:dumpsys package")
        first = wire.receive()
        assert (first.command, len(first.payload)) == (b"WRTE", 1000)
        assert wire.silent()
        wire.send(b"OKAY", us, them)
        assert wire.receive().command == b"WRTE"


def test_several_streams_are_served_at_once(phone: LabPhone) -> None:
    with greeted(phone) as wire:
        slow = wire.open("exec:dumpsys package")
        first = wire.receive()
        assert (first.command, first.arg1) == (b"WRTE", slow[0])
        assert wire.run("exec:echo meanwhile") == b"meanwhile\n"
        wire.send(b"OKAY", *slow)
        assert (first.payload + wire.read_all(*slow)).endswith(b"(No recorded stats)\n")


def test_a_closed_stream_is_answered_and_its_command_ends(phone: LabPhone) -> None:
    with greeted(phone) as wire:
        us, them = wire.open("exec:cat")
        wire.send(b"WRTE", us, them, b"y")
        assert {wire.receive().command, wire.receive().command} == {b"OKAY", b"WRTE"}
        wire.send(b"CLSE", us, them)
        assert (wire.receive().command, wire.silent()) == (b"CLSE", True)
        assert wire.run("exec:echo still here") == b"still here\n"


def test_a_command_that_prints_nothing_ends_with_its_stream(phone: LabPhone) -> None:
    with greeted(phone) as wire:
        wire.send(b"CLSE", *wire.open("exec:cat"))
        assert wire.receive().command == b"CLSE"
    phone.close()  # would wait for ever


def test_input_is_taken_ahead_of_a_reader_as_far_as_a_pipe_goes(phone: LabPhone) -> None:
    with greeted(phone) as wire:
        us, them = wire.open("exec:cat")
        wire.send(b"WRTE", us, them, b"1")
        assert {wire.receive().command, wire.receive().command} == {b"OKAY", b"WRTE"}
        wire.send(b"WRTE", us, them, b"2")  # is read; to say it, `cat` waits until we have taken the 1
        assert wire.receive().command == b"OKAY"
        taken = 0
        for _ in range(10):
            wire.send(b"WRTE", us, them, b"x" * 20000)
            if wire.silent():
                break  # it waits for the reader
            assert wire.receive().command == b"OKAY"
            taken += 1
        assert 0 < taken < 10  # what fits into the pipe, and what `cat` holds in its hand
        wire.send(b"OKAY", us, them)
        assert {wire.receive().command, wire.receive().command} == {b"OKAY", b"WRTE"}
        wire.send(b"CLSE", us, them)
    assert phone.complaints == []


def test_a_second_write_before_the_okay_ends_the_connection(phone: LabPhone) -> None:
    with greeted(phone) as wire:
        us, them = wire.open("exec:dumpsys package")  # never reads
        assert wire.receive().command == b"WRTE"
        wire.send(b"WRTE", us, them, b"x" * 65536)
        wire.send(b"WRTE", us, them, b"x")
        assert wire.hung_up()
        assert complained(phone, "before the one before it")


def test_streams_are_limited(phone: LabPhone) -> None:
    with greeted(phone) as wire:
        opened = [wire.open("exec:cat") for _ in range(64)]
        wire.send(b"OPEN", 999, 0, b"exec:id\0")
        assert wire.receive().command == b"CLSE"
        wire.send(b"CLSE", *opened[0])
        assert wire.receive().command == b"CLSE"


def test_an_okay_for_nobody_is_ignored(phone: LabPhone) -> None:
    with greeted(phone) as wire:
        wire.send(b"OKAY", 5, 77)
        wire.send(b"WRTE", 5, 77, b"x")
        wire.send(b"CLSE", 5, 77)
        assert wire.run("exec:echo on") == b"on\n"


# ------------------------------------------------------------------------------ bad lines
@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"GET / HTTP/1.1\r\nHost: phone\r\n\r\n", "unknown message"),
        (packed(b"OKAY", 1, 1)[:20] + b"\0\0\0\0", "magic"),
        (struct.pack("<4sIIIII", b"WRTE", 1, 1, 0xFFFFFFFF, 0, 0x45545257 ^ 0xFFFFFFFF), "announces 4294967295"),
        (packed(b"CNXN", UNCHECKED, MAX_DATA, b"device::"), "not from a computer"),
        (packed(b"CNXN", UNCHECKED, MAX_DATA, b"host::", checksum=1), "checksum"),
    ],
    ids=["http", "magic", "length", "device", "checksum"],
)
def test_what_is_no_adb_ends_the_connection_and_nothing_else(phone: LabPhone, data: bytes, text: str) -> None:
    with connected(phone) as wire:
        wire.raw(data)
        assert wire.hung_up()
    assert complained(phone, text)
    with greeted(phone) as wire:
        assert wire.run("exec:echo well") == b"well\n"


ALMOST = st.lists(
    st.builds(
        packed,
        st.sampled_from([b"CNXN", b"AUTH", b"OPEN", b"OKAY", b"WRTE", b"CLSE"]),
        st.sampled_from([0, 1, 2, 3, UNCHECKED, 2**32 - 1]),
        st.sampled_from([0, 1, 2, 4096, MAX_DATA, 2**32 - 1]),
        st.sampled_from(
            [b"", b"host::\0", b"exec:cat\0", b"shell,v2,raw:cat\0", b"sync:\0", b"SEND\xff\0\0\0", b"\0" * 256]
        ),
        checksum=st.sampled_from([None, None, 0]),
    ),
    max_size=8,
).map(b"".join)


@given(ALMOST, st.integers(0, 30), st.sampled_from(POLICIES))
@settings(max_examples=60)
def test_almost_valid_messages_harm_nobody(data: bytes, cut: int, auth: Policy) -> None:
    with LabPhone("nokia7plus", auth=auth) as phone:
        with connected(phone) as wire:
            wire.raw(packed(b"CNXN", UNCHECKED, MAX_DATA, b"host::") + data[: len(data) - cut])
        with connected(phone) as wire:
            assert wire.hello().command == (b"CNXN" if auth == "off" else b"AUTH")


@pytest.mark.parametrize(("arg0", "arg1"), [(0, 0), (1, 5)])
def test_an_open_with_wrong_numbers_ends_the_connection(phone: LabPhone, arg0: int, arg1: int) -> None:
    with greeted(phone) as wire:
        wire.send(b"OPEN", arg0, arg1, b"exec:id\0")
        assert wire.hung_up()
        assert complained(phone, "OPEN")


def test_half_a_message_and_goodbye_is_no_complaint(phone: LabPhone) -> None:
    with connected(phone) as wire:
        wire.raw(packed(b"CNXN", UNCHECKED, MAX_DATA, b"host::")[:30])
    with greeted(phone) as wire:
        assert wire.run("exec:echo well") == b"well\n"
    assert phone.complaints == []


def test_connections_are_limited(phone: LabPhone) -> None:
    with ExitStack() as stack:
        wires = [stack.enter_context(greeted(phone)) for _ in range(16)]
        with connected(phone) as one_more:
            assert one_more.hung_up()
        assert wires[0].run("exec:echo on") == b"on\n"


# ------------------------------------------------------------------------------ the cable
@pytest.mark.parametrize("cut", [0, 10, 100, 5000])
def test_the_cable_is_pulled_after_so_many_bytes(cut: int) -> None:
    with LabPhone(cut_after=cut) as phone:
        received = b""
        with connected(phone) as wire:
            wire.send(b"CNXN", UNCHECKED, MAX_DATA, b"host::")
            wire.line.settimeout(5)
            opened = False
            while part := wire.line.recv(4096):
                received += part
                if not opened and len(received) > len(BANNER):
                    wire.checked, opened = False, True
                    wire.send(b"OPEN", 1, 0, b"exec:dumpsys package\0")
        assert len(received) == cut
        with pytest.raises(ConnectionRefusedError), connected(phone):
            pass


def test_pulling_the_cable_ends_everything(phone: LabPhone) -> None:
    with greeted(phone) as wire:
        wire.open("exec:cat")
        phone.unplug()
        assert wire.hung_up()


# ------------------------------------------------------------------------------ the phone
def test_the_address_is_loopback(phone: LabPhone) -> None:
    assert phone.address == f"127.0.0.1:{phone.port}"


def test_a_phone_that_never_started_can_be_closed() -> None:
    LabPhone().close()


def test_the_phone_notes_what_was_asked(phone: LabPhone) -> None:
    with greeted(phone) as wire:
        wire.run("exec:echo 1")
        wire.run("shell,v2,raw:echo 2")
    assert phone.opened == ["exec:echo 1", "shell,v2,raw:echo 2"]
