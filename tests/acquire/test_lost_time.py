"""Waiting for what never comes is counted, once, and ends a scan when it is too much."""

from dataclasses import dataclass, field

import pytest

from phone_audit.acquire.adb import states, stream_transport
from phone_audit.acquire.adb.stream import Stream
from phone_audit.acquire.adb.stream_transport import ReconnectingTransport, StreamTransport
from phone_audit.acquire.lost_time import MOST_LOST, SHORT, LostTime
from phone_audit.errors import DeviceLostError, UnresponsiveError
from tests.acquire.fake_phone import KNOWN


@dataclass
class Clock:
    """A clock that stands still until somebody waits."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def waited(lost: LostTime, clock: Clock, seconds: float) -> None:
    with lost.waiting():
        clock.wait(seconds)


def test_an_answer_that_came_late_costs_nothing() -> None:
    clock = Clock()
    lost = LostTime(100.0, clock)
    waited(lost, clock, 90.0)
    lost.heard()
    lost.gave_up()
    assert lost.lost == 0


def test_an_answer_that_never_came_costs_its_silence_and_time_in_which_nobody_waits_costs_nothing() -> None:
    clock = Clock()
    lost = LostTime(100.0, clock)
    waited(lost, clock, 10.0)
    clock.wait(1000.0)
    waited(lost, clock, 15.0)
    lost.gave_up()
    assert (lost.lost, lost.is_used_up) == (25.0, False)
    waited(lost, clock, 75.0)
    lost.gave_up()
    assert (lost.lost, lost.is_used_up) == (100.0, True)


def test_threads_that_wait_together_lose_the_same_seconds() -> None:
    clock = Clock()
    lost = LostTime(100.0, clock)
    with lost.waiting():
        clock.wait(5.0)
        with lost.waiting():
            clock.wait(20.0)
        lost.gave_up()
        clock.wait(3.0)
    lost.gave_up()
    assert lost.lost == 28.0


def test_bytes_on_another_stream_are_no_silence() -> None:
    clock = Clock()
    lost = LostTime(100.0, clock)
    with lost.waiting():
        for _ in range(10):
            waited(lost, clock, 5.0)
            lost.heard()
        clock.wait(2.0)
    lost.gave_up()
    assert lost.lost == 2.0


def test_what_passes_while_a_phone_is_brought_back_is_lost() -> None:
    clock = Clock()
    lost = LostTime(100.0, clock)

    def come_back() -> None:
        with lost.losing():
            clock.wait(7.5)
            raise DeviceLostError("gone")

    with pytest.raises(DeviceLostError):
        come_back()
    assert lost.lost == 7.5


def test_questions_that_hang_one_after_another_get_less_and_less_time() -> None:
    clock = Clock()
    lost = LostTime(300.0, clock)
    waits = []
    while not lost.is_used_up:
        waits.append(lost.patience(30.0))
        waited(lost, clock, waits[-1])
        lost.gave_up()
    assert waits == [30.0] * 5 + [SHORT] * 15
    assert LostTime(clock=clock).patience(120.0) == 120.0


def test_a_question_that_is_slow_is_given_the_time_that_it_may_take() -> None:
    """The dump of all packages of a slow phone takes two minutes; then there is time left for all that is quick."""
    clock = Clock()
    lost = LostTime(MOST_LOST, clock)
    assert lost.patience(120.0) == 120.0
    waited(lost, clock, 120.0)
    lost.gave_up()
    assert lost.patience(30.0) == 30.0
    waited(lost, clock, 30.0)
    lost.gave_up()
    assert lost.patience(30.0) == SHORT >= 10.0


@dataclass
class Line:
    """What a link does with each stream: how long it is silent, and what it says then."""

    clock: Clock
    silence: float
    says: bytes | None
    opened: int = 0
    reads: list[float] = field(default_factory=list)


class _Service:
    def __init__(self, line: Line) -> None:
        self._line = line
        self._said = False

    def read(self, deadline: float) -> bytes:
        self._line.reads.append(deadline)
        if self._said:
            return b""
        self._line.clock.wait(self._line.silence)
        if self._line.says is None:
            raise states.lost("X1", "it no longer answers")
        self._said = True
        return self._line.says

    def write(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        pass

    def confirm(self) -> None:
        pass


class _Phone(StreamTransport):
    """A phone that comes back whenever it is called."""

    def __init__(self, line: Line) -> None:
        super().__init__("X1", "direct")
        self.handshake = KNOWN
        self.lost_time = LostTime(clock=line.clock)
        self._line = line
        self._gone: DeviceLostError | None = None

    def open(self, service: bytes) -> Stream:
        self._line.opened += 1
        self._gone = states.lost("X1", "it no longer answers") if self._line.says is None else None
        return _Service(self._line)

    def confirm(self) -> None:
        if self._gone:
            raise self._gone

    def connect_again(self) -> None:
        self._gone = None

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_transport, "PAUSES", (0.0, 0.0))


@pytest.mark.promise("lost-time-bounded")
def test_a_link_that_falls_silent_again_and_again_ends_the_reading() -> None:
    """Each fall costs 25 s: the twelfth uses up the time, and then nothing more is even tried."""
    line = Line(Clock(), 25.0, None)
    phone = ReconnectingTransport(_Phone(line), most_lost=MOST_LOST)
    ends: list[str] = []
    for _ in range(100):
        with pytest.raises(DeviceLostError) as caught:
            phone.shell("getprop")
        ends.append(type(caught.value).__name__)
    assert line.opened == 12
    assert line.clock.now == 300.0
    assert ends[line.opened :] == [UnresponsiveError.__name__] * (100 - line.opened)


@pytest.mark.promise("lost-time-bounded")
def test_a_phone_that_is_slow_and_answers_is_read_to_its_end() -> None:
    line = Line(Clock(), 25.0, b"x")
    phone = ReconnectingTransport(_Phone(line), most_lost=MOST_LOST)
    assert [phone.shell("getprop").output for _ in range(100)] == [b"x"] * 100


def test_without_a_limit_nothing_ends() -> None:
    """Who watches a phone for hours may lose it many times."""
    line = Line(Clock(), 25.0, None)
    phone = ReconnectingTransport(_Phone(line))
    for _ in range(10):
        with pytest.raises(DeviceLostError, match="is gone"):
            phone.shell("getprop")
    assert line.opened == 40


def test_a_stream_that_is_given_up_while_it_is_silent_is_lost_time() -> None:
    clock = Clock()
    inner = _Phone(Line(clock, 0.0, b""))

    class Silent(_Service):
        def read(self, deadline: float) -> bytes:
            clock.wait(0.25)
            raise TimeoutError

    inner.open = lambda service: Silent(Line(clock, 0.0, b""))  # type: ignore[method-assign]
    stream = inner.start("getprop")
    for _ in range(120):
        with pytest.raises(TimeoutError):
            stream.read(0.0)
    assert inner.lost_time.lost == 0
    stream.close()
    assert inner.lost_time.lost == 30.0
