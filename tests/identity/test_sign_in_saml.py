"""Signing in by SAML 2.0: the whole way, and the attacks that such sign-ins have suffered from."""

from base64 import b64encode
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree  # pyright: ignore
from signxml.algorithms import DigestAlgorithm, SignatureMethod

from tallystick.identity.api.providers import SetSamlProvider
from tallystick.identity.api.sessions import SamlAnswer, SignInNotAccepted, SignInStarted
from tallystick.identity.model import saml, session_texts
from tallystick.identity.model.saml import ASSERTION, DSIG, BadAnswer, SamlTrust
from tallystick.kernel.problems import Malformed
from tallystick.runtime.clock import SystemClock
from tests.identity.issuers import REDIRECT, House
from tests.identity.saml_provider import (
    ENTITY,
    MFA,
    NS,
    SIGN_IN,
    US,
    Provider,
    certificate_for,
    copied,
)

WEAK = rsa.generate_private_key(public_exponent=65537, key_size=1024)


class Hall(House):
    """A house whose provider speaks SAML."""

    async def open(self, provider: Provider, **changes: Any) -> None:
        self.provider = provider
        await self.found()
        fields: dict[str, Any] = {
            "provider": "corporate", "entity_id": ENTITY, "sign_in_url": SIGN_IN, "our_entity_id": US,
            "answer_url": f"https://tallystick.example/v1/sign-in/saml/{self.tenant}",
            "certificates": (provider.certificate,), "trusts_mfa": True, "mfa_contexts": (MFA,),
        } | changes  # fmt: skip
        await self.providers.set_saml(caller=self.operator, message=SetSamlProvider(**fields))
        self.alice = await self.person("alice", issuer=ENTITY)

    async def ask(self) -> SignInStarted:
        begun, _ = await self.start(provider="corporate")
        self.provider.hear(begun.url)
        return begun

    async def take(self, form: str, **changes: str) -> dict[str, str]:
        message = SamlAnswer(**{"tenant": self.tenant, "form": form} | changes)
        taken = await self.sign_in.take_saml(caller=self.caller, message=message)
        assert taken.url.startswith(REDIRECT + "?")
        return {key: one[0] for key, one in parse_qs(urlsplit(taken.url).query).items()}


@pytest.fixture(scope="session")
def provider() -> Provider:
    return Provider()


@pytest.fixture
async def hall(database_for, provider: Provider) -> Hall:
    hall = Hall(await database_for("identity"))
    await hall.open(provider)
    return hall


async def test_a_person_signs_in_by_saml(hall: Hall) -> None:
    begun, _ = await hall.start(provider="corporate")
    assert begun.url.startswith(SIGN_IN + "&")
    asked = hall.provider.hear(begun.url)
    assert (asked["Version"], asked["Destination"], asked["issuer"]) == ("2.0", SIGN_IN, US)
    back = await hall.take(hall.provider.good_form())
    signed = await hall.finish(begun, back, code=back["code"])
    assert (signed.person, signed.mfa) == (hall.alice, False)


async def test_the_context_tells_a_second_factor_where_it_is_trusted(hall: Hall) -> None:
    begun = await hall.ask()
    back = await hall.take(hall.provider.good_form(context=MFA, assertion_id="_m"))
    assert (await hall.finish(begun, back, code=back["code"])).mfa


async def test_what_is_signed_as_a_whole_is_taken_too_and_by_any_certificate(database_for) -> None:
    old, new = Provider(), Provider(elliptic=True)
    hall = Hall(await database_for("identity"))
    await hall.open(old, certificates=(old.certificate, new.certificate))
    for signer, sign in (
        (old, old.sign),
        (new, new.signed_assertion),
        (new, lambda root: new.sign(new.signed_assertion(root))),
    ):
        hall.provider = signer
        begun = await hall.ask()
        root = sign(signer.answer(assertion_id=f"_{begun.flow[5:20]}"))
        back = await hall.take(signer.form(root))
        assert (await hall.finish(begun, back, code=back["code"])).person == hall.alice


async def test_the_client_that_began_finishes_and_nobody_else(hall: Hall) -> None:
    victim, attacker = await hall.start(provider="corporate"), await hall.ask()
    back = await hall.take(hall.provider.good_form())
    with pytest.raises(SignInNotAccepted):
        await hall.finish(victim[0], {"state": back["state"]}, code=back["code"])
    with pytest.raises(SignInNotAccepted):
        await hall.finish(attacker, back, code="guessed")
    with pytest.raises(SignInNotAccepted):
        await hall.finish(attacker, back, code=back["code"])


async def test_it_cannot_be_finished_before_the_provider_answers(hall: Hall) -> None:
    begun = await hall.ask()
    with pytest.raises(SignInNotAccepted):
        await hall.finish(begun, {"state": hall.provider.state}, code="x")


async def test_an_assertion_is_shown_once(hall: Hall) -> None:
    await hall.ask()
    form = hall.provider.good_form(assertion_id="_once")
    await hall.take(form)
    with pytest.raises(SignInNotAccepted):
        await hall.take(form)
    # In another sign-in, to which it says it answers, signed with the same ID.
    await hall.ask()
    with pytest.raises(SignInNotAccepted):
        await hall.take(hall.provider.good_form(assertion_id="_once"))
    assert await hall.take(hall.provider.good_form(assertion_id="_twice"))


async def test_an_answer_to_another_question_tenant_or_time_is_refused(hall: Hall) -> None:
    await hall.ask()
    form = hall.provider.good_form()
    await hall.ask()
    with pytest.raises(SignInNotAccepted):
        # The answer to the first question, with the state of the second.
        await hall.take(form.replace(form.partition("RelayState=")[2], hall.provider.state))
    other = Hall(hall.database)
    await other.open(Provider())
    with pytest.raises(SignInNotAccepted):
        await hall.take(form, tenant=other.tenant)
    with pytest.raises(Malformed):
        await hall.take(form, tenant="nobody")
    await hall.ask()
    late = hall.provider.good_form()
    hall.clock.ahead += 601
    with pytest.raises(SignInNotAccepted):
        await hall.take(late)


@pytest.mark.parametrize(
    "form", ["", "SAMLResponse=", "x" * 300_000, "RelayState=a&RelayState=b", "%ff", "&" * 50]
)
async def test_a_form_that_is_none_is_refused(hall: Hall, form: str) -> None:
    await hall.ask()
    with pytest.raises(SignInNotAccepted):
        await hall.take(form)
    with pytest.raises(SignInNotAccepted):
        await hall.take(urlencode({"RelayState": hall.provider.state}) + "&" + form)


# Each attack on the answer itself, against what checks it.


@pytest.fixture
def asked(provider: Provider) -> Provider:
    """The provider, after it was asked."""
    provider.request = {
        "ID": session_texts.request_id_of("s"),
        "AssertionConsumerServiceURL": "https://t.example/acs",
    }
    provider.answer_url, provider.state = "https://t.example/acs", "s"
    return provider


def checked(
    provider: Provider, root: Any, *, certificates: tuple[str, ...] = (), ahead: int = 0
) -> saml.Answered:
    written = root if isinstance(root, bytes) else etree.tostring(root)
    return saml.check_response(
        b64encode(written).decode(),
        trust=SamlTrust(
            issuer=ENTITY,
            audience=US,
            answer_url="https://t.example/acs",
            certificates=certificates or (provider.certificate,),
            trusts_mfa=True,
            mfa_contexts=frozenset({MFA}),
        ),
        request_id=session_texts.request_id_of("s"),
        now=SystemClock().now() + ahead * 1_000_000,
    )


def test_the_right_answer_is_taken(asked: Provider) -> None:
    answered = checked(asked, asked.signed_assertion(asked.answer()))
    assert (answered.proven.subject, answered.assertion_id) == ("alice", "_a1")
    assert checked(asked, asked.sign(asked.answer())).proven.subject == "alice"


def test_an_answer_that_is_not_signed_is_refused(asked: Provider) -> None:
    with pytest.raises(BadAnswer, match="neither"):
        checked(asked, asked.answer())
    root = asked.signed_assertion(asked.answer())
    signature = root.find(".//ds:Signature", NS)
    signature.getparent().remove(signature)
    with pytest.raises(BadAnswer, match="neither"):
        checked(asked, root)


def test_an_answer_that_was_changed_is_refused(asked: Provider) -> None:
    for path, text in (
        (".//saml:NameID", "mallory"),
        (".//saml:Audience", "https://other.example"),
        (".//ds:SignatureValue", "AAAA"),
        (".//ds:DigestValue", "AAAA"),
    ):
        root = asked.signed_assertion(asked.answer())
        root.find(path, NS).text = text
        with pytest.raises(BadAnswer):
            checked(asked, root)


def test_another_key_signs_nothing_even_with_its_certificate_in_the_answer(asked: Provider) -> None:
    stranger = Provider()
    stranger.request, stranger.answer_url = asked.request, asked.answer_url
    with pytest.raises(BadAnswer, match="no certificate"):
        checked(asked, stranger.signed_assertion(stranger.answer()))


def evil(asked: Provider, **changes: str) -> Any:
    """An assertion of the attacker's own making."""
    return asked.answer(subject="mallory", **changes).find(f"{{{ASSERTION}}}Assertion")


def wrap_beside(asked: Provider, first: bool) -> Any:
    root = asked.signed_assertion(asked.answer())
    place = 2 if first else len(root)
    root.insert(place, evil(asked, assertion_id="_evil"))
    return root


def wrap_in_signature(asked: Provider) -> Any:
    """The signed assertion hides in the signature of the forged one (XSW 8)."""
    root = asked.signed_assertion(asked.answer())
    good = root.find(f"{{{ASSERTION}}}Assertion")
    signature = good.find(f"{{{DSIG}}}Signature")
    bad = evil(asked, assertion_id="_evil")
    root.replace(good, bad)
    good.remove(signature)
    holder = etree.SubElement(signature, f"{{{DSIG}}}Object")
    holder.append(good)
    bad.insert(1, signature)
    return root


def wrap_in_extensions(asked: Provider) -> Any:
    """The signed assertion hides in the extensions of the answer (XSW 7)."""
    root = asked.signed_assertion(asked.answer())
    good = root.find(f"{{{ASSERTION}}}Assertion")
    root.replace(good, evil(asked, assertion_id="_evil"))
    holder = etree.Element("{urn:oasis:names:tc:SAML:2.0:protocol}Extensions")
    holder.append(good)
    root.insert(1, holder)
    return root


def wrap_same_id(asked: Provider) -> Any:
    root = asked.signed_assertion(asked.answer())
    root.find(f"{{{ASSERTION}}}Assertion").append(evil(asked).find(f"{{{ASSERTION}}}Subject"))
    root.insert(1, etree.Element("{urn:x}Hidden", {"Id": "_a1"}))
    return root


def wrap_response(asked: Provider) -> Any:
    """A whole signed answer inside a forged one (XSW 1 and 2)."""
    good = asked.sign(asked.answer())
    root = asked.answer(subject="mallory", assertion_id="_evil")
    root.set("ID", "_r2")
    root.append(good)
    return root


def wrap_signature_elsewhere(asked: Provider) -> Any:
    """The signature of the assertion stands in the answer, as if it were the answer's (XSW 3)."""
    root = asked.signed_assertion(asked.answer())
    assertion = root.find(f"{{{ASSERTION}}}Assertion")
    signature = assertion.find(f"{{{DSIG}}}Signature")
    root.insert(1, signature)
    assertion.find(f".//{{{ASSERTION}}}NameID").text = "mallory"
    return root


def wrap_two_signatures(asked: Provider) -> Any:
    root = asked.signed_assertion(asked.answer())
    assertion = root.find(f"{{{ASSERTION}}}Assertion")
    assertion.insert(1, copied(assertion.find(f"{{{DSIG}}}Signature")))
    return root


def wrap_subject_signed(asked: Provider) -> Any:
    """Only a part of the assertion is signed, and the rest is the attacker's."""
    root = asked.answer()
    assertion = root.find(f"{{{ASSERTION}}}Assertion")
    part = etree.SubElement(assertion, f"{{{ASSERTION}}}Advice", {"ID": "_part"})
    signed = asked.sign(assertion, reference="#_part")
    root.replace(assertion, signed)
    assert part is not None
    return root


WRAPPED = {
    "a second assertion first": lambda asked: wrap_beside(asked, True),
    "a second assertion last": lambda asked: wrap_beside(asked, False),
    "in the signature": wrap_in_signature,
    "in the extensions": wrap_in_extensions,
    "one ID twice": wrap_same_id,
    "an answer in an answer": wrap_response,
    "the signature elsewhere": wrap_signature_elsewhere,
    "two signatures": wrap_two_signatures,
    "a part alone": wrap_subject_signed,
}


@pytest.mark.parametrize("name", sorted(WRAPPED))
def test_signature_wrapping_is_refused(asked: Provider, name: str) -> None:
    with pytest.raises(BadAnswer):
        checked(asked, WRAPPED[name](asked))


def moved_to(asked: Provider, seconds: int) -> str:
    return asked._at(seconds)


SAID = {
    "another audience": {"audience": "https://other.example"},
    "another recipient": {"recipient": "https://evil.example/acs"},
    "another question": {"to": "r0"},
    "another issuer": {"issuer": "https://evil.example"},
    "a name that is empty": {"subject": ""},
    "a name that is too long": {"subject": "x" * 256},
    "an ID that is none": {"assertion_id": "1 2"},
    "a time that is none": {"until": "tomorrow"},
    "a time of another zone": {"until": "2099-01-01T00:00:00+02:00"},
}


@pytest.mark.parametrize("name", sorted(SAID))
def test_what_the_assertion_says_is_held_against_what_was_asked(asked: Provider, name: str) -> None:
    with pytest.raises(BadAnswer):
        checked(asked, asked.signed_assertion(asked.answer(**SAID[name])))


@pytest.mark.parametrize(
    ("field", "seconds", "good"),
    [
        ("until", -61, False), ("until", -50, True), ("start", 70, False), ("start", 50, True),
        ("issued", -700, False), ("issued", 70, False), ("authenticated", 70, False),
    ],
)  # fmt: skip
def test_times_count_with_a_minute_of_skew(
    asked: Provider, field: str, seconds: int, good: bool
) -> None:
    root = asked.signed_assertion(asked.answer(**{field: moved_to(asked, seconds)}))
    if good:
        assert checked(asked, root)
        return
    with pytest.raises(BadAnswer):
        checked(asked, root)


@pytest.mark.parametrize(
    "path",
    [
        ".//saml:Conditions", ".//saml:AudienceRestriction", ".//saml:SubjectConfirmation", ".//saml:NameID",
        ".//saml:AuthnStatement", ".//saml:Subject", ".//saml:SubjectConfirmationData", "./samlp:Status",
    ],
)  # fmt: skip
def test_what_must_be_there_is_missed(asked: Provider, path: str) -> None:
    root = asked.answer()
    element = root.find(path, NS)
    element.getparent().remove(element)
    with pytest.raises(BadAnswer):
        checked(asked, asked.signed_assertion(root))


def test_a_condition_that_is_not_known_and_a_name_for_once_are_refused(asked: Provider) -> None:
    root = asked.answer()
    etree.SubElement(root.find(".//saml:Conditions", NS), f"{{{ASSERTION}}}Condition")
    with pytest.raises(BadAnswer, match="condition"):
        checked(asked, asked.signed_assertion(root))
    root = asked.answer()
    root.find(".//saml:NameID", NS).set(
        "Format", "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
    )
    with pytest.raises(BadAnswer, match="one time"):
        checked(asked, asked.signed_assertion(root))
    root = asked.answer()
    root.find(".//samlp:StatusCode", NS).set(
        "Value", "urn:oasis:names:tc:SAML:2.0:status:Requester"
    )
    with pytest.raises(BadAnswer, match="did not sign"):
        checked(asked, asked.signed_assertion(root))


def test_encrypted_assertions_are_refused_with_a_clear_word(asked: Provider) -> None:
    root = asked.signed_assertion(asked.answer())
    root.find(f"{{{ASSERTION}}}Assertion").tag = f"{{{ASSERTION}}}EncryptedAssertion"
    with pytest.raises(BadAnswer, match="encrypted"):
        checked(asked, root)


def test_entities_types_and_comments_are_refused(asked: Provider) -> None:
    good = etree.tostring(asked.signed_assertion(asked.answer()))
    bomb = b'<!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;">]>'
    outside = b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    for bad in (
        bomb + good.replace(b"alice", b"&b;"),
        outside + good.replace(b"alice", b"&a;"),
        b'<!DOCTYPE r SYSTEM "https://evil.example/x.dtd">' + good,
        good.replace(b"alice", b"alice<!-- -->.evil"),
        good.replace(b"alice", b"<![CDATA[alice]]>"),
        good.replace(b"<saml:Issuer>", b"<?x y?><saml:Issuer>", 1),
        good.decode().encode("utf-16"),
        b'<?xml version="1.0" encoding="utf-7"?>' + good,
        good[:-5],
        b"",
        b"<x/>",
        b"<a>" * 3_000,
        good.replace(b"<saml:Issuer>", b"<x>" * 2_500 + b"<saml:Issuer>"),
    ):
        with pytest.raises(BadAnswer):
            checked(asked, bad)


def test_what_is_no_base64_or_too_large_is_refused(asked: Provider) -> None:
    trust = SamlTrust(ENTITY, US, "https://t.example/acs", (asked.certificate,), False, frozenset())
    for encoded in ("", "%%%", "PHg", "A" * 200_000, "PHgvPg===", "PHgvPg==PHgvPg=="):
        with pytest.raises(BadAnswer):
            saml.check_response(encoded, trust=trust, request_id="r", now=0)


@pytest.mark.parametrize(
    ("method", "digest"),
    [
        (SignatureMethod.RSA_SHA1, DigestAlgorithm.SHA256),
        (SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA1),
    ],
)
def test_sha1_is_refused(asked: Provider, method: SignatureMethod, digest: DigestAlgorithm) -> None:
    weak = Provider()
    weak.key, weak.certificate = asked.key, asked.certificate
    weak.request, weak.answer_url = asked.request, asked.answer_url
    weak.method, weak.digest = method, digest
    with pytest.raises(BadAnswer, match="no certificate"):
        checked(asked, weak.signed_assertion(weak.answer()))


def test_a_certificate_counts_in_its_time_alone(asked: Provider) -> None:
    past = certificate_for(asked.key, days=-1, start=-9)
    root = asked.signed_assertion(asked.answer())
    with pytest.raises(BadAnswer, match="no certificate"):
        checked(asked, root, certificates=(past,))
    assert checked(asked, root, certificates=(past, asked.certificate))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("certificates", ()), ("certificates", ("no certificate",)), ("certificates", ("x" * 9_000,)),
        ("certificates", (certificate_for(WEAK),)),
        ("sign_in_url", "http://idp.example"), ("answer_url", "javascript:alert(1)"), ("entity_id", ""),
        ("our_entity_id", "a b"), ("provider", "Main"),
    ],
)  # fmt: skip
async def test_a_provider_that_is_wrong_is_not_set(hall: Hall, field: str, value: Any) -> None:
    fields: dict[str, Any] = {
        "provider": "other", "entity_id": "https://o.example", "sign_in_url": SIGN_IN,
        "our_entity_id": US, "answer_url": "https://t.example/acs",
        "certificates": (hall.provider.certificate,),
    }  # fmt: skip
    with pytest.raises(Malformed):
        await hall.providers.set_saml(
            caller=hall.operator, message=SetSamlProvider(**fields | {field: value})
        )
