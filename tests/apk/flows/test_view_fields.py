"""Passwords that are typed in: the view is told by its name in `R$id`, and what it gives as its text is the data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.flows.taint_state import TaintState
from phone_audit.apk.flows.taints import Step
from phone_audit.apk.flows.view_fields import view_fields
from phone_audit.apk.xml.hints import NOT_OF_A_PERSON
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble
from tests.apk.flows.running import flows_in
from tests.apk.flows.test_find_flows import (
    READ,
    SAY,
    TEXT,
    WEB,
    Code,
    activity,
    create,
    ids,
    invoke,
    join,
    member,
    new,
    result,
)

VIEW = 0x7F080010
OTHER = 0x7F080011
NAMES = Class("Lx/R$id;", statics=[("userPwd", VIEW), ("login", OTHER), ("a", 1)])
EDIT = "Landroid/widget/EditText;"
TEXT_OF = invoke(f"{EDIT}->getText()Landroid/text/Editable;", 1, opcode=0x6E)
FIELD = f"Lx/Main;->held:{EDIT}"


def finds(number: int) -> Code:
    const: Code = (0x0014, number & 0xFFFF, number >> 16)
    cast: Code = (0x011F, Ref("type", EDIT))
    find = invoke("Lx/Main;->findViewById(I)Landroid/view/View;", 4, 0, opcode=0x6E)
    return join(const, find, result(1), cast)


@pytest.mark.parametrize(("number", "expected"), [(VIEW, ["flow.password-log"]), (OTHER, [])])
def test_the_text_of_a_view_is_a_password_where_its_name_says_so(number: int, expected: list[str]) -> None:
    assert ids(NAMES, activity(create(finds(number), TEXT_OF, result(1), SAY))) == expected


def test_what_the_resources_say_of_a_view_goes_before_its_name() -> None:
    """Its hint may ask for an e-mail address; where they only say that it is hidden, its name says what it is."""
    (index,) = index_file(read_dex("classes.dex", assemble([NAMES])))
    assert view_fields([index], {}).data == {VIEW: "password"}
    assert view_fields([index], {VIEW: "email"}).data == {VIEW: "email"}
    assert view_fields([index], {VIEW: "hidden-text"}).data == {VIEW: "password"}
    assert view_fields([index], {VIEW: NOT_OF_A_PERSON}).data == {VIEW: "password"}


def test_it_is_followed_through_the_field_that_holds_the_view() -> None:
    asks = join((0x1107,), member(1, 1, FIELD, put=False), TEXT_OF, result(1), SAY, (RETURN,))
    clicked = Method("onClick(Landroid/view/View;)V", asks, direct=False, registers=10, ins=2)
    keeps = create(finds(VIEW), member(1, 8, FIELD, put=True))
    assert ids(NAMES, activity(keeps, clicked)) == ["flow.password-log"]
    assert ids(NAMES, activity(create(finds(OTHER), member(1, 8, FIELD, put=True)), clicked)) == []


COMPAT = Class(
    "Lx/Compat;",
    [Method("findViewById(I)Landroid/view/View;", (0x0012, 0x0011), direct=False, registers=4, ins=2)],
    parent="Landroid/app/Activity;",
)
"""A class of a library between an activity and Android's, as AppCompat has: it looks for the view in its own way."""


def test_the_package_may_bring_what_looks_for_a_view() -> None:
    below = Class("Lx/Main;", [create(finds(VIEW), TEXT_OF, result(1), SAY)], parent="Lx/Compat;")
    assert ids(NAMES, COMPAT, below) == ["flow.password-log"]
    other = Class("Lx/Main;", [create(finds(OTHER), TEXT_OF, result(1), SAY)], parent="Lx/Compat;")
    assert ids(NAMES, COMPAT, other) == []


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("Lx/Bindings;->find(Landroid/view/View;I)Landroid/view/View;", ["flow.password-log"]),
        ("Lx/Bindings;->find(Landroid/view/View;I)Ljava/lang/Object;", ["flow.password-log"]),
        ("Lx/Bindings;->find(Landroid/view/View;I)Ljava/lang/String;", []),
    ],
)
def test_any_call_that_is_handed_its_number_gives_the_view(call: str, expected: list[str]) -> None:
    body = Method(call.partition("->")[2], (0x0012, 0x0011), access=9, registers=4, ins=2)
    const: Code = (0x0014, VIEW & 0xFFFF, VIEW >> 16)
    code = join(const, invoke(call, 8, 0), result(1), (0x011F, Ref("type", EDIT)), TEXT_OF, result(1), SAY)
    assert ids(NAMES, Class("Lx/Bindings;", [body]), activity(create(code))) == expected


def test_a_field_for_text_of_the_package_gives_what_is_typed_into_it() -> None:
    field = "Lx/Field;"
    own = Method("getText()Landroid/text/Editable;", (0x0012, 0x0011), direct=False, registers=2)
    code = join(finds(VIEW), (0x011F, Ref("type", field)))
    asks = invoke(f"{field}->getText()Landroid/text/Editable;", 1, opcode=0x6E)
    assert ids(NAMES, Class(field, [own], parent=EDIT), activity(create(code, asks, result(1), SAY))) == [
        "flow.password-log"
    ]
    frame = "Lx/Frame;"
    inner = Method(f"getEditText(){EDIT}", (0x0012, 0x0011), direct=False, registers=2)
    framed = join(finds(VIEW), invoke(f"{frame}->getEditText(){EDIT}", 1, opcode=0x6E), result(1), TEXT_OF, result(1))
    assert ids(NAMES, Class(frame, [inner], parent="Landroid/widget/LinearLayout;"), activity(create(framed, SAY))) == [
        "flow.password-log"
    ]


def test_a_listener_may_be_handed_a_field_for_text_that_the_package_brings() -> None:
    edit, listener = "Landroid/support/design/widget/TextInputEditText;", "Lx/Main$1;"
    held = f"{listener}->val$field:{edit}"
    asks = invoke(f"{edit}->getText()Landroid/text/Editable;", 1, opcode=0x6E)
    made = Method(f"<init>({edit})V", join(member(3, 2, held, put=True), (RETURN,)), registers=4, ins=2)
    clicked = Method(
        "onClick(Landroid/view/View;)V",
        join(member(1, 8, held, put=False), asks, result(1), SAY, (RETURN,)),
        direct=False,
        registers=10,
        ins=2,
    )
    hands = join(
        (0x011F, Ref("type", edit)), new(2, listener), invoke(f"{listener}-><init>({edit})V", 2, 1, opcode=0x70)
    )
    classes = (NAMES, Class(edit, [], parent=EDIT), Class(listener, [made, clicked]))
    assert ids(*classes, activity(create(finds(VIEW), hands))) == ["flow.password-log"]
    assert ids(*classes, activity(create(finds(OTHER), hands))) == []


@pytest.mark.parametrize("edit", ["Lx/Edit;", "Landroidx/w/Edit;"])
def test_a_view_may_give_away_what_it_holds_whatever_its_name(edit: str) -> None:
    """A hostile maker may name it as a library does, and make many of them."""
    held = f"{edit}->held:{TEXT}"
    shows = join(*[(0x0012,)] * 8, member(1, 9, held, put=False), invoke(WEB, 5, 1), (RETURN,))
    method = Method("show()V", shows, direct=False, registers=10)
    puts = join(READ, new(2, edit), member(1, 2, held, put=True), invoke(f"{edit}->show()V", 2, opcode=0x6E))
    makes = [Method(f"f{number}()V", join(new(2, edit), (RETURN,)), registers=10) for number in range(5)]
    start = f"{edit.rpartition('/')[0]}/Start;"
    goes = Method("go()V", join(puts, (RETURN,)), access=9, registers=10)
    classes = (Class(edit, [method], parent=EDIT), Class(start, [goes, *makes]))
    assert ids(*classes, activity(create(invoke(f"{start}->go()V")))) == ["flow.imei-network"]


@pytest.mark.parametrize(
    ("place", "data", "is_kept"),
    [
        (f"field {FIELD}", "view:password", True),
        ("field Lx/Main;->label:Ljava/lang/CharSequence;", "view:password", True),
        (f"field Lx/Main;->label:{TEXT}", "view:password", False),
        ("field Lx/Main;->scale:F", "view:password", False),
        ("extra field in x", "view:password", False),
        ("field Lx/Main;->label:Ljava/lang/CharSequence;", "password", True),
        ("extra field in x", "password", True),
        ("field Lx/Main;->isThere:Z", "password", True),
        ("field Lx/Main;->item:Landroid/view/MenuItem;", "password", True),
        (f"field {FIELD}", "password", False),
    ],
)
def test_views_are_kept_in_fields_for_views_and_data_is_not(place: str, data: str, is_kept: bool) -> None:
    state = TaintState({}, {}, 0)
    step = Step("x.Main", "f()V", 0, "reads it", "classes.dex")
    state.keep(place, [state.taint(data, (step,))], step)
    assert (place in state.places) == is_kept


def test_the_view_itself_is_no_data() -> None:
    assert ids(NAMES, activity(create(finds(VIEW), SAY))) == []


@given(st.binary(max_size=60))
def test_forged_numbers_of_views_are_survived(forged: bytes) -> None:
    data = bytearray(assemble([NAMES, activity(create())]))
    at = data.find(b"\x64" + VIEW.to_bytes(4, "little"))
    data[at : at + len(forged)] = forged[: len(data) - at]
    found = view_fields(index_file(read_dex("classes.dex", bytes(data))), {})
    assert all(isinstance(one, int) for one in found.data)


@pytest.mark.parametrize(("name", "expected"), [("userPwd", ["flow.password-log"]), ("login", [])])
def test_the_number_may_be_read_from_the_field_of_its_name(name: str, expected: list[str]) -> None:
    load: Code = (0x0060, Ref("field", f"Lx/R$id;->{name}:I"))
    find = invoke("Lx/Main;->findViewById(I)Landroid/view/View;", 4, 0, opcode=0x6E)
    code = join(load, find, result(1), (0x011F, Ref("type", EDIT)), TEXT_OF, result(1), SAY)
    assert ids(NAMES, activity(create(code))) == expected


@pytest.mark.parametrize(
    ("data", "expected"), [("email", ["flow.email-log"]), ("typed-phone", ["flow.typed-phone-log"])]
)
def test_what_the_layouts_say_is_typed_into_a_view_is_followed(data: str, expected: list[str]) -> None:
    code = assemble([activity(create(finds(OTHER), TEXT_OF, result(1), SAY))])
    indexes = index_file(read_dex("classes.dex", code))
    assert [flow.id for flow in flows_in(indexes, {"x.Main"}, views={OTHER: data}).found] == expected
    assert not flows_in(indexes, {"x.Main"}, views={VIEW: data}).found


@pytest.mark.parametrize("const", [(0x0015, 0x7F08), (0x0014, 0x0000, 0x7F08)], ids=["const/high16", "const"])
def test_the_first_view_of_a_package_whose_number_ends_in_zeros(const: Code) -> None:
    find = invoke("Lx/Main;->findViewById(I)Landroid/view/View;", 4, 0, opcode=0x6E)
    code = assemble(
        [activity(create(join(const, find, result(1), (0x011F, Ref("type", EDIT))), TEXT_OF, result(1), SAY))]
    )
    found = flows_in(index_file(read_dex("classes.dex", code)), {"x.Main"}, views={0x7F080000: "password"}).found
    assert [flow.id for flow in found] == ["flow.password-log"]


@pytest.mark.parametrize(("data", "expected"), [("password", ["flow.password-log"]), ("email", [])])
def test_a_field_for_views_of_several_kinds_says_nothing(data: str, expected: list[str]) -> None:
    asks = join((0x1107,), member(1, 1, FIELD, put=False), TEXT_OF, result(1), SAY, (RETURN,))
    clicked = Method("onClick(Landroid/view/View;)V", asks, direct=False, registers=10, ins=2)
    keeps = member(1, 8, FIELD, put=True)
    code = assemble([activity(create(finds(VIEW), keeps, finds(OTHER), keeps), clicked)])
    indexes = index_file(read_dex("classes.dex", code))
    found = flows_in(indexes, {"x.Main"}, views={VIEW: "password", OTHER: data}).found
    assert [flow.id for flow in found] == expected
