"""What the hints of fields of text say is to be typed in."""

import pytest

from phone_audit.apk.xml.hints import A_NAME, NOT_OF_A_PERSON, SEVERAL, kind_of_hint


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        ("Email", "email"),
        ("Your e-mail address *", "email"),
        ("Correo Electrónico", "email"),
        ("请输入邮箱", "email"),
        ("メールアドレス", "email"),
        ("Enter your Password", "password"),
        ("Contraseña", "password"),
        ("Şifre", "password"),
        ("Mật khẩu", "password"),
        ("كلمة المرور", "password"),
        ("Пароль", "password"),
        ("비밀번호", "password"),
        ("E-mail password", SEVERAL),
        ("Enter your email to reset your password", SEVERAL),
        ("One-time password (OTP)", SEVERAL),
        ("Mobile Number", "typed-phone"),
        ("Teléfono", "typed-phone"),
        ("请输入手机号", "typed-phone"),
        ("No. HP", "typed-phone"),
        ("User name", "user-name"),
        ("USERNAME", "user-name"),
        ("Kullan\u0131c\u0131 ad\u0131", "user-name"),
        ("請輸入帳號", "user-name"),
        ("Login", "user-name"),
        ("First name", "typed-name"),
        ("Apellidos", "typed-name"),
        ("请输入真实姓名", "typed-name"),
        ("Name", A_NAME),
        ("Enter name:", A_NAME),
        ("Nombre *", A_NAME),
        ("请输入IP", NOT_OF_A_PERSON),
        ("Port", NOT_OF_A_PERSON),
        ("Server URL", NOT_OF_A_PERSON),
        ("验证码", NOT_OF_A_PERSON),
        ("请输入手机验证码", NOT_OF_A_PERSON),
        ("Email server", NOT_OF_A_PERSON),
        ("Search by phone number", NOT_OF_A_PERSON),
        ("Name of the product", NOT_OF_A_PERSON),
        ("Phone model", NOT_OF_A_PERSON),
    ],
)
def test_a_hint_says_what_is_typed(hint: str, expected: str) -> None:
    assert kind_of_hint(hint) == expected


@pytest.mark.parametrize(
    "hint",
    ["", "Name and price", "Microphone", "User identity card", "Login to go on", "Support", "Ship to", "Import", "ID"],
)
def test_other_hints_say_nothing(hint: str) -> None:
    assert kind_of_hint(hint) is None


@pytest.mark.parametrize(
    "hint",
    [
        "Escreva sua resenha", "Inserisci una parola", "암호화폐", "전환율", "Почтовый индекс", "الرمز البريدي",
        "Enter the mailing address", "Repostaje", "Surely?", "Marca del automóvil", "Codice immobile",
        "Mobile data", "Phonetic spelling", "아이디어", "Hledat heslo", "Login for this server",
    ],
)  # fmt: skip
def test_words_that_look_alike_say_nothing(hint: str) -> None:
    assert kind_of_hint(hint) is None


@pytest.mark.parametrize("hint", ["User name or e-mail", "邮箱或用户名", "Phone number or email", "银行账号"])
def test_a_hint_for_one_of_several_things_says_nothing(hint: str) -> None:
    assert kind_of_hint(hint) is None


def test_a_letter_that_stands_for_many_words() -> None:
    """What it stands for is cut like any other text, so that there is a bound on what is looked at."""
    assert kind_of_hint("\ufdfa" * 10 + " email") == "email"
    assert kind_of_hint("\ufdfa" * 11 + " email") is None


def test_only_the_beginning_of_a_long_hint_is_read() -> None:
    assert kind_of_hint("x" * 1_000 + " email") is None


def test_words_are_sought_without_accents() -> None:
    assert kind_of_hint("Contrasena") == kind_of_hint("CONTRASEÑA") == "password"
