"""Ordinary DEX files that hold what the forms of ART treat differently."""

import shutil
import subprocess
from pathlib import Path

from fixtures.oat.vdex import Changed, changed
from phone_audit.apk.oat.code_files import dex_files
from tests.apk.dex.assembler import Class, Method, Ref, assemble, const_string

FIXTURES = Path(__file__).parents[3] / "fixtures"
FIELD = Ref("field", "Lx/One;->size:I")
VIRTUAL = Ref("method", "Lx/One;->open(I)V")
STRING = Ref("type", "Ljava/lang/String;")


def _accesses(opcodes: range) -> list[int | Ref]:
    """Return a field access of every kind: v1 and v2, and the field."""
    return [unit for opcode in opcodes for unit in (opcode | 0x2100, FIELD)]


EVERY_QUICK_FORM: tuple[int | Ref, ...] = (
    *_accesses(range(0x52, 0x60)),
    *(0x206E, VIRTUAL, 0x0021),  # invoke-virtual {v1, v2}
    *(0x0274, VIRTUAL, 0x0001),  # invoke-virtual/range {v1 .. v2}
    *(0x011F, STRING),  # check-cast v1
    *(0x0000, 0x0000),  # nop
    *(0x021F, STRING),
    0x000E,
)


def plain(url: str = "https://collect.example.net/up", name: str = "Lx/One;") -> bytes:
    """Build a DEX file with every instruction that has a quick form, a string, and many small methods."""
    many = [Method(f"m{number}()V", (*const_string(url), 0x000E)) for number in range(40)]
    return assemble(
        [
            Class(name, [Method("quick()V", EVERY_QUICK_FORM, registers=6), *many], [("HOST", url)]),
            Class("Lx/Two;", [Method("open(I)V", None, direct=False)]),
        ]
    )


def trust() -> bytes:
    """Return a DEX file that smali made."""
    return (FIXTURES / "trust" / "trust.dex").read_bytes()


def annotated() -> bytes:
    """Return one with every kind of annotation and initial value, exception handlers, payloads, and a call site."""
    return (FIXTURES / "oat" / "annotated.dex").read_bytes()


def quickened(data: bytes) -> Changed:
    """Replace instructions; it must change something, or the tests of it show nothing."""
    one = changed(data)
    assert one.units
    assert one.standard() != data
    return one


def read(content: bytes) -> tuple[list[bytes], list[str]]:
    """Return the DEX files of a file, and the codes of what could not be read."""
    found, problems = dex_files(memoryview(content))
    return [bytes(dex) for dex in found], [problem.code for problem in problems]


def dexdump(path: Path) -> bytes | None:
    """Return what AOSP's own dexdump says of the code and annotations of a file; None where it is not installed."""
    program = shutil.which("dexdump")
    if program is None:
        return None
    done = subprocess.run([program, "-d", "-a", str(path)], capture_output=True, check=True)
    return done.stdout
