"""Which test holds which promise: `python tests/promises.py` writes the table of docs/security.md anew.

`promises.tsv` lists what is promised, a line each. A test says which it holds with `@pytest.mark.promise("id")`, or a
file for all of its tests with `pytestmark = pytest.mark.promise("id")`. Test files are parsed, not imported.
"""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
LISTED: Final = ROOT / "tests" / "promises.tsv"
DOCUMENT: Final = ROOT / "docs" / "security.md"
BEGIN: Final = "<!-- promises: made by tests/promises.py -->\n"
END: Final = "<!-- end of promises -->\n"
_MARK: Final = "promise"


class Holder(NamedTuple):
    """A test, or a whole file of them where `test` is empty, that holds a promise."""

    promise: str
    file: str
    test: str


def promises() -> dict[str, str]:
    """Return the sentence of each promise by its id, in the order of the file."""
    lines = [line for line in LISTED.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    listed = dict(line.split("\t") for line in lines)
    if len(listed) < len(lines):
        raise ValueError(f"{LISTED.name} lists a promise twice")
    return listed


def holders(folder: Path = ROOT / "tests") -> list[Holder]:
    """Return who holds which promise, by file and line."""
    found: list[Holder] = []
    for path in sorted(folder.rglob("test_*.py")):
        text = path.read_text("utf-8")
        if f".{_MARK}(" in text:
            name = path.relative_to(folder.parent).as_posix()
            found += [Holder(promise, name, test) for promise, test in _marked(ast.parse(text))]
    return found


def _marked(module: ast.Module) -> Iterator[tuple[str, str]]:
    for node in module.body:
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                yield from ((name, node.name) for name in _named(decorator))
        elif isinstance(node, ast.Assign) and [ast.unparse(one) for one in node.targets] == ["pytestmark"]:
            marks = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            yield from ((name, "") for mark in marks for name in _named(mark))


def _named(mark: ast.expr) -> Iterator[str]:
    """Yield the ids in `pytest.mark.promise("id", …)`; none of another mark."""
    if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr == _MARK:
        yield from (ast.literal_eval(argument) for argument in mark.args)


def table(listed: dict[str, str], held: Sequence[Holder]) -> str:
    """Draw the table: a promise a line, with the tests that hold it."""
    lines = ["| Promise | Held by |", "|---|---|"]
    for promise, sentence in listed.items():
        files: dict[str, list[str]] = {}
        for one in held:
            if one.promise == promise:
                files.setdefault(one.file, []).append(one.test)
        cells = [f"[`{file}`](../{file}){_tests(tests)}" for file, tests in files.items()]
        lines.append(f"| {sentence} | {'; '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _tests(tests: Sequence[str]) -> str:
    named = [f"`{test.removeprefix('test_')}`" for test in tests if test]
    return f": {', '.join(named)}" if named else ""


def with_table(document: str, drawn: str) -> str:
    """Return the document with the table between its marks."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{drawn}{END}{after}"


if __name__ == "__main__":
    DOCUMENT.write_text(with_table(DOCUMENT.read_text("utf-8"), table(promises(), holders())), "utf-8")
