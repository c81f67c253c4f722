"""Plain words for behaviours: each one of the bundled knowledge has some."""

from phone_audit.knowledge.load import load_knowledge
from phone_audit.report.code_words import READS, WAYS_OUT, in_words, reads, sends

RULES = {rule.id: rule for rule in load_knowledge().behaviours}
TOLD = [name for _, names in (*READS, *WAYS_OUT) for name in names]


def test_each_behaviour_that_reads_or_sends_has_words() -> None:
    needed = {name for name, rule in RULES.items() if rule.data or name.startswith(("read.", "send."))}
    assert needed <= set(TOLD)


def test_words_are_for_behaviours_that_there_are_each_once() -> None:
    assert set(TOLD) <= set(RULES)
    assert len(TOLD) == len(set(TOLD))


def test_what_reads_and_what_sends() -> None:
    assert reads("listen.sms")
    assert reads("read.of-extra-knowledge")
    assert not reads("listen.boot")
    assert sends("act.send-sms")
    assert not sends("read.sms")


def test_words_come_once_and_the_most_private_first() -> None:
    assert in_words(["read.imei", "read.screen-shell", "read.screen", "read.sms"]) == [
        "text messages",
        "screen",
        "IMEI",
    ]


def test_an_unknown_behaviour_keeps_the_words_of_its_id_and_comes_last() -> None:
    assert in_words(["read.tea-time", "read.sensors"]) == ["motion sensors", "tea time"]
