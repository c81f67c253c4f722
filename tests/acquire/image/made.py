"""Firmware for the tests: a small tree, and that of the simulated phone."""

from collections.abc import Mapping
from pathlib import Path

from phone_audit.simulated.profile import load_profile
from phone_audit.simulated.tree import Node, Tree

PARTITIONS = ("system", "vendor")

SMALL: Mapping[str, str] = {
    "build.prop": "ro.build.id=A1\nro.build.version.sdk=30\nro.product.system.brand=Acme\n",
    "etc/hosts": "127.0.0.1 localhost\n203.0.113.9 bank.example\n",
    "etc/security/cacerts/0.0": "no certificate",
    "etc/permissions/privapp.xml": '<permissions><privapp-permissions package="p.q"><permission name="a.X"/>'
    "</privapp-permissions></permissions>",
    "etc/default-permissions/d.xml": '<exceptions><exception package="p.q"><permission name="a.Y" fixed="true"/>'
    "</exception></exceptions>",
    "etc/init/x.rc": "service x /system/bin/x\n  socket x stream 660\nservice y /system/bin/y\n  user shell\n",
    "app/X/X.apk": "no archive",
    "framework/framework.jar": "code",
}


def write_small(folder: Path, files: Mapping[str, str] = SMALL) -> Path:
    """Write a small system partition, with a link in it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "su").symlink_to("/system/app/X/X.apk")
    return folder


def write_simulated(folder: Path) -> Path:
    """Write the partitions of the simulated phone below a folder, as a dump of its firmware."""
    profile = load_profile("nokia7plus")
    tree = Tree(profile)
    for name in PARTITIONS:
        _write(tree.root.children[name], folder / name)
    built = (line for line in profile.properties.items() if line[0].startswith("ro.") and ".boot." not in line[0])
    (folder / "system" / "build.prop").write_text("".join(f"{name}={value}\n" for name, value in built))
    return folder


def _write(node: Node, path: Path) -> None:
    if node.is_folder:
        path.mkdir(parents=True)
        for name, child in node.children.items():
            _write(child, path / name)
    elif node.is_link:
        path.symlink_to(node.link)
    elif isinstance(node.content, Path):
        path.write_bytes(node.content.read_bytes())
    else:
        path.write_bytes(node.content or b"")
