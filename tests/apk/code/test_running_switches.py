"""Switches for accepting any certificate: only code that runs turns one on, also in code of nobody that is known."""

from collections.abc import Collection

import pytest

from phone_audit.apk.code.certificate_checks import accepting_code
from phone_audit.apk.code.libraries import Owner
from phone_audit.apk.code.ways_in import Running
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from tests.apk.code.test_switches import FIELD, TO_FALSE, TO_TRUE, app, conf, http, setting
from tests.apk.code.test_ways_in import APP, OTHER, TRUE, manager, method, owner
from tests.apk.dex.assembler import Class, Ref, assemble

LATER = Class("Lapp/B;", [method("f(Llib/Conf;)V", *setting(TO_TRUE))])
FILLS = Class("Lapp/B;", [method("f(Llib/Conf;)V", TRUE, 0x105C, FIELD)])


def way(
    *more: Class,
    idle: Collection[str] = (),
    closed: bool = False,
    whose: Owner | None = None,
    units: tuple[int | Ref, ...] = (),
) -> str:
    """Return the way to what accepts any certificate behind a switch, in code of `whose`, else of a library."""
    classes = sorted([manager(), http(), conf(), app(*units), *more], key=lambda one: one.name)
    indexes = index_file(read_dex("classes.dex", assemble(classes)))

    def owner_of(name: str) -> Owner:
        return whose if whose and name.startswith("lib.") else owner(name)

    def is_idle(part: int, row: int) -> bool:
        return java_name(indexes[part].row_class(row)) in idle

    running = Running(is_idle=is_idle, may_set_any=lambda: not closed)
    (found,) = accepting_code(indexes, owner_of, (), running)
    return found.way


@pytest.mark.parametrize("sets", [LATER, FILLS], ids=["by a method", "by the field"])
def test_code_that_nothing_starts_turns_nothing_on(sets: Class) -> None:
    assert way(sets) == "used"
    assert way(sets, idle=("app.B",)) == "unused"
    assert way(sets, idle=("app.Other",)) == "used"


@pytest.mark.parametrize("whose", [OTHER, Owner("obfuscated", None)])
def test_a_switch_in_code_of_nobody_that_is_known(whose: Owner) -> None:
    """It counts where anything may turn it on, and where something may that is not seen."""
    assert way(whose=whose, closed=True) == "unused"
    assert way(whose=whose, closed=True, units=setting(TO_FALSE)) == "unused"
    assert way(whose=whose, closed=True, units=setting(TO_TRUE)) == "used"
    assert way(LATER, whose=whose, closed=True) == "used"
    assert way(LATER, whose=whose, closed=True, idle=("app.B",)) == "unused"
    assert way(whose=whose) == "used"


def test_a_switch_in_the_package_s_own_code_is_not_asked_for() -> None:
    own = Class("Lother/A;", [method("f()V", 0x1071, Ref("method", "Lapp/A;->f()V"), 0)])
    assert way(own, whose=APP, closed=True) == "used"
