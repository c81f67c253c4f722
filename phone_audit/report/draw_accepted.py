"""What somebody accepted, and whose acceptance ended: shown with who, when and why."""

from collections.abc import Iterable, Iterator
from typing import Final

from phone_audit.model.finding import Acceptance, Finding
from phone_audit.model.wording import counted
from phone_audit.report.canvas import Canvas, draw_more
from phone_audit.report.safe import shortened

_MOST: Final = 20
_LONGEST: Final = 200


class AcceptedFindings:
    """Findings that are or were accepted, gathered from any number; the first of them are kept."""

    def __init__(self, findings: Iterable[Finding] = ()) -> None:
        self._lines: dict[str, None] = {}
        self._expired: dict[str, None] = {}
        self._more = 0
        self.add(findings)

    def add(self, findings: Iterable[Finding]) -> None:
        """Take in more; what is said of one twice is said once."""
        for finding in findings:
            if finding.acceptance_changed is not None:
                why = f"it has changed since it was {_who(finding.acceptance_changed)}"
                self._keep(self._expired, f"{_named(finding)} counts again: {why}.")
            elif (expired := finding.acceptance_expired) is not None:
                why = f"{_who(expired)}, which ended on {shortened(expired.until or '', 20)}"
                self._keep(self._expired, f"{_named(finding)} counts again: {why}.")
            elif (accepted := finding.accepted_by) is not None:
                until = f" until {shortened(accepted.until, 20)}" if accepted.until else ", with no end"
                reason = shortened(accepted.reason, _LONGEST)
                self._keep(self._lines, f"{_named(finding)}: {_who(accepted)}{until}. {reason}")

    def _keep(self, lines: dict[str, None], line: str) -> None:
        if line in lines or len(lines) < _MOST:
            lines[line] = None
        else:
            self._more += 1

    def in_short(self) -> Iterator[str]:
        """Yield a sentence on the first that counts again, and one on the first that is accepted."""
        for lines in (self._expired, self._lines):
            for line in list(lines)[:1]:
                more = len(lines) - 1 + (self._more if lines is self._lines else 0)
                yield f"{line} {counted(more, 'more', 'more')} like that." if more else line

    def draw(self, canvas: Canvas) -> None:
        """Draw them, those that count again first; nothing where there are none."""
        if not self._lines and not self._expired:
            return
        canvas.heading("Accepted")
        for line in self._expired:
            canvas.item(line, "!", 2, "bold")
        if self._lines:
            canvas.paragraph("Somebody answers for these: they do not decide the exit code.", 2)
        for line in self._lines:
            canvas.item(line)
        draw_more(canvas, self._more)


def _named(finding: Finding) -> str:
    return f"{shortened(finding.title, _LONGEST)} ({shortened(finding.subject.name, 100)})"


def _who(accepted: Acceptance) -> str:
    return f"accepted by {shortened(accepted.by, 100)} on {shortened(accepted.at, 20)}"
