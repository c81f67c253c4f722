"""What is typed into a screen that ends before it is shown; and screens of which that is not sure."""

import pytest

from phone_audit.apk.code.unseen_screens import UnseenScreens
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.model.apk import Behaviour, FlowStep
from tests.apk.dex.assembler import RETURN, Class, Method, assemble
from tests.apk.flows.test_find_flows import Code, invoke, join

CREATE = "onCreate(Landroid/os/Bundle;)V"
SUPER = invoke(f"Lx/Login;->{CREATE}", 2, 3, opcode=0x6F)
"""super.onCreate(bundle); the screen is in register 2"""
FINISH = invoke("Lx/Shown;->finish()V", 2, opcode=0x6E)
IF = (0x0038, 2)


def screen(*code: Code, name: str = "Lx/Shown;", parent: str = "Lx/Login;") -> Class:
    return Class(name, [Method(CREATE, join(*code, (RETURN,)), direct=False, registers=4, ins=2)], parent=parent)


def told(
    *screens: Class,
    active: tuple[str, ...] | None = ("x.Shown",),
    source: str = "android.widget.EditText.getText",
    data: str = "password",
) -> bool:
    steps = (FlowStep(class_="x.Login$1", method="onClick(Landroid/view/View;)V", offset=0, what=f"calls {source}"),)
    login = screen(name="Lx/Login;", parent="Landroid/app/Activity;")
    indexes = index_file(read_dex("classes.dex", assemble(sorted((login, *screens), key=lambda one: one.name))))
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


def test_what_nobody_has_to_type_is_told() -> None:
    assert told(screen(SUPER, FINISH), source="android.content.ClipboardManager.getText", data="clipboard")
    assert told(screen(SUPER, FINISH), source="android.telephony.TelephonyManager.getDeviceId", data="imei")
