"""What the record is told of the books: the entry of each act, from its outcome or again from its row.

Accounts, amounts and times are told as they are, by numbers of ours; ids, references, notes and what was asked (by its
fingerprint) are sealed. It is written out by hand, since it stands in the path of every posting.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import DONE, SALT_BYTES, VERSION, Deed, behalf, canonical, decided
from tallystick.kernel.instants import SECOND, Instant, render
from tallystick.kernel.money import to_digits
from tallystick.kernel.tags import Tag
from tallystick.ledger.model.outcomes import Outcome
from tallystick.ledger.store.states import Key
from tallystick.runtime import record

CONTEXT = "ledger"
_SAFE_MAX = 2**53 - 1
_SAFE_DIGITS = 15
_CALLERS_REMEMBERED_MAX = 4_096


def leaves_of(
    outcomes: Sequence[Outcome], booked: Sequence[tuple[str, str]], key: Key
) -> list[Any]:
    """Pack the entries of decided acts; ``booked`` are the accounts and amounts of each, as literals of arrays."""
    salts = record.draw_salts(len(outcomes))
    entries: list[bytes] = []
    second, moment = -1, render(-SECOND)[:-8]
    # In one loop, with nothing called that is not needed: this is done for every posting.
    for outcome, (accounts, amounts) in zip(outcomes, booked, strict=True):
        act, at, place = outcome.act, outcome.recorded_at, len(entries) * SALT_BYTES
        caller = act.caller
        if at // SECOND != second:
            second = at // SECOND
            moment = render(second * SECOND)[:-8]
        texts = _texts(outcome, _origin_json(caller.origin))
        # Ids of ours need no escaping; whatever else was given is written as JSON wants it.
        request = caller.request
        quoted = f'"{request}"' if request.isidentifier() else _json(request)
        sealed = sha256(salts[place : place + SALT_BYTES] + texts.encode()).hexdigest()
        entries.append(
            (
                f'{{"at":"{moment}.{at % SECOND:06d}Z","by":{_actor_json(caller.actor)}'
                f'{_content(outcome, accounts[1:-1], amounts[1:-1])}{decided(caller)},"from":{quoted}'
                f',"on":"ledger:{key[1]}:transaction:{at}","outcome":"{outcome.refusal or DONE}"'
                f',"sealed":"{sealed}","tag":"{TAGS[act.kind]}","v":{VERSION}{behalf(caller)}}}'
            ).encode()
        )
    return record.columns_of(
        entries,
        salts=salts,
        times=[outcome.recorded_at for outcome in outcomes],
        origins=[outcome.act.caller.origin for outcome in outcomes],
    )


# The same few keys and addresses ask again and again.
_actor_json = lru_cache(_CALLERS_REMEMBERED_MAX)(lambda actor: canonical(actor).decode())
_origin_json = lru_cache(_CALLERS_REMEMBERED_MAX)(
    lambda origin: f'"from":{canonical(origin).decode()},' if origin else ""
)


def transaction_subject(key: Key, at: Instant) -> str:
    """How the record names a transaction: its ledger's number, and its place in that ledger's order."""
    return f"ledger:{key[1]}:transaction:{at}"


def _content(outcome: Outcome, accounts: str, amounts: str) -> str:
    """What an act booked: debit and credit account of each posting in turn, and the amounts; and its times."""
    act, text = outcome.act, ""
    if accounts:
        if len(amounts) > _SAFE_DIGITS:
            # Numbers beyond 2**53 - 1 are written as strings, since other readers would round them.
            amounts = ",".join(
                one if int(one) <= _SAFE_MAX else f'"{one}"' for one in amounts.split(",")
            )
        text = f',"accounts":[{accounts}],"amounts":[{amounts}]'
    if act.effective_at is not None and act.effective_at != outcome.recorded_at:
        text += f',"effective_at":{act.effective_at}'
    if act.expires_at is not None:
        text += f',"expires_at":{act.expires_at}'
    if outcome.target is not None:
        text += f',"target_at":{outcome.target.recorded_at}'
    return f',"content":{{{text[1:]}}}' if text else ""


def _texts(outcome: Outcome, origin: str) -> str:
    """What is sealed of an act, as canonical JSON."""
    act, act_id = outcome.act, outcome.act.id
    # An id is printable ASCII, and of that JSON escapes two characters.
    quoted = _json(act_id) if '"' in act_id or "\\" in act_id else f'"{act_id}"'
    fields = f'"fields":{_json(outcome.fields)},' if outcome.fields else ""
    text = f'{{{fields}"fingerprint":"{act.fingerprint.hex()}",{origin}"id":{quoted}'
    if act.metadata:
        text += f',"metadata":{_json(act.metadata)}'
    if act.reference is not None:
        text += f',"reference":{_json(act.reference)}'
    return text + "}"


def _json(value: Any) -> str:
    return canonical(value).decode()


class Opened(NamedTuple):
    """What an account is, from when it opens."""

    address: str
    asset: str
    exponent: int
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
    told: dict[str, Any] = dict(content)
    texts: dict[str, Any] = {}
    if opened is not None:
        told |= {
            "asset": opened.asset,
            "exponent": opened.exponent,
            "normal_side": opened.normal_side,
        }
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
