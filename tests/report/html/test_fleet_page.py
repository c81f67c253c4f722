"""The page of several phones: each with what became of it, the ages of patches, and the odd one out."""

from phone_audit.model.results import Difference, FleetGroup, FleetModel, OddOne
from tests.report.html.page_text import page_of
from tests.report.test_draw_phones import fleet, group, in_list, row


def test_each_phone_has_a_row_and_what_blocked_it() -> None:
    page = page_of(
        fleet(scans=(row(1), row(2, complete=False), row(3, outcome=None, error="No phone.", hint="Look.", file=None)))
    )
    assert "phone-audit Phones Custody 3 phones, 2 read, 1 of them only in part." in page.text
    assert "02-Pixel_8-2 Pixel 8 exposed not all was read 02.json" in page.text
    assert "03-Pixel_8-3 Pixel 8 not read No phone. Look." in page.text
    assert "Outcome Phones Bar exposed 2 not read 1" in page.text


def test_a_phone_has_its_first_reason() -> None:
    page = page_of(fleet(scans=(row(1, outcome="known-bad", reason="<b>Triada</b> is in it."),)))
    assert "known bad <b>Triada</b> is in it. 01.json" in page.text


def test_of_two_that_differ_all_that_differs_is_counted() -> None:
    odd = tuple(
        Difference(what=what, majority=None, odd=(OddOne(member="01", value="a"), OddOne(member="02", value="b")))
        for what in ("state proxy", "state vpn")
    )
    alike = FleetGroup(fingerprint="f", members=("01", "02"), differs=odd)
    text = page_of(fleet().model_copy(update={"groups": (alike,)})).text
    assert "Phone Differs in state proxy state vpn 01 2 a a 02 2 b b" in text
    assert "Most have" not in text


def test_only_a_plain_name_beside_the_page_is_a_link() -> None:
    names = ("01-a.html", "../01.html", "javascript:alert(1).html", "https://x.example/a.html", "01.exe")
    page = page_of(fleet(scans=tuple(row(1, file=name) for name in names)))
    assert [one["href"] for one in page.named("a") if not one["href"].startswith("#")] == ["01-a.html"]


def test_the_ages_of_patches_when_the_phones_were_read() -> None:
    levels = ("2025-12-05", "2025-11-01", "2025-01-05", "2019-03-01", None, "2025-13-99")
    page = page_of(fleet(scans=tuple(row(1, security_patch=level) for level in levels)))
    said = "up to 3 months 2 up to 6 months 0 up to 1 year 1 up to 2 years 0 older than 2 years 1 not known 2"
    assert said in page.text
    assert "security patches were" not in page_of(fleet()).text


def test_the_odd_one_stands_with_what_most_have() -> None:
    proxy = Difference(what="state proxy", majority="not set", odd=(OddOne(member="02", value="x:1"),))
    text = page_of(fleet(group(proxy))).text
    assert "Phone Differs from most in state proxy Most have not set 02 1 x:1 2 other phones are like most." in text


def test_those_that_differ_most_stand_first_and_no_majority_counts_for_nobody() -> None:
    differs = (
        Difference(what="a", majority="m", odd=(OddOne(member="03", value="x"),)),
        Difference(what="b", majority="m", odd=(OddOne(member="02", value="y"), OddOne(member="03", value="z"))),
        Difference(what="c", majority=None, odd=(OddOne(member="01", value="v"), OddOne(member="02", value="w"))),
    )
    text = page_of(fleet(group(*differs))).text
    assert "Most have m m no majority 03 2 x z 02 1 y w 01 0 v" in text


def test_phones_that_are_alike_and_phones_of_other_builds() -> None:
    model = FleetModel(model="M", members=("01", "02"), differs=())
    text = page_of(fleet(group(), group(members=("04",)), models=(model,))).text
    assert "The build google/shiba:15/X 3 phones, the same in everything that was compared." in text
    assert "The model M, with different builds 2 phones" in text
    assert text.count("The build") == 1  # one phone alone has nobody to differ from


def test_many_differences_are_cut_and_counted() -> None:
    odd = (OddOne(member="02", value="x"),)
    many = tuple(Difference(what=f"w{number}", majority="m", odd=odd) for number in range(20))
    page = page_of(fleet(group(*many)))
    assert "02 20 x" in page.text
    assert "and 8 more differences, all in the JSON summary" in page.text


def test_assets_have_a_column_where_there_is_a_list() -> None:
    text = page_of(in_list()).text
    assert "Phone Asset Model Outcome" in text
    assert "01-Pixel_8-1 A-1 owner: =Ann\\u202e Pixel 8 exposed" in text
    assert (
        "Phones that are not in a.csv: 03-Pixel_8-3. In a.csv, and not among these phones: A-8 and A-9\\x1b[2J." in text
    )
    assert "2 phones state the serial number of the asset A-1" in text
    assert "Asset" not in page_of(fleet()).text
