"""The stock adb client drives the simulated phone, so that mistakes of our own client are not mirrored in it."""

import subprocess
import time
from pathlib import Path

import pytest

from phone_audit.simulated.profile import load_profile
from tests.kit import AdbServer
from tests.simulated.lab_phone import LabPhone

pytestmark = pytest.mark.stock_adb

APK = "/system/app/AutoRegistration/AutoRegistration.apk"


class Client:
    """The stock client, told which phone is meant."""

    def __init__(self, server: AdbServer, phone: LabPhone) -> None:
        self.server = server
        self.address = phone.address

    def __call__(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return self.server.adb("-s", self.address, *words, check=False)

    def connect(self) -> str:
        return self.server.adb("connect", self.address, check=False).stdout.decode().strip()

    def state(self) -> list[str]:
        """What `adb devices -l` says of the phone."""
        rows = self.server.adb("devices", "-l").stdout.decode().splitlines()
        return next((row.split()[1:5] for row in rows if row.startswith(self.address)), [])

    def until(self, state: str) -> bool:
        """Wait for a state."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.state()[:1] == [state]:
                return True
            time.sleep(0.05)
        return False


@pytest.fixture
def client(adb_server: AdbServer, phone: LabPhone) -> Client:
    client = Client(adb_server, phone)
    assert client.connect() == f"connected to {phone.address}"
    return client


def apk_bytes() -> bytes:
    return (load_profile("nokia7plus").folder / "com.qualcomm.qti.autoregistration.apk").read_bytes()


def test_connect_and_devices(client: Client, phone: LabPhone) -> None:
    assert client.state() == ["device", "product:Onyx_00WW", "model:Nokia_7_plus", "device:B2N_sprout"]
    assert sorted(client("features").stdout.split()) == [b"cmd", b"shell_v2", b"stat_v2"]
    assert phone.complaints == []


@pytest.mark.parametrize(
    ("line", "out", "err", "status"),
    [
        ("echo a", b"a\n", b"", 0),
        ("exit 7", b"", b"", 7),
        ("nosuch", b"", b"/system/bin/sh: nosuch: not found\n", 127),
        ("cat /nosuch", b"", b"cat: /nosuch: No such file or directory\n", 1),
        ("getenforce", b"Enforcing\n", b"", 0),
    ],
)
def test_shell(client: Client, line: str, out: bytes, err: bytes, status: int) -> None:
    done = client("shell", line)
    assert (done.stdout, done.stderr, done.returncode) == (out, err, status)


def test_a_long_answer_arrives_whole(client: Client, phone: LabPhone) -> None:
    done = client("shell", "dumpsys package")
    assert done.stdout.count(b"Package warning messages:") == 1
    assert done.stdout.endswith(b"    (No recorded stats)\n")
    assert phone.complaints == []


def test_exec_out(client: Client) -> None:
    assert client("exec-out", "cat", APK).stdout == apk_bytes()


def test_pull_a_file(client: Client, tmp_path: Path) -> None:
    assert client("pull", "-a", APK, str(tmp_path / "x.apk")).returncode == 0
    assert (tmp_path / "x.apk").read_bytes() == apk_bytes()
    assert (tmp_path / "x.apk").stat().st_mtime == 1230768000


def test_pull_a_folder(client: Client, tmp_path: Path, phone: LabPhone) -> None:
    assert client("pull", "/system/priv-app", str(tmp_path)).returncode == 0
    pulled = sorted(path.name for path in (tmp_path / "priv-app").rglob("*.apk"))
    assert len(pulled) == 13
    assert "TeleService.apk" in pulled
    assert phone.complaints == []


@pytest.mark.parametrize("path", ["/nosuch", "/system/build.prop"])
def test_pull_what_cannot_be_read(client: Client, tmp_path: Path, path: str) -> None:
    assert client("pull", path, str(tmp_path / "x")).returncode == 1


def test_push_is_refused(client: Client, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x" * 100_000)
    done = client("push", str(tmp_path / "x"), "/data/local/tmp/x")
    assert b"nothing can be sent to a simulated phone" in done.stderr + done.stdout
    assert client("shell", "echo on").stdout == b"on\n"


def test_what_the_phone_does_not_have(client: Client) -> None:
    assert client("reboot").returncode == 1
    assert client("shell", "echo on").stdout == b"on\n"


def test_a_phone_of_the_first_protocol(adb_server: AdbServer, tmp_path: Path) -> None:
    profile = load_profile("nokia7plus")
    daemon = profile.daemon.model_copy(update={"version": 0x01000000, "max_data": 4096, "features": ("cmd",)})
    with LabPhone(profile.model_copy(update={"daemon": daemon})) as phone:
        client = Client(adb_server, phone)
        client.connect()
        done = client("shell", "cat /nosuch")
        assert (done.stdout, done.returncode) == (
            b"cat: /nosuch: No such file or directory\n",
            0,
        )  # without shell_v2 the status is not sent
        assert client("pull", APK, str(tmp_path / "x.apk")).returncode == 0
        assert (tmp_path / "x.apk").read_bytes() == apk_bytes()
        assert phone.complaints == []


# ------------------------------------------------------------------------------------ keys
def test_an_accepted_key(adb_server: AdbServer) -> None:
    with LabPhone(auth="accept") as phone:
        client = Client(adb_server, phone)
        client.connect()
        assert client.until("device")
        adb_server.adb("disconnect", phone.address)
        assert client.connect() == f"connected to {phone.address}"  # at once: the key is known
        assert client("shell", "echo in").stdout == b"in\n"
        assert phone.complaints == []


def test_a_refused_key(adb_server: AdbServer) -> None:
    with LabPhone(auth="refuse") as phone:
        client = Client(adb_server, phone)
        assert client.connect() == f"failed to authenticate to {phone.address}"
        assert client.state()[:1] == ["unauthorized"]
        assert b"unauthorized" in client("shell", "echo in").stderr
        assert phone.opened == []
        adb_server.adb("disconnect", phone.address)


def test_a_key_that_is_accepted_on_the_screen(adb_server: AdbServer) -> None:
    with LabPhone(auth="ask") as phone:
        client = Client(adb_server, phone)
        assert client.connect() == f"failed to authenticate to {phone.address}"
        assert client.state()[:1] == ["unauthorized"]
        assert phone.gate.wait_for_dialog(10)
        assert phone.answer(yes=True)
        assert client.until("device")
        assert client("shell", "echo in").stdout == b"in\n"


# ----------------------------------------------------------------------------------- cable
def test_a_pulled_cable(adb_server: AdbServer, tmp_path: Path) -> None:
    with LabPhone(cut_after=5000) as phone:
        client = Client(adb_server, phone)
        client.connect()
        assert client("pull", APK, str(tmp_path / "x.apk")).returncode == 1
        adb_server.adb("disconnect", phone.address, check=False)
