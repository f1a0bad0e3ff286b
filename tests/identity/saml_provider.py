"""A SAML provider of tests: it makes answers, signs them, and bends them in every way that is asked for."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from zlib import decompress

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree  # pyright: ignore
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.signer import XMLSigner

from tallystick.identity.model.saml import ASSERTION, DSIG, PROTOCOL

ENTITY = "https://idp.example/metadata"
SIGN_IN = "https://idp.example/sso?org=7"
US = "https://tallystick.example/saml"
MFA = "https://refeds.org/profile/mfa"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
NS = {"samlp": PROTOCOL, "saml": ASSERTION, "ds": DSIG}

Bend = Callable[[Any], None]


def certificate_for(key: Any, *, days: int = 30, start: int = -1) -> str:
    """A certificate that the key signs for itself, in PEM."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=start))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


class _AnySigner(XMLSigner):
    """One that signs with SHA-1 too, as old providers do."""

    def check_deprecated_methods(self) -> None:
        return


class Provider:
    """Keys, a certificate, and answers to the question that was asked last."""

    def __init__(self, *, elliptic: bool = False, bits: int = 2048) -> None:
        self.key: Any = (
            ec.generate_private_key(ec.SECP256R1())
            if elliptic
            else rsa.generate_private_key(public_exponent=65537, key_size=bits)
        )
        self.certificate = certificate_for(self.key)
        self.method = SignatureMethod.ECDSA_SHA256 if elliptic else SignatureMethod.RSA_SHA256
        self.digest = DigestAlgorithm.SHA256
        self.moved = 0

    def hear(self, url: str) -> dict[str, str]:
        """Read a question as it comes through the browser: its attributes, and the state."""
        asked = {key: one[0] for key, one in parse_qs(urlsplit(url).query).items()}
        request = etree.fromstring(decompress(b64decode(asked["SAMLRequest"]), -15))
        self.request, self.state = dict(request.attrib), asked["RelayState"]
        self.answer_url = self.request["AssertionConsumerServiceURL"]
        return self.request | {"issuer": request.findtext(f"{{{ASSERTION}}}Issuer")}

    def _at(self, seconds: int) -> str:
        moment = datetime.now(UTC) + timedelta(seconds=seconds + self.moved)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

    def answer(self, **changes: str) -> Any:
        """An answer that is right, not signed yet."""
        told = {
            "issuer": ENTITY, "subject": "alice", "audience": US, "recipient": self.answer_url,
            "to": self.request["ID"], "context": PASSWORD, "assertion_id": "_a1", "start": self._at(-5),
            "until": self._at(300), "issued": self._at(0), "authenticated": self._at(-20),
        } | changes  # fmt: skip
        text = f"""<samlp:Response xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}" ID="_r1" Version="2.0"
IssueInstant="{told["issued"]}" Destination="{told["recipient"]}" InResponseTo="{told["to"]}">
<saml:Issuer>{told["issuer"]}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
<saml:Assertion ID="{told["assertion_id"]}" Version="2.0" IssueInstant="{told["issued"]}">
<saml:Issuer>{told["issuer"]}</saml:Issuer>
<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{told["subject"]}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData
NotOnOrAfter="{told["until"]}" Recipient="{told["recipient"]}" InResponseTo="{told["to"]}"/></saml:SubjectConfirmation>
</saml:Subject>
<saml:Conditions NotBefore="{told["start"]}" NotOnOrAfter="{told["until"]}"><saml:AudienceRestriction>
<saml:Audience>{told["audience"]}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{told["authenticated"]}" SessionIndex="_s1"><saml:AuthnContext>
<saml:AuthnContextClassRef>{told["context"]}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>
</saml:Assertion></samlp:Response>"""
        return etree.fromstring(text)

    def sign(self, element: Any, *, reference: str | None = None) -> Any:
        """Sign an element, or what ``reference`` names in it, with a signature in its place by the schema."""
        signer = _AnySigner(
            method=SignatureConstructionMethod.enveloped,
            signature_algorithm=self.method,
            digest_algorithm=self.digest,
            c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        )
        bare = etree.fromstring(etree.tostring(element))
        signed = signer.sign(
            bare, key=self.key, cert=self.certificate, reference_uri=reference or f"#{element.get('ID')}",
            id_attribute="ID",
        )  # fmt: skip
        signature = signed.find(f"{{{DSIG}}}Signature")
        signed.remove(signature)
        signed.insert(1, signature)
        return signed

    def signed_assertion(self, root: Any) -> Any:
        """The answer with its assertion signed."""
        assertion = root.find(f"{{{ASSERTION}}}Assertion")
        place = list(root).index(assertion)
        root.remove(assertion)
        root.insert(place, self.sign(assertion))
        return root

    def form(self, root: Any, *, state: str | None = None) -> str:
        """What the browser posts."""
        written = root if isinstance(root, bytes) else etree.tostring(root)
        return urlencode(
            {"SAMLResponse": b64encode(written).decode(), "RelayState": state or self.state}
        )

    def good_form(self, **changes: str) -> str:
        """A whole answer that is right."""
        return self.form(self.signed_assertion(self.answer(**changes)))


def copied(element: Any) -> Any:
    """A copy that stands for itself."""
    return deepcopy(element)
