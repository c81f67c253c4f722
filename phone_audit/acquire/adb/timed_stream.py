"""A stream whose waiting is accounted for."""

from phone_audit.acquire.adb.pieces import PieceStream
from phone_audit.acquire.lost_time import LostTime
from phone_audit.errors import DeviceLostError


class TimedStream:
    """Wraps a stream; see `Stream`. One that is closed after a read that timed out never gave its answer.

    Args:
        stream: an open service.
        lost_time: the account of the phone.
    """

    def __init__(self, stream: PieceStream, lost_time: LostTime) -> None:
        self._stream = stream
        self._lost_time = lost_time
        self._unanswered = False

    def read(self, deadline: float) -> bytes:
        """See `Stream.read`."""
        self._unanswered = True
        try:
            with self._lost_time.waiting():
                data = self._stream.read(deadline)
        except DeviceLostError:
            self._lost_time.gave_up()
            raise
        self._unanswered = False
        if data:
            self._lost_time.heard()
        return data

    def write(self, data: bytes) -> None:
        """See `Stream.write`."""
        try:
            with self._lost_time.waiting():
                self._stream.write(data)
        except DeviceLostError:
            self._lost_time.gave_up()
            raise

    def close(self) -> None:
        """See `Stream.close`."""
        with self._lost_time.waiting():
            self._stream.close()
        if self._unanswered:
            self._unanswered = False
            self._lost_time.gave_up()

    def confirm(self) -> None:
        """See `Stream.confirm`."""
        self._stream.confirm()
