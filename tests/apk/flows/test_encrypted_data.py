"""What is encrypted before it is sent does not go out in clear text; what may be decrypted again does."""

import pytest

from tests.apk.dex.assembler import RETURN, Method
from tests.apk.flows.test_find_flows import (
    READ,
    STATIC,
    TEXT,
    WEB,
    Code,
    activity,
    create,
    flows,
    invoke,
    join,
    member,
    new,
    result,
    static,
    text,
)

CIPHER = "Ljavax/crypto/Cipher;"
NATIVE = 0x109
"""public static native"""
JOINS = invoke(f"{TEXT}->concat({TEXT}){TEXT}", 0, 1, opcode=0x6E)
SENDS = join(text(0, "http://a.example/?i="), JOINS, result(1), invoke(WEB, 5, 1, opcode=0x6E))
BYTES = join(invoke(f"{TEXT}->getBytes()[B", 1, opcode=0x6E), result(5))
AS_TEXT = join(new(1, TEXT), invoke(f"{TEXT}-><init>([B)V", 1, 5, opcode=0x70))
MAKES = join(text(2, "AES"), invoke(f"{CIPHER}->getInstance({TEXT}){CIPHER}", 2), result(3))
CHANGES = join(invoke(f"{CIPHER}->doFinal([B)[B", 3, 5, opcode=0x6E), result(5))
FIELD = f"Lx/Main;->kept:{TEXT}"
CODED = f"code({TEXT}){TEXT}"


def sets(mode: int) -> Code:
    """Set the cipher in v3 to a mode; 1 is ENCRYPT_MODE, 2 DECRYPT_MODE."""
    return join((mode << 12 | 0x412,), invoke(f"{CIPHER}->init(ILjava/security/Key;)V", 3, 4, 6, opcode=0x6E))


def coding(*code: Code) -> Code:
    return join(BYTES, *code, AS_TEXT)


ENCRYPTS = coding(MAKES, sets(1), CHANGES)


def cleartext(*code: Code, methods: tuple[Method, ...] = ()) -> bool | None:
    """Tell whether the IMEI goes out unencrypted from code that sends what lies in v1."""
    (flow,) = flows(activity(*methods, create(READ, *code, SENDS)))
    return flow.cleartext


def test_what_a_cipher_makes_is_no_clear_text() -> None:
    assert cleartext() is True
    (flow,) = flows(activity(create(READ, ENCRYPTS, SENDS)))
    assert flow.cleartext is False
    assert flow.steps is not None
    assert [step.what for step in flow.steps][1] == "encrypts it: javax.crypto.Cipher.doFinal"


@pytest.mark.parametrize(
    "code",
    [
        coding(MAKES, sets(2), CHANGES),
        coding(MAKES, CHANGES),
        coding(MAKES, invoke(f"{CIPHER}->init(ILjava/security/Key;)V", 3, 7, 6, opcode=0x6E), CHANGES),
        coding(MAKES, sets(1), CHANGES, sets(2), CHANGES),
        join(ENCRYPTS, coding(MAKES, sets(2), CHANGES)),
        coding(MAKES, sets(1), sets(2), CHANGES),
    ],
    ids=["decrypts", "no mode", "unknown mode", "one cipher for both", "decrypts again", "set twice"],
)
def test_what_may_have_been_decrypted_is_clear_text(code: Code) -> None:
    assert cleartext(code) is True


def test_through_methods_that_encrypt_and_decrypt() -> None:
    moved: Code = (0x9107,)  # move-object v1, v9: the argument
    code, back = (
        Method(f"{name}({TEXT}){TEXT}", join(moved, coding(MAKES, sets(mode), CHANGES), (0x0111,)), registers=10)
        for name, mode in (("code", 1), ("back", 2))
    )
    encrypts, decrypts = (join(invoke(f"Lx/Main;->{name}({TEXT}){TEXT}", 1), result(1)) for name in ("code", "back"))
    assert cleartext(encrypts, methods=(code, back)) is False
    assert cleartext(encrypts, decrypts, methods=(code, back)) is True
    assert cleartext(encrypts, decrypts, encrypts, methods=(code, back)) is False


def test_what_lies_unencrypted_beside_it_goes_out_in_clear_text() -> None:
    """However it comes there: joined to it, or put into the same field before or after it."""
    beside = join((0x1807,), ENCRYPTS, invoke(f"{TEXT}->concat({TEXT}){TEXT}", 1, 8, opcode=0x6E), result(1))
    assert cleartext(beside) is True
    gives, keeps, keeps_plain = static(1, FIELD, put=False), static(1, FIELD, put=True), static(8, FIELD, put=True)
    later = Method("onResume()V", join(gives, SENDS, (RETURN,)), direct=False, registers=10)
    for kept in (join(keeps_plain, keeps), join(keeps, keeps_plain)):
        (flow,) = flows(activity(later, create(READ, (0x1807,), ENCRYPTS, kept)))
        assert flow.cleartext is True
    (flow,) = flows(activity(later, create(READ, ENCRYPTS, keeps)))
    assert flow.cleartext is False


def test_the_steps_that_are_shown_are_those_of_what_goes_out_in_clear_text() -> None:
    """Though that is the longer way."""
    once, twice = f"Lx/Main;->once:{TEXT}", f"Lx/Main;->twice:{TEXT}"
    keeps = create(READ, static(1, once, put=True), ENCRYPTS, static(1, FIELD, put=True))
    moves = Method("onStart()V", join(static(1, once, put=False), static(1, twice, put=True), (RETURN,)), direct=False)
    takes = (
        static(1, twice, put=False),
        static(7, FIELD, put=False),
        invoke(f"{TEXT}->concat({TEXT}){TEXT}", 1, 7, opcode=0x6E),
        result(1),
    )
    says = Method("onResume()V", join(*takes, SENDS, (RETURN,)), direct=False, registers=10)
    (flow,) = flows(activity(keeps, moves, says))
    assert flow.cleartext is True
    assert flow.steps is not None
    assert not any(step.what.startswith("encrypts") for step in flow.steps)


def test_what_native_code_made_of_it_is_not_known() -> None:
    native = Method(CODED, None, access=NATIVE)
    codes = join(invoke(f"Lx/Main;->{CODED}", 1), result(1))
    assert cleartext(codes, methods=(native,)) is None
    assert cleartext(ENCRYPTS, codes, methods=(native,)) is None
    assert cleartext(codes, ENCRYPTS, methods=(native,)) is False
    (flow,) = flows(activity(native, create(READ, codes, SENDS)))
    assert flow.steps is not None
    assert [step.what for step in flow.steps][1] == "hands it to native code, which may encrypt it"


def test_a_cipher_that_other_code_may_have_set_again() -> None:
    field = f"Lx/Main;->cipher:{CIPHER}"
    keeps = Method("<init>()V", join(MAKES, sets(1), member(3, 9, field, put=True), (RETURN,)), registers=10, ins=1)
    takes = join(member(3, 8, field, put=False), CHANGES)
    assert cleartext(BYTES, takes, AS_TEXT, methods=(keeps,)) is True
    other = Method("code([B)[B", join((0x9507,), takes, (0x0511,)), registers=10, access=STATIC)
    assert cleartext(BYTES, invoke("Lx/Main;->code([B)[B", 5), result(5), AS_TEXT, methods=(other,)) is True
