"""The shell: its language, its limits, and text that is none."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.simulated.userland.lexer import ShellSyntaxError
from phone_audit.simulated.userland.parser import parse
from phone_audit.simulated.userland.words import cut_fields
from tests.simulated.lines import LANGUAGE, run, said


@pytest.mark.parametrize(("line", "expected"), LANGUAGE.items(), ids=range(len(LANGUAGE)))
def test_the_language(line: str, expected: str) -> None:
    assert said(line) == expected


@pytest.mark.parametrize(
    ("line", "error", "status"),
    [
        ("x", "x: not found", 127),
        ("./x", "./x: not found", 127),
        ("/system/bin/x", "/system/bin/x: not found", 127),
        ("/system", "/system: can't execute: Is a directory", 126),
        ("/system/etc/hosts", "/system/etc/hosts: can't execute: Permission denied", 126),
        ("cat < /nosuch", "can't open /nosuch: No such file or directory", 1),
        ("echo a > /data/local/tmp/x", "can't create /data/local/tmp/x: Read-only file system", 1),
        ("cd /nosuch", "cd: /nosuch: No such file or directory", 2),
        ("[ 1 = 1", "[: missing ]", 2),
        ("[ 1 -eq x ]", "[: x: bad number", 2),
        ("if", "syntax error: unmatched 'if'", 1),
        ("{ echo a", "syntax error: unmatched '{'", 1),
        ("echo a |", "syntax error: unexpected EOF", 1),
        ("done", "syntax error: unexpected 'done'", 1),
        ("echo 'a", "no closing quote", 1),
        ('echo "a', "no closing quote", 1),
        ("echo $(", "syntax error: unmatched '('", 1),
        ("echo )", "syntax error: unexpected ')'", 1),
        ("sleep 1 &", "syntax error: this phone runs nothing in the background", 1),
        ("echo 3>&1", "syntax error: this phone knows the descriptors 0, 1 and 2", 1),
        ("echo ${x!}", "bad substitution", 1),
        ("echo $((1+))", "1+: bad number", 1),
        ("echo $((1/0))", "1/0: bad number", 1),
        ("set -e", "set: -e: unknown option", 1),
        ("shift", "shift: nothing to shift", 1),
    ],
)
def test_what_goes_wrong_is_said(line: str, error: str, status: int) -> None:
    assert run(line) == (b"", f"/system/bin/sh: {error}\n".encode(), status)


def test_a_wrong_line_runs_nothing_at_all() -> None:
    assert run("echo a; if")[0] == b""


@pytest.mark.parametrize(
    "line",
    [
        "while :; do :; done",
        "f() { f; }; f",
        "f() { eval f; }; f",
        "x=x; while :; do x=$x$x; done",
        'set -- a; while :; do set -- "$@" "$@"; done',
        "f() { echo $(f); }; f",
        "x() { sh -c 'x() { x; }; x'; }; x",
        "x() { x | x; }; x",
        "while :; do cat /system/framework/framework-res.apk; done | wc -c",
    ],
)
def test_a_line_that_wants_too_much_is_given_up(line: str) -> None:
    out, err, status = run(line)
    assert (out.strip(), status) == (b"", 1)
    assert b"the simulated phone gives up" in err


@pytest.mark.parametrize("text", ["(" * 500, "$(" * 500, "${x:-" * 500, '"${x:-' * 500, "`" + "$(" * 300, "if " * 500])
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(ShellSyntaxError):
        parse(text)


def test_a_long_condition_is_refused() -> None:
    assert run("[ " + "! " * 1000 + "x ]")[2] == 2


def test_a_caller_who_leaves_ends_the_line() -> None:
    with pytest.raises(BrokenPipeError):
        run("while :; do :; done", gone=lambda: True)


SHELLY = st.text(
    alphabet=st.sampled_from(list("ab1 \t\n;&|<>(){}[]$`\"'\\#*?!=-%:/@~")), max_size=40
) | st.lists(
    st.sampled_from(["if ", "then ", "fi;", "do ", "done\n", "for x in ", "while ", "case ", "esac", "echo ", "$(",
                     ")", "${x", "}", "<<E\n", "E\n", "'", '"', "`", "$((", "))", "2>&1 ", "</dev/null ", "{ ", "x() ",
                     "; "]),
    max_size=14,
).map("".join)  # fmt: skip


@given(SHELLY)
def test_any_text_is_a_program_or_refused(text: str) -> None:
    with contextlib.suppress(ShellSyntaxError):
        parse(text)


@given(SHELLY)
def test_any_text_runs_to_an_end(text: str) -> None:
    _, _, status = run(text, b"some\ninput\n", gone=lambda: False)
    assert 0 <= status <= 255


@given(st.text(alphabet="a: \t", max_size=12), st.sampled_from([" \t\n", ":", ": ", ""]))
def test_fields_lose_nothing_but_separators(value: str, separators: str) -> None:
    kept = "".join(cut for cut in cut_fields(value, separators) if cut is not None)
    assert kept == "".join(char for char in value if char not in separators)
