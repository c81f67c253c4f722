"""Flows that scripts show: what is told of them, and of which packages."""

from collections.abc import Collection

from phone_audit.apk.assets.page_requests import PageRequest
from phone_audit.apk.behaviours.declared import Declared
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.flows.page_flows import page_flows, possible_requests
from phone_audit.model.apk import Behaviour, host_in
from tests.apk.dex.assembler import assemble
from tests.apk.dex.builder import Source, build_dex
from tests.apk.flows.test_find_flows import READ, activity, create, invoke
from tests.apk.flows.test_names_hide_nothing import later

PASSWORD = PageRequest("assets/www/a.js", 7, "password", "http://a.dev/in", "$.post(u, d)")
ELSEWHERE = PageRequest("assets/www/b.js", 9, "password", None, "fetch(u, d)")
PLACE = PageRequest("assets/www/a.js", 8, "location", "https://a.dev/near", "$.get(u)")
NETWORK = "android.permission.INTERNET"


class Seen:
    """Code of which it is known whether it was seen to start."""

    def __init__(self, seen: bool) -> None:
        self._seen = seen
        self.asked: set[tuple[int, int]] = set()

    def sees_any(self, rows: Collection[tuple[int, int]]) -> bool:
        self.asked |= set(rows)
        return self._seen


def told(
    *requests: PageRequest,
    types: tuple[str, ...] = ("Landroid/webkit/WebView;",),
    asks: tuple[str, ...] = (NETWORK,),
    seen: bool = True,
) -> list[Behaviour]:
    indexes = index_file(read_dex("classes.dex", build_dex(Source(types=types))))
    declared = Declared(permissions=asks, package="com.example")
    return list(page_flows(possible_requests(requests, indexes, declared), indexes, Seen(seen)))


def test_each_kind_of_data_by_its_way_of_encryption() -> None:
    clear, unknown = told(PASSWORD, ELSEWHERE, PASSWORD._replace(at=20))
    assert (clear.id, clear.cleartext, clear.data, clear.sink) == ("flow.password-network", True, "password", "$.post")
    assert [(one.where, one.offset, one.value) for one in clear.evidence] == [
        ("assets/www/a.js", 7, "$.post(u, d) … to http://a.dev/in"),
        ("assets/www/a.js", 20, "$.post(u, d) … to http://a.dev/in"),
    ]
    assert (unknown.cleartext, unknown.sink, unknown.evidence[0].value) == (None, "fetch", "fetch(u, d)")
    assert clear.title == "Passes on a password that is typed in over the network"
    assert (clear.told, clear.is_followed, [one.party for one in clear.whose]) == (True, False, ["first-party"])
    assert [(step.class_, step.offset, step.what) for step in clear.steps or ()] == [
        ("assets/www/a.js", 7, "sends it to http://a.dev/in")
    ]


def test_nothing_where_no_code_runs_scripts_or_no_network_is_asked_for() -> None:
    assert told(PASSWORD, types=("Landroid/widget/TextView;",)) == []
    assert told(PASSWORD, asks=()) == []
    assert len(told(PASSWORD, types=("Lcom/facebook/react/ReactRootView;",))) == 1


def test_a_place_needs_the_permission() -> None:
    assert told(PLACE) == []
    (found,) = told(PLACE, asks=(NETWORK, "android.permission.ACCESS_COARSE_LOCATION"))
    assert (found.id, found.cleartext) == ("flow.location-network", False)


def test_each_place_is_told() -> None:
    other = PASSWORD._replace(url="http://u:b.dev@c.dev/in")
    found = told(PASSWORD, other, PASSWORD._replace(url="HTTP://A.dev/other"))
    assert [(one.cleartext, len(one.evidence)) for one in found] == [(True, 2), (True, 1)]
    assert [host_in((one.steps or ())[0].what) for one in found] == ["a.dev", "c.dev"]


def test_whether_code_was_seen_to_load_pages() -> None:
    assert [one.start_seen for one in told(PASSWORD)] == [True]
    assert [one.start_seen for one in told(PASSWORD, seen=False)] == [False]
    view = "Landroid/webkit/WebView;"
    loads = invoke(f"{view}->loadUrl(Ljava/lang/String;)V", 0, 1, opcode=0x6E)
    indexes = index_file(read_dex("classes.dex", assemble([activity(create(READ), later(loads))])))
    code = Seen(seen=True)
    (found,) = page_flows([PASSWORD], indexes, code)
    assert {indexes[part].row_name(row) for part, row in code.asked} == {"onStop()V"}
    assert found.start_seen
