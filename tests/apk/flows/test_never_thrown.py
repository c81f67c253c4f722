"""A handler of an exception that cannot come gives nothing on; one of an exception that may does."""

import pytest

from tests.apk.dex.assembler import RETURN, Method
from tests.apk.flows.test_encrypted_data import AS_TEXT, BYTES, DIGEST, SENDS
from tests.apk.flows.test_find_flows import (
    CREATE,
    READ,
    TEXT,
    Code,
    activity,
    create,
    flows,
    invoke,
    join,
    result,
    text,
)
from tests.apk.flows.test_ways_through_a_method import MOVE_EXCEPTION

_MISSING = "Ljava/security/NoSuchAlgorithmException;"
_HASHED = join(
    invoke(f"{DIGEST}->update([B)V", 3, 5, opcode=0x6E), invoke(f"{DIGEST}->digest()[B", 3, opcode=0x6E), result(5)
)
_END: Code = (RETURN,)


def _asks(algorithm: str, called: str = f"{DIGEST}->getInstance({TEXT}){DIGEST}") -> Code:
    return join(text(2, algorithm), invoke(called, 2), result(3))


def _says_it_plainly(*guarded: Code, caught: tuple[str, ...] = (_MISSING,), before: Code = ()) -> bool:
    """Tell whether the IMEI is said to go out as it is where a handler sends what a guarded block was to digest."""
    begin, inside, ends = join(READ, BYTES, before), join(*guarded, _HASHED, AS_TEXT), join(SENDS, _END)
    code = join(begin, inside, ends, MOVE_EXCEPTION, SENDS, _END)
    block = (len(begin), len(inside), len(begin + inside + ends), *caught)
    does = Method(CREATE, code, direct=False, registers=10, guarded=(block,))  # type: ignore[arg-type]
    helper = Method(f"other({TEXT})V", _END, registers=1, ins=1, access=9)
    found = flows(activity(helper, does))
    assert found
    return not all(flow.is_digest for flow in found)


@pytest.mark.parametrize("algorithm", ["MD5", "sha-1", "SHA-256"])
def test_an_algorithm_that_every_android_has_is_never_missing(algorithm: str) -> None:
    assert not _says_it_plainly(_asks(algorithm))


@pytest.mark.parametrize(
    ("guarded", "caught"),
    [
        ((_asks("MD5"),), ()),
        ((_asks("MD5"),), ("Ljava/lang/Exception;",)),
        ((_asks("MD4"),), (_MISSING,)),
        ((invoke(f"{DIGEST}->getInstance({TEXT}){DIGEST}", 1), result(3)), (_MISSING,)),
        ((_asks("MD5"), invoke(f"Lx/Main;->other({TEXT})V", 2)), (_MISSING,)),
        ((_asks("MD5"), invoke(f"Lother/Code;->other({TEXT})V", 2)), (_MISSING,)),
        ((_asks("MD5"), invoke(f"Ljavax/crypto/Mac;->getInstance({TEXT})Ljavax/crypto/Mac;", 2)), (_MISSING,)),
        ((invoke(f"{DIGEST}->getInstance({TEXT}{TEXT}){DIGEST}", 2, 2), result(3)), (_MISSING,)),
    ],
    ids=[
        "anything",
        "any exception",
        "another algorithm",
        "any algorithm",
        "own code",
        "unknown code",
        "a key",
        "from",
    ],
)
def test_whatever_else_may_be_thrown_leads_on(guarded: tuple[Code, ...], caught: tuple[str, ...]) -> None:
    assert _says_it_plainly(*guarded, caught=caught, before=text(2, "MD5"))


def test_an_instruction_that_throws_leads_on() -> None:
    throws: Code = (0x0038, 3, 0x0927)
    assert _says_it_plainly(_asks("MD5"), throws)
    assert flows(activity(create(READ, SENDS)))
