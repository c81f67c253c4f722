import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.packages.users import parse_current_user, parse_users, unread_user_lines
from tests.acquire.packages.dumps_of import dump


def test_kinds_by_flags() -> None:
    text = (
        "Users:\n\tUserInfo{0:Owner:13} running\n\tUserInfo{10:Work profile:1030} running\n"
        "\tUserInfo{11:Guest:4804}\n\tUserInfo{12:Kid: with colon:408}\n\tUserInfo{13:null:410}\n"
    )
    assert parse_users(text) == {0: "system", 10: "managed", 11: "guest", 12: "restricted", 13: "secondary"}


def test_real_android_14() -> None:
    assert parse_users(dump("android-14-users.txt")) == {0: "system", 10: "managed"}


def test_android_tells_a_clone_and_a_private_space_from_a_work_profile() -> None:
    text = (
        "Users:\n  UserInfo{0:Owner:c13} serialNo=0\n    Type: android.os.usertype.full.SYSTEM\n"
        "  UserInfo{999:Dual:1030} serialNo=999\n    Type: android.os.usertype.profile.CLONE\n"
        "  UserInfo{13:Private space:1090} serialNo=21\n    Type: android.os.usertype.profile.PRIVATE\n"
        "  UserInfo{14:Odd:1090} serialNo=22\n    Type: android.os.usertype.profile.VENDOR\n"
    )
    assert parse_users(text) == {0: "system", 999: "clone", 13: "private", 14: "vendor"}


@pytest.mark.parametrize(
    ("name", "users"),
    [
        ("android-15-private-space.txt", {11: "private"}),
        ("users-samsung-secure-folder.txt", {0: "system", 12: "managed", 150: "managed"}),
        ("users-samsung-dual.txt", {0: "system", 95: "profile", 150: "profile"}),
        ("users-xiaomi-xspace.txt", {0: "system", 999: "profile"}),
        ("users-oppo-multiapp.txt", {0: "system", 998: "profile", 999: "profile"}),
    ],
)
def test_real_profiles_of_makers(name: str, users: dict[int, str]) -> None:
    assert parse_users(dump(name)) == users


@pytest.mark.parametrize(
    "name", ["users-samsung-secure-folder.txt", "users-samsung-dual.txt", "users-xiaomi-xspace.txt"]
)
def test_real_lists_of_users_are_understood(name: str) -> None:
    assert unread_user_lines(dump(name)) == ()


def test_lines_that_name_no_user_are_counted() -> None:
    text = "Users:\n\tUserInfo{0:Owner:c13} running\n\tUserRecord[10]\n\n"
    assert unread_user_lines(text) == ("UserRecord[10]",)


@pytest.mark.parametrize(
    "text", ["", "Error: java.lang.SecurityException\n", "UserInfo{x:Owner:13}", "UserInfo{0:Owner"]
)
def test_no_list_gives_nothing(text: str) -> None:
    assert parse_users(text) == {}


@pytest.mark.parametrize(
    ("text", "user"), [("10\n", 10), ("Current user: 0\nUsers:\n", 0), ("", None), ("none\n", None)]
)
def test_current_user(text: str, user: int | None) -> None:
    assert parse_current_user(text) == user


@given(
    st.lists(st.sampled_from(["UserInfo{", "0", ":", "Owner", "c13", "}", "\n", "Type: android.os.usertype."])).map(
        "".join
    )
)
def test_almost_valid_input_never_raises(text: str) -> None:
    assert all(user >= 0 for user in parse_users(text))
