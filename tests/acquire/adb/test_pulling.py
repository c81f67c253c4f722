"""Many files on one stream: asked for ahead, each failing alone, gone on with after a break."""

import random
import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from phone_audit.acquire.adb import pulling, stream_transport, wire
from phone_audit.acquire.adb.tcp import TcpLink, split_address
from phone_audit.acquire.adb.transports import DirectTransport, connect_directly
from phone_audit.acquire.transport import FileRequest
from phone_audit.errors import CommandError, DeviceLostError
from tests.acquire.files_phone import FilesPhone
from tests.acquire.listener import BANNER, Behaviour, hang_up, listening

CONTENT = random.Random(5).randbytes(1_000_003)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "REPLY_TIMEOUT", 1.0)
    monkeypatch.setattr(stream_transport, "PAUSES", (0.0, 0.05, 0.1))


@contextmanager
def connected(*behaviours: Behaviour) -> Iterator[DirectTransport]:
    with listening(*behaviours) as name:
        address = split_address(name)
        assert address is not None

        def dial() -> TcpLink:
            return TcpLink(name, *address)

        transport = connect_directly(dial(), (), patience=0, on_wait=None, redial=dial)
        try:
            yield transport
        finally:
            transport.close()


def pull(
    transport: DirectTransport, folder: Path, paths: Sequence[str], limit: int = 2**30, timeout: float = 5
) -> dict[str, str | bytes]:
    """Pull files; gives path → content, or what went wrong."""
    left = [FileRequest(path, folder / str(number), timeout, limit) for number, path in enumerate(paths)]
    left.reverse()
    told: dict[str, str | bytes] = {}

    def done(request: FileRequest, error: CommandError | None) -> None:
        assert request.path not in told
        assert request.into.exists() is (error is None)
        told[request.path] = request.into.read_bytes() if error is None else error.message

    transport.pull_many(lambda _: left.pop() if left else None, done)
    assert not left
    return told


def test_many_files_arrive_whole_and_are_asked_for_ahead(tmp_path: Path) -> None:
    files = {f"/f/{number}": CONTENT[: number * 997] for number in range(300)}
    phone = FilesPhone(files)
    with connected(phone) as transport:
        assert pull(transport, tmp_path, list(files)) == files
    first = phone.asked.index("RECV /f/0")
    assert phone.asked[first : first + pulling.MAX_RECEIVES] == [f"RECV /f/{n}" for n in range(pulling.MAX_RECEIVES)]
    assert phone.asked[:first] == [f"STAT /f/{n}" for n in range(first)]
    assert len(phone.asked) == 600


def test_nothing_wanted_is_nothing_done(tmp_path: Path) -> None:
    phone = FilesPhone()
    with connected(phone) as transport:
        assert pull(transport, tmp_path, []) == {}
    assert phone.asked == []


def test_a_source_that_has_nothing_now_is_asked_again(tmp_path: Path) -> None:
    """With something under way it is not waited for; with nothing it may wait."""
    files = {f"/f/{number}": b"x" * number for number in range(5)}
    asked: list[bool] = []
    left = list(files)
    done: list[str] = []

    def source(wait: bool) -> FileRequest | None:
        asked.append(wait)
        return FileRequest(path := left.pop(0), tmp_path / path[-1]) if wait and left else None

    with connected(FilesPhone(files)) as transport:
        transport.pull_many(source, lambda request, _: done.append(request.path))
    assert done == list(files)
    assert asked[0] is True
    assert asked[1] is False
    assert asked[-1] is True


@pytest.mark.parametrize("ends", [True, False])
def test_a_file_that_fails_costs_itself_alone(tmp_path: Path, ends: bool) -> None:
    files = {f"/f/{number}": CONTENT[: number * 3000] for number in range(80)}
    phone = FilesPhone(dict(files), ends_after_failure=ends)
    odd = ["/f/3", "/f/4", "/f/50"]
    for path in odd:
        phone.modes[path] = 0o100644
        del phone.files[path]
    phone.modes |= {"/pipe": 0o010644, "/folder": 0o040755, "/link": 0o120777}
    others = ["/gone", "/pipe", "/folder", "/link", "", "/a\0b", "/" + "x" * 1024]
    with connected(phone) as transport:
        told = pull(transport, tmp_path, [*others, *files])
    assert {path: told[path] for path in files if path not in odd} == {
        path: content for path, content in files.items() if path not in odd
    }
    assert {path: str(told[path]).rpartition(": ")[2] for path in odd} == dict.fromkeys(odd, "Permission denied'.")
    assert [str(told[path]).rpartition(": ")[2] for path in others] == [
        "it is not there, or the shell may not see it.",
        "it is a pipe.",
        "it is a folder.",
        "it is a link to nothing.",
        *["no phone accepts such a path."] * 3,
    ]
    assert "RECV /pipe" not in phone.asked


def test_a_file_over_the_limit_costs_itself_alone(tmp_path: Path) -> None:
    phone = FilesPhone({"/a": b"a", "/large": bytes(100), "/grows": bytes(10), "/b": b"b"})
    phone.files["/grows"] = bytes(20)
    with connected(phone) as transport:
        told = pull(transport, tmp_path, ["/a", "/large", "/b"], limit=50)
    assert (told["/a"], told["/b"]) == (b"a", b"b")
    assert "100 bytes, more than 50" in str(told["/large"])


def test_a_service_that_ends_again_and_again_costs_the_file(tmp_path: Path) -> None:
    phone = FilesPhone({"/a": b"a", "/bad": b"x", "/b": b"b"}, ends_in={"/bad"})
    with connected(phone) as transport:
        told = pull(transport, tmp_path, ["/a", "/bad", "/b"])
    assert told["/a"] == b"a"
    assert told["/b"] == b"b"
    assert "the phone broke off" in str(told["/bad"])
    assert phone.recv_of("/bad") == pulling.MAX_BREAKS + 1


def test_a_phone_without_the_service_is_a_sentence_for_each(tmp_path: Path) -> None:
    with connected(FilesPhone({"/a": b"a"}, refuses={b"sync:"})) as transport:
        told = pull(transport, tmp_path, ["/a", "/b"])
    assert told == {path: f"The phone does not let files be copied, so {path} was not read." for path in ("/a", "/b")}


def test_a_cut_connection_goes_on_where_it_stood(tmp_path: Path) -> None:
    files = {f"/f/{number} it's": CONTENT[number * 7 :] for number in range(12)}
    phone = FilesPhone(dict(files), cuts=[2_500_000, 3_000_000, 900_000, 900_000])
    with connected(phone) as transport:
        assert pull(transport, tmp_path, list(files)) == files
    assert phone.connections == 5
    went_on = [asked for asked in phone.asked if asked.startswith("dd ")]
    assert went_on[0] == "dd /f/2 it's 7"  # 500 000 bytes of it had come
    assert [phone.recv_of(path) for path in files][:4] == [1, 1, 1, 1]


@pytest.mark.parametrize("change", ["time", "size"])
def test_a_file_that_changed_meanwhile_is_read_from_its_beginning(tmp_path: Path, change: str) -> None:
    class Changing(FilesPhone):
        def __call__(self, connection: socket.socket) -> None:
            if self.connections == 1 and change == "time":
                self.times["/a"] = 99
            elif self.connections == 1:
                self.files["/a"] = CONTENT + b"more"
            super().__call__(connection)

    phone = Changing({"/a": CONTENT}, cuts=[600_000])
    with connected(phone) as transport:
        assert pull(transport, tmp_path, ["/a"]) == {"/a": phone.files["/a"]}
    assert phone.recv_of("/a") == 2
    assert not any(asked.startswith("dd") for asked in phone.asked)


def test_a_phone_that_cannot_go_on_reads_anew(tmp_path: Path) -> None:
    phone = FilesPhone({"/a": CONTENT}, cuts=[600_000], refuses={b"exec:dd", b"shell:dd"})
    with connected(phone) as transport:
        assert pull(transport, tmp_path, ["/a"]) == {"/a": CONTENT}
    assert phone.recv_of("/a") == 2


def test_a_connection_that_always_breaks_in_a_file_costs_the_file(tmp_path: Path) -> None:
    phone = FilesPhone({"/a": b"a", "/bad": CONTENT, "/b": b"b"}, cuts=[200_000] + [66_000] * 3)
    with connected(phone) as transport:
        told = pull(transport, tmp_path, ["/a", "/bad", "/b"])
    assert told["/a"] == b"a"
    assert told["/b"] == b"b"
    assert "the connection broke 4 times while it was read" in str(told["/bad"])
    assert phone.connections == 5


def test_a_phone_that_stays_away_is_lost_and_leaves_no_halves(tmp_path: Path) -> None:
    phone = FilesPhone({"/a": b"a", "/b": CONTENT}, cuts=[200_000])
    left = [FileRequest("/b", tmp_path / "b"), FileRequest("/a", tmp_path / "a")]
    told: list[str] = []
    with connected(phone, hang_up) as transport, pytest.raises(DeviceLostError, match="is gone"):
        transport.pull_many(lambda _: left.pop() if left else None, lambda request, _: told.append(request.path))
    assert told == ["/a"]
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_another_phone_in_its_place_is_not_read(tmp_path: Path) -> None:
    phone = FilesPhone({"/a": CONTENT}, cuts=[200_000], banners=[BANNER, BANNER.replace(b"Fake", b"Other")])
    with connected(phone) as transport, pytest.raises(DeviceLostError) as caught:
        pull(transport, tmp_path, ["/a"])
    assert "another phone is in its place" in str(caught.value.__cause__)
    assert not list(tmp_path.iterdir())


def test_the_way_back_is_there_for_commands_too() -> None:
    phone = FilesPhone(cuts=[0, 10**9])
    with connected(phone) as transport:
        transport.reconnect()  # nothing to do
        assert phone.connections == 1
        transport._session._wire.link.close()
        with pytest.raises(DeviceLostError):
            transport.shell("id")
        transport.reconnect()
        transport.reconnect()
        assert transport.shell("id").exit is None  # it runs nothing, but answers
        assert phone.connections == 2
        transport.close()
        with pytest.raises(DeviceLostError, match="this program closed"):
            transport.reconnect()


def test_a_file_that_stands_still_costs_itself_alone(tmp_path: Path) -> None:
    """The phone lives, the file does not come: the service is opened anew for the others."""
    phone = FilesPhone({"/slow": b"", "/b": b"b"}, stands_still_in={"/slow"})
    with connected(phone) as transport:
        told = pull(transport, tmp_path, ["/slow", "/b"], timeout=0.5)
    assert "stood still" in str(told["/slow"])
    assert told["/b"] == b"b"
    assert phone.connections == 1


def test_a_full_disk_costs_the_file_alone(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    with connected(FilesPhone({"/a": b"a", "/b": b"b", "/c": b"c"})) as transport:
        left = [FileRequest(f"/{name}", tmp_path / str(number)) for number, name in enumerate("abc")]
        left.reverse()
        told: dict[str, str | None] = {}
        transport.pull_many(
            lambda _: left.pop() if left else None,
            lambda request, error: told.update({request.path: error.message if error else None}),
        )
    assert told["/a"] is None
    assert told["/c"] is None
    assert "cannot be stored on this computer" in str(told["/b"])
    assert (tmp_path / "1").is_dir()


class _Flood:
    """A service for files that tells of one, and then gives blocks without a byte, for ever."""

    def __init__(self) -> None:
        self._said = [struct.pack("<4sIII", b"STAT", 0o100644, 1000, 1)]

    def read(self, deadline: float) -> bytes:
        del deadline
        return self._said.pop(0) if self._said else struct.pack("<4sI", b"DATA", 0) * 1000

    def write(self, data: bytes) -> None:
        """Hear nothing."""

    def close(self) -> None:
        """Stop."""

    def confirm(self) -> None:
        """Live."""


class _FloodPhone:
    def open_sync(self) -> _Flood:
        return _Flood()

    def read_on(self, path: str, block: int) -> None:
        del path, block

    def follow_link(self, path: str) -> None:
        del path

    def reconnect(self) -> None:
        """Be there."""


def test_blocks_without_a_byte_are_no_file(tmp_path: Path) -> None:
    left = [FileRequest("/a", tmp_path / "a", 5.0, 2**20)]
    told: list[CommandError | None] = []
    puller = pulling.Puller(_FloodPhone(), lambda _: left.pop() if left else None, lambda _, error: told.append(error))
    thread = threading.Thread(target=puller.run, daemon=True)
    thread.start()
    thread.join(60)
    [error] = told
    assert error is not None
    assert "does not speak the protocol" in error.message
