"""Proving the books again from their entries, read-only."""

from collections.abc import Callable

from tallystick.ledger.api import Damage, Verification
from tallystick.ledger.store import reading, verifying
from tallystick.runtime.database import Database

DAMAGE_NAMED_MAX = 100

Progress = Callable[[str], None]


async def verify(
    database: Database, *, tenant_id: int, progress: Progress = lambda _: None
) -> Verification:
    """Ask every law of every ledger of a tenant, all in one snapshot; ``progress`` hears what is asked."""
    totals = dict.fromkeys(("accounts", "transactions", "entries", "holds"), 0)
    damage: list[Damage] = []
    async with database.transaction(tenant_id=tenant_id, read_only=True) as connection:
        for ledger in await reading.ledgers(connection, tenant_id):
            key = (tenant_id, ledger["ledger_id"])
            counts = await verifying.counts(connection, key)
            totals = {name: total + counts[name] for name, total in totals.items()}
            for law in verifying.LAWS:
                progress(f"{ledger['name']}: {law}")
                rows = await verifying.breaches(connection, key, law, DAMAGE_NAMED_MAX)
                damage += [
                    Damage(
                        law=law,
                        where=f"{ledger['name']}: {row['where']}",
                        expected=row["expected"] or "nothing",
                        found=row["found"] or "nothing",
                    )
                    for row in rows
                ]
    return Verification(
        accounts=totals["accounts"],
        transactions=totals["transactions"],
        entries=totals["entries"],
        holds=totals["holds"],
        laws=tuple(verifying.LAWS),
        damage=tuple(damage),
    )
