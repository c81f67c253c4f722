"""What is told of one host."""

from phone_audit.apk.endpoints.address_nodes import TextUse
from phone_audit.apk.endpoints.host_collector import HostRecord
from phone_audit.model.finding import Evidence


def test_what_becomes_of_mentions_is_told_in_their_order() -> None:
    """So that the same file always gives the same place as evidence."""
    seen = [TextUse("opened", Evidence(kind="asset", where="about.html", value="a link", offset=at)) for at in range(9)]
    record = HostRecord("domain", None)
    for one in seen:
        record.mention("https", None, one)
    assert [one for _, one in record.uses({})] == seen
