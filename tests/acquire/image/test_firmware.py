"""The partitions of a firmware become one tree, and that says what a phone would say of itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from phone_audit.acquire.image import firmware as module
from phone_audit.acquire.image.byte_source import ByteSource, ImageError
from phone_audit.acquire.image.file_system import Entry
from phone_audit.acquire.image.firmware import Firmware, Partition
from phone_audit.acquire.image.open import is_firmware, open_firmware
from phone_audit.acquire.image.properties import properties_of
from phone_audit.acquire.image.state import firmware_items, framework_hashes, small_files
from phone_audit.acquire.questions.small_files import CA_FOLDER, CONSCRYPT_FOLDER, HOSTS
from phone_audit.errors import SnapshotError
from tests.acquire.image.made import SMALL, write_small
from tests.acquire.image.memory import MemoryBytes


class Files:
    """A file system in memory: a folder is a mapping, a link a tuple, a file bytes; None is damaged."""

    kind = "test"
    flaws = ()

    def __init__(self, root: object) -> None:
        self.root = root
        self.listed = 0

    def entries(self, folder: object) -> Iterator[Entry]:
        self.listed += 1
        if not isinstance(folder, Tree):
            raise ImageError("its blocks are not there")
        for name, node in folder.children.items():
            kind = "link" if isinstance(node, tuple) else "file" if isinstance(node, bytes) else "folder"
            yield Entry(name, kind, node)  # type: ignore[arg-type]

    def open(self, file: object) -> ByteSource:
        assert isinstance(file, bytes)
        return MemoryBytes(file)

    def target(self, link: object) -> str:
        assert isinstance(link, tuple)
        return str(link[0])


class Tree:
    def __init__(self, **children: object) -> None:
        self.children = children


def firmware_of(**partitions: Tree) -> Firmware:
    return Firmware([Partition(name, Files(tree), f"{name}.img") for name, tree in partitions.items()])


@pytest.mark.parametrize("place", ["", "system", "dump/system/system"])
def test_a_dump_is_told_by_its_system_partition(tmp_path: Path, place: str) -> None:
    assert not is_firmware(tmp_path)
    write_small(tmp_path / place)
    named = tmp_path / place.partition("/")[0] if "/" in place else tmp_path
    assert is_firmware(named)
    with open_firmware(named) as firmware:
        assert firmware.read("/system/etc/hosts", 100) == SMALL["etc/hosts"].encode()
        assert "/system/app/X/X.apk" in firmware.files


def test_nothing_leads_out_of_a_dump(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = write_small(tmp_path / "dump" / "system")
    (folder / "app" / "Y").symlink_to(tmp_path)
    (folder / "etc" / "hosts").unlink()
    (folder / "etc" / "hosts").symlink_to(tmp_path / "secret")
    with open_firmware(tmp_path / "dump") as firmware:
        assert firmware.read(HOSTS, 100) is None
        assert not any("secret" in path for path in firmware.files)


def test_a_dump_without_partitions_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="could be read"), open_firmware(tmp_path):
        pass


def test_links_are_followed_in_the_tree_alone() -> None:
    system = Tree(
        vendor=("/vendor",), loop=("loop",), up=("../../../../etc/passwd",), etc=Tree(x=b"x"), short=("etc/x",)
    )
    firmware = firmware_of(system=system, vendor=Tree(y=b"y"))
    assert firmware.read("/system/vendor/y", 10) == b"y"
    assert firmware.read("/system/short", 10) == b"x"
    assert firmware.resolved("/system/loop") is None
    assert firmware.resolved("/system/up") is None
    assert firmware.children("/system/etc") == ["/system/etc/x"]


def test_a_mounted_partition_covers_what_lay_there() -> None:
    root = Tree(system=Tree(**{"build.prop": b""}), vendor=Tree(old=b"old"))
    firmware = firmware_of(system=root, vendor=Tree(new=b"new"))
    assert sorted(firmware.files) == ["/system/build.prop", "/vendor/new"]


def test_two_partitions_of_one_name_are_not_mixed() -> None:
    one, two = Partition("vendor", Files(Tree(a=b"a")), "a.img"), Partition("vendor", Files(Tree(b=b"b")), "b.img")
    firmware = Firmware([one, two])
    assert sorted(firmware.files) == ["/vendor/a"]
    assert [(note.subject, note.code) for note in firmware.skipped] == [("b.img", "contradiction")]


def test_a_damaged_folder_costs_itself_alone() -> None:
    firmware = firmware_of(system=Tree(app=None, etc=Tree(x=b"x")))
    assert sorted(firmware.files) == ["/system/etc/x"]
    assert [(note.subject, note.code) for note in firmware.skipped] == [("/system/app", "damaged")]


def test_a_folder_that_holds_itself_is_listed_once() -> None:
    tree = Tree(x=b"x")
    tree.children["again"] = tree
    files = Files(tree)
    firmware = Firmware([Partition("system", files, "system.img")])
    assert list(firmware.files) == ["/system/x"]
    assert files.listed == 2  # once for where it is mounted


def test_endless_folders_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ENTRIES", 10)
    firmware = firmware_of(system=Tree(**{f"f{number}": Tree(x=b"x") for number in range(50)}))
    assert len(list(firmware.files)) <= 10
    assert [note.code for note in firmware.skipped] == ["too-many"]


def test_deep_folders_end() -> None:
    tree = Tree(x=b"x")
    for _ in range(60):
        tree = Tree(d=tree)
    firmware = firmware_of(system=tree)
    assert list(firmware.files) == []
    assert [note.code for note in firmware.skipped] == ["too-deep"]


def test_names_that_are_no_names_are_left_out() -> None:
    firmware = firmware_of(system=Tree(**{"..": Tree(x=b""), "a/b": b"", "": b"", "ok": b"", "n\0": b""}))
    assert list(firmware.files) == ["/system/ok"]


def test_properties_are_those_that_init_would_set() -> None:
    system = Tree(
        **{
            "build.prop": b"ro.build.id=A\nro.build.version.release=11\nro.build.version.incremental=7\n"
            b"ro.build.type=user\nro.build.tags=release-keys\nro.product.system.brand=s\nro.x=system\n",
        }
    )
    product = Tree(
        etc=Tree(
            **{
                "build.prop": b"ro.product.product.brand=Acme\nro.product.product.name=one\n"
                b"ro.product.product.device=dev\nro.x=product\n"
            }
        )
    )
    own = Tree(**{"build.prop": b"ro.x=own\nro.y=own\n"})
    properties = properties_of(firmware_of(system=system, product=product, my_own=own))
    assert properties["ro.x"] == "product"
    assert properties["ro.y"] == "own"
    assert properties["ro.product.brand"] == "Acme"
    assert properties["ro.build.fingerprint"] == "Acme/one/dev:11/A/7:user/release-keys"


def test_the_state_is_read_from_files(tmp_path: Path) -> None:
    write_small(tmp_path / "system")
    (tmp_path / "system" / "xbin").mkdir()
    (tmp_path / "system" / "xbin" / "su").write_text("")
    with open_firmware(tmp_path) as firmware:
        files = small_files(firmware)
        state = {one.key: one for one in firmware_items(firmware)}
        hashes = framework_hashes(firmware)
    assert files.folders == {CA_FOLDER: "open", CONSCRYPT_FOLDER: "none"}
    assert set(files.there) == {"/system/bin/su", "/system/xbin/su"}
    assert files.whole
    assert files.files[HOSTS] == SMALL["etc/hosts"].encode()
    assert [one.value for one in state["privileged_permissions"].evidence] == ["p.q: a.X"]
    assert [one.value for one in state["default_grants"].evidence] == ["p.q: a.Y"]
    assert [one.value for one in state["init_services_root"].evidence] == ["x /system/bin/x user root socket x stream"]
    assert state["init_services_listening"].value == "1"
    assert [path for path, _ in hashes] == ["/system/framework/framework.jar"]


def test_packages_behind_links_of_another_name_are_read_and_those_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    folder = write_small(tmp_path / "system")
    (folder / "etc" / "data.bin").write_text("an app")
    (folder / "app" / "Y").mkdir()
    (folder / "app" / "Y" / "Y.apk").symlink_to("../../etc/data.bin")
    (folder / "app" / "Z.apk").symlink_to("/data/app/Z.apk")
    with open_firmware(tmp_path) as firmware:
        assert firmware.read("/system/app/Y/Y.apk", 10) == b"an app"
        assert "/system/app/Y/Y.apk" in firmware.files
        assert [(note.subject, note.code) for note in firmware.skipped] == [("/system/app/Z.apk", "not-held")]


def test_a_name_that_is_there_twice_is_told() -> None:
    class Doubled(Files):
        def entries(self, folder: object) -> Iterator[Entry]:
            yield from super().entries(folder)
            yield from super().entries(folder)

    firmware = Firmware([Partition("system", Doubled(Tree(hosts=b"x")), "system.img")])
    assert [(note.subject, note.code) for note in firmware.skipped] == [("/system/hosts", "contradiction")]


def test_a_folder_with_two_names_is_found_by_both() -> None:
    etc = Tree(hosts=b"x")
    firmware = firmware_of(system=Tree(a=etc, etc=etc))
    assert firmware.read("/system/etc/hosts", 10) == firmware.read("/system/a/hosts", 10) == b"x"
    assert [note.code for note in firmware.skipped] == ["contradiction"]


def test_entries_of_one_endless_folder_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ENTRIES", 10)
    firmware = firmware_of(system=Tree(**{f"f{number}": b"x" for number in range(50)}))
    assert [note.code for note in firmware.skipped] == ["too-many"]


def test_a_link_where_a_partition_is_mounted_does_not_hide_it() -> None:
    root = Tree(system=Tree(**{"build.prop": b""}), vendor=("/system/vendor",))
    assert firmware_of(system=root, vendor=Tree(new=b"new")).read("/vendor/new", 10) == b"new"


def test_a_partition_that_lies_in_the_system_is_found_by_its_own_path() -> None:
    firmware = firmware_of(system=Tree(vendor=Tree(**{"build.prop": b"x"}), **{"build.prop": b""}))
    assert firmware.read("/vendor/build.prop", 10) == b"x"


@pytest.mark.parametrize("decoys", [{"build.prop": b"ro.build.id=fake"}, {f"a{n}": b"" for n in range(3000)}])
def test_what_lies_beside_the_system_in_its_partition_does_not_move_it(decoys: dict[str, object]) -> None:
    firmware = firmware_of(system=Tree(**decoys, system=Tree(etc=Tree(hosts=b"x"), **{"build.prop": b""})))
    assert firmware.read(HOSTS, 10) == b"x"


def test_links_are_followed_as_often_as_a_phone_follows_them() -> None:
    links = {f"l{number}": (f"l{number + 1}",) for number in range(30)}
    assert firmware_of(system=Tree(**links, l30=b"x")).read("/system/l0", 10) == b"x"
    many = {f"l{number}": (f"l{number + 1}",) for number in range(60)}
    assert firmware_of(system=Tree(**many, l60=b"x")).read("/system/l0", 10) is None


def test_notes_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_NOTES", 3)
    firmware = firmware_of(system=Tree(**{f"f{number}": None for number in range(50)}))
    assert len(firmware.skipped) == 4
    assert firmware.skipped[-1].code == "too-many"


def props(text: str) -> bytes:
    return text.replace(" ", "\n").replace("~", " ").encode()


@pytest.mark.parametrize(("sdk", "expected"), [("28", "first"), ("29", "third")])
def test_a_property_that_is_repeated_has_the_value_that_its_android_gives_it(sdk: str, expected: str) -> None:
    system = Tree(**{"build.prop": props(f"ro.build.version.sdk={sdk} ro.x=first ro.x=second y=1")})
    vendor = Tree(**{"build.prop": props("ro.x=third y=2")})
    properties = properties_of(firmware_of(system=system, vendor=vendor))
    assert (properties["ro.x"], properties["y"]) == (expected, "2")


def test_properties_are_imported_where_that_is_said() -> None:
    system = Tree(
        **{
            "build.prop": props(
                "ro.a=1 import~/vendor/etc/x.prop~ro.* ro.b=3 import~/oem/oem.prop import~/system/build.prop"
            )
        },
    )
    vendor = Tree(etc=Tree(**{"x.prop": props("ro.a=2 ro.b=2 z=2 import~/system/no.prop")}))
    firmware = firmware_of(system=system, vendor=vendor)
    properties = properties_of(firmware)
    assert {name: properties.get(name) for name in ("ro.a", "ro.b", "z")} == {"ro.a": "2", "ro.b": "3", "z": None}
    assert [(note.subject, note.code) for note in firmware.skipped] == [("/oem/oem.prop", "not-held")]


def test_the_partitions_that_name_the_phone_come_in_the_order_that_the_firmware_says() -> None:
    text = "ro.product.property_source_order=vendor,x,product ro.product.vendor.brand=v ro.product.product.brand=p"
    properties = properties_of(firmware_of(system=Tree(**{"build.prop": props(text)})))
    assert properties["ro.product.brand"] == "v"


def test_more_properties_than_any_firmware_has_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.acquire.image.properties.MOST_PROPERTIES", 2)
    firmware = firmware_of(system=Tree(**{"build.prop": props("a=1 b=2 c=3")}))
    assert properties_of(firmware).keys() == {"a", "b"}
    assert [note.code for note in firmware.skipped] == ["too-many"]
