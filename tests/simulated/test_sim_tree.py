"""The phone's files, seen by the shell user."""

import errno
import stat

import pytest

from phone_audit.simulated.profile import load_profile
from phone_audit.simulated.tree import Tree


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree(load_profile("nokia7plus"))


def number(tree: Tree, path: str) -> int | None:
    with pytest.raises(OSError, match="\\[Errno") as caught, tree.open(path):
        pass
    return caught.value.errno


def test_an_apk_is_read_from_the_profile(tree: Tree) -> None:
    with tree.open("/system/priv-app/TeleService/TeleService.apk") as file:
        assert file.read(4) == b"PK\x03\x04"


def test_links_lead_on(tree: Tree) -> None:
    path = "/storage/emulated/0/Download/a file with blanks.txt"
    assert tree.find("/sdcard/Download/../Download/a file with blanks.txt") is tree.find(path)
    assert tree.find("/sdcard", follow=False).is_link
    assert tree.find("/etc/hosts").content == tree.find("/system/etc/hosts").content


def test_what_is_above_the_root_is_the_root(tree: Tree) -> None:
    assert tree.find("/../../system") is tree.find("/system")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/nosuch", errno.ENOENT),
        ("", errno.ENOENT),
        ("/system/etc/hosts/x", errno.ENOTDIR),
        ("/system", errno.EISDIR),
        ("/system/build.prop", errno.EACCES),
        ("/data/drm/x", errno.EACCES),
    ],
)
def test_what_cannot_be_opened(tree: Tree, path: str, expected: int) -> None:
    assert number(tree, path) == expected


def test_the_folder_of_packages_can_be_entered_but_not_listed(tree: Tree) -> None:
    with pytest.raises(PermissionError):
        tree.names("/data/app")
    assert stat.S_ISREG(tree.find("/data/app/org.example.notes-Rr5Uo9eGqK6mDw3Jx8VtPQ==/base.apk").mode)


def test_what_cannot_be_reached_does_not_exist(tree: Tree) -> None:
    assert tree.exists("/etc/hosts")
    assert not tree.exists("/data/drm/x")
    assert {"sh", "toybox", "pm"} <= set(tree.names("/system/bin"))
