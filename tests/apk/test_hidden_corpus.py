"""Over every real package: nothing is taken for packed, and what accepts any certificate was read by hand."""

import pytest

from phone_audit.model.apk import ApkInfo

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(600)]

ACCEPTING = {
    ("0d2dc1ccb6-maxpresent.jar", "com.rabbitmq.client.TrustEverythingTrustManager", "option"),
    ("1ac9a8274a-JustTrustMe.apk", "just.trust.me.Main", "unused"),
    ("1ac9a8274a-JustTrustMe.apk", "just.trust.me.Main$ImSureItsLegitTrustManager", "unused"),
    ("1ac9a8274a-JustTrustMe.apk", "just.trust.me.Main$TrustAllSSLSocketFactory$1", "unused"),
    ("31878e33c5-sieve.apk", "com.mwr.example.sieve.NetBackupHandler$1", "used"),
    ("35b126c880-goatdroid.apk", "org.owasp.goatdroid.fourgoats.requestresponse.CustomSSLSocketFactory", "used"),
    ("35b126c880-goatdroid.apk", "org.owasp.goatdroid.fourgoats.requestresponse.CustomSSLSocketFactory$1", "used"),
    ("5fe8686a03-Yosemite.apk", "com.rabbitmq.client.TrustEverythingTrustManager", "option"),
    ("b2f9ca1bff-dev2.apk", "cn.jiguang.verifysdk.i.o$a", "unused"),
    ("f888b95773-Yosemite.apk", "com.rabbitmq.client.TrustEverythingTrustManager", "option"),
}
"""Each read by hand: all of them accept what they are shown, and these are the ways to them.

RabbitMQ's is what `useSslProtocol()` uses by default, which `setUri` calls for `amqps`; Yosemite hands it an address
that begins `amqp://`, maxpresent one of its command line. JustTrustMe's is for other packages, into which Xposed loads
it. Nothing in dev2 starts the SDK of JiGuang: its manifest names one component, of its own, which calls none of it.
"""


def test_no_package_of_the_corpus_is_packed(corpus_records: dict[str, ApkInfo]) -> None:
    assert len(corpus_records) > 370
    hidden = {name: info.obfuscation for name, info in corpus_records.items() if info.obfuscation is not None}
    assert len(hidden) > 200
    assert {name: seen.packers for name, seen in hidden.items() if seen.packers} == {}
    assert {name: seen.evidence for name, seen in hidden.items() if seen.encrypted} == {}
    assert not any(skipped.code == "packed" for info in corpus_records.values() for skipped in info.skipped)


def test_who_accepts_any_certificate(corpus_records: dict[str, ApkInfo]) -> None:
    policies = [(name, info.network_policy) for name, info in corpus_records.items()]
    accepting = [(name, by) for name, policy in policies if policy for by in policy.accepted_by]
    assert {(name, one.class_, by.way) for name, by in accepting for one in by.evidence} == ACCEPTING
    used = {name for name, policy in policies if policy and policy.accepts_any_certificate}
    assert used == {name for name, _, way in ACCEPTING if way == "used"}
