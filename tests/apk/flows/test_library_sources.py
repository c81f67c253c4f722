"""Data that a library gives which packages bring along: by its result, or handed to a listener once it is there."""

import pytest

from tests.apk.dex.assembler import RETURN, Class, Method
from tests.apk.flows.test_find_flows import SAY, TEXT, Code, activity, create, flows, ids, invoke, join, new, result

GMS = "Lcom/google/android/gms/"
LOCATION, TASK = "Landroid/location/Location;", f"{GMS}tasks/Task;"
CLIENT = f"{GMS}location/FusedLocationProviderClient;"
LISTENER = f"{GMS}tasks/OnSuccessListener;"
ABSTRACT = 0x401
AS_TEXT = join(invoke(f"{LOCATION}->toString(){TEXT}", 4, opcode=0x6E), result(1))


def ids_of(*classes: Class, active: str) -> list[str]:
    return [flow.id for flow in flows(*classes, active=frozenset({active}))]


def abstract(name: str, *methods: str, access: int = 0x601) -> Class:
    return Class(name, [Method(one, None, direct=False, access=ABSTRACT) for one in methods], access=access)


def test_what_a_method_of_a_library_in_the_package_gives() -> None:
    api = f"{GMS}location/FusedLocationProviderApi;"
    get = f"getLastLocation({GMS}common/api/GoogleApiClient;){LOCATION}"
    asks = join(invoke(f"{api}->{get}", 2, 3, opcode=0x72), result(4), AS_TEXT, SAY)
    assert ids(activity(create(asks)), abstract(api, get)) == ["flow.location-log"]
    other = get.replace("getLastLocation", "getOther")
    asks = join(invoke(f"{api}->{other}", 2, 3, opcode=0x72), result(4), AS_TEXT, SAY)
    assert ids(activity(create(asks)), abstract(api, get, other)) == []


@pytest.mark.parametrize(
    ("owner", "get"),
    [("Lcom/baidu/location/BDLocation;", "getAddrStr"), ("Lcom/amap/api/location/AMapLocation;", "getAddress")],
)
def test_the_place_that_a_location_kit_of_another_maker_gives(owner: str, get: str) -> None:
    kit = Class(owner, [Method(f"{get}(){TEXT}", (0x0012, 0x0011), direct=False, access=1, ins=1)])
    asks = join(invoke(f"{owner}->{get}(){TEXT}", 3, opcode=0x6E), result(1), SAY)
    assert ids(activity(create(asks)), kit) == ["flow.location-log"]


TASKS = (
    Class(CLIENT, [Method(f"getLastLocation(){TASK}", (0x0012, 0x0011), direct=False, access=1, ins=1)]),
    abstract(
        TASK,
        f"addOnSuccessListener({LISTENER}){TASK}",
        "getResult()Ljava/lang/Object;",
        "getException()Ljava/lang/Object;",
        access=0x401,
    ),
    abstract(LISTENER, "onSuccess(Ljava/lang/Object;)V"),
)
GETS = join(invoke(f"{CLIENT}->getLastLocation(){TASK}", 2, opcode=0x6E), result(3))


def listening(*code: Code) -> Class:
    told = Method("onSuccess(Ljava/lang/Object;)V", join(*code, (RETURN,)), direct=False, registers=8, ins=2, access=1)
    return Class("Lx/Main$1;", [told], interfaces=(LISTENER,))


def test_what_a_task_hands_to_its_listener() -> None:
    waits = join(
        GETS, new(5, "Lx/Main$1;"), invoke(f"{TASK}->addOnSuccessListener({LISTENER}){TASK}", 3, 5, opcode=0x6E)
    )
    said = listening((0x7407,), AS_TEXT, SAY)  # move-object v4, v7
    assert ids(activity(create(waits)), said, *TASKS) == ["flow.location-log"]
    assert ids(activity(create(GETS, new(5, "Lx/Main$1;"))), said, *TASKS) == []
    silent = listening(join((0x7407,), AS_TEXT))
    assert ids(activity(create(waits)), silent, *TASKS) == []


@pytest.mark.parametrize(("asked", "found"), [("getResult", ["flow.location-log"]), ("getException", [])])
def test_what_a_task_gives_as_its_result(asked: str, found: list[str]) -> None:
    takes = join(invoke(f"{TASK}->{asked}()Ljava/lang/Object;", 3, opcode=0x6E), result(4))
    assert ids(activity(create(GETS, takes, AS_TEXT, SAY)), *TASKS) == found


INFO = f"{GMS}ads/identifier/AdvertisingIdClient$Info;"
ADVERTISING = (Class(INFO, [Method(f"getId(){TEXT}", (0x0012, 0x0011), direct=False, access=1, ins=1)]),)
READS_ADVERTISING = join(invoke(f"{INFO}->getId(){TEXT}", 3, opcode=0x6E), result(1), SAY)
READS_PLACE = join(GETS, invoke(f"{TASK}->getResult()Ljava/lang/Object;", 3, opcode=0x6E), result(4), AS_TEXT, SAY)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("com.google.android.gms.ads.Own", []),
        ("com.google.evil.Own", ["flow.advertising-id-log"]),
        ("com.other.Own", ["flow.advertising-id-log"]),
    ],
)
def test_what_a_library_makes_up_and_reads_itself_is_not_followed(name: str, found: list[str]) -> None:
    reads = activity(create(READS_ADVERTISING), name=f"L{name.replace('.', '/')};")
    assert ids_of(reads, *ADVERTISING, active=name) == found


def test_a_class_of_the_package_that_derives_from_the_librarys_is_not_the_library() -> None:
    derived = Class("Lx/Info;", [], parent=INFO)
    asks = join(invoke(f"{derived.name}->getId(){TEXT}", 3, opcode=0x6E), result(1), SAY)
    assert ids(activity(create(asks)), derived) == ["flow.advertising-id-log"]


USER = "Lcom/google/firebase/auth/FirebaseUser;"


@pytest.mark.parametrize(
    ("name", "get", "found"),
    [
        ("com.other.Own", "getEmail", ["flow.signed-in-log"]),
        ("com.google.evil.Own", "getDisplayName", ["flow.signed-in-log"]),
        ("com.google.firebase.auth.internal.Own", "getEmail", []),
        ("com.other.Own", "getUid", []),
    ],
)
def test_the_account_that_a_person_signed_in_with(name: str, get: str, found: list[str]) -> None:
    user = Class(
        USER,
        [
            Method("getProviderId()I", (0x0012, 0x000F), direct=False, access=1, ins=1),
            Method(f"{get}(){TEXT}", None, direct=False, access=ABSTRACT),
        ],
        access=ABSTRACT,
    )
    asks = join(invoke(f"{USER}->{get}(){TEXT}", 3, opcode=0x6E), result(1), SAY)
    assert ids_of(activity(create(asks), name=f"L{name.replace('.', '/')};"), user, active=name) == found


@pytest.mark.parametrize("name", ["com.google.android.gms.ads.Own", "com.google.evil.Own", "com.other.Own"])
def test_what_is_a_persons_is_followed_whatever_the_name_of_who_reads_it(name: str) -> None:
    """A maker cannot hide a read by calling the class that does it like one of the library's."""
    own = activity(create(READS_PLACE), name=f"L{name.replace('.', '/')};")
    assert ids_of(own, *TASKS, active=name) == ["flow.location-log"]
    reads = Class(f"L{name.replace('.', '/')};", [Method("go()V", join(READS_PLACE, (RETURN,)), registers=8, ins=0)])
    assert ids(activity(create(invoke(f"{reads.name}->go()V"))), reads, *TASKS) == ["flow.location-log"]
