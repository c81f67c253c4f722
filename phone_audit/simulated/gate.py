"""Who may in: the keys that the phone trusts, and the dialog that asks about a new one."""

import threading
from collections.abc import Callable

from phone_audit.simulated.auth import Policy, PublicKey, signature_matches


class Gate:
    """The phone's side of "Allow USB debugging?".

    Args:
        policy: what happens to a key that is not known yet; with `off`, nobody is asked for one.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._trusted: list[PublicKey] = []
        self._dialog: tuple[PublicKey, Callable[[], None]] | None = None
        self._changed = threading.Condition()

    @property
    def open(self) -> bool:
        """Whether everybody may in without a key."""
        return self.policy == "off"

    def trusts(self, token: bytes, signature: bytes) -> bool:
        """Tell whether the signature is by a key that was accepted before."""
        with self._changed:
            keys = tuple(self._trusted)
        return any(signature_matches(key, token, signature) for key in keys)

    def offer(self, key: PublicKey, admit: Callable[[], None]) -> None:
        """Take an offered key: accepted, refused, or on the screen until `answer` is called.

        A refused computer gets no answer, as from adbd.

        Args:
            key: the key.
            admit: lets the computer in.
        """
        with self._changed:
            self._dialog = (key, admit)
            self._changed.notify_all()
        if self.policy != "ask":
            self.answer(yes=self.policy == "accept")

    def answer(self, *, yes: bool) -> bool:
        """Tap the dialog; an accepted key is remembered. Tells whether there was a dialog."""
        with self._changed:
            if self._dialog is None:
                return False
            (key, admit), self._dialog = self._dialog, None
            if yes:
                self._trusted.append(key)
        if yes:
            admit()
        return True

    def wait_for_dialog(self, seconds: float) -> bool:
        """Wait until a dialog is on the screen, at most `seconds`; tells whether one is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._dialog is not None, seconds)

    def forget(self) -> None:
        """Forget every key ("Revoke USB debugging authorizations")."""
        with self._changed:
            self._trusted.clear()
