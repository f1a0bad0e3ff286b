"""The four contexts on the real database, each behind its near door, with and without the wire format."""

from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tallystick.apps.doors import Knocking
from tallystick.identity.api import CreateKey, CreateTenant, Identity
from tallystick.identity.service.keys import IdentityService
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.ledger.api import Ledger
from tallystick.ledger.service import LedgerService
from tallystick.payments.api import Payments
from tallystick.payments.service import PaymentService
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.configuration import Settings
from tallystick.runtime.database import Database
from tallystick.runtime.doors import near
from tallystick.wallets.api import Wallets
from tallystick.wallets.service import WalletsService
from tests.apps.platform import Running, environment
from tests.ports import free_port
from tests.runtime.far_ground import peers_file, private_pem

OPERATOR = Caller(tenant_id=0, actor="operator")
EVERY_DOOR = ("ledger.Ledger", "wallets.Wallets", "payments.Payments", "identity.Identity")


class Doors(NamedTuple):
    """Every door of the platform, and somebody to knock."""

    identity: Identity
    ledger: Ledger
    wallets: Wallets
    payments: Payments
    caller: Caller
    database: Database

    def of(self, protocol: type) -> Any:
        """The door with this protocol."""
        return getattr(self, protocol.__name__.lower())


async def build(*, database_for: Any, mint: Mint, caller: Caller, wire: bool) -> Doors:
    """Stand every context behind its near door."""
    clock = SystemClock()
    database = await database_for("ledger")
    ledger = near(Ledger, LedgerService(database=database, mint=mint), wire=wire)
    wallets = near(
        Wallets,
        WalletsService(
            database=await database_for("wallets"), ledger=ledger, mint=mint, clock=clock
        ),
        wire=wire,
    )
    payments = PaymentService(
        database=await database_for("payments", pool_size=4),
        mint=mint,
        clock=clock,
        ledger=ledger,
        wallets=wallets,
    )
    identity = IdentityService(database=await database_for("identity"), mint=mint, clock=clock)
    return Doors(
        near(Identity, identity, wire=wire),
        ledger,
        wallets,
        near(Payments, payments, wire=wire),
        caller,
        database,
    )


class FarProcess:
    """Another process with every context in it, guards and all, and keys of processes that may knock there."""

    def __init__(self, url: str, home: Path, **may_call: dict[str, list[str]]) -> None:
        self.home = home
        self._keys = {name: Ed25519PrivateKey.generate() for name in may_call}
        port = free_port()
        peers = [(name, self._keys[name], doors) for name, doors in may_call.items()]
        home.mkdir(exist_ok=True)
        (home / "peers.toml").write_text(peers_file(*peers, here=f"127.0.0.1:{port}"))
        for name, key in self._keys.items():
            (home / f"{name}.key").touch(0o600)
            (home / f"{name}.key").write_bytes(private_pem(key))
        env = environment(
            home,
            TALLYSTICK_PORT=str(port),
            TALLYSTICK_DATABASE_URL=url,
            TALLYSTICK_DOOR_PEERS=str(home / "peers.toml"),
            TALLYSTICK_POOL_SIZE="2",
        )
        self.running = Running("serve", env=env, log=home / "log")
        self.url = self.running.url

    def knocking(self, name: str) -> Knocking:
        """Connections to it, with the key of one of those processes."""
        settings = Settings(door_key=str(self.home / f"{name}.key"))
        return Knocking(settings=settings, clock=SystemClock())


async def build_far(
    *, database_for: Any, mint: Mint, process: FarProcess, knocking: Knocking
) -> Doors:
    """The doors of another process, and a key of a new tenant to knock with: that process guards them."""
    clock, database = SystemClock(), await database_for("identity")
    identity = IdentityService(database=database, mint=mint, clock=clock)
    made = await identity.create_tenant(caller=OPERATOR, message=CreateTenant(name="Far"))
    tenant_id = tenant_id_of(made.tenant)
    key = await identity.create_key(
        caller=Caller(tenant_id=tenant_id, actor="operator"), message=CreateKey(label="far")
    )
    caller = Caller(tenant_id=tenant_id, actor=key.key_id, session=key.key_id)
    return Doors(
        knocking.at(Identity, process.url),
        knocking.at(Ledger, process.url),
        knocking.at(Wallets, process.url),
        knocking.at(Payments, process.url),
        caller,
        await database_for("ledger"),
    )
