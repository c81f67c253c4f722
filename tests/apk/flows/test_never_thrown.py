"""A handler of an exception that cannot come gives nothing on; one of an exception that may does."""

import pytest

from phone_audit.apk.flows import never_thrown
from tests.apk.dex.assembler import RETURN, Method, Ref
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
    new,
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
    block: tuple[int | str, ...] = (len(begin), len(inside), len(begin + inside + ends), *caught)
    does = Method(CREATE, code, direct=False, registers=10, guarded=(block,))
    helper = Method(f"other({TEXT})V", _END, registers=1, ins=1, access=9)
    found = flows(activity(helper, does))
    assert found
    return not all(flow.is_digest for flow in found)


@pytest.mark.parametrize("algorithm", ["MD5", "sha-1", "SHA-256"])
def test_an_algorithm_that_every_android_has_is_never_missing(algorithm: str) -> None:
    assert not _says_it_plainly(_asks(algorithm))


_RUN = invoke("Ljava/lang/Runnable;->run()V", 2, opcode=0x72)
_NEW = invoke("Ljava/lang/Class;->newInstance()Ljava/lang/Object;", 2, opcode=0x6E)
_OF_OBJECT = invoke(f"{TEXT}->valueOf(Ljava/lang/Object;){TEXT}", 2)
_NONE_HANDED: Code = invoke(f"{DIGEST}->getInstance({TEXT}){DIGEST}")


@pytest.mark.parametrize(
    ("guarded", "caught"),
    [
        ((_asks("MD5"),), ()),
        ((_asks("MD5"),), ("Ljava/lang/Exception;",)),
        ((_asks("MD5"),), (_MISSING, "Ljava/lang/Exception;")),
        ((_asks("MD4"),), (_MISSING,)),
        ((_asks("SHA-224"),), (_MISSING,)),
        ((invoke(f"{DIGEST}->getInstance({TEXT}){DIGEST}", 1), result(3)), (_MISSING,)),
        ((_asks("MD5"), invoke(f"Lx/Main;->other({TEXT})V", 2)), (_MISSING,)),
        ((_asks("MD5"), invoke(f"Lother/Code;->other({TEXT})V", 2)), (_MISSING,)),
        ((_asks("MD5"), invoke(f"Ljavax/crypto/Mac;->getInstance({TEXT})Ljavax/crypto/Mac;", 2)), (_MISSING,)),
        ((invoke(f"{DIGEST}->getInstance({TEXT}{TEXT}){DIGEST}", 2, 2), result(3)), (_MISSING,)),
        ((_asks("MD5"), _RUN), (_MISSING,)),
        ((_asks("MD5"), _NEW), (_MISSING,)),
        ((_asks("MD5"), _OF_OBJECT), (_MISSING,)),
        ((_asks("MD5"), _NONE_HANDED), (_MISSING,)),
        (tuple(_asks("MD5") for _ in range(never_thrown.MAX_ASKED + 1)), (_MISSING,)),
    ],
    ids=[
        "anything", "any exception", "one handler for two", "another algorithm", "one that some lack", "any algorithm",
        "own code", "unknown", "a key", "of one", "what is run", "what is made", "an object as text", "nothing", "many",
    ],
)  # fmt: skip
def test_whatever_else_may_be_thrown_leads_on(guarded: tuple[Code, ...], caught: tuple[str, ...]) -> None:
    assert _says_it_plainly(*guarded, caught=caught, before=text(2, "MD5"))


def test_a_package_that_changes_what_algorithms_there_are_keeps_the_handler() -> None:
    takes_away = invoke(f"Ljava/security/Security;->removeProvider({TEXT})V", 2)
    assert _says_it_plainly(_asks("MD5"), before=join(text(2, "AndroidOpenSSL"), takes_away))
    assert not _says_it_plainly(
        _asks("MD5"), before=join(text(2, "x"), invoke(f"Lx/Main;->removeProvider({TEXT})V", 2))
    )


def test_a_handler_that_a_jump_leads_to_as_well_stays() -> None:
    jump: Code = (0x0038, 2 + len(join(_asks("MD5"), _HASHED, AS_TEXT, SENDS, _END)))
    assert _says_it_plainly(_asks("MD5"), before=jump)


def test_an_instruction_that_throws_leads_on() -> None:
    throws: Code = (0x0038, 3, 0x0927)
    assert _says_it_plainly(_asks("MD5"), throws)
    assert flows(activity(create(READ, SENDS)))


def _written(*puts: Code, made: str = "Ljava/math/BigInteger;", before: str = "") -> Code:
    """Write a number down by a format, as old code does with a digest."""
    number = join(new(4, made), invoke(f"{made}-><init>(I[B)V", 4, 0, 5, opcode=0x70))
    array = join((0x1012, 0x0023 | 6 << 8, Ref("type", "[Ljava/lang/Object;")), (0x0012, 0x044D, 0x0006))
    handed = (7, 2, 6) if before else (2, 6)
    writes = invoke(f"{TEXT}->format({before}{TEXT}[Ljava/lang/Object;){TEXT}", *handed)
    return join(number, array, *puts, writes, result(7))


def test_a_number_that_is_written_down_runs_nothing_and_another_object_may() -> None:
    assert not _says_it_plainly(_asks("MD5"), _written())
    assert _says_it_plainly(_asks("MD5"), _written(made="Lx/Number;"))
    assert _says_it_plainly(_asks("MD5"), _written((0x024D, 0x0006)))
    of_a_place = "Ljava/util/Locale;"
    assert not _says_it_plainly(_asks("MD5"), _written(before=of_a_place))
    assert _says_it_plainly(_asks("MD5"), _written(before="Lx/Locale;"))


def test_a_digest_that_another_method_of_the_package_gives_is_one() -> None:
    gives = join(text(0, "MD5"), invoke(f"{DIGEST}->getInstance({TEXT}){DIGEST}", 0), result(0), (0x0011,))
    helper = Method(f"digest(){DIGEST}", gives, registers=2, ins=0, access=9)
    asks = join(invoke(f"Lx/Main;->digest(){DIGEST}"), result(3))
    found = flows(activity(helper, create(READ, BYTES, asks, _HASHED, AS_TEXT, SENDS)))
    assert [flow.is_digest for flow in found] == [True]
