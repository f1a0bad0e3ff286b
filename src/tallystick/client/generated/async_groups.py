"""Every group of questions, awaited. Written by ``make client`` from the routes."""

from collections.abc import Callable

from tallystick.client.generated.async_approvals import AsyncApprovals
from tallystick.client.generated.async_clients import AsyncClients
from tallystick.client.generated.async_clouds import AsyncClouds
from tallystick.client.generated.async_factors import AsyncFactors
from tallystick.client.generated.async_keys import AsyncKeys
from tallystick.client.generated.async_ledger import AsyncLedger
from tallystick.client.generated.async_payments import AsyncPayments
from tallystick.client.generated.async_people import AsyncPeople
from tallystick.client.generated.async_providers import AsyncProviders
from tallystick.client.generated.async_record import AsyncRecord
from tallystick.client.generated.async_rights import AsyncRights
from tallystick.client.generated.async_sessions import AsyncSessions
from tallystick.client.generated.async_substitutions import AsyncSubstitutions
from tallystick.client.generated.async_wallets import AsyncWallets
from tallystick.client.groups import AsyncAsk, AsyncWalk


class AsyncGroups:
    """Whatever can be asked, by what it is about."""

    def __init__(self, ask: AsyncAsk, walk: AsyncWalk, new_key: Callable[[], str]) -> None:
        self.ledger = AsyncLedger(ask, walk, new_key)
        self.wallets = AsyncWallets(ask, walk, new_key)
        self.payments = AsyncPayments(ask, walk, new_key)
        self.keys = AsyncKeys(ask, walk, new_key)
        self.people = AsyncPeople(ask, walk, new_key)
        self.rights = AsyncRights(ask, walk, new_key)
        self.factors = AsyncFactors(ask, walk, new_key)
        self.approvals = AsyncApprovals(ask, walk, new_key)
        self.clients = AsyncClients(ask, walk, new_key)
        self.providers = AsyncProviders(ask, walk, new_key)
        self.sessions = AsyncSessions(ask, walk, new_key)
        self.substitutions = AsyncSubstitutions(ask, walk, new_key)
        self.record = AsyncRecord(ask, walk, new_key)
        self.clouds = AsyncClouds(ask, walk, new_key)
