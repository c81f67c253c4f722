"""Asks a phone about its condition, by a table of questions; the same code for a phone and a saved acquisition."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from phone_audit.acquire.asking import Reader, cut_off
from phone_audit.acquire.commands import Command
from phone_audit.acquire.questions import (
    accessibility,
    adb_keys,
    connectivity,
    device_policy,
    framework,
    idle_list,
    mounts,
    roles,
    settings,
    transparency,
)
from phone_audit.acquire.questions.appops import APPOPS, parse_appops
from phone_audit.acquire.questions.identifiers import netstats_identifiers, settings_identifiers
from phone_audit.acquire.questions.identity import parse_date
from phone_audit.acquire.questions.netstats import NETSTATS, parse_netstats, traffic_of
from phone_audit.acquire.questions.question import OWNER, Question, item, seen
from phone_audit.acquire.questions.small_files import file_items, parse_small_files, small_files_command
from phone_audit.acquire.text import decode, lines_of
from phone_audit.acquire.transport import Answer
from phone_audit.model.device import AppOp, NotUnderstood, PhoneIdentifier, StateItem, Traffic


@dataclass(frozen=True)
class PhoneFacts:
    """What is known of a phone before its condition is asked for.

    Attributes:
        sdk: the API level; None where not known.
        users: the ids that the shell may look into; the owner is asked for where there are none.
        packages: app id → names of packages.
        properties: the whole getprop.
        clock_offset: seconds by which the phone's clock is ahead; None where not known.
    """

    sdk: int | None
    users: Sequence[int]
    packages: Mapping[int, tuple[str, ...]]
    properties: Mapping[str, str]
    clock_offset: float | None = None


def questions_for(phone: PhoneFacts) -> tuple[Question[Any], ...]:
    """Return what is asked of a phone's state, in order; of two answers for one key the first stands."""
    return (
        framework.QUESTION,
        mounts.QUESTION,
        *(settings.secure_settings(user) for user in phone.users),
        settings.QUESTION,
        accessibility.QUESTION,
        device_policy.QUESTION,
        roles.QUESTION,
        idle_list.QUESTION,
        connectivity.connectivity(phone.packages),
        adb_keys.QUESTION,
        transparency.transparency(phone.properties.get(transparency.VBMETA)),
    )


NOT_THERE = re.compile(
    r"Can't find service|not found|inaccessible|No such file|Unknown (?:command|option)|Permission [Dd]eni|"
    r"No shell command implementation|Security ?[Ee]xception"
)
"""Words of a phone that does not have what was asked for, or keeps it from the shell: no fault of the reading.

They count in the first line that is an answer only: the others can hold text of packages.
"""
BEFORE_ANSWER = re.compile(r"\d{9,11} [+-]\d{4}|WARNING: .*|Exception occurred while executing.*|")
"""Lines above an answer: our `date`, a word of the linker, and the title of an exception."""
SMALL_FILES = "the small files of the system"
PATCH = "ro.build.version.security_patch"
MOST_OF_ERROR = 4000
"""Bytes in which an error is looked for."""
DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


@dataclass
class Condition:
    """What was learned, filled as the answers come, so that a phone that goes away leaves what it said.

    Attributes:
        items: the state by key; of two answers for one key the first stands.
        appops: (user, package) → operations; None where they were not read.
        traffic: (user, app id) → bytes; None where they were not read.
        not_understood: answers with lines of unknown form.
        identifiers: numbers that only this phone has.
    """

    items: dict[str, StateItem] = field(default_factory=dict)
    appops: Mapping[tuple[int, str], tuple[AppOp, ...]] | None = None
    traffic: Mapping[tuple[int, int], Traffic] | None = None
    not_understood: tuple[NotUnderstood, ...] = ()
    identifiers: list[PhoneIdentifier] = field(default_factory=list)

    @property
    def state(self) -> tuple[StateItem, ...]:
        return tuple(self.items[key] for key in sorted(self.items))

    def add(self, items: Iterable[StateItem]) -> None:
        """Keep items whose key is new."""
        for one in items:
            self.items.setdefault(one.key, one)


def read_condition(reader: Reader, condition: Condition, phone: PhoneFacts) -> None:
    """Ask everything. What takes too long or ends in a fault is noted in the reader and the rest goes on.

    A saved acquisition that was not asked a question says nothing of it, and nothing is noted. Raises a DeviceLostError
    where the phone is gone.
    """
    phone = replace(phone, users=phone.users or (OWNER,))
    _read_small_files(reader, condition, phone)
    tables = {settings.secure_settings_command(user).text for user in phone.users}
    for question in questions_for(phone):
        if phone.sdk is None or phone.sdk >= question.since:
            text = _text(reader, question.command, question.subject, promised=question.promised)
            condition.add(question.read(text))
            if question.command.text in tables:
                condition.identifiers.extend(settings_identifiers(text))
    _read_usage(reader, condition, phone)


def _read_small_files(reader: Reader, condition: Condition, phone: PhoneFacts) -> None:
    answer = _ask(reader, small_files_command(phone.users), SMALL_FILES)
    if answer is None:
        return
    files = parse_small_files(answer.output)
    if not files.whole and answer.exit in (0, None) and not answer.truncated:
        reason = "The phone's answer breaks off or contradicts itself, so that none of these files was looked at."
        reader.skip(SMALL_FILES, "command", "not-understood", reason)
    condition.add(file_items(files, phone.users, phone.properties))


def _read_usage(reader: Reader, condition: Condition, phone: PhoneFacts) -> None:
    text = _text(reader, APPOPS, "dumpsys appops")
    condition.add(_patch_age(phone, parse_date(text)))
    condition.appops = appops = parse_appops(text)
    dump = _text(reader, NETSTATS)
    condition.identifiers.extend(netstats_identifiers(dump))
    stats = parse_netstats(dump)
    condition.traffic = traffic_of(stats)
    counts = (("dumpsys appops", appops.unknown if appops is not None else 0), ("dumpsys netstats", stats.unknown))
    condition.not_understood = tuple(
        NotUnderstood(command=what, lines=lines, forms=()) for what, lines in counts if lines
    )


def _patch_age(phone: PhoneFacts, date: tuple[int, int] | None) -> Iterable[StateItem]:
    """Yield the age of the security patches on the day of the reading, whatever the phone's clock says."""
    patch = phone.properties.get(PATCH, "")
    level = DAY.fullmatch(patch)
    if level is None or date is None:
        return
    try:
        day = datetime(int(level[1]), int(level[2]), int(level[3]), tzinfo=UTC)
        age = (datetime.fromtimestamp(date[0] - (phone.clock_offset or 0.0), UTC) - day).days
    except (ValueError, OverflowError, OSError):
        return
    yield item("patch_age_days", str(age), [seen("property", "getprop", f"{PATCH}={patch}")])


def _text(reader: Reader, command: Command, subject: str = "", *, promised: bool = True) -> str:
    answer = _ask(reader, command, subject or command.text, promised=promised)
    return decode(answer.output) if answer else ""


def _ask(reader: Reader, command: Command, subject: str, *, promised: bool = True) -> Answer | None:
    """Return the answer; None where there is none, or where a saved acquisition was never asked."""
    if not reader.transport.holds(command.text):
        reader.transport.raise_if_gone()
        return None
    answer = reader.try_ask(command, subject=subject)
    if answer is None or not promised:
        return answer
    if cut_off(command, answer) or not (answer.exit == 127 or _not_there(answer.output)):
        reader.note_fault(command, answer, decode(answer.output[-2000:]), subject)
    return answer


def _not_there(output: bytes) -> bool:
    lines = lines_of(decode(output[:MOST_OF_ERROR]))
    first = next((line for line in lines if not BEFORE_ANSWER.fullmatch(line.strip())), "")
    return NOT_THERE.search(first) is not None
