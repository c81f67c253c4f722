"""Progress: a line where a stage begins and ends, nothing where quiet was asked for."""

import io
import threading
from collections.abc import Iterator

import pytest
from rich.console import Console, Group, RenderableType

from phone_audit.cli import progress as module
from phone_audit.cli.progress import progress, progress_of_phones
from phone_audit.pipeline.options import TURN


def test_verbose_tells_each_stage_once(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(quiet=False, verbose=True) as report:
        for done in range(1, 4):
            report("questions", done, 0)
        for done in (0, 1_000_000, 2_000_000):
            report("copies", done, 2_000_000)
    assert capsys.readouterr().err.splitlines() == [
        "asking the phone: 1",
        "copying packages: 0.0/2.0 MB",
        "copying packages: 2.0/2.0 MB",
    ]


def test_quiet_wins(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(quiet=True, verbose=True) as report:
        report("questions", 1, 0)
    assert capsys.readouterr().err == ""


def test_stages_that_go_on_together_are_told_once_each(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(quiet=False, verbose=True) as report:
        for done in range(3):
            report("copies", done * 1_000_000, 2_000_000)
            report("analysing APKs", done, 2)
        report("copies", 2_000_000, 2_000_000)
    assert capsys.readouterr().err.splitlines() == [
        "copying packages: 0.0/2.0 MB",
        "analysing packages: 0/2",
        "copying packages: 2.0/2.0 MB",
        "analysing packages: 2/2",
    ]


def test_each_of_several_phones_has_its_name_before_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_of_phones(quiet=False, verbose=True) as phones:
        one, other = phones.phone("B2N1"), phones.phone("two\x1b[2J")
        one("questions", 1, 0)
        other("questions", 1, 0)
        phones.ended("B2N1", "exposed")
    assert capsys.readouterr().err.splitlines() == [
        "B2N1: begun",
        r"two\x1b[2J: begun",
        "B2N1: asking the phone: 1",
        r"two\x1b[2J: asking the phone: 1",
        "B2N1: exposed",
    ]


def test_off_a_terminal_each_phone_has_a_line_where_it_begins_and_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_of_phones(quiet=False) as phones:
        phones.phone("A")("questions", 1, 0)
        phones.ended("A", "known-bad")
    assert capsys.readouterr().err.splitlines() == ["A: begun", "A: known-bad"]
    with progress_of_phones(quiet=True) as phones:
        phones.phone("A")("questions", 1, 0)
        phones.ended("A", "known-bad")
    assert capsys.readouterr().err == ""


class Clocked(module.Terminal):
    """A terminal of a size, whose clock only the test moves."""

    def __init__(self, width: int = 80, height: int = 24) -> None:
        self.now = 1000.0
        self.written = io.StringIO()
        super().__init__(file=self.written, force_terminal=True, width=width, height=height, legacy_windows=False)
        self.get_time = lambda: self.now


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Clocked:
    console = Clocked()
    monkeypatch.setattr(module, "on_terminal", lambda: True)
    monkeypatch.setattr(module, "Terminal", lambda: console)
    return console


def drawn(screen: module.Screen) -> list[str]:
    """The lines that stand on the screen, without what moves and without colours."""
    console = Console(file=io.StringIO(), width=screen.console.width, height=screen.console.height)
    with console.capture() as caught:
        console.print(Group(*screen.get_renderables()))
    return [line.rstrip() for line in caught.get().splitlines()]


def test_on_a_terminal_each_phone_has_a_line_of_its_own(terminal: Clocked) -> None:
    with progress_of_phones(quiet=False) as phones:
        one, other = phones.phone("A[red]"), phones.phone("B")
        one("copies", 1_000_000, 4_000_000)
        other("analysing APKs", 3, 9)
        phones.phone("C")
        phones.ended("B", "exposed")
    shown = terminal.written.getvalue()
    for part in ("A[red]: [3/4] copying packages", "1.0/4.0 MB", "B: [4/4] analysing packages", "3/9", "B: exposed"):
        assert part in shown


def test_one_bar_tells_the_step_how_fast_bytes_come_and_how_long_it_takes(terminal: Clocked) -> None:
    with progress(quiet=False) as report:
        assert isinstance(report, module.PhoneBar)
        report("questions", 7, 0)
        (line,) = drawn(report.screen)
        assert "[1/4] asking the phone" in line
        assert line.endswith(" 7")
        for _ in range(4):
            report("copies", int(terminal.now - 1000) * 2_000_000, 100_000_000)
            terminal.now += 1
        report("questions", 8, 0)  # a step that was passed
        (line,) = drawn(report.screen)
        assert len(line) <= 77
        assert "[3/4] copying packages" in line
        assert line.endswith("6.0/100.0 MB  2.0 MB/s  0:47 left")
        report("recorded traffic", 1, 2)
        (line,) = drawn(report.screen)
        assert " recorded traffic " in line


def test_what_will_be_done_says_how_many_steps_there_are(terminal: Clocked) -> None:
    with progress(quiet=False, steps=module.FILE_STEPS) as report:
        assert isinstance(report, module.PhoneBar)
        report("reading APKs", 1, 3)
        assert "[2/2] reading files" in drawn(report.screen)[0]


def test_a_folder_tells_its_rate_and_the_time_left_by_the_work_that_is_left(
    terminal: Clocked,
) -> None:
    """Large files are read first, so that the number of files tells nothing of the time left."""
    with progress(quiet=False, steps=module.FILE_STEPS) as report:
        assert isinstance(report, module.PhoneBar)
        report.details(0.1, "")  # nothing is drawn yet
        report("reading APKs", 0, 1000)
        terminal.now += 10
        report("reading APKs", 20, 1000)
        report.details(0.25, "3 not read")
        assert drawn(report.screen)[0].endswith("20/1000  2.0/s  0:30 left  3 not read")


def test_a_phone_that_waits_for_its_person_says_what_to_do_and_how_long_it_still_waits(terminal: Clocked) -> None:
    with progress(quiet=False) as report:
        assert isinstance(report, module.PhoneBar)
        report.waits("Look at the screen of B2N.", 60)
        terminal.now += 17
        assert drawn(report.screen) == ["  Unlock it and tap 'Allow' on its screen, 0:43 left"]
        report("questions", 1, 0)
        assert "[1/4] asking the phone" in drawn(report.screen)[0]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 8), (120, 24)])
def test_thirty_phones_fit_on_the_screen(monkeypatch: pytest.MonkeyPatch, width: int, height: int) -> None:
    screen = module.Screen(several=True, console=Clocked(width, height))
    phones = module.PhoneBars(screen)
    phones.coming(3)
    for number in range(30):
        one = phones.phone(f"HT7A{number:02d}\x1b[2J192.168.100.{number}:5555-and-a-long-name")
        if number == 0:
            one(TURN, 0, 0)
        elif number % 3:
            one.waits("Look at the screen.", 300 - number)
        else:
            one("copies", 123_400_000, 4_567_800_000)
    lines = drawn(screen)
    assert len(lines) < height
    assert all(len(line) <= width for line in lines)
    assert len(lines[-1]) <= width - 3  # what a terminal echoes of Ctrl-C begins no line
    hidden = 30 - (len(lines) - 1)
    assert lines[-1].startswith("  9 being read, 20 waiting for you"[: width - 4])
    if width >= 80:
        assert lines[-1] == f"  9 being read, 20 waiting for you and 4 to come ({hidden} not shown)"
        assert ": waiting for its turn" in lines[0]
        assert "[3/4] copying" in lines[1]
        assert lines[-2].endswith(" left")


def test_what_is_said_of_a_phone_after_its_end_draws_nothing(terminal: Clocked) -> None:
    screen = module.Screen(several=True, console=terminal)
    phones = module.PhoneBars(screen)
    one = phones.phone("A")
    phones.ended("A", "not read")
    one("questions", 1, 0)
    one.waits("Look at the screen.", 60)
    assert drawn(screen) == ["  1 done"]


def test_off_a_terminal_the_wait_for_a_person_is_told_also_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_of_phones(quiet=True) as phones:
        phones.phone("A").waits("Look at the screen of A.", 60)
    assert capsys.readouterr().err == "Look at the screen of A. There are 60 s for that.\n"


def test_what_several_threads_print_and_draw_at_once_stays_whole(terminal: Clocked) -> None:
    """Each line that is printed moves the cursor up by as many lines as were drawn last, and never by others'."""
    with progress_of_phones(quiet=False) as phones:
        assert isinstance(phones, module.PhoneBars)
        inside = threading.Event()
        drawing = phones.screen.get_renderables

        def slowly() -> Iterator[RenderableType]:
            inside.set()
            yield from drawing()

        phones.phone("A")
        with terminal.writing:
            phones.screen.get_renderables = slowly  # type: ignore[method-assign]
            other = threading.Thread(target=phones.screen.refresh)
            other.start()
            assert not inside.wait(0.2)
        other.join(20)
        assert inside.is_set()
