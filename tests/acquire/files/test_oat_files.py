"""Code that lies beside APKs: which files count, and that an APK waits for those that it needs."""

from pathlib import Path

import pytest

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.files.oat_files import StrippedApks, find_oat_files
from phone_audit.acquire.transport import Answer, FileOnPhone, PulledApk
from phone_audit.errors import CommandError
from phone_audit.model.device import CompiledFile
from phone_audit.model.parts import Parts
from tests.acquire.collecting import collect
from tests.acquire.fake_phone import QUIET, FakePhone

DIALER = "/system/app/Dialer/Dialer.apk"
FRAMEWORK = "/system/framework/framework-res.apk"


def found(tree: dict[str, bytes | str], *apks: str) -> dict[str, list[str]]:
    reader = Reader(FakePhone(tree=tree), QUIET)
    files = find_oat_files(reader, apks)
    assert all(len(tree[one.path]) == one.size for ones in files.values() for one in ones)
    assert not reader.skipped
    return {apk: [one.path for one in ones] for apk, ones in files.items()}


def test_the_vdex_of_the_first_architecture_counts() -> None:
    folder = "/system/app/Dialer/oat"
    tree: dict[str, bytes | str] = {
        f"{folder}/{arch}/{name}": b"12345"
        for arch in ("arm", "arm64")
        for name in ("Dialer.odex", "Dialer.vdex", "Other.vdex")
    }
    assert found(tree, DIALER) == {DIALER: [f"{folder}/arm64/Dialer.vdex"]}
    del tree[f"{folder}/arm64/Dialer.vdex"]
    assert found(tree, DIALER) == {DIALER: [f"{folder}/arm/Dialer.vdex"]}


def test_without_a_vdex_it_is_the_odex() -> None:
    path = "/system/app/Dialer/oat/arm64/Dialer.odex"
    assert found({path: b"1", "/system/app/Dialer/oat/arm64/Dialer.vdex": "denied"}, DIALER) == {DIALER: [path]}


def test_an_architecture_of_another_name() -> None:
    path = "/system/app/Dialer/oat/loongarch64/Dialer.vdex"
    assert found({path: b"1"}, DIALER) == {DIALER: [path]}


def test_what_is_empty_or_not_there_or_what_users_installed_has_none() -> None:
    tree: dict[str, bytes | str] = {
        "/system/app/Dialer/oat/arm64/Dialer.vdex": b"",
        "/data/app/x-1/oat/arm64/base.vdex": b"1",
    }
    assert found(tree, DIALER, "/data/app/x-1/base.apk", "/system/app/Other/Other.apk") == {}


def test_all_packages_are_asked_about_at_once() -> None:
    phone = FakePhone(tree={"/product/app/B/oat/arm/B.vdex": b"1", "/system/app/Dialer/oat/arm64/Dialer.vdex": b"1"})
    files = find_oat_files(Reader(phone, QUIET), [DIALER, "/product/app/B/B.apk", "/system/app/C/C.apk"])
    assert sorted(files) == ["/product/app/B/B.apk", DIALER]
    assert len(phone.asked) == 1


def test_the_framework_belongs_to_the_package_android() -> None:
    """Folders of architectures lead to the same boot files; what another package has beside it is its own."""
    tree: dict[str, bytes | str] = {
        "/system/framework/boot.vdex": b"1",
        "/system/framework/boot-framework.vdex": b"22",
        "/system/framework/arm64/boot.vdex": b"1",
        "/system/framework/arm64/boot-ext.vdex": b"1",
        "/system/framework/arm/boot-ext.vdex": b"1",
        "/system/framework/oat/arm64/services.vdex": b"333",
        "/system/framework/oat/arm64/services.odex": b"333",
        "/system/framework/oat/arm/services.vdex": b"333",
        "/system/framework/oat/arm/wifi-service.vdex": b"4",
        "/system/app/Dialer/oat/arm64/Dialer.vdex": b"1",
    }
    assert found(tree, DIALER, FRAMEWORK) == {
        DIALER: ["/system/app/Dialer/oat/arm64/Dialer.vdex"],
        FRAMEWORK: [
            "/system/framework/arm64/boot-ext.vdex",
            "/system/framework/boot-framework.vdex",
            "/system/framework/boot.vdex",
            "/system/framework/oat/arm/wifi-service.vdex",
            "/system/framework/oat/arm64/services.vdex",
        ],
    }


def test_a_phone_that_says_nothing_is_noted() -> None:
    class Silent(FakePhone):
        def shell(self, command: str, *, timeout: float = 1, limit: int = 1) -> Answer:
            raise CommandError("It does not answer.")

    reader = Reader(Silent(), QUIET)
    assert find_oat_files(reader, [DIALER]) == {}
    assert [note.subject for note in reader.skipped] == ["code that lies beside APKs"]


VDEX = FileOnPhone("/system/app/Dialer/oat/arm64/Dialer.vdex", 5)
BOOT, SERVICES = FileOnPhone("/system/framework/boot.vdex", 5), FileOnPhone("/system/framework/oat/arm64/s.vdex", 5)


def apk(path: str) -> PulledApk:
    return PulledApk(path, Path(path), "ab" * 32, 100)


def waiting() -> StrippedApks:
    """Everything lacks its code but `whole.apk`."""

    def lacks(path: Path, parts: Parts | None) -> bool:
        assert parts is None
        return path.name != "whole.apk"

    return StrippedApks({DIALER: (VDEX,), FRAMEWORK: (BOOT, SERVICES), "/whole.apk": (BOOT,)}, lacks)


def beside(file: FileOnPhone) -> CompiledFile:
    return CompiledFile(file.path, Path(file.path), 100, "ab" * 32, "vdex")


def test_an_apk_waits_for_its_code() -> None:
    held = waiting()
    assert held.arrived(DIALER, apk(DIALER)) == []
    assert (held.next_wanted(), held.next_wanted()) == (VDEX, None)
    assert held.is_code(VDEX.path)
    complete = PulledApk(DIALER, Path(DIALER), "ab" * 32, 100, None, (beside(VDEX),))
    assert held.arrived(VDEX.path, apk(VDEX.path)) == [(DIALER, complete)]
    assert held.left() == []


@pytest.mark.parametrize("path", ["/whole.apk", "/system/app/Other/Other.apk"])
def test_what_has_its_code_or_nothing_beside_it_does_not_wait(path: str) -> None:
    held = waiting()
    assert held.arrived(path, apk(path)) == [(path, apk(path))]
    assert held.next_wanted() is None


def test_what_is_known_from_an_earlier_phone_does_not_wait() -> None:
    known = PulledApk(DIALER, None, "ab" * 32, 100)
    assert waiting().arrived(DIALER, known) == [(DIALER, known)]


@pytest.mark.parametrize("order", [(BOOT, SERVICES), (SERVICES, BOOT)])
def test_several_files_in_any_order(order: tuple[FileOnPhone, FileOnPhone]) -> None:
    held = waiting()
    assert held.arrived(FRAMEWORK, apk(FRAMEWORK)) == []
    assert held.arrived(order[0].path, apk(order[0].path)) == []
    ((path, complete),) = held.arrived(order[1].path, apk(order[1].path))
    assert (path, complete.compiled) == (FRAMEWORK, (beside(BOOT), beside(SERVICES)))


def test_a_file_that_could_not_be_had_is_not_waited_for() -> None:
    held = waiting()
    held.arrived(FRAMEWORK, apk(FRAMEWORK))
    assert held.failed(BOOT.path) == []
    ((_, complete),) = held.arrived(SERVICES.path, apk(SERVICES.path))
    assert complete.compiled == (beside(SERVICES),)
    held.arrived(DIALER, apk(DIALER))
    assert held.failed(VDEX.path) == [(DIALER, apk(DIALER))]
    assert held.failed("/no/such.apk") == []


def test_what_still_waits_at_the_end_is_handed_on_with_what_has_come() -> None:
    held = waiting()
    held.arrived(FRAMEWORK, apk(FRAMEWORK))
    held.arrived(BOOT.path, apk(BOOT.path))
    ((path, left),) = held.left()
    assert (path, left.compiled) == (FRAMEWORK, (beside(BOOT),))
    assert held.arrived(SERVICES.path, apk(SERVICES.path)) == []


@pytest.mark.parametrize(("sdk", "asked"), [("28", True), ("30", True), ("31", False), ("35", False), ("", True)])
def test_a_later_phone_is_not_asked_since_its_packages_keep_their_code(sdk: str, asked: bool, tmp_path: Path) -> None:
    phone = FakePhone(
        says={
            "getprop": f"[ro.build.version.sdk]: [{sdk}]\n",
            "pm list packages -f -u -i -U --show-versioncode --user 0": f"package:{DIALER}=org.dialer uid:10001\n",
        },
        tree={DIALER: b"PK"},
    )
    collect(phone, depth="standard", users="all", into=tmp_path, on_progress=QUIET)
    assert any("/oat/" in command for command in phone.asked) is asked
