"""Libraries that a package brings along: a call of theirs counts, and a name of theirs hides nothing of Android."""

import pytest

from phone_audit.apk.package_code import read_code
from phone_audit.knowledge.load import load_knowledge
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble

SERVICE = "Landroid/accessibilityservice/AccessibilityService;"
NODE = "Landroid/view/accessibility/AccessibilityNodeInfo;"
CLIENT, TASK = "Lcom/google/android/gms/location/FusedLocationProviderClient;", "Lcom/google/android/gms/tasks/Task;"


def found(*classes: Class) -> list[str]:
    data = assemble(sorted(classes, key=lambda one: one.name))
    return [one.id for one in read_code([("classes.dex", data)], load_knowledge()).behaviours]


def method(name: str, *units: int | Ref) -> Method:
    return Method(name, (*units, RETURN), direct=False, ins=2)


@pytest.mark.parametrize("between", [None, "Lapp/Mid;", "Lcom/android/volley/RequestQueue;", "Lokhttp3/OkHttpClient;"])
def test_a_class_named_like_a_library_hides_nothing_that_is_inherited(between: str | None) -> None:
    asks = method("onInterrupt()V", 0x106E, Ref("method", f"Lapp/Spy;->getRootInActiveWindow(){NODE}"), 0)
    spy = Class("Lapp/Spy;", [asks], parent=between or SERVICE)
    more = [Class(between, [], parent=SERVICE)] if between else []
    assert "read.screen-text" in found(spy, *more)


@pytest.mark.parametrize(("asked", "there"), [("getLastLocation", True), ("flushLocations", False)])
def test_a_call_of_a_library_that_the_package_brings_along(asked: str, there: bool) -> None:
    client = Class(CLIENT, [Method(f"{asked}(){TASK}", (0x0012, 0x0011), direct=False, access=1, ins=1)])
    asks = method("onCreate()V", 0x106E, Ref("method", f"{CLIENT}->{asked}(){TASK}"), 0)
    assert ("read.location" in found(client, Class("Lapp/Main;", [asks]))) is there


@pytest.mark.parametrize(
    ("reader", "brought", "there"),
    [
        ("Lapp/Main;", True, True),
        ("Lcom/google/evil/Main;", True, True),
        ("Lcom/google/android/gms/internal/Main;", True, False),
        ("Lcom/google/android/gms/internal/Main;", False, True),
    ],
)
def test_what_a_library_asks_itself_is_no_behaviour(reader: str, *, brought: bool, there: bool) -> None:
    account = "Lcom/google/android/gms/auth/api/signin/GoogleSignInAccount;"
    gives = Class(account, [Method("getEmail()Ljava/lang/String;", (0x0012, 0x0011), direct=False, access=1, ins=1)])
    asks = method("onCreate()V", 0x106E, Ref("method", f"{account}->getEmail()Ljava/lang/String;"), 0)
    classes = [Class(reader, [asks]), *([gives] if brought else [])]
    assert ("read.signed-in" in found(*classes)) is there
