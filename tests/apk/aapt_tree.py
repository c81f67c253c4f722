"""What `aapt dump xmltree` prints of a manifest, and its entry points by Android's rules, read without our own code."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_LINE = re.compile(r"( *)(E|A): (.*)")
_TEXT = re.compile(r'="(?P<text>.*?)"(?: \(Raw: ".*"\))?$')
_TYPED = re.compile(r"=\(type 0x(?P<type>[0-9a-f]+)\)0x(?P<number>[0-9a-f]+)")
_REFERENCE = re.compile(r"=@0x(?P<id>[0-9a-f]+)")
_ID = re.compile(r"\(0x(01[0-9a-f]{6})\)")
_KINDS = ("activity", "activity-alias", "service", "receiver", "provider")
NAME, PERMISSION, READ, WRITE = "01010003", "01010006", "01010007", "01010008"
EXPORTED, MIN_SDK, TARGET_SDK = "01010010", "0101020c", "01010270"

Value = str | int
Entrance = tuple[str, str, bool, str | None, tuple[str, ...]]
"""Kind, class, whether it is exported, the permission that a caller needs, actions."""


@dataclass
class Node:
    """One element: attributes by number, or by name where they have none; a reference reads `@0x7f…`."""

    tag: str
    attributes: dict[str, Value] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)

    def all(self, tag: str) -> Iterator["Node"]:
        return (child for child in self.children if child.tag == tag)

    def text(self, key: str) -> str | None:
        value = self.attributes.get(key)
        return None if value is None or value == "" else str(value)


def manifest_tree(path: Path) -> Node | None:
    """Return the manifest of a file as aapt reads it; None where aapt cannot."""
    done = subprocess.run(
        ["aapt", "dump", "xmltree", str(path), "AndroidManifest.xml"],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=60,
    )
    root = Node("")
    open_nodes = [(-1, root)]
    for line in done.stdout.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        depth, kind, rest = len(found[1]), found[2], found[3]
        if kind == "A":
            _add_attribute(open_nodes[-1][1], rest)
            continue
        while open_nodes[-1][0] >= depth:
            open_nodes.pop()
        node = Node(rest.rsplit(" (line=", 1)[0])
        open_nodes[-1][1].children.append(node)
        open_nodes.append((depth, node))
    return next(root.all("manifest"), None)


def _add_attribute(node: Node, printed: str) -> None:
    head = printed.split("=", 1)[0]
    numbered = _ID.search(head)
    key = numbered[1] if numbered else head
    if found := _TYPED.search(printed):
        node.attributes.setdefault(key, int(found["number"], 16))
    elif found := _REFERENCE.search(printed):
        node.attributes.setdefault(key, f"@0x{found['id']}")
    elif found := _TEXT.search(printed):
        node.attributes.setdefault(key, found["text"])


def entrances(manifest: Node) -> list[Entrance]:
    """List the entry points, sorted.

    By ParsedActivityUtils, ParsedServiceUtils and ParsedProviderUtils of AOSP: what says nothing of `exported` is
    exported if it has an intent filter; a provider if the package is for versions below 4.2 (17).
    """
    package = str(manifest.attributes.get("package", ""))
    sdk = next(manifest.all("uses-sdk"), Node(""))
    target = max((_sdk_number(sdk.attributes.get(key)) for key in (MIN_SDK, TARGET_SDK)), default=0)
    application = next(manifest.all("application"), Node(""))
    return sorted(
        (
            (
                node.tag,
                _full_name(package, str(node.attributes[NAME])),
                _exported(node, target),
                node.text(PERMISSION) or node.text(READ) or node.text(WRITE) or application.text(PERMISSION),
                _actions(node),
            )
            for node in application.children
            if node.tag in _KINDS and node.text(NAME)
        ),
        key=repr,
    )


def _sdk_number(value: Value | None) -> int:
    if isinstance(value, int):
        return value
    return 0 if value is None else int(value) if value.isdigit() else 10_000


def _exported(node: Node, target: int) -> bool:
    said = node.attributes.get(EXPORTED)
    if isinstance(said, int):
        return said != 0
    if said in ("true", "false"):
        return said == "true"
    return target < 17 if node.tag == "provider" else any(True for _ in node.all("intent-filter"))


def _full_name(package: str, name: str) -> str:
    if name.startswith("."):
        return package + name
    return name if "." in name or not package else f"{package}.{name}"


def _actions(node: Node) -> tuple[str, ...]:
    named = {action.text(NAME) for one in node.all("intent-filter") for action in one.all("action")}
    return tuple(sorted(name for name in named if name))
