"""Where data goes: solid only what was seen, hollow what stands in code, and nothing told stronger than it is."""

from phone_audit.model.apps import Destination
from phone_audit.report.html.destinations import NO_OWNER, OWN_CODE, Destinations, destinations_of
from phone_audit.report.html.flow_picture import flow_picture
from tests.documents import INCIDENT, apk, finding
from tests.report.html.page_text import page_of
from tests.report.html.phones import app, phone, place
from tests.report.test_indicators import endpoint


def destinations(*places: Destination, count: int = 0) -> Destinations:
    return destinations_of(phone(app("com.a", destinations=places, destinations_count=count)))


def test_the_strongest_tie_stands_first_and_is_worded_as_what_it_is() -> None:
    shown = destinations(
        place("c.example", "held"),
        place("b.example", "fetched", cleartext=True),
        place("a.example", "capture", owner="Ads Inc", times=14, data=("imei",)),
    )
    assert [(tie.host, tie.how, tie.seen, tie.data, tie.times) for tie in shown.strongest] == [
        ("a.example", "seen in recorded traffic", True, "IMEI", 14),
        ("b.example", "its code connects to it", False, "", None),
        ("c.example", "its code holds the address", False, "", None),
    ]


def test_bars_part_what_was_seen_from_what_stands_in_code() -> None:
    shown = destinations(
        place("a.example", "seen", owner="Ads Inc"), place("b.example", "fetched", owner="Ads Inc"),
        place("c.example", "flow"),
    )  # fmt: skip
    assert [(bar.owner, bar.apps, bar.seen, bar.in_code, bar.seen_share, bar.code_share) for bar in shown.bars] == [
        ("Ads Inc", 1, 1, 1, 50.0, 50.0),
        (NO_OWNER, 1, 0, 1, 0.0, 50.0),
    ]


def test_the_code_is_a_library_only_where_no_other_code_holds_the_host() -> None:
    held = endpoint("sdk.example", owner="Ads Inc", category="advertising")
    library = held.held_by[0].model_copy(update={"party": "library", "library": "An SDK"})
    own = library.model_copy(update={"party": "first-party", "library": None})
    both = held.model_copy(update={"host": "both.example", "held_by": (library, own)})
    record = apk().model_copy(update={"endpoints": (held.model_copy(update={"held_by": (library,)}), both)})
    document = phone(app("com.a", destinations=(place("sdk.example", "fetched"), place("both.example", "fetched"))))
    shown = destinations_of(document.model_copy(update={"apks": (record,)}))
    assert {tie.host: tie.code for tie in shown.ties} == {"sdk.example": "An SDK", "both.example": OWN_CODE}


def test_a_band_is_solid_only_as_wide_as_what_was_seen() -> None:
    ties = destinations(
        place("a.example", "seen", owner="O"), place("b.example", "fetched", owner="O"),
        place("c.example", "fetched", owner="P"),
    ).ties  # fmt: skip
    bands = {band.says: band for band in flow_picture(ties).bands}
    both, code = bands[f"{OWN_CODE} to O: 1 seen, 1 in code"], bands[f"{OWN_CODE} to P: 0 seen, 1 in code"]
    assert 0 < both.solid < both.hollow
    assert (code.solid, code.hollow > 0) == (0, True)


def test_of_many_names_the_last_are_one() -> None:
    ties = destinations(
        *(place(f"{number}.example", "fetched", owner=f"Owner {number:02}") for number in range(30))
    ).ties
    picture = flow_picture(ties)
    owners = [box.name for box in picture.boxes if box.x > 600]
    assert len(owners) == 12
    assert owners[-1] == "other owners"
    assert f"{OWN_CODE} to other owners: 0 seen, 19 in code" in [band.says for band in picture.bands]


def test_what_a_result_does_not_list_is_counted() -> None:
    assert destinations(place("a.example", "held"), count=7).untold == 6


def test_nothing_known_is_not_nothing_sent() -> None:
    text = page_of(phone(app("com.a"))).text
    assert "No place is known that an app of this phone sends to, or would. That can be for want of looking" in text


def test_hosts_of_a_case_are_published_and_not_seen() -> None:
    case = INCIDENT.model_copy(update={"hosts": ("bigdata.example",)})
    met = finding().model_copy(update={"id": "published-incident"})
    shown = phone(app("com.a")).model_copy(update={"incidents": (case,), "findings": (met,)})
    page = page_of(shown).text
    assert "Published, not seen on this phone" in page
    assert "bigdata.example" in page[page.index("Published, not seen") :]
    other = shown.model_copy(update={"findings": (finding(),)})
    assert "Published, not seen" not in page_of(other).text
