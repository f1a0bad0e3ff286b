"""Questions about identity providers. Written by ``make client`` from the routes."""

from tallystick.client.calls import Call, said, segment
from tallystick.client.groups import Group
from tallystick.identity.api.providers import ProviderList, ProviderSet


class Providers(Group):
    """What can be asked of identity providers."""

    def providers(self, *, within_ms: int | None = None) -> ProviderList:
        """List the providers by which people sign in."""
        return self._ask(Call("GET", "/v1/providers", ProviderList, within_ms=within_ms))

    def set_oidc(
        self,
        *,
        provider: str,
        issuer: str,
        client_id: str,
        audience: str | None = None,
        algorithms: tuple[str, ...] = ("ES256", "EdDSA", "PS256", "RS256"),
        redirects: tuple[str, ...] = (),
        trusts_mfa: bool = False,
        mfa_contexts: tuple[str, ...] = (),
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> ProviderSet:
        """Set a provider of OpenID Connect.

        Raises IssuerTaken, TooManyProviders, TenantNotFound.
        """
        return self._ask(
            Call(
                "PUT",
                "/v1/oidc-providers",
                ProviderSet,
                body=said(
                    {
                        "provider": provider,
                        "issuer": issuer,
                        "client_id": client_id,
                        "audience": audience,
                        "algorithms": algorithms,
                        "redirects": redirects,
                        "trusts_mfa": trusts_mfa,
                        "mfa_contexts": mfa_contexts,
                    },
                    algorithms=("ES256", "EdDSA", "PS256", "RS256"),
                    redirects=(),
                    trusts_mfa=False,
                    mfa_contexts=(),
                ),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def set_saml(
        self,
        *,
        provider: str,
        entity_id: str,
        sign_in_url: str,
        our_entity_id: str,
        answer_url: str,
        certificates: tuple[str, ...],
        redirects: tuple[str, ...] = (),
        trusts_mfa: bool = False,
        mfa_contexts: tuple[str, ...] = (),
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> ProviderSet:
        """Set a provider of SAML.

        Raises IssuerTaken, TooManyProviders, TenantNotFound.
        """
        return self._ask(
            Call(
                "PUT",
                "/v1/saml-providers",
                ProviderSet,
                body=said(
                    {
                        "provider": provider,
                        "entity_id": entity_id,
                        "sign_in_url": sign_in_url,
                        "our_entity_id": our_entity_id,
                        "answer_url": answer_url,
                        "certificates": certificates,
                        "redirects": redirects,
                        "trusts_mfa": trusts_mfa,
                        "mfa_contexts": mfa_contexts,
                    },
                    redirects=(),
                    trusts_mfa=False,
                    mfa_contexts=(),
                ),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def end(
        self, *, provider: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> ProviderList:
        """End a provider.

        Raises ProviderNotFound.
        """
        return self._ask(
            Call(
                "DELETE",
                f"/v1/providers/{segment(provider)}",
                ProviderList,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )
