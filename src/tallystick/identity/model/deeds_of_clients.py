"""What the record is told of clients, consents and tokens: ids and numbers; names, keys and addresses are sealed."""

from hashlib import sha256
from typing import Any

from tallystick.identity.model.access_tokens import AccessToken
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag


def client(
    client_id: str,
    *,
    name: str,
    proof: bytes,
    redirects: list[str],
    scope: list[str],
    made_by: str | None,
    at: Instant,
    caller: Caller,
) -> Deed:
    """What is recorded of a client that is made; ``proof`` is what it proves itself with, sealed as its hash."""
    content: dict[str, Any] = {"scope": scope} if scope else {}
    content |= {} if made_by is None else {"made_by": made_by}
    return Deed(
        tag=Tag.IDENTITY_CLIENT_CREATE,
        caller=caller,
        on=client_id,
        at=at,
        content=content or None,
        texts={"name": name, "proof": sha256(proof).hexdigest(), "redirect_uris": redirects},
    )


def end_of_client(client_id: str, *, at: Instant, caller: Caller) -> Deed:
    """What is recorded of a client that is ended."""
    return Deed(tag=Tag.IDENTITY_CLIENT_END, caller=caller, on=client_id, at=at)


def token(given: AccessToken, *, at: Instant, caller: Caller) -> Deed:
    """What is recorded of a token that is given: to whom, for whom, bound to what, narrowed to what."""
    content: dict[str, Any] = {
        "bound_to": "key" if given.key_thumbprint is not None else "certificate",
        "client": given.client_id,
        "for": given.actor,
    }
    if given.session != given.token_id:
        content["consent"] = given.session
    if given.scope is not None:
        content["scope"] = list(given.scope)
    return Deed(
        tag=Tag.IDENTITY_TOKEN_ISSUE, caller=caller, on=given.token_id, at=at, content=content
    )


def consent(
    tag: Tag, consent_id: str, *, client_id: str, scope: list[str], at: Instant, caller: Caller
) -> Deed:
    """What is recorded of a consent that is asked for, given, refused or ended."""
    content = {"client": client_id, "scope": scope}
    return Deed(tag=tag, caller=caller, on=consent_id, at=at, content=content)
