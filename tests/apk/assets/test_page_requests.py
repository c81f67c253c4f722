"""What pages and scripts send of a person, by the names under which they send it."""

from collections.abc import Iterable

import pytest

from phone_audit.apk.assets import page_requests
from phone_audit.apk.assets.page_requests import PageRequest
from tests.apk.assets.builders import look

FIELD = '<form><input id="p" type="password"></form>'


def sent(script: str, page: str = FIELD, **more: str) -> tuple[PageRequest, ...]:
    files = {"assets/www/index.html": page, "assets/www/a.js": script}
    named = {f"assets/www/{name}.js": text for name, text in more.items()}
    return look({name: text.encode() for name, text in (files | named).items()}).requests


def kinds(found: Iterable[PageRequest]) -> set[str]:
    return {one.data for one in found}


@pytest.mark.parametrize(
    "call",
    [
        "$.post('https://a.dev/in', {password: p})",
        "jQuery.get('https://a.dev/in?password=' + $('#p').val(), done)",
        "$.ajax({url: 'https://a.dev/in', success: function (r) { go(r) }, data: {user_pass: p}})",
        "fetch('https://a.dev/in', {method: 'POST', body: JSON.stringify({userPassword: p})})",
        "fetch(`https://a.dev/in?pwd=${p}`)",
        "axios({method: 'post', url: 'https://a.dev/in', data: {senha: s}})",
        "this.http.post(this.base + 'https://a.dev/in', {password: p})",
        "$http.post('https://a.dev/in', {contrasena: p})",
        "G.post('https://a.dev/in', {password: p})",
        "x.open('POST', u); x.send('password=' + p)",
        "auth.signInWithEmailAndPassword(a, b)",
        "var d = {password: p}; $.post('https://a.dev/in', d, done)",
        "var d = new FormData(); d.append('password', p); fetch('https://a.dev/in', {body: d})",
        "this.http.post('https://a.dev/login', user)",
        "this.http.post(this.base + 'auth/login/', user)",
    ],
)
def test_a_password_that_is_sent(call: str) -> None:
    (found,) = [one for one in sent(f"function f() {{ {call} }}") if one.data == "password"]
    assert found.where == "assets/www/a.js"
    assert found.url in (
        None,
        "https://a.dev/in",
        "https://a.dev/in?password=",
        "https://a.dev/in?pwd=",
        "https://a.dev/login",
    )
    assert call.encode().find(found.shown.split("(")[0].encode()) >= 0


@pytest.mark.parametrize(
    "call",
    [
        "$.post('https://a.dev/in', {password: 'fixed'})",
        "$.post('https://a.dev/in', {passwordToken: t})",
        "$.post('https://a.dev/in', {name: n}, function (r) { keep({password: r.p}) })",
        "keep({password: p})",
        "localStorage.setItem('password', p)",
        "db.put({password: p})",
        "cache.get('password')",
        "// $.post('https://a.dev/in', {password: p})",
        "this.http.post('https://a.dev/catalogin', user)",
        "this.http.post('https://a.dev/login/' + number)",
        "$.post('https://a.dev/in', {email: e, phone: n})",
        "$.get('https://a.dev/in?lat=' + a.lat + '&lon=' + a.lon)",
    ],
)
def test_what_sends_no_password(call: str) -> None:
    assert sent(call) == ()


def test_a_password_in_no_field_of_a_page_is_nobodys() -> None:
    call = "$.post('https://a.dev/in', {password: p})"
    assert sent(call, page="<p>no field</p>") == ()
    for field in (
        '["type","password"]',
        'type:b?"text":"password"',
        '"type",x.isHidden?"password":"text"',
        "secureTextEntry:!0",
    ):
        assert kinds(sent(call, page="", more=f"f({field})")) == {"password"}


def test_what_else_is_typed_in_counts_beside_a_password() -> None:
    found = sent(
        "$.post('https://a.dev/up', {password: p, userEmail: e, mobile: m, full_name: n, nickname: k, city: c})"
    )
    assert kinds(found) == {"password", "email", "typed-phone", "typed-name", "user-name"}


def test_a_place_is_sent_by_a_script_that_asks_for_it() -> None:
    asks = "navigator.geolocation.getCurrentPosition(f);"
    sends = "$.get('http://a.dev/near?lat=' + c.latitude + '&lng=' + c.longitude)"
    assert kinds(sent(asks + sends, page="")) == {"location"}
    assert kinds(sent(asks + "fetch('http://a.dev/', {body: {latitude: a, longitude: b}})", page="")) == {"location"}
    assert sent(f"// {asks}\n{sends}", page="") == sent(sends, page="") == ()
    assert sent(asks + "$.get('http://a.dev/near?lat=' + c.latitude)", page="") == ()


@pytest.mark.parametrize(
    ("script", "url"),
    [
        ("$.post(API + '/in', {password: p})", "http://a.dev/v1"),
        ("fetch(`${API}/in`, {body: {password: p}})", "http://a.dev/v1"),
        ("var u = API + '/in'; $.post(u, {password: p})", "http://a.dev/v1"),
        ("$.post('http://b.dev/in', {password: p})", "http://b.dev/in"),
        ("$.post(TWO + '/in', {password: p})", None),
        ("$.post(other(), {password: p})", None),
    ],
)
def test_where_it_is_sent(script: str, url: str | None) -> None:
    more = "var API   = 'http://a.dev/v1'; var TWO = 'http://c.dev/'; TWO = 'https://d.dev/'"
    (found,) = sent(script, settings=more)
    assert found.url == url


def test_a_form_that_sends_it_itself() -> None:
    form = '<form method="post" action="http://a.dev/in"><input name="u"><input name="p" type="password"></form>'
    (found,) = sent("", page=form)
    assert (found.where, found.at, found.data, found.url) == ("assets/www/index.html", 0, "password", "http://a.dev/in")
    search = '<form action="http://a.dev/find"><input name="q"></form>'
    assert sent("", page=search + FIELD) == ()


def test_bytes_are_counted_where_letters_take_several() -> None:
    script = "alert('пароль'); $.post('https://a.dev/in', {password: p, x: 'é'})"
    (found,) = sent(script)
    assert script.encode()[found.at :].startswith(b"$.post(")
    assert found.shown.endswith("'é'})")


def test_more_than_is_looked_at_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_requests, "_MOST_BYTES", 100)
    found = look({"assets/a.js": b"x" * 101, "assets/b.txt": b"y" * 200})
    assert [(one.subject, one.code) for one in found.skipped] == [("", "too-much-script")]
    assert look({"assets/a.js": b"x" * 100}).skipped == ()


@pytest.mark.promise("bombs-bounded")
@pytest.mark.parametrize(
    "piece",
    [
        "<form action=http://a.dev ",
        "<form action='http://a.dev/'>",
        "ajax({password:p",
        "fetch(a,{password:",
        "x.post('/login',u)",
        "http://a.dev/",
        "password",
        "type=a?",
        "`${",
        "a=http://",
        "geolocation.getCurrentPosition ",
        " ",
        "\\",
        "($",
    ],
)
def test_hostile_scripts_are_read_within_bounds(piece: str) -> None:
    assert len(sent(FIELD + piece * ((1 << 18) // len(piece)))) <= page_requests._MOST
