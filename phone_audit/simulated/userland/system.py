"""Who and what the phone is: id, date, uname, getenforce, ps, which, sleep."""

import re
import time

from phone_audit.simulated.tree import SHELL_GROUPS, SHELL_UID
from phone_audit.simulated.userland.call import Call, Command, options
from phone_audit.simulated.userland.listing import owner

_GROUP_NAMES = {1004: "input", 1007: "log", 1011: "adb", 1015: "sdcard_rw", 1028: "sdcard_r", 3001: "net_bt_admin",
                3002: "net_bt", 3003: "inet", 3006: "net_bw_stats", 3009: "readproc", 3011: "uhid"}  # fmt: skip
_ZONE = "UTC"


def _id(call: Call) -> int:
    found, _ = options(call, "unG")
    if "u" in found:
        call.out("shell\n" if "n" in found else f"{SHELL_UID}\n")
        return 0
    groups = ",".join(f"{number}({_GROUP_NAMES.get(number, owner(number))})" for number in SHELL_GROUPS)
    call.out(f"uid=2000(shell) gid=2000(shell) groups={groups}, context=u:r:shell:s0\n")
    return 0


def _whoami(call: Call) -> int:
    call.out("shell\n")
    return 0


def _date(call: Call) -> int:
    """`date [-u] [+FORMAT]`; the phone's zone is UTC."""
    forms = [word for word in call.args if word.startswith("+")]
    if unknown := [word for word in call.args if word not in ("-u", *forms)]:
        return call.fail(f"bad date '{unknown[0]}'")
    now = call.phone.clock()
    form = forms[0][1:] if forms else f"%a %b %d %H:%M:%S {_ZONE} %Y"
    values = {"%s": str(int(now)), "%N": f"{int(now % 1 * 1e9):09d}", "%z": "+0000", "%Z": _ZONE}
    text = re.sub("%[sNzZ]", lambda found: values[found[0]], form)
    call.out(time.strftime(text, time.gmtime(now)) + "\n")
    return 0


def _uname(call: Call) -> int:
    found, _ = options(call, "asnrvm")
    release = call.phone.profile.kernel
    values = {"s": "Linux", "n": "localhost", "r": release, "v": "#1 SMP PREEMPT", "m": "aarch64"}
    letters = values if "a" in found or not found else found
    call.out(" ".join(values[letter] for letter in values if letter in letters and (found or letter == "s")) + "\n")
    return 0


def _getenforce(call: Call) -> int:
    call.out("Enforcing\n")
    return 0


def _ps(call: Call) -> int:
    """`ps`, `ps -A`, `ps -e`, `ps -o NAME`: the processes of the profile; the shell's own alone without an option."""
    found, _ = options(call, "AefZ", "o")
    rows = [("shell", "sh"), ("shell", "ps")]
    if found.keys() & {"A", "e"}:
        rows = [(user, name) for user, _, name in (line.partition(" ") for line in call.phone.profile.processes)] + rows
    if "o" in found:
        call.out("".join(f"{name}\n" for name in ("NAME", *(name for _, name in rows))))
        return 0
    lines = ["USER           PID  PPID     VSZ    RSS WCHAN            ADDR S NAME"]
    for pid, (user, name) in enumerate(rows, 1):
        state = "R" if name == "ps" else "S"
        lines.append(f"{user:12} {pid:5d} {int(pid > 1):5d} {1091408:7d} {12156:6d} {0:<10d} {0:10d} {state} {name}")
    call.out("".join(f"{line}\n" for line in lines))
    return 0


def _which(call: Call) -> int:
    status = 0
    for name in call.args:
        try:
            call.phone.tree.find(f"/system/bin/{name}")
            call.out(f"/system/bin/{name}\n")
        except OSError:
            status = 1
    return status


def _sleep(call: Call) -> int:
    if not call.args or not re.fullmatch(r"\d+(\.\d+)?", call.args[0]):
        return call.fail(f"bad time '{' '.join(call.args)}'")
    call.phone.pause(float(call.args[0]))
    return 0


COMMANDS: dict[str, Command] = {
    "id": _id, "whoami": _whoami, "date": _date, "uname": _uname, "getenforce": _getenforce, "ps": _ps,
    "which": _which, "sleep": _sleep,
}  # fmt: skip
