"""What the hint in a field of text, which a person reads there, says is to be typed in.

The words are those of the languages that most packages speak. Letters count alike with and without accents.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

NOT_OF_A_PERSON: Final = "not-of-a-person"
"""Something about a server, or a code that it sent: whatever the view is named, it is no name of a person."""
A_NAME: Final = "a-name"
"""Of whom or of what, the hint does not say; where a person signs in or up, it is theirs."""
_LONGEST: Final = 200
"""Characters of a hint that are looked at."""

WORDS: Final[Mapping[str, Sequence[str]]] = {
    "password": (
        "passwor[dt]", "passcode", "pwd", "contrasena", "clave de acceso", "senha", "mot de passe", "kennwort",
        "пароль", "пароля", "密码", "密碼", "口令", "パスワード", "비밀번호", "암호", "كلمة المرور",
        "كلمة السر", "sifre", "parola", "kata sandi", "katalaluan", "has[lł]o", "heslo", "jelszo", "wachtwoord",
        "losenord", "adgangskode", "salasana", "lozinka", "mat khau", "รหัสผ่าน", "סיסמה", "पासवर्ड",
    ),
    "email": (
        "e-? ?mail", "mail address", "correo", "courriel", "邮箱", "郵箱", "电子邮件", "電子郵件", "信箱",
        "メール", "이메일", "البريد", "электронн", "почт", "e-?posta", "surel", "ईमेल", "อีเมล",
    ),
    "typed-phone": (
        "(?<![a-z])phone", "mobile", r"cell(?:ular)? ?(?:no|num|phone)", "telefon", "telephone", "telepon",
        "celular", "movil", "telemovel", "handynummer", "телефон", "手机", "手機", "电话", "電話", "携帯",
        "전화", "휴대폰", "الهاتف", "الجوال", r"(?:no|nomor|nombor)\.? ?hp", "[dđ]ien thoai", "โทรศัพท์",
        "cep numara",
    ),
    "user-name": (
        "user ?-?name", r"user ?-?id\b", r"login(?: name| id)?$", "account (?:name|id)", "nick ?-?name",
        "screen name", "usuario", "benutzername", "nutzername", "nom d.?utilisateur", "identifiant",
        "имя пользователя", "логин", "用户名", "用戶名", "使用者名稱", "[账帐帳賬][号號户戶]", "昵称", "暱稱",
        "ユーザー名", "ユーザーid", "아이디", "اسم المستخدم", "kullan.c. ad.", "nama pengguna",
        "gebruikersnaam", "nazwa uzytkownika", "nome utente", "ten [dđ]ang nhap",
    ),
    "typed-name": (
        "(?:full|first|last|family|given|middle|your|real|legal)[ _-]?name", "surname", "nombre completo",
        "primer nombre", "apellido", "nome completo", "primeiro nome", "sobrenome", "cognome", "nom de famille",
        "prenom", "vorname", "nachname", "familienname", "姓名", "お名前", "氏名", "성명", "الاسم الكامل",
        "الاسم الاول", "اسم العائلة", "фамилия", "soyad", "nama lengkap", "nama depan", "nama belakang",
        "ho va ten", "nazwisko", "achternaam", "voornaam", "fornavn", "etternavn", "fornamn", "efternamn",
    ),
    A_NAME: (r"^(?:enter |type )?(?:the )?(?:name|nombre|nome|nom|имя|名前|名字|이름|isim|nama|naam|navn|namn|imie)$",),
    NOT_OF_A_PERSON: (
        r"(?<![a-z])ip(?![a-z])", r"(?<![a-z])ports?(?![a-z])", r"(?<![a-z])url(?![a-z])",
        r"(?<![a-z])servers?(?![a-z])", r"(?<![a-z])host(?:name)?(?![a-z])", "服务器", "端口", "验证码",
        "驗證碼", r"(?:verification|confirmation|security) code", r"(?<![a-z])otp(?![a-z])", "captcha",
    ),
}  # fmt: skip
"""What the data is called that hints say, and the words by which they do, as regular expressions."""


def _plain(text: str) -> str:
    """Return a text in small letters without their accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(_plain, words)))


_PATTERNS: Final = {kind: _pattern(words) for kind, words in WORDS.items()}


def kind_of_hint(text: str) -> str | None:
    """Return what a hint asks for; None where it says nothing that is known, or several things of which one may do."""
    plain = _plain(text[:_LONGEST]).strip(" .:*")
    found = [kind for kind, pattern in _PATTERNS.items() if pattern.search(plain)]
    if "password" in found:
        return "password"
    return found[0] if len(found) == 1 else None
