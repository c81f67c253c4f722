"""What files hold: cat, sha256sum and its like, wc, head, tail, dd.

The words are those of toybox, the tools of Android since 6.
"""

import hashlib
from collections.abc import Iterator

from phone_audit.simulated.userland.call import Call, Command, Source, each_file, options

_CHUNK = 64 * 1024


def _chunks(source: Source) -> Iterator[bytes]:
    while chunk := source.read(_CHUNK):
        yield chunk


def _lines(source: Source) -> Iterator[bytes]:
    while line := source.readline():
        yield line


def _cat(call: Call) -> int:
    _, names = options(call, "u")

    def copy(_name: str, source: Source) -> None:
        for chunk in _chunks(source):
            call.streams.stdout.write(chunk)

    return each_file(call, names, copy)


def _digest(call: Call) -> int:
    """`sha256sum`, `sha1sum`, `md5sum`; `-b` prints the hash alone."""
    found, names = options(call, "b")

    def digest(name: str, source: Source) -> None:
        state = hashlib.new(call.name.removesuffix("sum"), usedforsecurity=False)
        for chunk in _chunks(source):
            state.update(chunk)
        call.out(f"{state.hexdigest()}\n" if "b" in found else f"{state.hexdigest()}  {name}\n")

    return each_file(call, names, digest)


def _wc(call: Call) -> int:
    found, names = options(call, "lwcm")
    letters = [letter for letter in "lwc" if letter in found] or list("lwc")
    totals: list[dict[str, int]] = []

    def show(counts: dict[str, int], name: str) -> None:
        # toybox pads as soon as there is more than one number in the answer
        wide = len(letters) > 1 or len(names) > 1
        numbers = " ".join(f"{counts[letter]:7d}" if wide else str(counts[letter]) for letter in letters)
        call.out(f"{numbers} {name}\n" if name != "-" else f"{numbers}\n")

    def count(name: str, source: Source) -> None:
        data = source.read()
        totals.append({"l": data.count(b"\n"), "w": len(data.split()), "c": len(data)})
        show(totals[-1], name)

    status = each_file(call, names, count)
    if len(names) > 1:
        show({letter: sum(one[letter] for one in totals) for letter in "lwc"}, "total")
    return status


def _number(text: str) -> int:
    """Read a count, also with k or m behind it."""
    scale = {"k": 1024, "K": 1024, "m": 1 << 20, "M": 1 << 20}.get(text[-1:], 1)
    return int(text.rstrip("kKmM") or "0") * scale


def _head(call: Call) -> int:
    found, names = options(call, "", "cn")

    def head(_name: str, source: Source) -> None:
        if "c" in found:
            left = _number(found["c"])
            while left > 0 and (chunk := source.read(min(left, _CHUNK))):
                call.streams.stdout.write(chunk)
                left -= len(chunk)
            return
        for number, line in enumerate(_lines(source)):
            if number >= _number(found.get("n", "10")):
                return
            call.streams.stdout.write(line)

    return each_file(call, names, head)


def _tail(call: Call) -> int:
    """`-c COUNT` and `-n COUNT` from the end; with `+`, from that byte or line on."""
    found, names = options(call, "", "cn")
    count = found.get("c", found.get("n", "10"))

    def tail(_name: str, source: Source) -> None:
        data = source.read()
        units = [data[at : at + 1] for at in range(len(data))] if "c" in found else data.splitlines(keepends=True)
        amount = _number(count.lstrip("+-"))
        kept = (
            units[max(0, amount - 1) :]
            if count.startswith("+")
            else units[len(units) - amount if amount < len(units) else 0 :]
        )
        call.streams.stdout.write(b"".join(kept))

    return each_file(call, names, tail)


def _dd(call: Call) -> int:
    """`dd [if=FILE] [bs=N] [skip=N] [count=N] [iflag=skip_bytes,count_bytes]`."""
    given = dict(word.split("=", 1) for word in call.args if "=" in word)
    unknown = set(given) - {"if", "bs", "skip", "count", "iflag", "status"}
    if unknown or len(given) != len(call.args) or given.get("bs") == "0":
        return call.fail("bad arg " + " ".join(sorted(unknown)))
    size, flags = _number(given.get("bs", "512")), given.get("iflag", "").split(",")
    skip = _number(given.get("skip", "0")) * (1 if "skip_bytes" in flags else size)
    count = _number(given["count"]) * (1 if "count_bytes" in flags else size) if "count" in given else None
    copied = 0

    def copy(_name: str, source: Source) -> None:
        nonlocal copied
        left = skip
        while left and (chunk := source.read(min(left, _CHUNK))):
            left -= len(chunk)
        while chunk := source.read(_CHUNK if count is None else min(count - copied, _CHUNK)):
            call.streams.stdout.write(chunk)
            copied += len(chunk)

    status = each_file(call, (given["if"],) if "if" in given else (), copy)
    if status == 0 and given.get("status") != "none":
        records = f"{copied // size}+{int(copied % size > 0)}"
        call.error(f"{records} records in\n{records} records out\n")
    return status


COMMANDS: dict[str, Command] = {
    "cat": _cat, "sha256sum": _digest, "sha1sum": _digest, "md5sum": _digest, "wc": _wc, "head": _head,
    "tail": _tail, "dd": _dd,
}  # fmt: skip
