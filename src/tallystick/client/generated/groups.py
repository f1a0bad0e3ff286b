"""Every group of questions. Written by ``make client`` from the routes."""

from collections.abc import Callable

from tallystick.client.generated.approvals import Approvals
from tallystick.client.generated.clients import Clients
from tallystick.client.generated.clouds import Clouds
from tallystick.client.generated.factors import Factors
from tallystick.client.generated.keys import Keys
from tallystick.client.generated.ledger import Ledger
from tallystick.client.generated.payments import Payments
from tallystick.client.generated.people import People
from tallystick.client.generated.providers import Providers
from tallystick.client.generated.record import Record
from tallystick.client.generated.rights import Rights
from tallystick.client.generated.sessions import Sessions
from tallystick.client.generated.substitutions import Substitutions
from tallystick.client.generated.wallets import Wallets
from tallystick.client.groups import Ask, Walk


class Groups:
    """Whatever can be asked, by what it is about."""

    def __init__(self, ask: Ask, walk: Walk, new_key: Callable[[], str]) -> None:
        self.ledger = Ledger(ask, walk, new_key)
        self.wallets = Wallets(ask, walk, new_key)
        self.payments = Payments(ask, walk, new_key)
        self.keys = Keys(ask, walk, new_key)
        self.people = People(ask, walk, new_key)
        self.rights = Rights(ask, walk, new_key)
        self.factors = Factors(ask, walk, new_key)
        self.approvals = Approvals(ask, walk, new_key)
        self.clients = Clients(ask, walk, new_key)
        self.providers = Providers(ask, walk, new_key)
        self.sessions = Sessions(ask, walk, new_key)
        self.substitutions = Substitutions(ask, walk, new_key)
        self.record = Record(ask, walk, new_key)
        self.clouds = Clouds(ask, walk, new_key)
