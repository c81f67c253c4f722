"""What is encrypted once before it is sent does not go out in clear text; what may be decrypted again does."""

from itertools import pairwise

import pytest

from tests.apk.dex.assembler import RETURN, Class, Method, Ref
from tests.apk.flows.test_find_flows import (
    READ,
    STATIC,
    TEXT,
    WEB,
    Code,
    activity,
    create,
    element,
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
BUILDER = "Ljava/lang/StringBuilder;"
NATIVE = 0x109
"""public static native"""
JOINS = invoke(f"{TEXT}->concat({TEXT}){TEXT}", 0, 1, opcode=0x6E)
SENDS = join(text(0, "http://a.example/?i="), JOINS, result(1), invoke(WEB, 5, 1, opcode=0x6E))
BYTES = join(invoke(f"{TEXT}->getBytes()[B", 1, opcode=0x6E), result(5))
AS_TEXT = join(new(1, TEXT), invoke(f"{TEXT}-><init>([B)V", 1, 5, opcode=0x70))
MAKES = join(text(2, "AES"), invoke(f"{CIPHER}->getInstance({TEXT}){CIPHER}", 2), result(3))
CHANGES = join(invoke(f"{CIPHER}->doFinal([B)[B", 3, 5, opcode=0x6E), result(5))
UNWRAPS = join(
    invoke(f"{CIPHER}->unwrap([B{TEXT}I)Ljava/security/Key;", 3, 5, 2, 4, opcode=0x6E), result(6),
    invoke("Ljava/security/Key;->getEncoded()[B", 6, opcode=0x72), result(5),
)  # fmt: skip
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
        join(ENCRYPTS, coding(MAKES, sets(2), CHANGES)),
        join(coding(MAKES, sets(2), CHANGES), ENCRYPTS),
        join(ENCRYPTS, ENCRYPTS),
        coding(MAKES, sets(1), CHANGES, sets(2), CHANGES),
        join(ENCRYPTS, ENCRYPTS, ENCRYPTS),
        join(ENCRYPTS, BYTES, MAKES, sets(2), UNWRAPS, AS_TEXT),
    ],
    ids=["decrypts", "other way round", "twice", "one cipher for both", "three times", "unwraps"],
)
def test_what_passes_a_second_cipher_may_be_readable_again(code: Code) -> None:
    assert cleartext(code) is True


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_one_cipher_leaves_nothing_to_read_whatever_it_is_set_to(mode: int) -> None:
    assert cleartext(coding(MAKES, sets(mode), CHANGES)) is False


@pytest.mark.parametrize(
    "above",
    [
        "Ljavax/crypto/CipherSpi;",
        "Ljava/security/Provider;",
        "Ljava/security/AuthProvider;",
        "Lorg/bouncycastle/jcajce/provider/symmetric/util/BaseBlockCipher;",
    ],
)
def test_a_cipher_of_the_packages_own_need_not_encrypt(above: str) -> None:
    (flow,) = flows(activity(create(READ, ENCRYPTS, SENDS)), Class("Lx/Own;", parent=above))
    assert flow.cleartext is True


def test_only_a_cipher_that_android_made_encrypts() -> None:
    null = "Ljavax/crypto/NullCipher;"
    makes = join(new(3, null), invoke(f"{null}-><init>()V", 3, opcode=0x70))
    reflects = join(invoke("Ljava/lang/Class;->newInstance()Ljava/lang/Object;", 2, opcode=0x6E), result(3))
    either = join(MAKES, (0x0238, 4 + len(makes) - 2), makes)  # if-eqz v2, over what follows
    for other in (makes, reflects, either):
        assert cleartext(coding(other, sets(1), CHANGES)) is True


@pytest.mark.parametrize("kind", ["CipherInputStream", "CipherOutputStream"])
def test_where_streams_decrypt_it_is_not_known_what_is_encrypted(kind: str) -> None:
    stream = new(7, f"Ljavax/crypto/{kind};")
    assert cleartext(ENCRYPTS, stream) is True
    assert cleartext(stream) is True


def test_a_call_without_its_cipher_is_survived() -> None:
    broken = Method("broken()V", join(READ, invoke(f"{CIPHER}->doFinal([B)[B"), result(5), (RETURN,)), registers=10)
    assert cleartext(methods=(broken,)) is True


def test_through_methods_that_encrypt_and_decrypt() -> None:
    moved: Code = (0x9107,)  # move-object v1, v9: the argument
    code, back = (
        Method(f"{name}({TEXT}){TEXT}", join(moved, coding(MAKES, sets(mode), CHANGES), (0x0111,)), registers=10)
        for name, mode in (("code", 1), ("back", 2))
    )
    encrypts, decrypts = (join(invoke(f"Lx/Main;->{name}({TEXT}){TEXT}", 1), result(1)) for name in ("code", "back"))
    assert cleartext(encrypts, methods=(code, back)) is False
    assert cleartext(encrypts, decrypts, methods=(code, back)) is True
    assert cleartext(encrypts, decrypts, encrypts, methods=(code, back)) is True
    both = Method(f"both({TEXT}){TEXT}", join(moved, ENCRYPTS, ENCRYPTS, (0x0111,)), registers=10)
    assert cleartext(invoke(f"Lx/Main;->both({TEXT}){TEXT}", 1), result(1), methods=(both,)) is True


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
    assert cleartext(ENCRYPTS, codes, methods=(native,)) is True
    (flow,) = flows(activity(native, create(READ, codes, SENDS)))
    assert flow.steps is not None
    assert [step.what for step in flow.steps][1] == "hands it to native code, which may encrypt it"


def test_an_address_stays_one_that_passes_a_cipher_or_native_code() -> None:
    joins = join(invoke(f"{TEXT}->concat({TEXT}){TEXT}", 1, 8, opcode=0x6E), result(1), invoke(WEB, 5, 1, opcode=0x6E))
    moved: Code = (0x1807,)  # move-object v8, v1
    (flow,) = flows(activity(create(READ, moved, text(1, "http://a.example/?i="), ENCRYPTS, ENCRYPTS, joins)))
    assert flow.cleartext is True
    native = Method(CODED, None, access=NATIVE)
    codes = join(invoke(f"Lx/Main;->{CODED}", 1), result(1))
    arguments: Code = (0x8107, 0x9807)  # move-object v1, v8; v8, v9
    send = f"send({TEXT}{TEXT})V"
    sends = Method(send, join(arguments, codes, joins, (RETURN,)), registers=10, ins=2, access=STATIC)
    asks = join(READ, text(2, "http://a.example/?i="), invoke(f"Lx/Main;->{send}", 2, 1))
    (flow,) = flows(activity(native, sends, create(asks)))
    assert flow.cleartext is True


@pytest.mark.parametrize("count", [3, 60])
def test_many_places_that_change_something_crowd_out_nothing(count: int) -> None:
    native = Method(CODED, None, access=NATIVE)
    other = join(invoke(f"Landroid/telephony/TelephonyManager;->getSimSerialNumber(){TEXT}", 0), result(8))
    append = join(invoke(f"{BUILDER}->append({TEXT}){BUILDER}", 7, 1, opcode=0x6E))
    codes = join(invoke(f"Lx/Main;->{CODED}", 8), result(1), append)
    whole = join(invoke(f"{BUILDER}->toString(){TEXT}", 7, opcode=0x6E), result(1))
    found = flows(activity(native, create(new(7, BUILDER), other, codes * count, READ, append, whole, SENDS)))
    assert [(flow.data, flow.cleartext) for flow in found] == [("iccid", None), ("imei", True)]


def test_many_pieces_that_are_changed_apart_crowd_out_nothing() -> None:
    native = Method(CODED, None, access=NATIVE)
    other = join(invoke(f"Landroid/telephony/TelephonyManager;->getSimSerialNumber(){TEXT}", 0), result(8))
    makes: Code = (0x0213, 99, 0x2723, Ref("type", f"[{TEXT}"))  # v2 = 99; v7 = new String[v2]
    codes = join(invoke(f"Lx/Main;->{CODED}", 8), result(1))
    puts = [join(codes, (0x0213, number), element(1, 7, 2, put=True)) for number in range(60)]  # v2 = number
    last = join(READ, (0x0213, 60), element(1, 7, 2, put=True))
    whole = join(invoke(f"Ljava/util/Arrays;->toString([Ljava/lang/Object;){TEXT}", 7), result(1))
    found = flows(activity(native, create(other, makes, *puts, last, whole, SENDS)))
    assert [(flow.data, flow.cleartext) for flow in found] == [("iccid", None), ("imei", True)]


def test_many_reads_that_are_changed_crowd_out_nothing() -> None:
    native = Method(CODED, None, access=NATIVE)
    adds = invoke("Ljava/util/ArrayList;->add(Ljava/lang/Object;)Z", 7, 1, opcode=0x6E)
    codes = join(READ, invoke(f"Lx/Main;->{CODED}", 1), result(1), adds)
    sends = invoke(f"Landroid/webkit/WebView;->postUrl({TEXT}[B)V", 5, 0, 7, opcode=0x6E)
    posts = join(text(0, "http://a.example/"), sends)
    found = flows(activity(native, create(new(7, "Ljava/util/ArrayList;"), *[codes] * 60, READ, adds, posts)))
    assert True in {flow.cleartext for flow in found}


def test_many_calls_with_what_is_changed_crowd_out_nothing() -> None:
    native = Method(CODED, None, access=NATIVE)
    moved: Code = (0x9107,)  # move-object v1, v9: the argument
    codes = join(moved, invoke(f"Lx/Main;->{CODED}", 1), result(1), SENDS)
    send = f"send({TEXT})V"
    sends = Method(send, join(*[codes] * 70, moved, SENDS, (RETURN,)), registers=10, ins=1, access=STATIC)
    found = flows(activity(native, sends, create(READ, invoke(f"Lx/Main;->{send}", 1))))
    assert True in {flow.cleartext for flow in found}


def test_a_step_that_encrypts_leaves_as_many_fields_to_follow() -> None:
    native = Method(CODED, None, access=NATIVE)
    codes = join(invoke(f"Lx/Main;->{CODED}", 1), result(1))
    fields = [f"Lx/Main;->f{number}:{TEXT}" for number in range(5)]
    moves = [
        Method(f"on{number}()V", join(static(1, one, put=False), static(1, after, put=True), (RETURN,)), access=STATIC)
        for number, (one, after) in enumerate(pairwise(fields))
    ]
    says = Method("say()V", join(static(1, fields[-1], put=False), SENDS, (RETURN,)), registers=10, access=STATIC)
    runs = [invoke(f"Lx/Main;->{one.signature}") for one in (*moves, says)]
    (flow,) = flows(activity(native, *moves, says, create(READ, codes, static(1, fields[0], put=True), *runs)))
    assert flow.cleartext is None


def test_what_goes_through_a_cipher_stream_is_followed_as_ever() -> None:
    """A stream that encrypts leads where the one below it leads."""
    connection, stream = "Ljava/net/HttpURLConnection;", "Ljavax/crypto/CipherOutputStream;"
    opens = join(
        invoke(f"{connection}->getOutputStream()Ljava/io/OutputStream;", 4, opcode=0x6E), result(6), new(7, stream)
    )
    wraps = invoke(f"{stream}-><init>(Ljava/io/OutputStream;{CIPHER})V", 7, 6, 3, opcode=0x70)
    writes = invoke(f"{stream}->write([B)V", 7, 5, opcode=0x6E)
    assert [flow.id for flow in flows(activity(create(READ, BYTES, MAKES, opens, wraps, writes)))] == [
        "flow.imei-network"
    ]


def test_the_key_material_that_a_cipher_gives_back_is_what_it_was_handed() -> None:
    spec = "Ljavax/crypto/spec/IvParameterSpec;"
    gives = join(
        new(3, spec), invoke(f"{spec}-><init>([B)V", 3, 5, opcode=0x70), invoke(f"{spec}->getIV()[B", 3, opcode=0x6E)
    )
    assert cleartext(BYTES, gives, result(5), AS_TEXT) is True


def test_one_method_that_sends_both_is_told_of_what_can_be_read() -> None:
    send = Method(
        f"send({TEXT}{TEXT})V", join((0x8007, 0x9107), JOINS, result(1), invoke(WEB, 5, 1, opcode=0x6E), (RETURN,)),
        registers=10, ins=2,
    )  # fmt: skip
    sends = join(text(2, "http://a.example/?i="), invoke(f"Lx/Main;->send({TEXT}{TEXT})V", 2, 1))
    later = join(static(1, FIELD, put=False), static(2, f"Lx/Main;->base:{TEXT}", put=False))
    says = Method(
        "onResume()V",
        join(later, invoke(f"Lx/Main;->send({TEXT}{TEXT})V", 2, 1), (RETURN,)),
        direct=False,
        registers=10,
    )
    found = flows(activity(send, says, create(READ, static(1, FIELD, put=True), ENCRYPTS, sends)))
    assert [flow.cleartext for flow in found] == [None]


DIGEST = "Ljava/security/MessageDigest;"
HASHES = join(
    text(2, "MD5"), invoke(f"{DIGEST}->getInstance({TEXT}){DIGEST}", 2), result(3),
    invoke(f"{DIGEST}->update([B)V", 3, 5, opcode=0x6E),
    invoke(f"{DIGEST}->digest()[B", 3, opcode=0x6E), result(5),
)  # fmt: skip


@pytest.mark.parametrize("after", [(), ENCRYPTS, join(ENCRYPTS, ENCRYPTS)], ids=["alone", "encrypted", "twice"])
def test_of_what_passes_a_digest_a_digest_is_told(after: Code) -> None:
    (flow,) = flows(activity(create(READ, coding(HASHES), after, SENDS)))
    assert flow.is_digest
    assert flow.title == "Passes on a digest of the IMEI over the network"
    assert flow.cleartext is False


def test_nobody_hides_what_can_be_read_behind_a_digest() -> None:
    beside = join(coding(HASHES), READ)
    own = join(new(3, "Lx/Digest;"), invoke("Lx/Digest;-><init>()V", 3, opcode=0x70))
    makes_nothing = Method("digest([B)[B", (0x0111,), direct=False, registers=2, ins=2)
    through = join(BYTES, own, invoke("Lx/Digest;->digest([B)[B", 3, 5, opcode=0x6E), result(5), AS_TEXT)
    named = Class("Lx/Digest;", [Method("<init>()V", (RETURN,)), makes_nothing], parent=DIGEST)
    for code, classes in ((beside, ()), (through, (named,))):
        (flow,) = flows(activity(create(READ, code, SENDS)), *classes)
        assert not flow.is_digest
        assert flow.cleartext is True


def test_a_key_is_not_in_what_it_encrypts() -> None:
    spec = "Ljavax/crypto/spec/SecretKeySpec;"
    key = join(BYTES, new(6, spec), text(2, "AES"), invoke(f"{spec}-><init>([B{TEXT})V", 6, 5, 2, opcode=0x70))
    plain = join(text(1, "x"), BYTES)
    assert flows(activity(create(READ, key, MAKES, sets(1), plain, CHANGES, AS_TEXT, SENDS))) == []
    (flow,) = flows(activity(create(READ, key, MAKES, sets(1), BYTES, CHANGES, AS_TEXT, SENDS)))
    assert flow.cleartext is False


def test_what_else_a_cipher_is_handed_and_the_key_of_a_digest_are_told() -> None:
    iv, spec, mac = "Ljavax/crypto/spec/IvParameterSpec;", "Ljavax/crypto/spec/SecretKeySpec;", "Ljavax/crypto/Mac;"
    parameters = "Ljava/security/spec/AlgorithmParameterSpec;"
    hands = join(
        BYTES, MAKES, new(7, iv), invoke(f"{iv}-><init>([B)V", 7, 5, opcode=0x70),
        invoke(f"{CIPHER}->init(ILjava/security/Key;{parameters})V", 3, 4, 6, 7, opcode=0x6E),
        invoke(f"{CIPHER}->getIV()[B", 3, opcode=0x6E), result(5), AS_TEXT,
    )  # fmt: skip
    (flow,) = flows(activity(create(READ, hands, SENDS)))
    assert flow.cleartext is True
    keyed = join(
        BYTES, new(6, spec), text(2, "HmacMD5"), invoke(f"{spec}-><init>([B{TEXT})V", 6, 5, 2, opcode=0x70),
        invoke(f"{mac}->getInstance({TEXT}){mac}", 2), result(3),
        invoke(f"{mac}->init(Ljava/security/Key;)V", 3, 6, opcode=0x6E),
        invoke(f"{mac}->doFinal()[B", 3, opcode=0x6E), result(5), AS_TEXT,
    )  # fmt: skip
    (flow,) = flows(activity(create(READ, keyed, SENDS)))
    assert flow.is_digest


@pytest.mark.parametrize("above", ["Ljava/security/MessageDigestSpi;", "Ljava/security/Provider;"])
def test_where_a_package_brings_a_digest_that_android_may_give_none_is_told(above: str) -> None:
    (flow,) = flows(activity(create(READ, coding(HASHES), SENDS)), Class("Lx/My;", parent=above))
    assert not flow.is_digest
    assert flow.cleartext is True


def test_a_digest_of_the_packages_own_beside_it_and_streams_that_decrypt_change_no_digest_of_android() -> None:
    stream = new(7, "Ljavax/crypto/CipherInputStream;")
    (flow,) = flows(activity(create(READ, coding(HASHES), stream, SENDS)), Class("Lx/My;", parent=DIGEST))
    assert flow.is_digest
    assert flow.cleartext is False


_MAKES_OWN = join(new(0, "Lx/Own;"), invoke("Lx/Own;-><init>()V", 0, opcode=0x70))
_GIVES = f"get(){DIGEST}"
_STREAM = "Ljava/security/DigestInputStream;"


def _gives(count: int) -> list[Class]:
    """Return an interface that gives a digest, and some classes that give one of the package's own."""
    get = Method(_GIVES, (*_MAKES_OWN, 0x0011), direct=False)
    makes = [Class(f"Lx/G{at};", [get], parent="Ljava/lang/Object;", interfaces=["Lx/Gives;"]) for at in range(count)]
    return [Class("Lx/Gives;", [Method(_GIVES, access=0x401, direct=False)]), *makes]


@pytest.mark.parametrize(
    ("gets", "classes"),
    [
        (join(invoke(f"Lx/Box;->{_GIVES}"), result(3)), [Class("Lx/Box;", [Method(_GIVES, access=NATIVE)])]),
        (join(new(3, "Lx/G0;"), invoke(f"Lx/Gives;->{_GIVES}", 3, opcode=0x72), result(3)), _gives(1)),
        (join(new(3, "Lx/G0;"), invoke(f"Lx/Gives;->{_GIVES}", 3, opcode=0x72), result(3)), _gives(9)),
        (join(_MAKES_OWN, invoke(f"{DIGEST}->clone()Ljava/lang/Object;", 0, opcode=0x6E), result(3)), []),
        (
            join(
                _MAKES_OWN, new(7, _STREAM),
                invoke(f"{_STREAM}-><init>(Ljava/io/InputStream;{DIGEST})V", 7, 1, 0, opcode=0x70),
                invoke(f"{_STREAM}->getMessageDigest(){DIGEST}", 7, opcode=0x6E), result(3),
            ),
            [],
        ),
    ],
    ids=["native", "interface", "interface of many", "copy", "stream"],
)  # fmt: skip
def test_nobody_hides_what_can_be_read_behind_a_digest_of_its_own(gets: Code, classes: list[Class]) -> None:
    same = Method("digest([B)[B", (0x0111,), direct=False, registers=2, ins=2)
    own = Class("Lx/Own;", [Method("<init>()V", (RETURN,)), same], parent=DIGEST)
    code = join(BYTES, gets, invoke(f"{DIGEST}->digest([B)[B", 3, 5, opcode=0x6E), result(5), AS_TEXT)
    (flow,) = flows(activity(create(READ, code, SENDS)), own, *classes)
    assert not flow.is_digest
    assert flow.cleartext is True


def test_the_password_of_keys_is_not_in_what_they_lie_in() -> None:
    keys, store = "Ljavax/net/ssl/KeyManagerFactory;", "Ljava/security/KeyStore;"
    opens = join(
        invoke(f"{store}->getInstance({TEXT}){store}", 2), result(3),
        invoke(f"{TEXT}->toCharArray()[C", 1, opcode=0x6E), result(5),
        invoke(f"{store}->load(Ljava/io/InputStream;[C)V", 3, 4, 5, opcode=0x6E),
        invoke(f"{keys}->getInstance({TEXT}){keys}", 2), result(6),
        invoke(f"{keys}->init({store}[C)V", 6, 3, 5, opcode=0x6E),
    )  # fmt: skip
    for kept in (3, 6):
        says = join(invoke(f"{TEXT}->valueOf(Ljava/lang/Object;){TEXT}", kept), result(1), SENDS)
        assert flows(activity(create(READ, opens, says))) == []


HELD = f"Lx/Main;->cipher:{CIPHER}"
OUT_OF_FIELD = join(BYTES, static(3, HELD, put=False), CHANGES, AS_TEXT)
SETS_FIELD = Method("<clinit>()V", join(MAKES, static(3, HELD, put=True), (RETURN,)), registers=10, access=STATIC)


@pytest.mark.parametrize("kept", ["static", "of an object"])
def test_a_cipher_of_android_that_lies_in_a_field_encrypts(kept: str) -> None:
    if kept == "static":
        (flow,) = flows(activity(SETS_FIELD, create(READ, OUT_OF_FIELD, SENDS)))
    else:
        box, field = "Lx/Box;", f"Lx/Box;->cipher:{CIPHER}"
        makes = join(MAKES, member(3, 9, field, put=True), (RETURN,))
        changes = join(member(3, 8, field, put=False), invoke(f"{CIPHER}->doFinal([B)[B", 3, 9, opcode=0x6E), result(5))
        methods = (
            Method("<init>()V", makes, registers=10, ins=1),
            Method("code([B)[B", join(changes, (0x0511,)), direct=False, registers=10, ins=2),
        )
        boxes = join(new(6, box), invoke(f"{box}-><init>()V", 6, opcode=0x70))
        code = join(boxes, coding(invoke(f"{box}->code([B)[B", 6, 5, opcode=0x6E), result(5)))
        (flow,) = flows(activity(create(READ, code, SENDS)), Class(box, methods))
    assert flow.cleartext is False


@pytest.mark.parametrize(
    "puts",
    [
        join(new(3, "Lx/Own;"), static(3, HELD, put=True)),
        join(invoke(f"Lx/Main;->make(){CIPHER}"), result(3), static(3, HELD, put=True)),
        join(new(4, "Ljavax/crypto/NullCipher;"), MAKES, static(3, HELD, put=True)),
        text(4, "javax.crypto.NullCipher"),
    ],
    ids=["own", "unseen", "one that changes nothing", "looked up"],
)
def test_a_field_into_which_anything_else_is_put_does_not(puts: Code) -> None:
    other = Method("onResume()V", join(puts, (RETURN,)), direct=False, registers=10)
    (flow,) = flows(activity(SETS_FIELD, create(READ, OUT_OF_FIELD, SENDS), other))
    assert flow.cleartext is True
