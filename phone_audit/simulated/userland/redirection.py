"""Redirections: files for reading, here-documents, /dev/null. Nothing on the phone can be written."""

import errno
import posixpath
from dataclasses import replace
from io import BytesIO

from phone_audit.simulated.userland import words
from phone_audit.simulated.userland.call import Nowhere, Sink, Streams, encode
from phone_audit.simulated.userland.syntax import Redirect


def redirected(redirects: tuple[Redirect, ...], streams: Streams, state: words.State) -> Streams:
    """Return the streams as redirections change them, one after the other.

    Raises:
        OSError: a file cannot be opened; `strerror` is what the shell says.
    """
    for redirect in redirects:
        target = words.text(redirect.word, state)
        if redirect.operator == "<<":
            streams = replace(streams, stdin=BytesIO(encode(target)))
        elif redirect.operator == "<":
            streams = replace(streams, stdin=_opened(target, state))
        else:
            sink = _sink(redirect, target, streams)
            streams = replace(streams, stdout=sink) if redirect.descriptor == 1 else replace(streams, stderr=sink)
    return streams


def _opened(word: str, state: words.State) -> BytesIO:
    try:
        with state.tree.open(posixpath.join(state.folder, word) if word else word) as file:
            return BytesIO(file.read())
    except OSError as error:
        raise OSError(error.errno, f"can't open {word}: {error.strerror}") from error


def _sink(redirect: Redirect, target: str, streams: Streams) -> Sink:
    if redirect.operator == ">&":
        if target in ("1", "2"):
            return streams.stdout if target == "1" else streams.stderr
        raise OSError(errno.EBADF, f"{target}: bad file descriptor")
    if target == "/dev/null":
        return Nowhere()
    raise OSError(errno.EROFS, f"can't create {target}: Read-only file system")
