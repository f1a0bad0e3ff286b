"""What must hold of a world: of the books at any moment, and of what everybody was told once all is settled."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import httpx

from tallystick.apps.compose import operator_database
from tallystick.kernel.instants import parse
from tallystick.kernel.money import to_int
from tallystick.ledger.service.verifying import verify
from tests.simulation import replay, world
from tests.simulation.memory import Asked, Memory, Sent
from tests.simulation.replay import Row, Snapshot
from tests.simulation.world import World

PAGES_MAX = 100
_DUE = """
    SELECT count(1) FROM ledger.hold
    WHERE tenant_id = $1 AND state = 'held' AND expires_at <= clock_timestamp() - interval '1 second'
"""


async def of_this_moment(lived: World) -> list[str]:
    """What breaks a law in the books as they are now, whoever is at work on them."""
    database = operator_database(lived.ground.database_url)
    await database.start()
    try:
        async with database.transaction(tenant_id=lived.tenant_id, read_only=True) as connection:
            books = await replay.snapshot(connection, lived.tenant_id)
    finally:
        await database.stop()
    return [*replay.breaches(books), *_groups(lived, books)]


async def of_the_end(lived: World) -> list[str]:
    """What breaks a law when all is answered and finished."""
    database = operator_database(lived.ground.database_url)
    await database.start()
    try:
        async with database.transaction(tenant_id=lived.tenant_id, read_only=True) as connection:
            books = await replay.snapshot(connection, lived.tenant_id)
        verification = await verify(database, tenant_id=lived.tenant_id)
    finally:
        await database.stop()
    found = [*replay.breaches(books), *_groups(lived, books), *lived.memory.surprises]
    found += [f"verify: {damage}" for damage in verification.damage]
    found += _acts(lived.memory, books)
    found += _nothing_else(lived, books)
    async with lived.client() as client:
        found += await _files(lived, client, books)
    return found


async def holds_due(lived: World) -> int:
    """How many holds should have expired a second ago and have not."""
    database = operator_database(lived.ground.database_url)
    await database.start()
    try:
        async with database.transaction(tenant_id=lived.tenant_id) as connection:
            return await connection.fetchval(_DUE, lived.tenant_id)
    finally:
        await database.stop()


# ── Acts ─────────────────────────────────────────────────────────────────────────────────────────


def _groups(lived: World, books: Snapshot) -> Iterator[str]:
    """The members of a group are all known or none, and all done or none."""
    rows = {row["id"]: row for row in books.transaction}
    for name, ids in lived.plan.groups.items():
        known = [rows[member] for member in ids if member in rows]
        done = [row["refusal"] is None for row in known]
        if known and (len(known) < len(ids) or len(set(done)) > 1):
            yield f"group {name}: of {sorted(ids)} {[row['id'] for row in known]} are known, {sum(done)} done"


def _acts(memory: Memory, books: Snapshot) -> Iterator[str]:
    """What was told of every act is what stands in the books, once."""
    rows: dict[str, list[Row]] = {}
    for row in books.transaction:
        rows.setdefault(row["id"], []).append(row)
    addresses = {row["account_id"]: row["address"] for row in books.account}
    assets = {row["address"]: row["asset"] for row in books.account}
    winners = {asked.command["id"] for asked in memory.asked.values() if not asked.is_another}
    for asked in memory.asked.values():
        name, found = asked.command["id"], rows.get(asked.command["id"], [])
        if asked.is_open:
            yield f"{name} was never answered"
        elif len(found) != 1:
            yield f"{name} stands in the books {len(found)} times"
        elif asked.is_another:
            if name not in winners:
                yield f"{name} was told to be another act each time"
        elif asked.refusal is not None:
            if found[0]["refusal"] != asked.refusal[0]:
                yield f"{name} was refused with {asked.refusal}, the books have {found[0]['refusal']}"
        else:
            yield from _done_as_told(asked, found[0], addresses, assets)


def _done_as_told(
    asked: Asked, row: Row, addresses: Mapping[int, str], assets: Mapping[str, str]
) -> Iterator[str]:
    command, told = asked.command, asked.transaction
    assert told is not None
    booked = _booked(row, addresses, assets)
    said = [
        (one["debit"], one["credit"], to_int(one["amount"]), one["asset"])
        for one in told["postings"]
    ]
    content = (
        told["kind"],
        parse(told["recorded_at"]),
        parse(told["effective_at"]),
        told.get("reference"),
        said,
    )
    stands = (row["kind"], row["recorded_at"], row["effective_at"], row["reference"], booked)
    if row["refusal"] is not None or content != stands or told["id"] != command["id"]:
        yield f"{command['id']} was told as {content}, and stands as {stands} ({row['refusal']})"
    if command["kind"] != row["kind"] or command.get("target") != told.get("target"):
        yield f"{command} became {told}"
    if "effective_at" in command and parse(command["effective_at"]) != row["effective_at"]:
        yield f"{command} took effect at {told['effective_at']}"
    if (command.get("reference"), command.get("metadata")) != (
        told.get("reference"),
        told.get("metadata"),
    ):
        yield f"{command} was noted as {told}"
    if not _is_what_was_asked(command, booked):
        yield f"{command} became {booked}"


def _is_what_was_asked(
    command: Mapping[str, Any], booked: Sequence[tuple[str, str, int, str]]
) -> bool:
    if "postings" in command:
        wanted = [
            (one["debit"], one["credit"], one["amount"], one["asset"])
            for one in command["postings"]
        ]
        exact = not any(one.get("balancing") for one in command["postings"])
        if exact:
            return wanted == list(booked)
        return len(wanted) == len(booked) and all(
            mine[:2] == theirs[:2] and 0 < theirs[2] <= mine[2]
            for mine, theirs in zip(wanted, booked, strict=True)
        )
    if "amounts" in command:
        return command["amounts"] == [amount for _, _, amount, _ in booked]
    return bool(booked)


def _booked(
    row: Row, addresses: Mapping[int, str], assets: Mapping[str, str]
) -> list[tuple[str, str, int, str]]:
    sides = [addresses[number] for number in row["account_ids"]]
    return [
        (debit, credit, amount, assets[debit])
        for debit, credit, amount in zip(sides[::2], sides[1::2], row["amounts"], strict=True)
    ]


def _nothing_else(lived: World, books: Snapshot) -> Iterator[str]:
    """Nothing stands in the books that nobody asked for."""
    asked = {asked.command["id"] for asked in lived.memory.asked.values()}
    asked |= {item["id"] for item in lived.opening}
    for row in books.transaction:
        if row["id"] not in asked and not row["id"].startswith("pay_") and row["kind"] != "expire":
            yield f"nobody asked for {row['id']}"


# ── Files ────────────────────────────────────────────────────────────────────────────────────────


async def _files(lived: World, client: httpx.AsyncClient, books: Snapshot) -> list[str]:
    """Each file was read once and paid once, and what left its account is what its report says."""
    found: list[str] = []
    sent = {one.file_id: one for one in lived.memory.files.values()}
    kept = {file["file_id"]: file for file in await world.files(client)}
    if sent.keys() != kept.keys() or len(sent) != len(lived.memory.files):
        found.append(f"files sent {sorted(sent)}, files kept {sorted(kept)}")
    rows = {row["id"]: row for row in books.transaction}
    addresses = {row["account_id"]: row["address"] for row in books.account}
    paid: set[str] = set()
    for file_id, file in kept.items():
        payments = await _payments(client, file_id)
        paid |= {payment["payment_id"] for payment in payments}
        report = await _report(client, file_id)
        found += _of_one_file(file, payments, report, rows, addresses)
    found += [f"no file has {row}" for row in rows if row.startswith("pay_") and row not in paid]
    return [*found, *_message_ids(list(lived.memory.files.values()), kept)]


async def _payments(client: httpx.AsyncClient, file_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = ""
    for _ in range(PAGES_MAX):
        query = {"limit": "200"} | ({"after": after} if after else {})
        answer = await client.get(f"/v1/payment-files/{file_id}", params=query)
        assert answer.status_code == 200, answer.text
        found += answer.json()["payments"]
        after = answer.json().get("after", "")
        if not after:
            return found
    raise AssertionError("a file of ours has fewer pages")


async def _report(client: httpx.AsyncClient, file_id: str) -> bytes:
    answers = [await client.get(f"/v1/payment-files/{file_id}/report") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    assert answers[0].content == answers[1].content, "a final report is the same bytes every time"
    return answers[0].content


def _of_one_file(
    file: Mapping[str, Any],
    payments: Sequence[Mapping[str, Any]],
    report: bytes,
    rows: Mapping[str, Row],
    addresses: Mapping[int, str],
) -> Iterator[str]:
    told = _told(report)
    amounts = {payment["payment_id"]: to_int(payment.get("amount", 0)) for payment in payments}
    settled = {payment_id for payment_id, status in told.items() if status == "ACSC"}
    left = 0
    for payment in payments:
        payment_id, row = payment["payment_id"], rows.get(payment["payment_id"])
        is_booked = row is not None and row["refusal"] is None
        if is_booked != (payment["state"] == "settled") or is_booked != (payment_id in settled):
            yield f"{payment_id}: kept as {payment['state']}, told as {told.get(payment_id)}, in the books {row}"
        if row is not None and is_booked:
            left += sum(row["amounts"])
            sides = [addresses[number] for number in row["account_ids"]]
            if len(sides) != 2 or not all(side.startswith("wallets:") for side in sides):
                yield f"{payment_id} was paid from {sides}"
    if left != sum(amounts[payment_id] for payment_id in settled):
        yield f"{file['file_id']}: {left} left the account, its report says otherwise: {told}"
    if file["payments"]["settled"] != len(settled) or file["payments"]["total"] != len(payments):
        yield f"{file['file_id']} counts {file['payments']}, of {len(payments)} {len(settled)} are settled"


def _told(report: bytes) -> dict[str, str]:
    """What a pain.002 says of each payment."""
    found: dict[str, str] = {}
    for element in ElementTree.fromstring(report).iterfind(".//{*}TxInfAndSts"):
        reference = element.findtext("{*}AcctSvcrRef") or ""
        assert reference not in found, "a report names a payment once"
        found[reference] = element.findtext("{*}TxSts") or ""
    return found


def _message_ids(sent: Sequence[Sent], kept: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Of two contents with one message id and one debtor, one is rejected as a duplicate, and only one."""
    by_id: dict[tuple[str, str], list[str]] = {}
    for one in sent:
        debtor = ElementTree.fromstring(one.file.content).findtext(".//{*}DbtrAcct//{*}IBAN") or ""
        reason = kept.get(one.file_id, {}).get("reason") or {}
        by_id.setdefault((one.file.message_id, debtor), []).append(reason.get("code", ""))
    for key, codes in by_id.items():
        if codes.count("DU01") != len(codes) - 1:
            yield f"files with {key} ended as {codes}"
