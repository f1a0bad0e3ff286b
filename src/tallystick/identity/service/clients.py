"""Clients made real: registered and ended by their tenant; and what people let third parties do."""

import re
from collections.abc import Collection
from hashlib import sha256
from typing import Any

from tallystick.identity.api.clients import (
    Client,
    ClientNotFound,
    ClientPage,
    Consent,
    ConsentIsForPeople,
    ConsentNotFound,
    ConsentOver,
    ConsentPage,
    CreateClient,
    DecideConsent,
    ListClients,
    ListConsents,
    NameClient,
    NameConsent,
    SendBack,
)
from tallystick.identity.model import addresses, grants, jws, keys
from tallystick.identity.service.keys import demand_whole
from tallystick.identity.store import clients as store
from tallystick.identity.store.clients import Registered
from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import malformed
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.database import Database

SCOPE_MAX = 50
_NAMED_MAX = 64
_THUMBPRINT = re.compile(r"[0-9a-f]{64}")
_SUBJECT = re.compile(r"[^\x00-\x1f\x7f]{1,1000}")


class ClientsService:
    """The door of clients, over the database of role ``tallystick_identity``.

    ``issuer`` is how this server is called (RFC 8414), ``bundles`` are those that a scope may name.
    """

    def __init__(
        self,
        *,
        database: Database,
        mint: Mint,
        clock: Clock,
        issuer: str,
        bundles: Collection[str],
    ) -> None:
        self._database, self._mint, self._clock = database, mint, clock
        self._issuer, self._bundles = issuer, frozenset(bundles)

    async def create_client(self, *, caller: Caller, message: CreateClient) -> Client:
        """Register a client. Raises Malformed, TenantNotFound, NarrowedMakesNone."""
        demand_whole(caller)
        name = keys.checked_name(message.name, field="name")
        made = self._registered(caller, message)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            await store.insert_client(
                connection, client=made, name=name, now=self._clock.now(), caller=caller
            )
            found = await store.client(
                connection, tenant_id=caller.tenant_id, client_id=made.client_id
            )
        assert found is not None
        return found

    def _registered(self, caller: Caller, message: CreateClient) -> Registered:
        thumbprint = message.certificate_thumbprint
        if thumbprint is not None and not _THUMBPRINT.fullmatch(thumbprint):
            raise malformed("certificate_thumbprint", "it is 64 hexadecimal digits, small")
        subject = message.certificate_subject
        if subject is not None and not _SUBJECT.fullmatch(subject):
            raise malformed("certificate_subject", "it is a name of RFC 4514, at most 1000 letters")
        if [message.key_set, thumbprint, subject].count(None) != 2:
            raise malformed(
                "key_set",
                "a client has one of key_set, certificate_thumbprint and certificate_subject",
            )
        return Registered(
            tenant_id=caller.tenant_id,
            client_id=self._mint.id("cli"),
            key_set=None if message.key_set is None else _checked_keys(message.key_set),
            certificate_thumbprint=None if thumbprint is None else bytes.fromhex(thumbprint),
            certificate_subject=subject,
            redirect_uris=_checked_redirects(message.redirect_uris),
            scope=self._checked_scope(message),
            made_by=caller.actor,
        )

    def _checked_scope(self, message: CreateClient) -> tuple[str, ...]:
        scope = message.scope
        if len(scope) > SCOPE_MAX or len(set(scope)) != len(scope):
            raise malformed("scope", f"a scope has at most {SCOPE_MAX} bundles, each once")
        for place, name in enumerate(scope):
            if name not in self._bundles:
                raise malformed(f"scope[{place}]", "there is no such bundle")
        if message.redirect_uris and not scope:
            raise malformed("scope", "a third party has a scope: what it may ask people for")
        return tuple(sorted(scope))

    async def end_client(self, *, caller: Caller, message: NameClient) -> Client:
        """End a client. Raises ClientNotFound."""
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            await store.end_client(
                connection,
                tenant_id=caller.tenant_id,
                client_id=message.client_id,
                now=self._clock.now(),
                caller=caller,
            )
            found = await store.client(
                connection, tenant_id=caller.tenant_id, client_id=message.client_id
            )
        return _known(found, message.client_id)

    async def client(self, *, caller: Caller, message: NameClient) -> Client:
        """Read a client. Raises ClientNotFound."""
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            found = await store.client(
                connection, tenant_id=caller.tenant_id, client_id=message.client_id
            )
        return _known(found, message.client_id)

    async def clients(self, *, caller: Caller, message: ListClients) -> ClientPage:
        """List clients. Raises Malformed."""
        limit = keys.checked_limit(message.limit)
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            found = await store.clients(
                connection, tenant_id=caller.tenant_id, after=message.after or "", limit=limit + 1
            )
        after = found[limit - 1].client_id if len(found) > limit else None
        return ClientPage(items=tuple(found[:limit]), after=after)

    async def decide_consent(self, *, caller: Caller, message: DecideConsent) -> SendBack:
        """Answer a third party. Raises ConsentNotFound, ConsentOver, ConsentIsForPeople."""
        _demand_person(caller)
        text = grants.secret_text(message.consent_id, self._mint.secret(grants.SECRET_BYTES))
        hashed = sha256(text.encode()).digest() if message.allow else None
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            asked = await store.asked(
                connection, tenant_id=caller.tenant_id, consent_id=message.consent_id
            )
            if asked is None or asked.person_id not in (None, caller.actor):
                raise _unknown(message.consent_id)
            done = await store.decide_consent(
                connection, asked=asked, code_hash=hashed, now=self._clock.now(), caller=caller
            )
        if not done:
            raise ConsentOver("It was answered, or its time is over: the third party asks anew.")
        answer = {"code": text} if message.allow else {"error": "access_denied"}
        answer["iss"] = self._issuer
        if asked.state is not None:
            answer["state"] = asked.state
        return SendBack(redirect=addresses.asking(asked.redirect_uri, answer))

    async def end_consent(self, *, caller: Caller, message: NameConsent) -> Consent:
        """Take a consent back. Raises ConsentNotFound."""
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            asked = await store.asked(
                connection, tenant_id=caller.tenant_id, consent_id=message.consent_id
            )
            if asked is None or asked.person_id != caller.actor:
                raise _unknown(message.consent_id)
            await store.end_consent(connection, asked=asked, now=self._clock.now(), caller=caller)
            found = await store.consent(
                connection,
                tenant_id=caller.tenant_id,
                consent_id=message.consent_id,
                person_id=caller.actor,
            )
        assert found is not None
        return found

    async def consent(self, *, caller: Caller, message: NameConsent) -> Consent:
        """Read what is asked, or what the caller answered. Raises ConsentNotFound, ConsentIsForPeople."""
        _demand_person(caller)
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            found = await store.consent(
                connection,
                tenant_id=caller.tenant_id,
                consent_id=message.consent_id,
                person_id=caller.actor,
            )
        if found is None:
            raise _unknown(message.consent_id)
        return found

    async def consents(self, *, caller: Caller, message: ListConsents) -> ConsentPage:
        """List the consents of the caller. Raises Malformed."""
        limit = keys.checked_limit(message.limit)
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            found = await store.consents(
                connection,
                tenant_id=caller.tenant_id,
                person_id=caller.actor,
                after=message.after or "",
                limit=limit + 1,
            )
        after = found[limit - 1].consent_id if len(found) > limit else None
        return ConsentPage(items=tuple(found[:limit]), after=after)


def _demand_person(caller: Caller) -> None:
    if not caller.actor.startswith("per_") or not caller.session or caller.scope is not None:
        raise ConsentIsForPeople("Only a signed-in person agrees to this, in a session of theirs.")


def _known(found: Client | None, client_id: str) -> Client:
    if found is None:
        raise ClientNotFound(
            "The tenant has no such client.", {"client_id": client_id[:_NAMED_MAX]}
        )
    return found


def _unknown(consent_id: str) -> ConsentNotFound:
    return ConsentNotFound("There is no such request.", {"consent_id": consent_id[:_NAMED_MAX]})


def _checked_keys(key_set: dict[str, Any]) -> str:
    """Answer the text of a key set as it is kept. Raises Malformed."""
    try:
        text = jws.written(key_set)
        jws.read_key_set(text)
    except (jws.BadToken, UnicodeEncodeError, RecursionError) as error:
        raise malformed("key_set", str(error)) from None
    members = [jws.public_members(one) for one in key_set["keys"]]
    return jws.written({"keys": members}).decode()


def _checked_redirects(redirects: tuple[str, ...]) -> tuple[str, ...]:
    if len(redirects) > grants.REDIRECTS_MAX or len(set(redirects)) != len(redirects):
        raise malformed("redirect_uris", f"at most {grants.REDIRECTS_MAX} addresses, each once")
    for place, one in enumerate(redirects):
        if not grants.is_redirect(one):
            raise malformed(
                f"redirect_uris[{place}]",
                "it is https without fragment, or http on a loopback address",
            )
    return redirects
