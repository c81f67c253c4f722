"""What an expression of a script hands on: keys with values, variables; where it ends; what is no script."""

import pytest

from phone_audit.apk.assets.script_values import arguments_at, expression_at, keys_in, names_in, value_of


def keys(arguments: str) -> list[str]:
    return [key for one in arguments_at(arguments, 0) for key in keys_in(one)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("u, {password: p})", ["password"]),
        ("u, {'password': this.form.p, \"mail\" : m})", ["password", "mail"]),
        ("u, {password, mail})", ["password", "mail"]),
        ("u, {body: JSON.stringify({password: p})})", ["body", "password"]),
        ("u + '?a=1&password=' + p)", ["password"]),
        ("`${base}/in?a=1&pwd=${p}`)", ["pwd"]),
        ("'{\"password\":\"' + p + '\"}')", ["password"]),
        ("u, {password: /* of the person */ p})", ["password"]),
    ],
)
def test_keys_with_values(arguments: str, expected: list[str]) -> None:
    assert keys(arguments) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        "u, {password: 'secret'})",
        "u, {password: 12, b: !0, c: -1, d: null, e: true, f: void 0, g: ['', V.required]})",
        "u, 'password=secret')",
        "u, '&password=' + 'secret')",
        "u, function (r) { save({password: r.p}) })",
        "u, r => { save({password: r.p}) })",
        "u, ({password}) => go())",
        "u, function ({password}) { go() })",
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
    assert keys(arguments) == []


def test_what_stands_behind_the_body_of_a_function_counts() -> None:
    found = keys("{url: u, done: function (r) { if (r) { x({a: r}) } }, data: {password: p}})")
    assert found == ["url", "data", "password"]


def test_the_value_of_a_key_is_that_of_the_object_itself() -> None:
    (options,) = arguments_at("{data: {url: x}, 'url': a.b + '/c', headers: {}})", 0)
    assert [token.text for token in value_of(options, "url")] == ["a", ".", "b", "+", "'/c'"]
    assert value_of(options, "none") == value_of([], "url") == []


def test_variables_that_are_handed_on_as_they_are() -> None:
    names = [
        name for one in arguments_at("url, data, a.b, f(c), 'x' + d, true, {body: e})", 0) for name in names_in(one)
    ]
    assert names == ["url", "data", "c", "e"]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("{password: p}; q = {pin: x}", ["password"]),
        ("{password: p}, q = {pin: x}", ["password"]),
        ("{password: p}\nvar q = {pin: x}", ["password"]),
        ("new Form({password: p})\nq({pin: x})", ["password"]),
        ("'a=1&password='\n + p\n + '&pin=' + x;", ["password", "pin"]),
    ],
)
def test_what_a_variable_is_set_to_ends_where_the_statement_does(script: str, expected: list[str]) -> None:
    assert list(keys_in(expression_at(script, 0))) == expected


@pytest.mark.parametrize(
    "script", ["", ")", "}}}", "'", '"a\n', "`${", "{{{{{", "a.b.c(", "\0\1\2", "{a:", "/*", "=>", "((" * 9_000]
)
def test_what_is_no_script_does_no_harm(script: str) -> None:
    assert keys(script) == list(keys_in(expression_at(script, 0))) == []
