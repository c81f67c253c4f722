"""What the hint in a field of text, which a person reads there, says is to be typed in.

The words are those of the languages that most packages speak. Letters count alike with and without accents.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

SEVERAL: Final = "several"
"""A password is spoken of, and something else: which of them is asked for, the hint does not say."""
A_NAME: Final = "a-name"
"""Of whom or of what, the hint does not say; where a person signs in or up, it is theirs."""
NOT_OF_A_PERSON: Final = "not-of-a-person"
"""Something about a server or a thing, or a code that was sent: whatever the view is named, it is nobody's name."""
LONGEST: Final = 200
"""Characters of a hint that are looked at."""

WORDS: Final[Mapping[str, Sequence[str]]] = {
    "password": (
        "passwor[dt]", "passcode", r"\bpwd\b", "contrasena", "clave de acceso", r"\bsenhas?\b", "mot de passe",
        "kennwort", "пароль", "пароля", "密码", "密碼", "口令", "パスワード", "비밀번호", "암호(?!화)", "كلمة المرور",
        "كلمة السر", r"\bsifren?i?z?\b", "kata sandi", "katalaluan", r"\bhas[lł]o\b", "jelszo", "wachtwoord",
        "losenord", "adgangskode", "salasana", "lozinka", "mat khau", "รหัสผ่าน", "סיסמה", "पासवर्ड",
    ),
    "email": (
        r"\be-? ?mails?\b", r"\bmail address", "correo elec", r"^correo$", "courriel", "邮箱", "郵箱", "电子邮件",
        "電子郵件", "信箱", "メール", "이메일", "البريد ال[اإ]لكتروني", r"электронн\w+ (?:почт|адрес)", r"^почта$",
        r"\be-?posta\b", r"\bsurel\b", "ईमेल", "อีเมล",
    ),
    "typed-phone": (
        r"\bphone(?: ?(?:no|num|nr)|$)", r"(?:your|the|a|contact|home|work|cell|mobile|tele|smart)[ -]?phone\b",
        r"\bmobile(?: ?(?:no|num|nr)|$)", r"\bcell(?:ular)? ?(?:no|num)", r"\btelefon", r"\btelepon",
        r"\bcelular\b", r"\bmovil\b", "telemovel", "handynummer", "телефон", "手机号", "手機號", r"^手机$", "电话",
        "電話", "携帯", "전화번호", "휴대폰", "الهاتف", "الجوال", r"(?:\bno|nomor|nombor)\.? ?hp\b", "[dđ]ien thoai",
        "โทรศัพท์", "cep numara",
    ),
    "user-name": (
        r"\buser ?-?names?\b", r"\buser ?-?id\b", r"\blogin(?: name| id)?(?:$| for\b)", r"\baccount (?:name|id)\b",
        r"\bnick ?-?name", r"\bscreen name", r"\busuario\b", "benutzername", "nutzername", "nom d.?utilisateur",
        r"\bidentifiant\b", "имя пользователя", "логин", "用户名", "用戶名", "使用者名稱", "[账帐帳賬][号號]",
        "昵称", "暱稱", "ユーザー名", "ユーザーid", "아이디(?!어)", "اسم المستخدم", "kullan.c. ad.", "nama pengguna",
        "gebruikersnaam", "nazwa uzytkownika", "nome utente", "ten [dđ]ang nhap",
    ),
    "typed-name": (
        r"\b(?:full|first|last|family|given|middle|your|real|legal)[ _-]?name\b", r"\bsurname", "nombre completo",
        "primer nombre", r"\bapellido", "nome completo", "primeiro nome", "sobrenome", r"\bcognome\b",
        "nom de famille", r"\bprenom", r"\bvorname", r"\bnachname", "familienname", "真实姓名", "您的姓名", r"^姓名$",
        "お名前", "氏名", "성명", "الاسم الكامل", "الاسم الاول", "اسم العائلة", "фамилия", r"\bsoyad", "nama lengkap",
        "nama depan", "nama belakang", "ho va ten", "nazwisko", "achternaam", "voornaam", r"\bfornavn\b",
        r"\betternavn\b", r"\bfornamn\b", r"\befternamn\b",
    ),
    A_NAME: (r"^(?:enter |type )?(?:the )?(?:name|nombre|nome|nom|имя|名前|名字|이름|isim|nama|naam|navn|namn|imie)$",),
    NOT_OF_A_PERSON: (
        r"(?<![a-z])ip(?![a-z])", r"\bports?\b", r"\burl\b", r"\bservers?\b", r"\bhost(?:name)?\b", "服务器", "端口",
        "验证码", "驗證碼", r"(?:verification|confirmation|security) code", r"\botp\b", r"\bone[ -]time\b", "captcha",
        r"\bsearch\b", r"\bfind\b", r"\bbuscar\b", r"\bcerca\b", "搜索", "搜尋", "검색", "поиск", r"\bcari\b",
        r"\bmodel\b", r"\bbrand\b", "型号", "型號", r"\blimit\b", r"\bbalance\b", "余额", "[银銀]行", r"\bof the\b",
    ),
}  # fmt: skip
"""What the data is called that hints say, and the words by which they do, as regular expressions."""


def _plain(text: str) -> str:
    """Return a text in small letters without their accents; what is one letter in Korean stays one."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(one for one in apart if not unicodedata.combining(one)))


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(_plain, words)))


_PATTERNS: Final = {kind: _pattern(words) for kind, words in WORDS.items()}


@lru_cache(maxsize=4096)
def kind_of_hint(text: str) -> str | None:
    """Return what a hint asks for; None where it says nothing that is known, or several things of which one may do."""
    plain = _plain(text[:LONGEST])[:LONGEST].strip(" .:*")
    found = {kind for kind, pattern in _PATTERNS.items() if pattern.search(plain)}
    if len(found) <= 1:
        return next(iter(found), None)
    if "password" in found:
        return SEVERAL
    return NOT_OF_A_PERSON if NOT_OF_A_PERSON in found and "user-name" not in found else None
