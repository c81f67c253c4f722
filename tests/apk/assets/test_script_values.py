"""What an expression of a script hands on: keys with values, variables, texts; where it ends; what is no script."""

import pytest

from phone_audit.apk.assets.script_values import handed_to, set_at


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        ("u, {password: p})", ["password"]),
        ("u, {'password': this.form.p, \"mail\" : m})", ["password", "mail"]),
        ("u, {password, mail})", ["password", "mail"]),
        ("u, {body: JSON.stringify({password: p})})", ["body", "password"]),
        ("u + '?a=1&password=' + p)", ["password"]),
        ("`${base}/in?a=1&pwd=${p}`)", ["pwd"]),
        ("'{\"password\":\"' + p + '\"}')", ["password"]),
        ("u, {password: /* of the person */ p})", ["password"]),
        ("u, {password: [p]})", ["password"]),
    ],
)
def test_keys_with_values(arguments: str, keys: list[str]) -> None:
    assert list(handed_to(arguments, 0).keys) == keys


@pytest.mark.parametrize(
    "arguments",
    [
        "u, {password: 'secret'})",
        "u, {password: 12, b: !0, c: -1, d: null, e: true})",
        "u, 'password=secret')",
        "u, '&password=' + 'secret')",
        "u, function (r) { save({password: r.p}) })",
        "u, r => { save({password: r.p}) })",
        "u, {success(r) { save({password: r.p}) }})",
        "u) ; later({password: p})",
        "u, // {password: p}\n x)",
        "u, '{password: p}')",
        "password)",
        "a ? password : b)",
        "[password, x])",
    ],
)
def test_constants_later_code_and_comments_are_no_values(arguments: str) -> None:
    assert handed_to(arguments, 0).keys == ()


def test_what_stands_behind_the_body_of_a_function_counts() -> None:
    found = handed_to("{url: u, done: function (r) { if (r) { x({a: r}) } }, data: {password: p}})", 0)
    assert list(found.keys) == ["url", "done", "data", "password"]


def test_variables_that_are_handed_on_as_they_are() -> None:
    assert handed_to("url, data, a.b, f(c), 'x' + d, true)", 0).names == ("url", "data", "c", "d")


@pytest.mark.parametrize(
    ("script", "keys"),
    [
        ("{password: p}; q = {pin: x}", ["password"]),
        ("{password: p}, q = {pin: x}", ["password"]),
        ("{password: p}\nvar q = {pin: x}", ["password"]),
        ("new Form({password: p})\nq({pin: x})", ["password"]),
        ("'a=1&password='\n + p\n + '&pin=' + x;", ["password", "pin"]),
    ],
)
def test_what_a_variable_is_set_to_ends_where_the_statement_does(script: str, keys: list[str]) -> None:
    assert list(set_at(script, 0).keys) == keys


@pytest.mark.parametrize(
    "script", ["", ")", "}}}", "'", '"a\n', "`${", "{{{{{", "a.b.c(", "\0\1\2", "{a:", "/*", "((" * 9_000]
)
def test_what_is_no_script_does_no_harm(script: str) -> None:
    assert handed_to(script, 0).keys == set_at(script, 0).keys == ()
