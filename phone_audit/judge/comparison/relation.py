"""How two results stand to each other, and the words that fit: before and now, or one phone and the other."""

from dataclasses import dataclass

from phone_audit.model.diff import DiffKind


@dataclass(frozen=True)
class Relation:
    """What two results are to each other. `same_firmware`: they have one build fingerprint."""

    kind: DiffKind
    same_firmware: bool

    @property
    def in_time(self) -> bool:
        """Whether the second result is what became of the first, and not another phone."""
        return self.kind in ("same-phone", "app")

    def gained(self, sentence: str) -> str:
        """End a sentence on what is so in the second result alone.

        Example:
            >>> Relation("same-build", same_firmware=True).gained("The app may use the camera")
            'The app may use the camera on the second phone, not on the first.'
        """
        return f"{sentence} now." if self.in_time else f"{sentence} on the second phone, not on the first."

    def lost(self, sentence: str) -> str:
        """End a sentence on what is so in the first result alone.

        Example:
            >>> Relation("same-phone", same_firmware=True).lost("The app may use the camera")
            'The app may use the camera no longer.'
        """
        return f"{sentence} no longer." if self.in_time else f"{sentence} on the first phone, not on the second."

    def idle(self, code: str) -> str:
        """Say of code that only the first result saw started; the second one holds it too.

        Example:
            >>> Relation("same-phone", same_firmware=True).idle("The code that takes pictures")
            'The code that takes pictures is still there, but not seen to be started any more.'
        """
        where = "any more" if self.in_time else "on the second phone"
        return f"{code} is still there, but not seen to be started {where}."

    def changed(self, what: str, old: str, new: str) -> str:
        """Say what something is in each of the two.

        Example:
            >>> Relation("app", same_firmware=False).changed("The verdict", "exposed", "suspicious")
            'The verdict: exposed before, suspicious now.'
        """
        before, now = ("before", "now") if self.in_time else ("on the first phone", "on the second")
        return f"{what}: {old} {before}, {new} {now}."
