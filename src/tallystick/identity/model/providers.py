"""What may be set as a provider: each field checked, in words for whoever sets it."""

import re

from tallystick.identity.api.providers import (
    CERTIFICATES_MAX,
    CONTEXTS_MAX,
    REDIRECTS_MAX,
    SetOidcProvider,
    SetSamlProvider,
)
from tallystick.identity.model.addresses import ADDRESS_MAX, is_address
from tallystick.identity.model.saml import certificate_of
from tallystick.identity.model.tokens_of_people import algorithms_of
from tallystick.kernel.problems import malformed

CERTIFICATE_MAX = 8_192
_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
_TEXT = re.compile(r"[!-~]{1,500}")


def check_oidc(message: SetOidcProvider, *, allows_loopback: bool) -> None:
    """Raise Malformed unless it can be set."""
    _check_shared(message, allows_loopback=allows_loopback)
    _check_address("issuer", message.issuer, allows_loopback=allows_loopback)
    if "?" in message.issuer:
        raise malformed("issuer", "an issuer has no query")
    _check_text("client_id", message.client_id)
    if message.audience is not None:
        _check_text("audience", message.audience)
        # An ID token has the client as its audience, and must never pass for an access token.
        if message.audience == message.client_id:
            raise malformed("audience", "it differs from client_id: it names us, not our client")
    try:
        algorithms_of(message.algorithms)
    except ValueError as error:
        raise malformed("algorithms", str(error)) from None


def check_saml(message: SetSamlProvider, *, allows_loopback: bool) -> None:
    """Raise Malformed unless it can be set."""
    _check_shared(message, allows_loopback=allows_loopback)
    _check_text("entity_id", message.entity_id)
    _check_text("our_entity_id", message.our_entity_id)
    _check_address("sign_in_url", message.sign_in_url, allows_loopback=allows_loopback)
    _check_address("answer_url", message.answer_url, allows_loopback=allows_loopback)
    if not 1 <= len(message.certificates) <= CERTIFICATES_MAX:
        raise malformed("certificates", f"there are 1 to {CERTIFICATES_MAX}")
    for place, text in enumerate(message.certificates):
        try:
            if len(text) > CERTIFICATE_MAX:
                raise ValueError(f"a certificate has at most {CERTIFICATE_MAX} characters")
            certificate_of(text)
        except ValueError:
            raise malformed(
                f"certificates[{place}]",
                "it is no certificate in PEM with a key that is long enough",
            ) from None


def _check_shared(message: SetOidcProvider | SetSamlProvider, *, allows_loopback: bool) -> None:
    if not _NAME.fullmatch(message.provider):
        raise malformed("provider", "a word of a-z 0-9 _, 1 to 50, that starts with a letter")
    if len(message.redirects) > REDIRECTS_MAX:
        raise malformed("redirects", f"there are at most {REDIRECTS_MAX}")
    for place, address in enumerate(message.redirects):
        _check_address(f"redirects[{place}]", address, allows_loopback=allows_loopback)
    if len(message.mfa_contexts) > CONTEXTS_MAX:
        raise malformed("mfa_contexts", f"there are at most {CONTEXTS_MAX}")
    for place, text in enumerate(message.mfa_contexts):
        _check_text(f"mfa_contexts[{place}]", text)


def _check_address(place: str, text: str, *, allows_loopback: bool) -> None:
    if not is_address(text, allows_loopback=allows_loopback):
        raise malformed(
            place,
            f"an address with https, without user, password or fragment, at most {ADDRESS_MAX} characters",
        )


def _check_text(place: str, text: str) -> None:
    if not _TEXT.fullmatch(text):
        raise malformed(place, "1 to 500 printable ASCII characters without space")
