"""One record for each app and user, with all that belongs together."""

from collections.abc import Callable

from phone_audit.detect.apps.join import joined_apps, with_captured
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.model.apk import Signature, Signer
from phone_audit.model.apps import App, CameFrom, Destination
from phone_audit.model.finding import Evidence, Subject
from tests.detect.apps.phone_apps import NAME, app_package, phone, seen, traffic, user
from tests.judge.cases import apk_info, endpoint, finding
from tests.steps import LINEAR, growth

PATH = f"/data/app/{NAME}/base.apk"
KNOWN = load_knowledge()


def test_an_app_with_nothing_to_tell_is_listed() -> None:
    assert joined_apps(phone(app_package()), (), (), (), KNOWN) == (
        App(
            package=NAME,
            label=None,
            user=0,
            system=False,
            came_from=CameFrom(kind="hand", installer=None, installed=None, updated=None),
        ),
    )


def test_each_user_that_has_it_is_told_and_no_other() -> None:
    package = app_package(NAME, user(0), user(10, traffic=traffic(5, 3)), user(11, installed=False))
    apps = joined_apps(phone(package), (), (seen(), seen("b.example", user=10)), (), KNOWN)
    assert [(app.user, app.sent, app.sent_background, app.sent_since) for app in apps] == [
        (0, None, None, None),
        (10, 5, 3, "2026-01-01T00:00:00Z"),
    ]
    assert [[place.host for place in app.destinations] for app in apps] == [["a.example"], ["b.example"]]


def test_the_name_is_that_of_the_base_in_one_line() -> None:
    split = apk_info(NAME, f"/data/app/{NAME}/split_a.apk", files=(), app_name="Split")
    for given, label in (("Super\n Cleaner ", "Super Cleaner"), ("  ", "Split"), ("x" * 70, "x" * 59 + "…")):
        base = apk_info(NAME, PATH, app_name=given)
        (app,) = joined_apps(phone(app_package()), (split, base), (), (), KNOWN)
        assert app.label == label
        assert app.name == label


def test_a_file_belongs_to_the_package_that_the_phone_lists_it_under() -> None:
    info = apk_info("com.pretends", PATH, app_name="Mine", endpoints=(endpoint("a.example", use="fetched"),))
    apps = joined_apps(phone(app_package(), app_package("com.pretends")), (info,), (), (), KNOWN)
    assert [(app.package, app.label, len(app.destinations)) for app in apps] == [
        ("com.app", "Mine", 1),
        ("com.pretends", None, 0),
    ]


def test_findings_by_name_file_and_certificate_in_their_order() -> None:
    findings = [
        finding("b", NAME, key="2"),
        finding("a", "com.other", key="1"),
        finding("c", subject=Subject(kind="apk", name=PATH), key="3"),
        finding(
            "d",
            subject=Subject(kind="certificate", name="CN=X"),
            evidence=(Evidence(kind="certificate", where=PATH, value="x"),),
            key="4",
        ),
        finding("e", subject=Subject(kind="setting", name=NAME), key="5"),
    ]
    (app,) = joined_apps(phone(app_package()), (), (), findings, KNOWN)
    assert app.findings == ("2", "3", "4")


def test_packages_that_share_a_user_id_share_its_counters_and_what_was_seen_of_it_is_no_ones() -> None:
    packages = [app_package(name, user(traffic=traffic(7))) for name in ("com.a", "com.b", "com.c")]
    single = app_package("com.d", user(traffic=traffic(1)), app_id=10002)
    live = seen(packages=("com.a", "com.b", "com.c"))
    apps = joined_apps(phone(*packages, single), (), (live,), (), KNOWN)
    assert [(app.sent, app.sent_shared, app.destinations) for app in apps] == [(7, 2, ())] * 3 + [(1, 0, ())]


def test_an_installer_is_called_by_its_name_on_the_screen() -> None:
    info = apk_info("com.loader", "/data/app/com.loader/base.apk", app_name="Loader")
    package = app_package(NAME, user(installer="com.loader"))
    apps = joined_apps(phone(package, app_package("com.loader")), (info,), (), (), KNOWN)
    assert apps[0].came_from.installer_name == "Loader"


def test_work_grows_with_packages_and_findings_and_not_with_their_product() -> None:
    known = Knowledge(tuple(file for file in KNOWN.files if file.kind in ("installers", "powers")))

    def made(size: int) -> Callable[[], object]:
        names = [f"com.app{number}" for number in range(size)]
        packages = [app_package(name, user(granted=("android.permission.CAMERA",))) for name in names]
        apks = [apk_info(name, f"/data/app/{name}/base.apk") for name in names]
        findings = [finding("d", name, key=f"{name} {number}") for name in names for number in range(25)]
        live = [seen(packages=(name,)) for name in names]
        snapshot = phone(*packages)
        return lambda: joined_apps(snapshot, apks, live, findings, known)

    assert growth(made, 20) < LINEAR


def test_traffic_that_was_recorded_later_is_put_to_the_apps_of_a_result() -> None:
    info = apk_info(NAME, PATH, endpoints=(endpoint("a.example", use="fetched"), endpoint("b.example", use="fetched")))
    apps = joined_apps(phone(app_package()), (info,), (), (finding("a", NAME, key="1"),), KNOWN)
    captured = Destination(host="b.example", owner=None, category="unknown", cleartext=True, by="capture", times=3)
    findings = (
        finding("a", NAME, key="1"),
        finding("traffic", NAME, key="2"),
        finding("traffic", "com.other", key="3"),
    )
    (app,) = with_captured(apps, findings, {(0, NAME): (captured,), (10, NAME): (captured,)}, KNOWN)
    assert [(place.host, place.by, place.times) for place in app.destinations] == [
        ("b.example", "capture", 3),
        ("a.example", "fetched", None),
    ]
    assert (app.destinations_count, app.findings) == (2, ("1", "2"))
    assert with_captured(apps, (), {}, KNOWN) == apps


def test_a_store_that_its_own_apk_shows() -> None:
    fdroid = next(iter(KNOWN.installer_of("org.fdroid.fdroid").signers))  # type: ignore[union-attr]
    signer = Signer(sha256=fdroid, sha1="b" * 40, subject="CN=F", schemes=("v2",), not_before="", not_after="")
    packages = (app_package(NAME, user(installer="org.fdroid.fdroid")), app_package("org.fdroid.fdroid"))
    for verified, kind in ((True, "store"), (None, "store"), (False, "unknown")):
        store = apk_info(
            "org.fdroid.fdroid", "/data/app/org.fdroid.fdroid/base.apk", signers=(signer,),
            signature=Signature(verified=verified, schemes=("v2",)),
        )  # fmt: skip
        first = joined_apps(phone(*packages), (store,), (), (), KNOWN)[0]
        assert (first.package, first.came_from.kind) == (NAME, kind)
