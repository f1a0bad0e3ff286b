"""Providers made real: rows of a tenant, one of each name in force."""

from tallystick.identity.api.providers import (
    PROVIDERS_MAX,
    EndProvider,
    ListProviders,
    ProviderList,
    ProviderNotFound,
    ProviderSet,
    SetOidcProvider,
    SetSamlProvider,
    TooManyProviders,
)
from tallystick.identity.model import providers as rules
from tallystick.identity.store import providers as store
from tallystick.identity.store.providers import ProviderRow
from tallystick.kernel.callers import Caller
from tallystick.runtime.clock import Clock
from tallystick.runtime.database import Database

_NAME_MAX = 50


class ProvidersService:
    """The door of providers, over the database of role ``tallystick_identity``."""

    def __init__(self, *, database: Database, clock: Clock, allows_loopback: bool) -> None:
        self._database = database
        self._clock = clock
        self._allows_loopback = allows_loopback

    async def set_oidc(self, *, caller: Caller, message: SetOidcProvider) -> ProviderSet:
        """Set a provider of OpenID Connect. Raises Malformed, IssuerTaken, TooManyProviders."""
        rules.check_oidc(message, allows_loopback=self._allows_loopback)
        row = ProviderRow(
            provider=message.provider,
            number=0,
            kind="oidc",
            issuer=message.issuer,
            client=message.client_id,
            audience=message.audience,
            sign_in_url=None,
            answer_url=None,
            certificates=(),
            algorithms=message.algorithms,
            redirects=message.redirects,
            trusts_mfa=message.trusts_mfa,
            mfa_contexts=message.mfa_contexts,
            set_by=caller.actor,
            set_at=self._clock.now(),
        )
        return await self._set(caller, row)

    async def set_saml(self, *, caller: Caller, message: SetSamlProvider) -> ProviderSet:
        """Set a provider of SAML. Raises Malformed, IssuerTaken, TooManyProviders."""
        rules.check_saml(message, allows_loopback=self._allows_loopback)
        row = ProviderRow(
            provider=message.provider,
            number=0,
            kind="saml",
            issuer=message.entity_id,
            client=message.our_entity_id,
            audience=None,
            sign_in_url=message.sign_in_url,
            answer_url=message.answer_url,
            certificates=message.certificates,
            algorithms=(),
            redirects=message.redirects,
            trusts_mfa=message.trusts_mfa,
            mfa_contexts=message.mfa_contexts,
            set_by=caller.actor,
            set_at=self._clock.now(),
        )
        return await self._set(caller, row)

    async def _set(self, caller: Caller, row: ProviderRow) -> ProviderSet:
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            await store.hold(connection, tenant_id=caller.tenant_id)
            known = await store.providers(connection, tenant_id=caller.tenant_id)
            others = [one for one in known if one.provider != row.provider]
            if len(others) >= PROVIDERS_MAX:
                raise TooManyProviders(f"A tenant has at most {PROVIDERS_MAX} providers.")
            row = await store.set_provider(
                connection, tenant_id=caller.tenant_id, row=row, caller=caller
            )
        return store.shown(row)

    async def end(self, *, caller: Caller, message: EndProvider) -> ProviderList:
        """End a provider, and list those that are left. Raises ProviderNotFound."""
        tenant_id = caller.tenant_id
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            await store.hold(connection, tenant_id=tenant_id)
            ended = await store.end_provider(
                connection,
                tenant_id=tenant_id,
                provider=message.provider,
                now=self._clock.now(),
                caller=caller,
            )
            left = await store.providers(connection, tenant_id=tenant_id)
        if not ended:
            raise ProviderNotFound(
                "The tenant has no such provider.", {"provider": message.provider[:_NAME_MAX]}
            )
        return ProviderList(items=tuple(map(store.shown, left)))

    async def providers(self, *, caller: Caller, message: ListProviders) -> ProviderList:
        """List the providers in force."""
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            found = await store.providers(connection, tenant_id=caller.tenant_id)
        return ProviderList(items=tuple(map(store.shown, found)))
