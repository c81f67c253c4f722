"""What the names of views in a resource table say of them."""

import struct
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.xml.elements import Value
from phone_audit.apk.xml.named_views import named_views
from tests.apk.dex.assembler import assemble
from tests.apk.flows.running import flows_in
from tests.apk.flows.test_find_flows import SAY, activity, create, join, result
from tests.apk.flows.test_view_fields import TEXT_OF, VIEW, finds
from tests.apk.tables import Type, make_table

NAMES = ("login", "user_password", "Pwd2", "pass")
KEYS = {0: 0, 1: 1, 5: 2, 6: 3}
ENTRIES = {number: Value(0x12, 0) for number in KEYS}
FOUND = {0x7F020000: "user-name", 0x7F020001: "password", 0x7F020005: "password", 0x7F020006: "pass"}


IDS = Type(2, ENTRIES, keys=KEYS)


def table(ids: Type = IDS, *, utf8: bool = True, kinds: tuple[str, ...] = ("string", "id")) -> bytes:
    types = [Type(1, ENTRIES, keys=KEYS), ids]
    return make_table(types, utf8=utf8, kinds=kinds, names=NAMES)


@pytest.mark.parametrize("utf8", [True, False])
@pytest.mark.parametrize("ids", [IDS, replace(IDS, sparse=True), replace(IDS, short=True), replace(IDS, compact=True)])
def test_views_are_found_by_their_names(ids: Type, *, utf8: bool) -> None:
    assert named_views(memoryview(table(ids, utf8=utf8))) == FOUND


@pytest.mark.parametrize("utf8", [True, False])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("etEMail", "email"),
        ("loginPassword", "password"),
        ("phoneNumber", "typed-phone"),
        ("editTextPhone2", None),
        ("nick_name", "user-name"),
        ("title", None),
        ("etPass", "pass"),
        ("passportNumber", None),
        ("passenger", None),
        ("plus_passage", None),
        ("passion", None),
        ("passive", None),
        ("inputUsr", "user-name"),
        ("edit_uname_text", "user-name"),
        ("user_gender", None),
        ("userAge", None),
        ("user_", "user-name"),
        ("user_age_login", "user-name"),
        ("login_screen_server_value", None),
        ("login_verify_code", None),
        ("loginVerifyCode", None),
        ("loginOTP", None),
        ("USERNAME_HOST", None),
        ("user_urls", None),
        ("username_hostel", "user-name"),
        ("login_screen_username_value", "user-name"),
        ("userMessageInput", None),
        ("server_user", "user-name"),
        ("login_url_password", "password"),
        ("reset_password_email", "password-or-email"),
        ("forgotPwdPhone", "password-or-typed-phone"),
        ("forget_pass_mail", "email"),
        ("emailPassword", "password"),
        ("password_login", "password"),
        ("login_email", "email"),
        ("etFirstName", "typed-name"),
        ("user_last_name", "typed-name"),
        ("edtSenha", "password"),
        ("txt_contrasena", "password"),
        ("telefone_cliente", "typed-phone"),
        ("numeroCelular", "typed-phone"),
        ("usuario", "user-name"),
        ("correoElectronico", "email"),
        ("product_name", None),
    ],
)
def test_names_say_what_may_be_typed(name: str, expected: str | None, *, utf8: bool) -> None:
    ids = Type(2, {0: Value(0x12, 0)}, keys={0: 0})
    data = make_table([ids], utf8=utf8, kinds=("string", "id"), names=(name,))
    assert named_views(memoryview(data)).get(0x7F020000) == expected


def test_only_numbers_of_views_count() -> None:
    assert named_views(memoryview(table(kinds=("string", "bid")))) == {}
    assert named_views(memoryview(table(kinds=()))) == {}


@pytest.mark.parametrize("data", [b"", b"\2\0\x0c\0", b"hello, world", struct.pack("<HHI", 2, 12, 1 << 31)])
def test_what_is_no_table_holds_none(data: bytes) -> None:
    assert named_views(memoryview(data)) == {}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8), st.integers(0, 400))
def test_damaged_tables_are_survived(changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(table())
    for at, value in changes:
        data[at % len(data)] = value
    assert all(0 <= one <= 0xFFFFFFFF for one in named_views(memoryview(bytes(data[: len(data) - cut]))))


def test_a_password_is_followed_where_only_the_resources_name_the_view() -> None:
    indexes = index_file(
        read_dex("classes.dex", assemble([activity(create(join(finds(VIEW), TEXT_OF, result(1), SAY)))]))
    )
    assert [flow.id for flow in flows_in(indexes, {"x.Main"}, views={VIEW: "password"}).found] == ["flow.password-log"]
    assert not flows_in(indexes, {"x.Main"}).found
