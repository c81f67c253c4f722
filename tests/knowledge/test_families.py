"""Which code belongs to a tracker besides its own."""

from phone_audit.knowledge.families import family_of
from phone_audit.knowledge.load import load_knowledge
from tests.apk.facts import knowledge, library, tracker

ADS, STATS, OTHER = (
    tracker("Ads", code=["com.maker.ads."]),
    tracker("Stats", code=["com.maker.stats"]),
    tracker("Other", code=["com.makers.ads"]),
)


def test_a_library_and_the_trackers_in_it() -> None:
    known = knowledge(
        trackers=[ADS, STATS, OTHER],
        libraries=[library("Maker SDK", code=["com.maker", "m.k"]), library("Inside", code=["com.maker.ads.view"])],
    )
    assert family_of(ADS, known) == family_of(STATS, known) == {"Ads", "Stats", "Maker SDK"}
    assert family_of(OTHER, known) == {"Other"}


def test_what_only_talks_to_a_tracker_is_none_of_its_own() -> None:
    known = knowledge(trackers=[ADS], libraries=[library("Adapter", code=["com.maker"], role="connector")])
    assert family_of(ADS, known) == {"Ads"}


def test_the_code_of_umeng_whose_packages_are_called_otherwise() -> None:
    known = load_knowledge()
    (umeng,) = (fact for fact in known.trackers if fact.name == "Umeng Analytics")
    assert "Umeng" in family_of(umeng, known)
    assert any("u.aly" in one.code for one in known.libraries if one.name == "Umeng")
