"""What a phone or an acquisition says is read in time that grows with its length, whatever it holds many of."""

import contextlib
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.files.apk_files import (
    BATCH_BYTES,
    MOST_OWNERS,
    ApkFiles,
    PackageLocation,
    find_files,
    hash_files,
)
from phone_audit.acquire.files.oat_files import FRAMEWORK, StrippedApks, find_oat_files
from phone_audit.acquire.importers import bugreport
from phone_audit.acquire.importers.answers import from_dumps
from phone_audit.acquire.importers.reading import _folders
from phone_audit.acquire.importers.text_folder import MOST_TEXTS, _AnswerReader, _packages
from phone_audit.acquire.packages.listing import Listing
from phone_audit.acquire.packages.merge import MOST_PACKAGES, block_of, names_of, package_of
from phone_audit.acquire.packages.package_block import MOST_GRANTS, TOO_MANY, DumpedPackage, DumpedUser
from phone_audit.acquire.packages.package_dump import PACKAGE_DUMP, PackageDump, parse_package_dump
from phone_audit.acquire.packages.package_list import ListEntry
from phone_audit.acquire.packages.users import MOST_USERS, read_users
from phone_audit.acquire.questions.appops import MOST_OPS, parse_appops
from phone_audit.acquire.questions.connectivity import Networks, network_items
from phone_audit.acquire.questions.file_facts import PathStatus
from phone_audit.acquire.questions.small_files import SmallFiles, added_folder, file_items
from phone_audit.acquire.store.container import FolderContainer, ZipContainer
from phone_audit.acquire.transport import Answer, FileOnPhone, PulledApk
from phone_audit.errors import SnapshotError
from phone_audit.model.device import MOST_DEEP
from tests.acquire.fake_phone import QUIET, FakePhone
from tests.acquire.importers.written import packages, service
from tests.steps import LINEAR, growth

Made = Callable[[int], Callable[[], object]]
PEM = b"-----BEGIN CERTIFICATE-----" + b"A" * 44 + b"-----END"


def reader(phone: FakePhone | None = None) -> Reader:
    return Reader(phone or FakePhone(), QUIET)


def listed(name: str, path: str) -> ListEntry:
    return ListEntry(name, path, None, None, ())


def package_of_many_lists(count: int) -> Callable[[], object]:
    """A folder of lists, all of them of one package."""
    lines = [listed("org.a", f"/data/app/{number}/base.apk") for number in range(count)]
    return lambda: _packages({"list.txt": lines}, ())


def blocks_and_lines(count: int) -> Callable[[], object]:
    """A package that is listed at many places, and that the dump describes as often, at others."""
    blocks = tuple(DumpedPackage("org.a", code_path=f"/data/app/{number:05d}") for number in range(count))
    lines = tuple(listed("org.a", f"/data/app/x{number:05d}/base.apk") for number in range(count))
    return lambda: block_of("org.a", blocks, lines, reader())


def shared_users(count: int) -> Callable[[], object]:
    """Many packages with one shared user, which the dump describes as often."""
    one = DumpedPackage("android.uid.x", users={0: DumpedUser(installed=True)})
    block = DumpedPackage("org.a", shared_user="android.uid.x", users={0: DumpedUser(installed=True)})
    listing = Listing(asked=(0,), dump=PackageDump({}, {}, {"android.uid.x": (one,) * count}, ()))

    def work() -> None:
        for number in range(count):
            package_of(f"org.a{number}", block, (), listing, (), 0)

    return work


def tunnels(count: int) -> Callable[[], object]:
    """Many tunnels of uids that stand for the same packages, of which there are many."""
    networks = Networks((), (), tuple(100_000 * user + 10_001 for user in range(count)))
    packages = {10_001: tuple(f"org.a{number}" for number in range(count))}
    return lambda: list(network_items(networks, packages))


def stores_of_users(count: int) -> Callable[[], object]:
    """Many users, each with a store of certificates."""
    folders = {added_folder(user): "open" for user in range(count)}
    files = {f"{added_folder(user)}/a.0": PEM for user in range(count)}
    small = SmallFiles(folders, (), files, whole=True)  # type: ignore[arg-type]
    return lambda: list(file_items(small, range(count), {}))


def ops_of_a_uid(count: int) -> Callable[[], object]:
    """Many operations of a uid, and many packages of that uid."""
    ops = "".join(f"      OP_{'A' * 3}{number}: mode=ignore\n" for number in range(count))
    packages = "".join(f"    Package org.a{number}:\n" for number in range(count))
    text = f"1700000000 +0100\nCurrent AppOps Service state:\n  Uid 10001:\n{ops}{packages}"
    return lambda: parse_appops(text)


def packages_without_splits(count: int) -> Callable[[], object]:
    """Many packages, of which files are missing."""
    blocks = [
        DumpedPackage(f"org.a{n}", code_path=f"/data/app/a{n}", splits=("base", "x"), app_id=10_001)
        for n in range(count)
    ]
    places = [PackageLocation(one.name, (listed(one.name, f"{one.code_path}/base.apk"),), (one,), ()) for one in blocks]
    return lambda: find_files(reader(), ApkFiles(), places)


def packages_in_one_folder(count: int) -> Callable[[], object]:
    """Many packages whose folder, as the dump says, is the same, with many files."""
    block = DumpedPackage("org.a", code_path="/data/app/a")
    places = [
        PackageLocation(f"org.a{number}", (), (replace(block, name=f"org.a{number}"),), ()) for number in range(count)
    ]
    tree = {f"/data/app/a/{number:05d}.apk": b"x" for number in range(count)}

    class Phone(FakePhone):
        def _look(self, command: str) -> bytes:
            del command
            return b"\0files\0" + b"1\n" * len(tree) + b"".join(b"\0" + path.encode() for path in tree)

    return lambda: find_files(reader(Phone()), ApkFiles(), places)


def oat_folders(count: int) -> Callable[[], object]:
    """Many packages of the firmware, each with code in the folder of an architecture of its own."""
    apks = [f"/system/app/a{number}/a{number}.apk" for number in range(count)]
    found = b"".join(f"\0/system/app/a{number}/oat/odd{number}/b.vdex".encode() for number in range(count))
    phone = FakePhone()
    phone._look = lambda command: b"\0files\0" + b"1\n" * count + found  # type: ignore[method-assign]
    return lambda: find_oat_files(reader(phone), apks)


def framework_folders(count: int) -> Callable[[], object]:
    """Code of the framework in many folders."""
    found = b"".join(f"\0{FRAMEWORK}/oat/odd{number}/a{number}.vdex".encode() for number in range(count))
    phone = FakePhone()
    phone._look = lambda command: b"\0files\0" + b"1\n" * count + found  # type: ignore[method-assign]
    return lambda: find_oat_files(reader(phone), [f"{FRAMEWORK}/framework-res.apk"])


def code_that_arrives(count: int) -> Callable[[], object]:
    """An APK whose code lies in many files."""
    apk = "/system/framework/framework-res.apk"
    files = [FileOnPhone(f"/system/framework/a{number:05d}.vdex", 1) for number in range(count)]
    copy = PulledApk("x", Path("x"), "ab" * 32, 1)

    def work() -> None:
        beside = StrippedApks({apk: files}, lambda path, parts: True)
        beside.arrived(apk, copy)
        for file in reversed(files):
            beside.arrived(file.path, copy)

    return work


def texts_of_a_dump(count: int) -> Callable[[], object]:
    """A dump of a service for each of many packages, each called alike."""
    text = "".join(service(f"x{number}", "DUMP\n") for number in range(count)).encode()
    return lambda: from_dumps(text)


def files_that_hash_one_by_one(count: int) -> Callable[[], object]:
    """Files of which the phone hashes one, and then falls silent."""
    files = ApkFiles()
    for number in range(count):
        files.roles[f"/a{number:05d}"] = {}
        files.found[f"/a{number:05d}"] = PathStatus("file", BATCH_BYTES // 2)

    def work() -> None:
        phone = FakePhone()
        said = f"@0\n{'ab' * 32}  -\n".encode()
        phone.shell = lambda command, **more: Answer(said, None, truncated=True)  # type: ignore[method-assign]
        hash_files(reader(phone), files)
        assert len(files.hashes) == count

    return work


MADE: dict[str, tuple[Made, int]] = {
    "a package in many lines": (package_of_many_lists, 200),
    "blocks and lines of a package": (blocks_and_lines, 200),
    "packages with a shared user": (shared_users, 200),
    "tunnels and packages": (tunnels, 300),
    "stores of users": (stores_of_users, 200),
    "operations of a uid": (ops_of_a_uid, 1000),
    "packages without splits": (packages_without_splits, 300),
    "packages in one folder": (packages_in_one_folder, 200),
    "oat folders": (oat_folders, 300),
    "framework folders": (framework_folders, 200),
    "code that arrives": (code_that_arrives, 200),
    "dumps of services": (texts_of_a_dump, 300),
    "files that hash one by one": (files_that_hash_one_by_one, 200),
}


@pytest.mark.promise("work-grows-with-size")
@pytest.mark.parametrize("what", MADE)
def test_twice_as_much_is_twice_the_work(what: str) -> None:
    made, size = MADE[what]
    assert growth(made, size) < LINEAR


def test_lines_after_a_title_are_not_held_against_the_indentation_of_a_package() -> None:
    """The first key of a block decides how deep its keys stand, and may stand a million blanks deep."""
    text = f"Packages:\n  Package [a.b] (1a):\n{' ' * 4_000_000}x=1\nTitle:\n" + " y\n" * 400_000
    assert set(parse_package_dump(text).packages) == {"a.b"}


def test_of_code_that_lies_very_deep_the_first_folders_are_given() -> None:
    block = DumpedPackage("org.a", code_path="/a" * 1000)
    assert len(_folders(Listing(dump=PackageDump({"org.a": (block,)}, {}, {}, ())))) == MOST_DEEP + 2


def test_texts_of_many_folders_are_put_together_once(tmp_path: Path) -> None:
    """Five hundred dumps of the package service, each of another package: all are read, each is copied once."""
    for number in range(MOST_TEXTS):
        (tmp_path / f"a{number:03d}.txt").write_text(packages(f"org.a{number}"))
    reading = _AnswerReader(FolderContainer(tmp_path))
    for number in range(MOST_TEXTS):
        reading.read(f"a{number:03d}.txt")
    kept = reading._alone[PACKAGE_DUMP.text]
    assert len(kept) == MOST_TEXTS
    assert max(map(len, kept)) < 1000
    assert reading.all_answers()[PACKAGE_DUMP.text].count(b"  Package [org.a") == MOST_TEXTS


def test_an_archive_of_many_names_of_reports_is_looked_into_a_hundred_times(tmp_path: Path) -> None:
    archive = tmp_path / "many.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for number in range(300):
            made.writestr(f"bugreport-{number}.txt", "nothing")
    looked: list[str] = []

    class Counting(ZipContainer):
        def begins(self, name: str, count: int) -> bytes:
            looked.append(name)
            return super().begins(name, count)

    with (
        contextlib.closing(Counting(archive)) as container,
        pytest.raises(SnapshotError, match="300 texts with names of a bug report's main text"),
    ):
        bugreport.recognised(container, container.names())
    assert len(looked) == bugreport.MOST_TEXTS


def test_the_beginning_of_a_file_is_all_that_is_unpacked_of_it(tmp_path: Path) -> None:
    archive = tmp_path / "big.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("big.txt", bytes(2**24))
    with contextlib.closing(ZipContainer(archive)) as container:
        left = container._left
        assert container.begins("big.txt", 4096) == bytes(4096)
        assert left - container._left == 4096


@pytest.mark.promise("counts-bounded")
def test_more_users_than_any_phone_has_are_not_asked_for() -> None:
    phone = FakePhone({"pm list users": "".join(f"\tUserInfo{{{user}:x:c13}}\n" for user in range(1000))})
    asking, listing = reader(phone), Listing()
    read_users(asking, listing, "all")
    assert listing.asked == tuple(range(MOST_USERS))
    assert ("users", "too-many") in {(note.subject, note.code) for note in asking.skipped}


@pytest.mark.promise("counts-bounded")
def test_more_packages_than_any_phone_has_are_cut_and_that_is_said() -> None:
    asking = reader()
    listing = Listing(names={f"org.a{number:06d}" for number in range(MOST_PACKAGES + 1)})
    assert len(names_of(listing, asking)) == MOST_PACKAGES
    assert [(note.subject, note.code) for note in asking.skipped] == [("packages", "too-many")]


def test_permissions_of_one_package_are_bounded_and_those_left_out_are_counted() -> None:
    granted = "".join(f"      org.p{number}: granted=true\n" for number in range(MOST_GRANTS + 5))
    text = f"Packages:\n  Package [a.b] (1a):\n    appId=1\n    install permissions:\n{granted}"
    dump = parse_package_dump(text)
    assert len(dump.packages["a.b"][0].granted) == MOST_GRANTS
    assert dump.strange == {TOO_MANY: 5}


def test_operations_of_one_package_are_bounded_and_those_left_out_are_counted() -> None:
    ops = "".join(f"      OP_{number}: mode=ignore\n" for number in range(MOST_OPS + 5))
    text = "1700000000 +0100\nCurrent AppOps Service state:\n  Uid 10001:\n" + ops + "    Package a:\n" + ops
    dump = parse_appops(text)
    assert dump is not None
    assert (len(dump.uids[10001]), len(dump.packages[0, "a"]), dump.unknown) == (MOST_OPS, MOST_OPS, 10)


def test_a_file_that_many_packages_claim_counts_for_the_first_and_that_is_said() -> None:
    asking = reader(FakePhone(tree={"/data/app/a/base.apk": b"x"}))
    files = ApkFiles()
    places = [
        PackageLocation(f"org.a{number:03d}", (listed("", "/data/app/a/base.apk"),), (), ())
        for number in range(MOST_OWNERS + 5)
    ]
    find_files(asking, files, places)
    assert list(files.roles["/data/app/a/base.apk"]) == [f"org.a{number:03d}" for number in range(MOST_OWNERS)]
    assert "5 more packages claim this place" in asking.skipped[0].reason
