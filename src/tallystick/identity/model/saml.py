"""SAML 2.0 web sign-in: the question (redirect binding), and its answer (POST binding), checked strictly.

What is believed of an answer is what its signature covers, and is read from what the verifier gives back, never from
the document around it (XML Signature Best Practices, 2.1.3). One assertion is taken, where the profile puts it; a
document with a second one, with comments, entities or a document type, or with anything encrypted, is refused whole.
"""

import binascii
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from cryptography import x509
from lxml import etree as _etree  # pyright: ignore
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration
from signxml.verifier import XMLVerifier as _XMLVerifier

from tallystick.identity.model.addresses import asking, form_fields
from tallystick.identity.model.tokens_of_people import SKEW_S, SUBJECT_MAX, Proven
from tallystick.kernel import instants
from tallystick.kernel.instants import SECOND, Instant

RESPONSE_BYTES_MAX = 131_072
ELEMENTS_MAX = 2_000
TEXT_MAX = 500
ANSWER_AGE_S = 600
"""So old an answer may be when it comes, in seconds."""
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
# SAML Core 2.0, section 5.4.4: no other transforms than these two.
_TRANSFORMS = frozenset({f"{DSIG}enveloped-signature", "http://www.w3.org/2001/10/xml-exc-c14n#"})
_CANONICAL = "http://www.w3.org/2001/10/xml-exc-c14n#"
_METHODS = frozenset({
    SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512,
    SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA384, SignatureMethod.ECDSA_SHA512,
    SignatureMethod.SHA256_RSA_MGF1, SignatureMethod.SHA384_RSA_MGF1, SignatureMethod.SHA512_RSA_MGF1,
})  # fmt: skip
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_CONDITIONS = frozenset({"AudienceRestriction", "OneTimeUse", "ProxyRestriction"})
# A comment inside a name makes it another one to another reader; a document type brings entities. Neither is needed.
_FORBIDDEN = re.compile(rb"<!|<\?(?!xml\s)")
_ENCODING = re.compile(rb"\A<\?xml[^>]*encoding\s*=\s*[\"']([^\"']*)")
_XML_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?Z")
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,254}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
RSA_BITS_MIN = 2_048

_Element = Any
# Neither library says what types it has.
etree = cast("Any", _etree)
XMLVerifier: Any = _XMLVerifier


class BadAnswer(ValueError):
    """What came is no answer that may be trusted. Its text says why, without quoting it."""


class SamlTrust(NamedTuple):
    """What a tenant takes from one provider. ``certificates`` are PEM; the keys in them are what is trusted."""

    issuer: str
    audience: str
    answer_url: str
    certificates: tuple[str, ...]
    trusts_mfa: bool
    mfa_contexts: frozenset[str]


class Answered(NamedTuple):
    """Who signed in, and the assertion that said so: it may be shown once, until ``proven.until``."""

    assertion_id: str
    proven: Proven


def question(
    *, sign_in_url: str, answer_url: str, us: str, request_id: str, state: str, at: Instant
) -> str:
    """Give the address that asks a provider to sign somebody in (SAML Bindings 2.0, section 3.4.4)."""
    request = etree.Element(
        f"{{{PROTOCOL}}}AuthnRequest",
        {
            "ID": request_id,
            "Version": "2.0",
            "IssueInstant": instants.render(at)[:19] + "Z",
            "Destination": sign_in_url,
            "AssertionConsumerServiceURL": answer_url,
            "ProtocolBinding": _POST,
        },
        nsmap={"samlp": PROTOCOL, "saml": ASSERTION},
    )
    etree.SubElement(request, f"{{{ASSERTION}}}Issuer").text = us
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = deflate.compress(etree.tostring(request)) + deflate.flush()
    return asking(sign_in_url, {"SAMLRequest": b64encode(packed).decode(), "RelayState": state})


def read_form(form: str) -> tuple[str, str]:
    """Read ``SAMLResponse`` and ``RelayState`` (SAML Bindings 2.0, section 3.5.4). Raises BadAnswer."""
    if len(form) > 2 * RESPONSE_BYTES_MAX:
        raise BadAnswer(f"a form has at most {2 * RESPONSE_BYTES_MAX} characters")
    try:
        fields = form_fields(form.encode("latin-1"))
    except ValueError:
        raise BadAnswer("the form cannot be read") from None
    return fields.get("SAMLResponse", ""), fields.get("RelayState", "")


def certificate_of(text: str) -> x509.Certificate:
    """Read a certificate in PEM. Raises ValueError, also for an RSA key of less than 2,048 bits."""
    certificate = x509.load_pem_x509_certificate(text.encode())
    key = cast("Any", certificate.public_key())
    if key.__class__.__name__.startswith("RSA") and key.key_size < RSA_BITS_MIN:
        raise ValueError(f"a key of RSA has at least {RSA_BITS_MIN} bits")
    return certificate


def check_response(encoded: str, *, trust: SamlTrust, request_id: str, now: Instant) -> Answered:
    """Answer whom the answer to our question names (SAML Profiles 2.0, section 4.1.4.3). Raises BadAnswer."""
    root = _parsed(encoded)
    _check_shape(root)
    _check_answer(root, trust=trust, request_id=request_id)
    assertion = _signed_assertion(root, trust=trust, now=now)
    return _read_assertion(assertion, trust=trust, request_id=request_id, now=now)


def _parsed(encoded: str) -> _Element:
    if len(encoded) > RESPONSE_BYTES_MAX:
        raise BadAnswer(f"an answer has at most {RESPONSE_BYTES_MAX} characters")
    text = "".join(encoded.split())
    if not _BASE64.fullmatch(text):
        raise BadAnswer("the answer is no base64")
    try:
        xml = b64decode(text, validate=True)
        xml.decode("utf-8")
    except (binascii.Error, ValueError):
        raise BadAnswer("the answer is no XML in UTF-8") from None
    declared = _ENCODING.match(xml)
    if declared and declared[1].lower() not in (b"utf-8", b"us-ascii"):
        raise BadAnswer("the answer is no XML in UTF-8")
    # Before the parser sees anything.
    if _FORBIDDEN.search(xml):
        raise BadAnswer("the answer has a document type, a comment or the like")
    if xml.count(b"<") > 2 * ELEMENTS_MAX:
        raise BadAnswer(f"the answer has more than {ELEMENTS_MAX} elements")
    try:
        root = etree.fromstring(xml, _parser())
    except etree.XMLSyntaxError:
        raise BadAnswer("the answer is no well-formed XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadAnswer("the answer has a document type")
    return root


def _parser() -> Any:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
    )


def _check_shape(root: _Element) -> None:
    """Refuse what has anything where the profile has nothing: there a second assertion could hide."""
    if root.tag != _p("Response"):
        raise BadAnswer("the answer is no Response")
    elements = list(root.iter())
    names = [element.tag for element in elements]
    if any(str(name).rpartition("}")[2].startswith("Encrypted") for name in names):
        raise BadAnswer("the answer is encrypted: let the provider sign it, and not encrypt it")
    if names.count(_p("Response")) != 1 or names.count(_a("Assertion")) != 1:
        raise BadAnswer("an answer has one assertion")
    if len(root.findall(_a("Assertion"))) != 1:
        raise BadAnswer("the assertion is not where it belongs")
    places = {root, root.find(_a("Assertion"))}
    signatures = [element for element in elements if element.tag == f"{{{DSIG}}}Signature"]
    if any(one.getparent() not in places for one in signatures):
        raise BadAnswer("a signature is not where it belongs")
    if len({one.getparent() for one in signatures}) != len(signatures):
        raise BadAnswer("there are two signatures in one place")
    # Whatever a reference may mean, it means one element.
    marks = [
        text
        for element in elements
        for name, text in element.attrib.items()
        if str(name).rpartition("}")[2].lower() == "id"
    ]
    if len(set(marks)) != len(marks):
        raise BadAnswer("two elements have one ID")


def _check_answer(root: _Element, *, trust: SamlTrust, request_id: str) -> None:
    if root.get("Version") != "2.0":
        raise BadAnswer("the answer is of another version of SAML")
    if root.get("InResponseTo") != request_id:
        raise BadAnswer("the answer is to another question")
    if root.get("Destination", trust.answer_url) != trust.answer_url:
        raise BadAnswer("the answer was sent to another address")
    issuer = root.find(_a("Issuer"))
    if issuer is not None and _text(issuer) != trust.issuer:
        raise BadAnswer("the answer is of another provider")
    code = root.find(f"{_p('Status')}/{_p('StatusCode')}")
    if code is None or code.get("Value") != _SUCCESS:
        raise BadAnswer("the provider did not sign anybody in")


def _signed_assertion(root: _Element, *, trust: SamlTrust, now: Instant) -> _Element:
    """Verify every signature there is, and give the assertion as the innermost of them covers it."""
    assertion = root.find(_a("Assertion"))
    inner, outer = (place.find(f"{{{DSIG}}}Signature") is not None for place in (assertion, root))
    if not inner and not outer:
        raise BadAnswer("neither the answer nor its assertion is signed")
    found = None
    if outer:
        covered = _verified(root, of=root, location="./", trust=trust, now=now)
        found = covered.find(_a("Assertion"))
    if inner:
        found = _verified(
            root, of=assertion, location=f"./{_a('Assertion')}/", trust=trust, now=now
        )
    if found is None or found.tag != _a("Assertion"):
        raise BadAnswer("what is signed is no assertion")
    return found


def _verified(
    root: _Element, *, of: _Element, location: str, trust: SamlTrust, now: Instant
) -> _Element:
    _check_references(of)
    configuration = SignatureConfiguration(
        location=location,
        expect_references=1,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        ignore_ambiguous_key_info=True,
        verification_time=datetime.fromtimestamp(now // SECOND, UTC),
    )
    for pem in trust.certificates:
        try:
            result = XMLVerifier().verify(
                root,
                x509_cert=certificate_of(pem),
                parser=_parser(),
                id_attribute="ID",
                expect_config=configuration,
            )
        except (SignXMLException, etree.LxmlError, ValueError, AttributeError):
            continue
        covered = result.signed_xml
        if covered is not None and covered.tag == of.tag and covered.get("ID") == of.get("ID"):
            return covered
    raise BadAnswer("no certificate of the provider verifies the signature")


def _check_references(of: _Element) -> None:
    """Demand a signature as SAML Core 2.0, section 5.4, draws it: one reference, to what it stands in."""
    mark = of.get("ID") or ""
    if not _ID.fullmatch(mark):
        raise BadAnswer("what is signed has no ID")
    signed = of.find(f"{{{DSIG}}}Signature/{{{DSIG}}}SignedInfo")
    references: list[Any] = [] if signed is None else signed.findall(f"{{{DSIG}}}Reference")
    if len(references) != 1 or references[0].get("URI") != f"#{mark}":
        raise BadAnswer("the signature is of something else than what it stands in")
    method = cast("Any", signed).find(f"{{{DSIG}}}CanonicalizationMethod")
    steps = references[0].findall(f"{{{DSIG}}}Transforms/{{{DSIG}}}Transform")
    named = [step.get("Algorithm") for step in steps]
    if method is None or method.get("Algorithm") != _CANONICAL or not 1 <= len(named) <= 2:
        raise BadAnswer("the signature is made in another way than SAML says")
    if not set(named) <= _TRANSFORMS or _CANONICAL not in named or len(set(named)) != len(named):
        raise BadAnswer("the signature is made in another way than SAML says")


def _read_assertion(
    assertion: _Element, *, trust: SamlTrust, request_id: str, now: Instant
) -> Answered:
    if assertion.get("Version") != "2.0" or not _ID.fullmatch(assertion.get("ID") or ""):
        raise BadAnswer("the assertion has no version or ID")
    if _text(_one(assertion, _a("Issuer"))) != trust.issuer:
        raise BadAnswer("the assertion is of another provider")
    issued = _instant(assertion, "IssueInstant")
    if not now - (ANSWER_AGE_S + SKEW_S) * SECOND <= issued <= now + SKEW_S * SECOND:
        raise BadAnswer("the assertion was not issued just now")
    subject = _one(assertion, _a("Subject"))
    name = _one(subject, _a("NameID"))
    if name.get("Format") == _TRANSIENT:
        raise BadAnswer("the name is for one time: let the provider send a persistent one")
    ends = [
        _confirmed_until(subject, trust=trust, request_id=request_id, now=now),
        _conditions_until(assertion, trust=trust, now=now),
    ]
    statement = _one(assertion, _a("AuthnStatement"))
    if statement.get("SessionNotOnOrAfter") is not None:
        ends.append(_instant(statement, "SessionNotOnOrAfter"))
        if ends[-1] + SKEW_S * SECOND <= now:
            raise BadAnswer("the session at the provider has ended")
    at = _instant(statement, "AuthnInstant")
    if at > now + SKEW_S * SECOND:
        raise BadAnswer("the sign-in is not of this time yet")
    context = _text(_one(statement, f"{_a('AuthnContext')}/{_a('AuthnContextClassRef')}"))
    has_mfa = trust.trusts_mfa and context in trust.mfa_contexts
    proven = Proven(
        issuer=trust.issuer,
        subject=_text(name, most=SUBJECT_MAX),
        methods=("mfa",) if has_mfa else (),
        mfa_at=min(at, now) if has_mfa else None,
        until=max(ends) + SKEW_S * SECOND,
    )
    return Answered(assertion_id=assertion.get("ID"), proven=proven)


def _confirmed_until(
    subject: _Element, *, trust: SamlTrust, request_id: str, now: Instant
) -> Instant:
    """Find the confirmation that lets a bearer in here and now (SAML Profiles 2.0, section 4.1.4.2)."""
    for confirmation in subject.findall(_a("SubjectConfirmation")):
        data = confirmation.find(_a("SubjectConfirmationData"))
        if confirmation.get("Method") != _BEARER or data is None:
            continue
        until = _instant(data, "NotOnOrAfter")
        if (
            data.get("Recipient") == trust.answer_url
            and data.get("InResponseTo") == request_id
            and data.get("NotBefore") is None
            and now < until + SKEW_S * SECOND
        ):
            return until
    raise BadAnswer("the assertion is not for whoever brings it here, now, to this question")


def _conditions_until(assertion: _Element, *, trust: SamlTrust, now: Instant) -> Instant:
    conditions = _one(assertion, _a("Conditions"))
    until = _instant(conditions, "NotOnOrAfter")
    start = conditions.get("NotBefore")
    if now >= until + SKEW_S * SECOND:
        raise BadAnswer("the assertion has expired")
    if start is not None and _instant(conditions, "NotBefore") > now + SKEW_S * SECOND:
        raise BadAnswer("the assertion is not of this time yet")
    known = {_a(name) for name in _CONDITIONS}
    if any(one.tag not in known for one in conditions):
        raise BadAnswer("the assertion has a condition that is not known")
    restrictions = conditions.findall(_a("AudienceRestriction"))
    if not restrictions or not all(trust.audience in _audiences(one) for one in restrictions):
        raise BadAnswer("the assertion is for another audience")
    return until


def _audiences(restriction: _Element) -> list[str]:
    return [_text(one) for one in restriction.findall(_a("Audience"))]


def _one(parent: _Element, path: str) -> _Element:
    found: Sequence[_Element] = parent.findall(path)
    if len(found) != 1:
        raise BadAnswer(f"the answer has no single {path.rpartition('}')[2]}")
    return found[0]


def _text(element: _Element, *, most: int = TEXT_MAX) -> str:
    text = (element.text or "").strip()
    if len(element) or not 1 <= len(text) <= most or not text.isprintable():
        raise BadAnswer(f"{element.tag.rpartition('}')[2]} is no text of 1 to {most} characters")
    return text


def _instant(element: _Element, name: str) -> Instant:
    """Read a time in UTC (SAML Core 2.0, section 1.3.3); what is finer than a microsecond is cut."""
    match = _XML_DATE.fullmatch(element.get(name) or "")
    try:
        if match is None:
            raise ValueError
        return instants.parse(f"{match[1]}{(match[2] or '')[:7]}Z")
    except ValueError:
        raise BadAnswer(f"{name} is no time in UTC") from None


def _p(name: str) -> str:
    return f"{{{PROTOCOL}}}{name}"


def _a(name: str) -> str:
    return f"{{{ASSERTION}}}{name}"
