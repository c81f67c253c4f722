"""USB: the kit's fake bus in front of the real adbd. Each test runs a program of its own with the phones plugged in."""

import contextlib
import hashlib
import json
import os
from typing import Any

import pytest

from tests.kit import Kit, Phone

pytestmark = pytest.mark.adbd

PRELUDE = """
import hashlib, json, os, subprocess, sys, time
from pathlib import Path
from phone_audit.acquire.adb import stream_transport, usb_link, wire
from phone_audit.acquire.adb.connect import open_transport
from phone_audit.acquire.adb.connect import list_devices
from phone_audit.acquire.adb.stream_transport import with_exit_status
from phone_audit.acquire.adb.usb_devices import scan_bus
from phone_audit.errors import PhoneAuditError

stream_transport.require_listed = lambda text: None  # these programs send commands of their own
USB = os.environ["USB_SCRIPT"]
told = []

def attempt(action):
    try:
        return action()
    except PhoneAuditError as error:
        return {"error": type(error).__name__, "message": error.message, "hint": error.hint}

def opened(target=None, **more):
    return open_transport(target, on_wait=lambda sentence, seconds: told.append(sentence), **{"patience": 10, **more})
"""


@pytest.fixture
def run(usb_kit: Kit) -> Any:
    """Run code with phones plugged in; what it gives to `show` comes back."""

    def run(phones: str, code: str) -> Any:
        show = "\ndef show(value):\n    print(json.dumps(value), flush=True)\n"
        done = usb_kit.usb(phones, PRELUDE + show + code, USB_SCRIPT=str(usb_kit.usb_script))
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return json.loads(done.stdout.splitlines()[-1])

    return run


def serial_of(phone: Phone) -> str:
    serial: str = phone.truth["props"]["ro.serialno"]
    return serial


def test_the_one_phone_is_found_and_read(run: Any, nokia: Phone) -> None:
    got = run(
        str(nokia.port),
        "t = opened(); a = t.shell('echo out; echo err >&2; exit 3')\n"
        "show([t.serial, t.via, t.model, a.output.decode(), a.exit]); t.close()",
    )
    assert got == [serial_of(nokia), "direct", "Nokia 7 plus", "out\nerr\n", 3]


@pytest.mark.parametrize("target", ["usb", "serial"])
@pytest.mark.parametrize("options", ["", ":mtp", ":zlp", ":short=1000"])
def test_a_file_arrives_byte_for_byte(run: Any, pixel: Phone, options: str, target: str) -> None:
    content = os.urandom(1_500_000) + bytes(512)
    name = target if target == "usb" else serial_of(pixel)
    with pixel.file("/data/local/tmp/blob", content) as path:
        got = run(
            f"{pixel.port}{options}",
            f"t = opened({name!r}); into = Path(os.environ['HOME'], 'usb.bin'); t.pull({path!r}, into)\n"
            f"show([into.read_bytes().hex() == t.shell('cat {path}').output.hex(), into.stat().st_size]); t.close()",
        )
    assert got == [True, len(content)]


def test_messages_of_whole_packets_are_ended_by_an_empty_one(run: Any, nokia: Phone) -> None:
    """A command or path that fills packets of 512 bytes: adb_shell 0.4.4 waits for ever, as with 505 characters."""
    code = """
t = opened()
overhead = len(b"exec:" + with_exit_status("", t._mark) + b"\\0")
exits = []
for packets in (1, 2, 3, 32):
    command = "true".ljust(512 * packets - overhead)
    exits.append(t.shell(command, timeout=60).exit)
paths = ["/".ljust(512 * packets - 8, "x") for packets in (1, 2)]     # after 8 bytes of a header
refused = [attempt(lambda: t.pull(path, Path("never"), timeout=5))["message"].rpartition(": ")[2] for path in paths]
show([exits, refused]); t.close()
"""
    exits, refused = run(str(nokia.port), code)
    assert exits == [0] * 4
    assert refused == ["it is not there, or the shell may not see it."] * 2


def test_a_time_out_spares_the_next_command(run: Any, oreo: Phone) -> None:
    got = run(
        str(oreo.port),
        "t = opened(); a = t.shell('echo early; sleep 1; echo late', timeout=0.5); time.sleep(0.8)\n"
        "show([a.output.decode(), a.exit, a.truncated, t.shell('echo next').output.decode()]); t.close()",
    )
    assert got == ["early\n", None, True, "next\n"]


def test_what_a_killed_program_left_behind_does_not_disturb(run: Any, nokia: Phone) -> None:
    code = """
victim = subprocess.Popen([sys.executable, "-c", '''
from phone_audit.acquire.adb import stream_transport
from phone_audit.acquire.adb.connect import open_transport
stream_transport.require_listed = lambda text: None
t = open_transport(None)
print("ready", flush=True)
t.shell("while echo yes; do :; done")
'''], stdout=subprocess.PIPE)
victim.stdout.readline(); time.sleep(0.3); victim.kill(); victim.wait()
t = opened(); show(t.shell("echo fine").output.decode()); t.close()
"""
    assert run(str(nokia.port), code) == "fine\n"


def test_without_permission_the_whole_udev_rule_is_in_the_hint(run: Any, nokia: Phone) -> None:
    got = run(f"{nokia.port}:eacces:id=2e04-c025", "show([attempt(opened), [s.model_dump() for s in list_devices()]])")
    error, (state,) = got
    assert error["error"] == "DevicePermissionError"
    assert serial_of(nokia) in error["message"]
    assert 'SUBSYSTEM=="usb", ATTR{idVendor}=="2e04", MODE="0660", GROUP="plugdev", TAG+="uaccess"' in error["hint"]
    assert (state["state"], state["usable"], state["hint"]) == ("no permissions", False, error["hint"])
    assert state["model"] == "Nokia 7 plus"


def test_a_phone_that_another_program_holds_is_busy(run: Any, nokia: Phone) -> None:
    error, (state,) = run(f"{nokia.port}:busy", "show([attempt(opened), [s.model_dump() for s in list_devices()]])")
    assert error["error"] == "DeviceBusyError"
    assert serial_of(nokia) in error["message"]
    assert any(who in error["hint"] for who in ("Close", "adb server"))  # whoever has USB or a server here is named
    assert (state["state"], state["usable"]) == ("busy", False)


@pytest.mark.parametrize("fault", ["unplug", "stall"])
def test_a_cable_that_breaks_in_a_file_is_a_lost_phone(run: Any, nokia: Phone, fault: str) -> None:
    code = """
into = Path(os.environ["HOME"], "half.bin"); t = opened()
show([attempt(lambda: t.pull("/data/local/tmp/blob", into)), attempt(lambda: t.shell("id")), into.exists()]); t.close()
"""
    with nokia.file("/data/local/tmp/blob", bytes(2_000_000)):
        first, second, left = run(f"{nokia.port}:{fault}=600000", code)
    assert (first["error"], second["error"]) == ("DeviceLostError", "DeviceLostError")
    assert first["message"] == second["message"]
    assert serial_of(nokia) in first["message"]
    assert ("it was unplugged" in first["message"]) is (fault == "unplug")
    assert left is False


def test_a_phone_that_falls_silent_is_lost_and_what_came_is_kept(run: Any, nokia: Phone) -> None:
    code = """
wire.REPLY_TIMEOUT = usb_link.WRITE_TIMEOUT = 1.0
t = opened(); a = t.shell("seq 1 200000", timeout=1)
show([len(a.output) > 100000, a.exit, a.truncated, attempt(lambda: t.shell("id"))]); t.close()
"""
    much, status, truncated, after = run(f"{nokia.port}:hang=600000", code)
    assert (much, status, truncated) == (True, None, True)
    assert after["error"] == "DeviceLostError"


def test_a_phone_that_comes_back_is_found_again(run: Any, nokia: Phone) -> None:
    code = """
t = opened(); first = t.shell("echo one").output.decode()
subprocess.run([USB, "ctl", "unplug", "1"], check=True, capture_output=True)
while scan_bus().phones: time.sleep(0.05)
gone = attempt(lambda: t.shell("id"))["error"]; t.close(); none = attempt(opened)
subprocess.run([USB, "ctl", "plug", "1"], check=True, capture_output=True)
while not scan_bus().phones: time.sleep(0.05)
t = opened(); show([first, gone, none, t.shell("echo two").output.decode()]); t.close()
"""
    first, gone, none, second = run(str(nokia.port), code)
    assert (first, gone, none["error"], second) == ("one\n", "DeviceLostError", "NoDeviceError", "two\n")
    assert "USB debugging" in none["hint"]


PULLING = """
import tempfile, threading
from phone_audit.acquire.transport import FileRequest
folder = Path(tempfile.mkdtemp(dir=os.environ["HOME"]))
came, failed = {}, {}

def done(request, error):
    if error is None:
        came[request.path] = hashlib.sha256(request.into.read_bytes()).hexdigest()
    else:
        failed[request.path] = error.message

def pull(paths):
    left = [FileRequest(path, folder / str(number), 20) for number, path in enumerate(paths)][::-1]
    t.pull_many(lambda wait: left.pop() if left else None, done)
"""


def test_a_phone_that_is_plugged_in_again_goes_on_where_it_stood(run: Any, nokia: Phone) -> None:
    contents = {f"/data/local/tmp/blob{number}": os.urandom(900_000) for number in range(3)}
    code = (
        "t = opened(); outcome = attempt(lambda: pull(%r))\n"
        "show([outcome, came, failed, t.serial, t.shell('id -un').output.decode()]); t.close()"
    )
    with contextlib.ExitStack() as stack:
        paths = [stack.enter_context(nokia.file(path, content)) for path, content in contents.items()]
        outcome, came, failed, serial, after = run(f"{nokia.port}:unplug=1500000:replug=1", PULLING + code % paths)
    assert (outcome, failed, serial, after) == (None, {}, serial_of(nokia), "shell\n")
    assert came == {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}


def test_a_phone_that_stays_away_keeps_what_had_come(run: Any, nokia: Phone) -> None:
    contents = {f"/data/local/tmp/blob{number}": os.urandom(900_000) for number in range(3)}
    code = (
        "from phone_audit.acquire.adb import stream_transport\n"
        "stream_transport.PAUSES = (0.1, 0.1, 0.1); t = opened()\n"
        "show([attempt(lambda: pull(%r)), came, failed, [f.name for f in folder.iterdir()]]); t.close()"
    )
    with contextlib.ExitStack() as stack:
        paths = [stack.enter_context(nokia.file(path, content)) for path, content in contents.items()]
        outcome, came, failed, left = run(f"{nokia.port}:unplug=1500000", PULLING + code % paths)
    assert outcome["error"] == "DeviceLostError"
    assert "it was unplugged" in outcome["message"]
    assert came == {paths[0]: hashlib.sha256(contents[paths[0]]).hexdigest()}
    assert (failed, left) == ({}, ["0"])


@pytest.mark.parametrize("options", ["", ":zlp", ":short=1000"])
def test_commands_run_beside_a_transfer(run: Any, pixel: Phone, options: str) -> None:
    content = os.urandom(4_000_000)
    code = (
        "t = opened(); thread = threading.Thread(target=pull, args=(%r,)); thread.start(); said = []\n"
        "while thread.is_alive(): said.append(t.shell('echo beside').output.decode())\n"
        "show([came, failed, sorted(set(said))]); t.close()"
    )
    with pixel.file("/data/local/tmp/blob", content) as path:
        came, failed, said = run(f"{pixel.port}{options}", PULLING + code % [path])
    assert (came, failed, said) == ({path: hashlib.sha256(content).hexdigest()}, {}, ["beside\n"])


@pytest.mark.parametrize("policy", ["deny", "ask"])
def test_a_refused_key_is_a_sentence_and_no_time_out(run: Any, nokia: Phone, policy: str) -> None:
    """adb_shell alone ends with a read that timed out."""
    with nokia.asking(policy):
        error, asked = run(str(nokia.port), "error = attempt(lambda: opened(patience=0.7)); show([error, told])")
    assert error["error"] == "UnauthorizedError"
    assert serial_of(nokia) in error["message"]
    assert "tap 'Allow'" in error["hint"]
    assert len(asked) == 1


def test_two_phones_are_told_apart_by_serial(run: Any, nokia: Phone, pixel: Phone) -> None:
    code = """
names = [p.serial for p in scan_bus().phones]
models = []
for name in names:
    t = opened(name); models.append(t.model); t.close()
show([names, models, attempt(opened), attempt(lambda: opened("usb")), attempt(lambda: opened("B3"))])
"""
    names, models, several, usb, other = run(f"{nokia.port},{pixel.port}", code)
    expected = sorted([(serial_of(nokia), "Nokia 7 plus"), (serial_of(pixel), "Pixel 8")])
    assert [*zip(names, models, strict=True)] == expected
    assert several["error"] == usb["error"] == "SeveralDevicesError"
    assert several["message"] == f"2 phones are there: {names[0]}, {names[1]}."
    assert other["message"] == "No phone is called B3."
    assert names[0] in other["hint"]


def test_phones_with_one_serial_number_are_told_apart_by_their_place(run: Any, nokia: Phone, pixel: Phone) -> None:
    code = """
names = [p.serial for p in scan_bus().phones]
models = []
for name in names:
    t = opened(name); models.append(t.model); t.close()
show([names, models])
"""
    got = run(f"{nokia.port}:serial=0123456789ABCDEF,{pixel.port}:serial=0123456789ABCDEF", code)
    assert got == [["usb:1-1", "usb:1-2"], ["Nokia 7 plus", "Pixel 8"]]


def test_the_list_shows_every_phone_and_asks_none(run: Any, nokia: Phone, pixel: Phone) -> None:
    code = """
before = [s.model_dump() for s in list_devices()]
no_key = not Path(os.environ["HOME"], "fresh").exists()
os.environ["ANDROID_USER_HOME"] = str(Path(os.environ["HOME"], "fresh")); os.environ["HOME"] = "/nonexistent"
show([before, [s.model_dump() for s in list_devices()], no_key, Path(os.environ["ANDROID_USER_HOME"]).exists()])
"""
    run(
        f"{nokia.port},{pixel.port}", "show([opened(p.serial).close() for p in scan_bus().phones])"
    )  # both know the key
    with nokia.asking("ask"):
        before, without, no_key, made = run(f"{nokia.port},{pixel.port}", code)
        assert json.loads(nokia.kit.device("status", nokia.port))["pending_key"] is None
    by_serial = {state["serial"]: state for state in before}
    assert by_serial[serial_of(nokia)]["state"] == "unauthorized"
    assert "Allow" in by_serial[serial_of(nokia)]["hint"]
    assert by_serial[serial_of(pixel)] == {
        "serial": serial_of(pixel),
        "state": "device",
        "usable": True,
        "via": "direct",
        "model": "Pixel 8",
        "message": f"{serial_of(pixel)} can be scanned.",
        "hint": "",
    }
    assert {state["state"] for state in without} == {"unauthorized"}
    assert (no_key, made) == (True, False)


@pytest.mark.stock_adb
@pytest.mark.usefixtures("stock_adb")
def test_a_phone_that_an_adb_server_holds_is_reached_through_it(run: Any, nokia: Phone) -> None:
    code = """
def adb(*words):
    return subprocess.run(["adb", *words], capture_output=True, text=True, env=dict(os.environ, ADB_LIBUSB="0")).stdout
adb("start-server")
try:
    end = time.monotonic() + 60
    while "model:" not in adb("devices", "-l") and time.monotonic() < end:
        time.sleep(0.1)
    found = []
    for target in (None, "usb"):
        t = opened(target); found.append([t.serial, t.via, t.shell("echo here").output.decode()]); t.close()
    show([found, attempt(lambda: opened(None, via="direct")), [s.model_dump() for s in list_devices()]])
finally:
    adb("kill-server")
"""
    found, error, (state,) = run(str(nokia.port), code)
    assert found == [[serial_of(nokia), "server", "here\n"]] * 2
    assert error["error"] == "DeviceBusyError"
    assert "--via server" in error["hint"]
    assert (state["state"], state["usable"], state["via"], state["model"]) == ("device", True, "server", "Nokia 7 plus")
