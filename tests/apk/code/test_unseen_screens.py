"""What is typed into a screen that ends before it is shown; and screens of which that is not sure."""

from collections.abc import Sequence

import pytest

from phone_audit.apk.code.unseen_screens import UnseenScreens
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.model.apk import Behaviour, FlowStep
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble
from tests.apk.flows.test_find_flows import Code, invoke, join, new, text

CREATE = "onCreate(Landroid/os/Bundle;)V"
SUPER = invoke(f"Lx/Login;->{CREATE}", 2, 3, opcode=0x6F)
"""super.onCreate(bundle); the screen is in register 2"""
FINISH = invoke("Lx/Shown;->finish()V", 2, opcode=0x6E)
IF = (0x0038, 2)
CLICK = "onClick(Landroid/view/View;)V"


def screen(*code: Code, more: Sequence[Method] = (), name: str = "Lx/Shown;", parent: str = "Lx/Login;") -> Class:
    create = Method(CREATE, join(*code, (RETURN,)), direct=False, registers=4, ins=2)
    return Class(name, [create, *more], parent=parent)


def calling(name: str, *calls: Code) -> Class:
    return Class(name, [Method("f()V", join(*calls, (RETURN,)), registers=4)])


LISTENS = Method("show()V", join(new(0, "Lx/Login$1;"), (RETURN,)), registers=4, access=8)
"""A static method of the log-in that makes what is clicked."""
LOGIN = screen(more=[LISTENS], name="Lx/Login;", parent="Landroid/app/Activity;")


def told(
    *screens: Class,
    active: tuple[str, ...] | None = ("x.Shown",),
    source: str = "android.widget.EditText.getText",
    data: str = "password",
    login: Class = LOGIN,
) -> bool:
    steps = (FlowStep(class_="x.Login$1", method=CLICK, offset=0, what=f"calls {source}"),)
    listener = Class("Lx/Login$1;", [Method("<init>()V", (RETURN,)), Method(CLICK, (RETURN,), direct=False, ins=2)])
    classes = sorted((login, listener, *screens), key=lambda one: one.name)
    indexes = index_file(read_dex("classes.dex", assemble(classes)))
    flow = Behaviour(id=f"flow.{data}-network", title="", evidence=(), data=data, source=source, steps=steps)
    (found,) = UnseenScreens(indexes, active).with_seen_screens([flow])
    return found.told


def test_nobody_types_into_a_screen_that_ends_as_it_is_made() -> None:
    assert not told(screen(SUPER, FINISH))
    assert told(screen(SUPER))


@pytest.mark.parametrize(
    "code",
    [
        (SUPER, IF, FINISH),
        (SUPER, (RETURN,), FINISH),
        (SUPER, invoke("Lx/Shown;->finish()V", 3, opcode=0x6E)),
        (SUPER, (0x3207,), FINISH),  # move-object v2, v3
        (SUPER, invoke("Lx/Shown;->finishLater()V", 2, opcode=0x6E)),
    ],
)
def test_where_it_is_not_sure_that_it_ends_it_is_told(code: tuple[Code, ...]) -> None:
    assert told(screen(*code))


def test_the_same_is_told_where_another_screen_of_its_kind_is_shown() -> None:
    ends, other = screen(SUPER, FINISH), screen(SUPER, name="Lx/Other;")
    assert told(ends, other, active=("x.Shown", "x.Other"))
    assert told(ends, active=("x.Shown", "x.Login"))
    assert not told(ends, other, active=("x.Shown",))
    assert told(ends, active=None)
    assert told(ends, active=())


@pytest.mark.parametrize(
    "name", ["finish()V", "finishAffinity()V", "onCreate(Landroid/os/Bundle;Landroid/os/PersistableBundle;)V"]
)
def test_one_that_replaces_what_android_does_then_may_be_shown(name: str) -> None:
    own = Method(name, (RETURN,), direct=False, registers=4, ins=3 if "Bundle" in name else 1)
    assert told(screen(SUPER, FINISH, more=[own]))
    base = screen(more=[own], name="Lx/Base;", parent="Landroid/app/Activity;")
    assert told(screen(SUPER, FINISH), base, login=screen(more=[LISTENS], name="Lx/Login;", parent="Lx/Base;"))
    assert told(
        screen(SUPER, invoke("Lx/Shown;->finish()V", 2, opcode=0x70), more=[Method("finish()V", (RETURN,), ins=1)])
    )


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (new(0, "Lx/Login$1;"), True),
        (invoke("Lx/Login$1;-><init>()V", 0, opcode=0x70), True),
        (text(0, "x.Login$1"), True),
        (invoke("Lx/Login;->show()V", opcode=0x71), True),
        (invoke("Lx/Shown;->show()V", opcode=0x71), True),
        (invoke("Lx/Login$2;->f()V", opcode=0x71), True),
        (invoke("Lx/Login;->other()V", opcode=0x71), False),
        ((0x001C, Ref("type", "Lx/Login;")), False),
    ],
)
def test_what_other_code_leads_to_may_be_shown_elsewhere(use: Code, expected: bool) -> None:
    inner = calling("Lx/Login$2;", invoke("Lx/Login;->show()V", opcode=0x71))
    assert not told(screen(SUPER, FINISH), inner)
    assert told(screen(SUPER, FINISH), inner, calling("Lx/Real;", use)) is expected


def test_another_component_inside_the_class_may_show_it() -> None:
    assert told(screen(SUPER, FINISH), Class("Lx/Login$Service;"), active=("x.Shown", "x.Login$Service"))
    assert not told(screen(SUPER, FINISH), Class("Lx/Service;"), active=("x.Shown", "x.Service"))


def test_what_nobody_has_to_type_is_told() -> None:
    assert told(screen(SUPER, FINISH), source="android.content.ClipboardManager.getText", data="clipboard")
    assert told(screen(SUPER, FINISH), source="android.telephony.TelephonyManager.getDeviceId", data="imei")
