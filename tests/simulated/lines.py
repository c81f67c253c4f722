"""Runs lines on the phone's userland without a wire, and lines of the shell's language with what they print."""

from collections.abc import Callable
from io import BytesIO

from phone_audit.simulated.profile import load_profile
from phone_audit.simulated.tree import Tree
from phone_audit.simulated.userland.builtins import BUILTINS
from phone_audit.simulated.userland.call import Phone, Streams
from phone_audit.simulated.userland.commands import PROGRAMS, run_line

PROFILE = load_profile("nokia7plus")
TREE = Tree(PROFILE, tuple(sorted(PROGRAMS.keys() | BUILTINS.keys())))


def run(line: str, stdin: bytes = b"", gone: Callable[[], bool] = lambda: False) -> tuple[bytes, bytes, int]:
    """Run a line; gives output, errors and status."""
    out, err = BytesIO(), BytesIO()
    phone = Phone(PROFILE, TREE, lambda: 1548000000.25, lambda _seconds: None)
    status = run_line(line, phone, Streams(BytesIO(stdin), out, err), gone)
    return out.getvalue(), err.getvalue(), status


def said(line: str, stdin: bytes = b"") -> str:
    """Run a line that must not complain, and return what it prints."""
    out, err, _ = run(line, stdin)
    assert err == b"", err
    return out.decode("utf-8", "surrogateescape")


# test_sim_against_adbd.py gives the same lines to mksh and toybox, the shell and the tools of Android
LANGUAGE = {
    "echo a b; echo c": "a b\nc\n",
    "true && echo yes || echo no": "yes\n",
    "false && echo yes || echo no": "no\n",
    "false; echo $?": "1\n",
    "! true; echo $?": "1\n",
    "! false; echo $?": "0\n",
    "echo a | cat | wc -l": "1\n",
    "(exit 3); echo $?": "3\n",
    "x=1; (x=2); echo $x": "1\n",
    "x=1; { x=2; }; echo $x": "2\n",
    "x=1; echo 2 | read x; echo $x": "1\n",
    'x="a  b"; echo $x; echo "$x"': "a b\na  b\n",
    'x=; printf \'<%s>\' $x "$x" ${x:-d} "${x-d}" "${x:+s}" ${x+s}': "<><d><><><s>",
    "unset y; echo ${y:-d} ${y-d} ${#y}": "d d 0\n",
    "p=/a/b.c.d; echo ${p##*/} ${p#*/} ${p%.*} ${p%%.*} ${#p}": "b.c.d a/b.c.d /a/b.c /a/b 8\n",
    "p='*x'; q='*'; echo ${p#\"$q\"}": "x\n",
    "echo '$x' \"\\$x\" \\$x \"a\\b\" 'it'\\''s'": "$x $x $x a\\b it's\n",
    "echo $'a\\tb\\047\\303\\251'": "a\tb'é\n",
    "echo $(echo a; echo b) `echo c`": "a b c\n",
    'echo "$(printf "a\\nb\\n\\n")"': "a\nb\n",
    "echo $((2+3*4)) $((7/2)) $((-7/2)) $((7%3)) $((3<4)) $(( (1+2)*3 ))": "14 3 -3 1 1 9\n",
    "i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done": "0\n1\n2\n",
    "i=0; until [ $i -ge 2 ]; do i=$((i+1)); done; echo $i": "2\n",
    "for i in a 'b c' d; do echo $i; done": "a\nb c\nd\n",
    "for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done": "1\n3\n",
    "for i in 1 2; do for j in 1 2; do [ $j = 2 ] && break 2; echo $i$j; done; done": "11\n",
    "set -- a 'b c'; for i; do echo $i; done; echo $# $1; shift; echo \"$1\" $#": "a\nb c\n2 a\nb c 1\n",
    'set -- a "b c"; printf "<%s>" "$@" x; printf "<%s>" "$*"; printf "<%s>" $@': "<a><b c><x><a b c><a><b><c>",
    'set --; printf "<%s>" "$@"; echo': "<>\n",
    "if false; then echo 1; elif true; then echo 2; else echo 3; fi": "2\n",
    "if false; then echo 1; fi; echo $?": "0\n",
    "case abc in x) echo 1;; a*|b) echo 2;; *) echo 3;; esac": "2\n",
    "case '*' in '*') echo star;; esac; case x in '*') echo no;; esac": "star\n",
    "f() { echo $1 $#; return 4; }; f a b; echo $?": "a 2\n4\n",
    "f() { [ $1 -gt 0 ] && echo $1 && f $(($1-1)); }; f 3": "3\n2\n1\n",
    "cat <<E\na $((1+1))\nE": "a 2\n",
    "cat <<'E'\na $x\nE": "a $x\n",
    "cat <<-E\n\ta\n\tE\necho b": "a\nb\n",
    "cat <<A; cat <<B\n1\nA\n2\nB": "1\n2\n",
    'while read -r a b; do echo "[$a][$b]"; done <<E\none two three\n x  y\nE': "[one][two three]\n[x][y]\n",
    'while IFS= read -r a; do echo "[$a]"; done <<E\n  one\\two \nE': "[  one\\two ]\n",
    'while IFS=: read -r a b c; do echo "$a|$b|$c"; done <<E\n1::2:3\nE': "1||2:3\n",
    "IFS=:; x=a:b::c; printf '<%s>' $x": "<a><b><><c>",
    "echo err 2>/dev/null >&2; echo out 2>&1": "out\n",
    "{ echo a; echo b >&2; } 2>/dev/null": "a\n",
    "(eval echo a) </dev/null 2>&1; echo m:$?": "a\nm:0\n",
    "eval 'x=3; echo $x'; echo $x": "3\n3\n",
    "sh -c 'echo $0 $1' name arg": "name arg\n",
    "x=5 sh -c 'echo $x'": "5\n",
    "cd /system/app; cd ..; pwd; cd /; pwd": "/system\n/\n",
    "exec echo gone; echo not": "gone\n",
    "echo a; exit; echo b": "a\n",
    "echo a # comment\n# another\necho b#c": "a\nb#c\n",
    "echo a \\\nb": "a b\n",
    "H='toybox sha256sum'; $H </dev/null": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  -\n",
    "command -v nosuch; echo $?": "1\n",
    "[ -f /system/etc/hosts ] && [ -r /system/etc/hosts ] && [ ! -d /system/etc/hosts ] && echo ok": "ok\n",
    "[ -e /nosuch -o -d /system ] && [ -d /system -a -d /data ] && [ -L /sdcard ] && echo ok": "ok\n",
    "[ a != b ] && [ 3 -ge 3 ] && [ -z '' ] && [ -n x ] && [ x ] && [ '!' = '!' ] && echo ok": "ok\n",
    "[ -e /nosuch -a -d /system ]; echo $?; [ -e /nosuch -o -e /no ]; echo $?": "1\n1\n",
    "[ -r /system/build.prop ]; echo $?; test -e /nosuch; echo $?": "1\n1\n",
    "printf '%s|%d|%5s|%-4s|%x|%%\\n' a 3 b c 255": "a|3|    b|c   |ff|%\n",
    "printf '%s=%s\\n' a b c": "a=b\nc=\n",
    "printf '\\0%s\\0' a b | wc -c": "6\n",
    "printf '%s\\n' 'a\\tb'": "a\\tb\n",
    "echo -n a; echo b": "ab\n",
    "printf 'a b\\nc\\n' | xargs echo x": "x a b c\n",
    "printf 'a\\nb\\n' | xargs -n 1 echo": "a\nb\n",
    "echo /system/etc/host*; echo /no/such*; echo '/system/etc/host*'": (
        "/system/etc/hosts\n/no/such*\n/system/etc/host*\n"
    ),
    "basename /a/b.apk .apk; dirname /a/b.apk": "b\n/a\n",
}
