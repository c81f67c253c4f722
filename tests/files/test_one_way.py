"""Text from files is read in one way: every other call that would parse or read it whole is found here."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import phone_audit

PACKAGE = Path(phone_audit.__file__).parent

PARSES = {
    "files/bounded_json.py": "counts before it parses",
    "model/base.py": "takes counted text only, and what this very process put aside",
    "knowledge/feeds/yaml_text.py": "looks through before it builds",
    "apk/worker/child.py": "reads the parent's tasks",
}
"""Files that may parse, and why."""

READS_WHOLE = {
    "acquire/adb/states.py": "the command lines of this computer's processes",
    "acquire/adb/keys.py": "the user's own keys of adb",
    "acquire/adb/usb_devices.py": "a file of the kernel",
    "knowledge/naming.py": "a list that comes with the package",
    "pipeline/phone_names.py": "the user's own key",
    "pipeline/record_cache.py": "the code of this program, for its digest",
}
"""Files that may read a path as a whole, and why."""

PARSING = frozenset(
    {
        "model_validate_json", "validate_json", "from_json", "json.load", "json.loads", "yaml.load", "yaml.safe_load",
        "yaml.load_all", "yaml.compose", "ast.literal_eval", "pickle.load", "pickle.loads", "marshal.loads",
        "tomllib.load", "tomllib.loads", "ElementTree.parse", "ElementTree.fromstring", "plistlib.loads", "raw_decode",
    }
)  # fmt: skip
READING = frozenset({"read_text", "read_bytes"})


def calls(tree: ast.AST, wanted: frozenset[str]) -> Iterator[str]:
    """Yield the names of functions in a file that are wanted, however they are named there: `loads`, `json.loads`."""
    bare = {name for name in wanted if "." not in name}
    ends = {name.rpartition(".")[2] for name in wanted}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute | ast.ImportFrom):
            continue
        if isinstance(node, ast.Attribute) and node.attr in ends and (node.attr in bare or ast.unparse(node) in wanted):
            yield ast.unparse(node)
        if isinstance(node, ast.ImportFrom):
            yield from (
                alias.name for alias in node.names if alias.name in bare or f"{node.module}.{alias.name}" in wanted
            )


def files_with(wanted: frozenset[str]) -> dict[str, list[str]]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        here = list(calls(ast.parse(path.read_text("utf-8")), wanted))
        if here:
            found[name] = here
    return found


@pytest.mark.promise("one-way-to-read")
def test_json_and_yaml_are_parsed_in_few_places() -> None:
    assert set(files_with(PARSING)) == set(PARSES)


@pytest.mark.promise("one-way-to-read")
def test_no_file_is_read_without_a_bound() -> None:
    assert set(files_with(READING)) == set(READS_WHOLE)


def test_the_search_finds_what_it_is_for() -> None:
    tree = ast.parse("import json\nfrom json import loads\njson.load(x)\nX.model_validate_json(y)\np.read_bytes()\n")
    assert sorted(calls(tree, PARSING)) == ["X.model_validate_json", "json.load", "loads"]
    assert list(calls(tree, READING)) == ["p.read_bytes"]
