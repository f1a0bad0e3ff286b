"""Lists of wallets and payments begin at their cursor, in the index of what is asked, however the plan was made."""

import pytest

from tallystick.apps.compose import PLANNING
from tallystick.runtime.clock import Mint
from tallystick.runtime.database import Database
from tallystick.runtime.sql import queries
from tests.plans import scans_of

# The statement, the index that leads, and what of it the cursor bounds.
LISTS = [
    ("wallets", "wallets", "wallet_pkey", "wallet_id > $2"),
    ("wallets", "wallets_by_owner", "wallet_by_owner", "wallet_id > $2"),
    ("wallets", "wallets_by_state", "wallet_by_state", "wallet_id > $2"),
    ("payments", "files", "payment_file_pkey", "file_id < $2"),
    ("payments", "payments", "payment_pkey", "payment_id < $2"),
    ("payments", "payments_of_file", "payment_by_file", "payment_id < $2"),
    ("payments", "payments_by_end_to_end_id", "payment_by_end_to_end_id", "payment_id < $2"),
    ("payments", "payments_by_state", "payment_by_state", "payment_id < $2"),
    ("payments", "payments_of_debtors", "payment_by_debtor", "payment_id < $2"),
    ("wallets", "wallets_named", "wallet_pkey", "wallet_id > $2"),
]  # fmt: skip


@pytest.mark.parametrize("case", LISTS, ids=[name for _, name, *_ in LISTS])
async def test_a_list_begins_at_its_cursor_in_its_own_index(
    migrated_url: str, mint: Mint, case: tuple[str, str, str, str]
):
    context, name, index, bound = case
    text = queries(context)[name]
    database = Database(
        url=migrated_url, role=f"tallystick_{context}", pool_size=1, settings=PLANNING
    )
    await database.start()
    try:
        async with database.transaction(tenant_id=mint.tenant_id()) as connection:
            scans = await scans_of(connection, text)
    finally:
        await database.stop()
    assert [scan["Index Name"] for scan in scans] == [index]
    assert bound in scans[0]["Index Cond"]
