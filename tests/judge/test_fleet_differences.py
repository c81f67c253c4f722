"""Which of several phones differs, and in what; nothing is told that was not seen."""

from phone_audit.judge.fleet_differences import groups_of, models_of, traits_of
from phone_audit.model.device import Package, PackageFile, PackageUser, StateItem
from phone_audit.model.finding import Evidence, Skipped
from phone_audit.model.results import Difference, OddOne, Scan
from tests.documents import scan

PRINT = "Nokia/Onyx/B2N:9/PPR1/1:user/release-keys"


def package(name: str = "com.a", *, digest: str = "a", version: int = 1, system: bool = True) -> Package:
    folder = "/system/app/A" if system else f"/data/app/{name}-{digest}xx=="
    return Package(
        name=name,
        app_id=10001,
        system=system,
        version_code=version,
        version_name=str(version),
        signers=("s" * 64,),
        files=(
            PackageFile(path=f"{folder}/base.apk", sha256=digest * 64, hash_source="device", size=1, role="base"),
        ),
        users=(
            PackageUser(
                id=0, installed=True, enabled=True, hidden=False, suspended=False, installer=None, first_install=None,
                last_update=None, granted=None, appops=None, traffic=None,
            ),
        ),
    )  # fmt: skip


def phone(*packages: Package, fingerprint: str | None = PRINT, state: dict[str, str | None] | None = None) -> Scan:
    made = scan()
    items = [
        StateItem(key=key, value=value, expected=None, evidence=()) for key, value in (state or {"x": "1"}).items()
    ]
    build = made.build.model_copy(update={"fingerprint": fingerprint})
    return made.model_copy(update={"packages": packages or (package(),), "build": build, "state": tuple(items)})


def differs(*scans: Scan) -> list[Difference]:
    (group,) = groups_of([traits_of(one, f"0{number}") for number, one in enumerate(scans, 1)])
    return list(group.differs)


def test_equal_phones_differ_in_nothing() -> None:
    assert differs(phone(), phone(), phone()) == []
    (group,) = groups_of([traits_of(phone(), "01")])
    assert (group.members, group.differs) == (("01",), ())


def test_a_file_of_the_firmware_with_other_bytes_is_told_by_its_path() -> None:
    assert differs(phone(), phone(package(digest="b")), phone()) == [
        Difference(what="file /system/app/A/base.apk", majority="a" * 64, odd=(OddOne(member="02", value="b" * 64),))
    ]


def test_of_two_phones_neither_is_the_odd_one() -> None:
    (difference,) = differs(phone(state={"proxy": None}), phone(state={"proxy": "10.0.0.1:80"}))
    assert difference == Difference(
        what="state proxy",
        majority=None,
        odd=(OddOne(member="01", value="not set"), OddOne(member="02", value="10.0.0.1:80")),
    )


def test_what_only_one_has_and_what_only_one_lacks() -> None:
    extra, base = package("com.spy", system=False), package()
    found = differs(phone(base), phone(base, extra), phone(base))
    assert [(it.what, it.majority, it.odd) for it in found] == [
        ("package com.spy", "not there", (OddOne(member="02", value="installed"),))
    ]
    found = differs(phone(base, extra), phone(base, extra), phone(base))
    assert [(it.what, it.majority, it.odd) for it in found] == [
        ("package com.spy", "installed", (OddOne(member="03", value="not there"),))
    ]


def test_nothing_counts_as_absent_where_the_reading_broke_off() -> None:
    extra = package("com.b")
    lost = Skipped(subject="phone", step="transfer", code="device-lost", reason="Gone.")
    cut = phone(package())
    cut = cut.model_copy(update={"coverage": cut.coverage.model_copy(update={"skipped": (lost,)})})
    assert differs(phone(package(), extra), phone(package(), extra), cut) == []


def test_the_place_of_a_user_package_has_chance_in_it_and_another_version_has_other_bytes() -> None:
    one, same = package(system=False, digest="a"), package(system=False, digest="a")
    same = same.model_copy(
        update={"files": (same.files[0].model_copy(update={"path": "/data/app/com.a-other==/base.apk"}),)}
    )
    assert differs(phone(one), phone(same)) == []
    newer = package(system=False, digest="b", version=2)
    assert [it.what for it in differs(phone(one), phone(newer), phone(one))] == ["version of com.a"]
    forged = package(system=False, digest="b")
    assert [it.what for it in differs(phone(one), phone(forged), phone(one))] == ["file base.apk of com.a 1"]


def test_files_of_the_framework_are_compared_one_by_one() -> None:
    def framework(digest: str) -> Scan:
        evidence = (Evidence(kind="hash", where="/system/framework/framework.jar", value=digest * 64),)
        item = StateItem(key="framework_files", value=digest, expected=None, evidence=evidence)
        return phone().model_copy(update={"state": (item,)})

    assert [(it.what, it.odd) for it in differs(framework("a"), framework("a"), framework("c"))] == [
        ("file /system/framework/framework.jar", (OddOne(member="03", value="c" * 64),))
    ]


def test_the_weightiest_comes_first_and_order_of_phones_does_not_matter() -> None:
    bad = scan("known-bad").model_copy(update={"build": phone().build, "packages": (package(digest="b"),)})
    one = [traits_of(phone(), "01"), traits_of(bad, "02"), traits_of(phone(), "03")]
    (group,) = groups_of(one)
    assert [it.what.split(" ")[0] for it in group.differs] == ["outcome", "finding", "file"]
    assert groups_of(one[::-1]) == (group,)


def test_a_disabled_package_of_the_system() -> None:
    off = package()
    off = off.model_copy(update={"users": (off.users[0].model_copy(update={"enabled": False}),)})
    assert [(it.what, it.odd) for it in differs(phone(), phone(off), phone())] == [
        ("state of com.a for user 0", (OddOne(member="02", value="disabled"),))
    ]


def test_phones_of_one_model_with_different_builds() -> None:
    other = phone(fingerprint="Nokia/Onyx/B2N:9/PPR1/2:user/release-keys")
    traits = [traits_of(one, f"0{number}") for number, one in enumerate((phone(), phone(), other), 1)]
    assert [group.members for group in groups_of(traits)] == [("01", "02"), ("03",)]
    (model,) = models_of(traits)
    assert (model.model, model.members) == ("HMD Nokia 7 plus", ("01", "02", "03"))
    assert [(it.what, it.majority) for it in model.differs] == [("build: fingerprint", PRINT)]
    assert models_of(traits[:2]) == ()


def test_a_phone_without_a_fingerprint_is_in_no_group() -> None:
    assert groups_of([traits_of(phone(fingerprint=None), "01")]) == ()
