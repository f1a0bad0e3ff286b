"""What the record is told of the books: the entry of each act, from its outcome or again from its row.

Accounts, amounts and times are told as they are, by numbers of ours; ids, references, notes and what was asked (by its
fingerprint) are sealed. It is written out by hand, since it stands in the path of every posting.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import DONE, Deed, canonical, compose
from tallystick.kernel.instants import Instant
from tallystick.kernel.money import to_digits
from tallystick.kernel.tags import Tag
from tallystick.ledger.model.outcomes import Outcome
from tallystick.ledger.store.states import Key
from tallystick.runtime import record

CONTEXT = "ledger"
_SAFE_MAX = 2**53 - 1


def leaves_of(
    outcomes: Sequence[Outcome], booked: Sequence[tuple[str, str]], key: Key
) -> list[Any]:
    """Pack the entries of decided acts; ``booked`` are the accounts and amounts of each, as literals of arrays."""
    on = transaction_subject(key, "")
    lines = [
        _line(outcome, accounts, amounts, on, salt)
        for outcome, (accounts, amounts), salt in zip(
            outcomes, booked, record.salts(len(outcomes)), strict=True
        )
    ]
    return record.columns_of(lines)


def transaction_subject(key: Key, at: Instant | str) -> str:
    """How the record names a transaction: its ledger's number, and its place in that ledger's order."""
    return f"ledger:{key[1]}:transaction:{at}"


def _line(outcome: Outcome, accounts: str, amounts: str, on: str, salt: bytes) -> record.Line:
    act, at, target = outcome.act, outcome.recorded_at, outcome.target
    texts = texts_of(
        act_id=act.id,
        fingerprint=act.fingerprint,
        reference=act.reference,
        metadata=act.metadata,
        fields=outcome.fields,
        origin=act.caller.origin,
    )
    entry = compose(
        at=at,
        caller=act.caller,
        content=content_of(
            accounts=accounts[1:-1],
            amounts=amounts[1:-1],
            effective_at=None if outcome.effective_at == at else outcome.effective_at,
            expires_at=act.expires_at,
            target_at=None if target is None else target.recorded_at,
        ),
        on=f"{on}{at}",
        outcome=DONE if outcome.refusal is None else outcome.refusal,
        sealed=sha256(salt + texts.encode()).hexdigest(),
        tag=TAGS[act.kind],
    )
    return record.Line(entry, salt, at, act.caller.origin)


class Opened(NamedTuple):
    """What an account is, from when it opens."""

    address: str
    asset: str
    normal_side: str
    metadata: Mapping[str, str] | None


def account_deed(
    key: Key,
    account_id: int,
    *,
    event: str,
    at: Instant,
    caller: Caller,
    content: Mapping[str, str | None],
    opened: Opened | None,
) -> Deed:
    """What is recorded of an account: that it opened, and as what; its limits; its state."""
    told, texts = dict(content), {}
    if opened is not None:
        told |= {"asset": opened.asset, "normal_side": opened.normal_side}
        texts = {"address": opened.address}
        if opened.metadata:
            texts["metadata"] = opened.metadata
    return Deed(
        tag=ACCOUNT_TAGS[event],
        caller=caller,
        on=f"ledger:{key[1]}:account:{account_id}",
        at=at,
        content=told,
        texts=texts,
    )


def ledger_deed(ledger_id: int, *, name: str, at: Instant, caller: Caller) -> Deed:
    """What is recorded of a ledger that opens."""
    return Deed(
        tag=Tag.LEDGER_LEDGER_OPEN,
        caller=caller,
        on=f"ledger:{ledger_id}",
        at=at,
        texts={"name": name},
    )


ACCOUNT_TAGS: Mapping[str, Tag] = {
    "open": Tag.LEDGER_ACCOUNT_OPEN,
    "limits": Tag.LEDGER_ACCOUNT_LIMIT,
    "status": Tag.LEDGER_ACCOUNT_STATUS,
}
TAGS: Mapping[str, str] = {
    kind: f"ledger.transaction.{kind}"
    for kind in ("post", "hold", "capture", "void", "reverse", "expire")
}


def content_of(
    *,
    accounts: str,
    amounts: str,
    effective_at: Instant | None,
    expires_at: Instant | None,
    target_at: Instant | None,
) -> str:
    """Write what an act booked: debit and credit account of each posting in turn, and the amounts, joined by commas.

    Times are microseconds since 1970; an absent ``effective_at`` is the time of recording.
    """
    if len(amounts) > 15:
        # Numbers beyond 2**53 - 1 are written as strings, since other readers would round them.
        amounts = ",".join(
            one if int(one) <= _SAFE_MAX else f'"{one}"' for one in amounts.split(",")
        )
    text = f',"accounts":[{accounts}],"amounts":[{amounts}]' if accounts else ""
    if effective_at is not None:
        text += f',"effective_at":{effective_at}'
    if expires_at is not None:
        text += f',"expires_at":{expires_at}'
    if target_at is not None:
        text += f',"target_at":{target_at}'
    return f"{{{text[1:]}}}" if text else ""


def texts_of(
    *,
    act_id: str,
    fingerprint: bytes,
    reference: str | None,
    metadata: Mapping[str, str] | None,
    fields: Mapping[str, str],
    origin: str,
) -> str:
    """Write what is sealed of an act, as canonical JSON."""
    text = f'{{"fields":{_json(fields)},' if fields else "{"
    text += f'"fingerprint":"{fingerprint.hex()}",'
    if origin:
        text += f'"from":{_json(origin)},'
    text += f'"id":{_json(act_id)}'
    if metadata:
        text += f',"metadata":{_json(metadata)}'
    if reference is not None:
        text += f',"reference":{_json(reference)}'
    return text + "}"


def _json(value: Any) -> str:
    return canonical(value).decode()


def deed_of_row(row: Any, key: Key) -> Deed:
    """What a transaction's row says was done, in the words of its entry; by whom is for the entry to say."""
    at: Instant = row["recorded_at"]
    content: dict[str, Any] = {}
    if row["account_ids"]:
        content["accounts"] = row["account_ids"]
        content["amounts"] = [to_digits(amount) for amount in row["amounts"]]
    if row["effective_at"] != at:
        content["effective_at"] = row["effective_at"]
    content |= {name: row[name] for name in ("expires_at", "target_at") if row[name] is not None}
    texts = {
        "fingerprint": row["fingerprint"].hex(),
        "id": row["id"],
        "reference": row["reference"],
    }
    texts |= {"metadata": row["metadata"], "fields": row["refusal_fields"]}
    return Deed(
        tag=Tag(TAGS[row["kind"]]),
        caller=record.SOMEBODY,
        on=transaction_subject(key, at),
        at=at,
        outcome=row["refusal"] or DONE,
        content=content,
        texts={name: text for name, text in texts.items() if text is not None},
    )
