"""Hosts that scripts send something of a person to."""

import pytest

from phone_audit.apk.assets.page_requests import PageRequest
from phone_audit.apk.endpoints.script_endpoints import with_sent_to
from phone_audit.model.apk import Endpoint
from tests.report.test_indicators import endpoint

CLEAR = PageRequest("assets/a.js", 7, "password", "http://A.dev/in", "$.post(u, d)")
TLS = CLEAR._replace(url="https://a.dev/in", at=9)


def said(one: Endpoint, *requests: PageRequest) -> Endpoint:
    (found,) = with_sent_to([one], requests)
    return found


def test_a_host_that_a_script_sends_to_is_fetched() -> None:
    found = said(endpoint("a.dev", cleartext=True, schemes=("http",)), TLS._replace(url="https://b.dev"), CLEAR)
    assert (found.use, found.counts_in_cleartext) == ("fetched", True)
    assert [(one.where, one.offset) for one in found.use_evidence] == [("assets/a.js", 7)]


@pytest.mark.parametrize(("requests", "expected"), [((TLS,), "unknown"), ((TLS, CLEAR), None)])
def test_of_two_forms_only_the_one_that_is_named_is_fetched(
    requests: tuple[PageRequest, ...], expected: str | None
) -> None:
    found = said(endpoint("a.dev", cleartext=True, schemes=("http", "https")), *requests)
    assert (found.use, found.cleartext_use) == ("fetched", expected)
    assert found.counts_in_cleartext, "that of the other form stays unknown, and counts as before"


@pytest.mark.parametrize("use", ["fetched", "opened", "compared", "unused"])
def test_what_is_known_of_others_stays(use: str) -> None:
    one = endpoint("a.dev", use=use)
    assert said(one, CLEAR) is one
    other = endpoint("c.dev")
    assert said(other, CLEAR, CLEAR._replace(url=None)) is other
