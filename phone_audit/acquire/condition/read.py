"""Asks a phone about its condition; the same code for a phone and for a saved acquisition."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from phone_audit.acquire.asking import Reader, cut_off
from phone_audit.acquire.commands import Command
from phone_audit.acquire.condition import questions
from phone_audit.acquire.condition.files_state import file_items, framework_items
from phone_audit.acquire.condition.item import item, seen
from phone_audit.acquire.condition.mounts_state import mount_items
from phone_audit.acquire.condition.powers_state import (
    accessibility_items,
    administrator_items,
    idle_items,
    network_items,
    role_items,
)
from phone_audit.acquire.condition.settings_state import secure_items, system_items
from phone_audit.acquire.condition.usage import appops_of, traffic_of
from phone_audit.acquire.parse.accessibility import parse_accessibility
from phone_audit.acquire.parse.adb_keys import parse_dumped_keys
from phone_audit.acquire.parse.appops import parse_appops
from phone_audit.acquire.parse.clock import parse_date
from phone_audit.acquire.parse.device_policy import parse_device_policy
from phone_audit.acquire.parse.idle_list import parse_idle_list
from phone_audit.acquire.parse.mounts import parse_mounts
from phone_audit.acquire.parse.netstats import parse_netstats
from phone_audit.acquire.parse.networks import parse_networks
from phone_audit.acquire.parse.roles import parse_roles
from phone_audit.acquire.parse.settings import parse_settings
from phone_audit.acquire.parse.small_files import parse_small_files
from phone_audit.acquire.parse.text import decode, lines_of
from phone_audit.acquire.parse.transparency import parse_apex_info, parse_image_info
from phone_audit.acquire.store.replay import ReplayTransport
from phone_audit.acquire.transport import Answer
from phone_audit.model.device import AppOp, NotUnderstood, StateItem, Traffic

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
MAIN_USER = 0
PATCH, VBMETA = "ro.build.version.security_patch", "ro.boot.vbmeta.digest"
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
    """

    items: dict[str, StateItem] = field(default_factory=dict)
    appops: Mapping[tuple[int, str], tuple[AppOp, ...]] | None = None
    traffic: Mapping[tuple[int, int], Traffic] | None = None
    not_understood: tuple[NotUnderstood, ...] = ()

    @property
    def state(self) -> tuple[StateItem, ...]:
        """The items, by key."""
        return tuple(self.items[key] for key in sorted(self.items))

    def add(self, items: Iterable[StateItem]) -> None:
        """Keep items whose key is new."""
        for one in items:
            self.items.setdefault(one.key, one)


def read_condition(
    reader: Reader,
    condition: Condition,
    *,
    sdk: int | None,
    users: Sequence[int],
    packages: Mapping[int, tuple[str, ...]],
    properties: Mapping[str, str],
    clock_offset: float | None = None,
) -> None:
    """Ask everything. What takes too long or ends in a fault is noted in the reader and the rest goes on.

    A saved acquisition that was not asked a question says nothing of it, and nothing is noted.

    Args:
        reader: the phone.
        condition: filled.
        sdk: the API level; None where not known.
        users: the ids that the shell may look into.
        packages: app id → names of packages.
        properties: the whole getprop.
        clock_offset: seconds by which the phone's clock is ahead; None where not known.

    Raises:
        DeviceLostError: the phone is gone.
    """
    whose = tuple(users) or (MAIN_USER,)
    _read_files(reader, condition, whose, properties)
    for user in whose:
        text = _text(reader, questions.secure_settings(user))
        condition.add(secure_items(user, parse_settings(text)))
    condition.add(system_items(parse_settings(_text(reader, questions.SYSTEM_SETTINGS))))
    condition.add(accessibility_items(parse_accessibility(_text(reader, questions.ACCESSIBILITY))))
    administrators = parse_device_policy(_text(reader, questions.DEVICE_POLICY))
    condition.add(administrator_items(administrators) if administrators is not None else ())
    if sdk is None or sdk >= questions.ROLES_SINCE:
        condition.add(role_items(parse_roles(_text(reader, questions.ROLES))))
    condition.add(idle_items(parse_idle_list(_text(reader, questions.IDLE_LIST))))
    condition.add(network_items(parse_networks(_text(reader, questions.CONNECTIVITY)), packages))
    condition.add(_dumped_keys(_text(reader, questions.ADB)))
    if sdk is None or sdk >= questions.TRANSPARENCY_SINCE:
        text = _text(reader, questions.TRANSPARENCY, promised=False)
        condition.add(_digests(text, properties.get(VBMETA)))
    _read_usage(reader, condition, properties.get(PATCH), clock_offset or 0.0)


def _read_files(reader: Reader, condition: Condition, users: Sequence[int], properties: Mapping[str, str]) -> None:
    answer = _ask(reader, questions.small_files(users), SMALL_FILES)
    if answer is not None:
        files = parse_small_files(answer.output)
        if not files.whole and answer.exit in (0, None) and not answer.truncated:
            reason = "The phone's answer breaks off or contradicts itself, so that none of these files was looked at."
            reader.skip(SMALL_FILES, "command", "not-understood", reason)
        condition.add(file_items(files, users, properties))
    condition.add(framework_items(_text(reader, questions.framework_hashes(), "the hashes of the framework")))
    condition.add(mount_items(parse_mounts(_text(reader, questions.MOUNTS))))


def _read_usage(reader: Reader, condition: Condition, patch: str | None, clock_offset: float) -> None:
    text = _text(reader, questions.APPOPS, "dumpsys appops")
    condition.add(_patch_age(patch, parse_date(text), clock_offset))
    dump = parse_appops(text)
    condition.appops = appops_of(dump)
    stats = parse_netstats(_text(reader, questions.NETSTATS))
    condition.traffic = traffic_of(stats)
    counts = (("dumpsys appops", dump.unknown if dump else 0), ("dumpsys netstats", stats.unknown))
    condition.not_understood = tuple(
        NotUnderstood(command=what, lines=lines, forms=()) for what, lines in counts if lines
    )


def _patch_age(patch: str | None, date: tuple[int, int] | None, clock_offset: float) -> Iterable[StateItem]:
    """Yield the age of the security patches on the day of the reading, whatever the phone's clock says."""
    level = DAY.fullmatch(patch or "")
    if level is None or date is None:
        return
    try:
        day = datetime(int(level[1]), int(level[2]), int(level[3]), tzinfo=UTC)
        age = (datetime.fromtimestamp(date[0] - clock_offset, UTC) - day).days
    except (ValueError, OverflowError, OSError):
        return
    yield item("patch_age_days", str(age), [seen("property", "getprop", f"{PATCH}={patch}")])


def _dumped_keys(text: str) -> Iterable[StateItem]:
    """Yield the computers that may debug the phone, where only the service says so."""
    where = questions.ADB.text
    for which, keys in parse_dumped_keys(text).items():
        name, expected = ("adb_keys", None) if which == "user" else ("adb_keys_in_dump", "0")
        yield item(name, str(len(keys)), [seen("command", where, key) for key in keys], expected)


def _digests(text: str, vbmeta: str | None) -> Iterable[StateItem]:
    """Yield what the phone computes of its system. The service keeps the digest of vbmeta as it was at the start."""
    where = questions.TRANSPARENCY.text
    image, modules = parse_image_info(text), parse_apex_info(text)
    if image:
        said = seen("command", where, image)
        yield item("transparency_image", image, [said])
        differs = vbmeta is not None and vbmeta.lower() != image
        evidence = [said, seen("property", "getprop", f"{VBMETA}={vbmeta}")] if differs else []
        yield item("vbmeta_differs", VBMETA if differs else "", evidence, "")
    if modules:
        evidence = [seen("hash", where, f"{name},{version},{digest}") for name, version, digest in modules]
        yield item("transparency_modules", str(len(modules)), evidence)


def _text(reader: Reader, command: Command, subject: str = "", *, promised: bool = True) -> str:
    answer = _ask(reader, command, subject or command.text, promised=promised)
    return decode(answer.output) if answer else ""


def _ask(reader: Reader, command: Command, subject: str, *, promised: bool = True) -> Answer | None:
    """Return the answer; None where there is none, or where a saved acquisition was never asked.

    Of what is not promised no fault is noted: few phones have it, and some compute for a minute.
    """
    transport = reader.transport
    if isinstance(transport, ReplayTransport) and command.text not in transport.recorded(command.text):
        transport.raise_if_gone()
        return None
    answer = reader.try_ask(command, subject=subject)
    if answer is None or not promised:
        return answer
    reason = cut_off(command, answer)
    if reason:
        reader.skip(subject, "command", "cut-off", reason)
    elif answer.exit not in (0, None, 127) and not _not_there(answer.output):
        line = decode(answer.output[-2000:]).strip().partition("\n")[0][:200] or "no word"
        reader.skip(subject, "command", "command-failed", f"It ended with status {answer.exit}: {line}.")
    return answer


def _not_there(output: bytes) -> bool:
    lines = lines_of(decode(output[:MOST_OF_ERROR]))
    first = next((line for line in lines if not BEFORE_ANSWER.fullmatch(line.strip())), "")
    return NOT_THERE.search(first) is not None
