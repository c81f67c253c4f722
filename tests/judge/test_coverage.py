"""What was promised and not read."""

from phone_audit.judge.verdict import UnreadTally, not_read_reasons, skipped_of_scan
from phone_audit.model.apk import ApkFile
from phone_audit.model.finding import Reason, Skipped
from tests.judge.cases import PIXEL, apk_info, package, snapshot


def skipped(subject: str, code: str = "truncated") -> Skipped:
    return Skipped(subject=subject, step="dex", code=code, reason="The file ends too early.")


def test_why_the_phone_went_away_comes_before_what_it_left_unread() -> None:
    gone = Skipped(subject="phone", step="transfer", code="device-lost", reason="It was unplugged.")
    reasons = not_read_reasons(UnreadTally([*(skipped(f"/{n}", "not-analysed") for n in range(9)), gone]))
    assert reasons[0].text == "Not read: phone. It was unplugged."
    assert len(reasons) == 2


def test_all_is_gathered_once_and_sorted() -> None:
    one, two = skipped("/a.apk"), skipped("/b.apk")
    phone = snapshot(PIXEL, skipped=[two, one])
    assert skipped_of_scan(phone, [apk_info("a", "/a.apk", skipped=(one,))], "standard") == (one, two)


def test_an_apk_may_not_go_missing() -> None:
    phone = snapshot(PIXEL, [package("com.a", "/a.apk"), package("com.b", "/b.apk", "/split_b.apk")])
    missing = Skipped(
        subject="/split_b.apk", step="transfer", code="not-analysed", reason="This APK is listed but was not analysed."
    )
    assert skipped_of_scan(phone, [apk_info("com.a", "/a.apk"), apk_info("com.b", "/b.apk")], "standard") == (missing,)


def test_a_split_that_lies_in_the_record_of_its_base_is_read() -> None:
    phone = snapshot(PIXEL, [package("com.b", "/b.apk", "/split_b.apk")])
    files = tuple(ApkFile(path=path, sha256="ab" * 32, size=1, role="base") for path in ("/b.apk", "/split_b.apk"))
    assert skipped_of_scan(phone, [apk_info("com.b", "/b.apk", files=files)], "standard") == ()


def test_an_apk_that_somebody_accounts_for_is_not_told_twice() -> None:
    told = skipped("/a.apk", "unreadable")
    phone = snapshot(PIXEL, [package("com.a", "/a.apk")], skipped=[told])
    assert skipped_of_scan(phone, [], "standard") == (told,)


def test_quick_promises_no_apk() -> None:
    assert skipped_of_scan(snapshot(PIXEL, [package("com.a", "/a.apk")]), [], "quick") == ()


def test_one_reason_a_kind() -> None:
    items = [skipped("/a"), skipped("/b"), skipped("/c", "encrypted")]
    assert not_read_reasons(UnreadTally(items)) == (
        Reason(finding=None, text="Not read: /a and 1 more. The file ends too early.", kind="unread"),
        Reason(finding=None, text="Not read: /c. The file ends too early.", kind="unread"),
    )


def test_many_kinds_are_counted() -> None:
    reasons = not_read_reasons(UnreadTally(skipped("/a", f"code-{n}") for n in range(9)))
    assert len(reasons) == 7
    assert reasons[-1] == Reason(finding=None, text="Not read, for other reasons: 3 more.", kind="unread")
