"""The structure of behaviour rules, and the example and near miss that each carries."""

import re

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.behaviour_schema import BehaviourRule
from phone_audit.knowledge.problems import Report

_ID = re.compile(r"(read|act|listen|send)\.[a-z0-9]+(-[a-z0-9]+)*")
_REFERENCES = ("https://developer.android.com/", "https://source.android.com/", "https://cs.android.com/")


def check_behaviour(rule: BehaviourRule, report: Report) -> None:
    """Report faults of a behaviour rule."""
    if _ID.fullmatch(rule.id) is None:
        report("id", f"{short_repr(rule.id)}; write read.…, act.…, listen.… or send.… in lower case")
    for field in ("title", "meaning"):
        if not getattr(rule, field).strip():
            report(field, "missing; say it in plain words")
    if not rule.meaning.endswith("."):
        report("meaning", "write whole sentences")
    if not rule.source.startswith("https://"):
        report(
            "source",
            f"{short_repr(rule.source)} is no address; name the reference, such as {_REFERENCES[0]}reference/…",
        )
    if rule.scope != "app" and not rule.code_leaves:
        report("scope", "nothing of it stands in code; a rule over the manifest alone has the scope app")
    if not rule.match.holds(rule.example.seen_by(rule.match)):
        report("example", "does not match; correct it or the condition")
    if rule.match.holds(rule.near_miss.seen_by(rule.match)):
        report("near_miss", "matches; correct it or narrow the condition")
    if not any(True for _ in rule.near_miss.own_leaves()):
        report("near_miss", "empty; name what looks alike and is something else")
