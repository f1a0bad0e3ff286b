"""Providers over HTTP."""

from tallystick.identity.api.keys import TenantNotFound
from tallystick.identity.api.providers import (
    EndProvider,
    IssuerTaken,
    ListProviders,
    ProviderList,
    ProviderNotFound,
    Providers,
    ProviderSet,
    SetOidcProvider,
    SetSamlProvider,
    TooManyProviders,
)
from tallystick.runtime.routes import Asked, Route


def routes(providers: Providers) -> list[Route]:
    """The routes of providers."""

    async def set_oidc(asked: Asked) -> ProviderSet:
        return await providers.set_oidc(caller=asked.caller, message=asked.body)

    async def set_saml(asked: Asked) -> ProviderSet:
        return await providers.set_saml(caller=asked.caller, message=asked.body)

    async def end(asked: Asked) -> ProviderList:
        message = EndProvider(provider=asked.path["provider"])
        return await providers.end(caller=asked.caller, message=message)

    async def list_(asked: Asked) -> ProviderList:
        return await providers.providers(caller=asked.caller, message=ListProviders())

    problems = (IssuerTaken, TooManyProviders, TenantNotFound)
    return [
        Route(
            method="GET",
            path="/v1/providers",
            summary="List the providers by which people sign in",
            handle=list_,
            answer=ProviderList,
        ),
        Route(
            method="PUT",
            path="/v1/oidc-providers",
            summary="Set a provider of OpenID Connect",
            handle=set_oidc,
            body=SetOidcProvider,
            answer=ProviderSet,
            problems=problems,
        ),
        Route(
            method="PUT",
            path="/v1/saml-providers",
            summary="Set a provider of SAML",
            handle=set_saml,
            body=SetSamlProvider,
            answer=ProviderSet,
            problems=problems,
        ),
        Route(
            method="DELETE",
            path="/v1/providers/{provider}",
            summary="End a provider",
            handle=end,
            answer=ProviderList,
            problems=(ProviderNotFound,),
        ),
    ]
