"""Decisions made real: standings are read, the engine is asked, and what it said is written down."""

from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import Any, Final

import msgspec

from tallystick.identity.adapters import cedar
from tallystick.identity.api.access import (
    APPROVAL,
    Ask,
    Decision,
    DecisionNotFound,
    DecisionOf,
    Explain,
    Explanation,
    HolderNotFound,
)
from tallystick.identity.api.explaining_checks import checked_explain
from tallystick.identity.model import explaining, judging
from tallystick.identity.model.judging import Asked, Judged, Ruling
from tallystick.identity.model.standing import Standing, cap_of, seen_by
from tallystick.identity.service.makers import MakersKnown
from tallystick.identity.service.standings import KEPT, Standings, bundles_of
from tallystick.identity.store import access as store
from tallystick.identity.store import approvals
from tallystick.kernel import ids, instants
from tallystick.kernel.actions import Action, Facts, Sum, is_action
from tallystick.kernel.callers import Caller, address_of
from tallystick.kernel.entries import canonical
from tallystick.kernel.instants import Instant
from tallystick.kernel.money import to_int
from tallystick.kernel.problems import malformed
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.database import Connection, Database

WRITTEN_MAX: Final = 10_000
# The same question with the same answer is written down again after so long.
WRITTEN_FOR: Final[Instant] = 3_600 * instants.SECOND
_ACTIONS_MAX: Final = 10
_AGREEING: Final = "approve"
_READING: Final = "read_books"
_BECAUSE: Final = cedar.because()
_TITLES: Final = cedar.catalogue().titles
_NOBODY: Final = "what proved them is not known to this tenant"


class AccessService(MakersKnown):
    """The door of decisions, over the database of role ``tallystick_identity``."""

    def __init__(
        self, *, database: Database, mint: Mint, clock: Clock, standings: Standings
    ) -> None:
        self._database = database
        self._mint = mint
        self._clock = clock
        self._standings = standings
        self._engine = cedar.engine()
        self._groups = cedar.catalogue().groups
        self._special = frozenset(
            action
            for group in ("sensitive", "sensitive_for_people", "whole", "second_person", "rights")
            for action in self._groups[group]
        )
        self._written: dict[bytes, tuple[str, Instant]] = {}
        self._policies_kept = False

    async def decide(self, *, caller: Caller, message: Ask) -> Decision:
        """Decide, and write it down."""
        _demand_actions(message.actions)
        standing = await self._standings.of(caller)
        if standing is None:
            standing = Standing(kind="Machine", holder=caller.actor, is_active=False)
        if standing.rule.networks:
            # From where it is asked now, wherever the session began.
            standing = msgspec.structs.replace(standing, network=address_of(caller))
        asked = Asked(standing=standing, facts=message.facts, scope=caller.scope)
        now = self._clock.now()
        decide = self._decide_as(standing, caller)
        ruling = self._rule(asked, message.actions, now, decide)
        if ruling.by_roles:
            whatever = msgspec.structs.replace(asked, facts=Facts())
            together = tuple(dict.fromkeys((*message.actions, *message.also)))
            for actions in (together, message.actions):
                if self._special.isdisjoint(actions):
                    firm = judging.firm(whatever, actions, now=now, decide=decide)
                    if firm is not None:
                        return await self._answer(caller, whatever, firm, now)
        if ruling.missing == APPROVAL and message.digest:
            return await self._with_others(caller, asked, message, ruling, now)
        return await self._answer(caller, asked, ruling, now)

    async def explain(self, *, caller: Caller, message: Explain) -> Explanation:
        """Decide about somebody else, and say why."""
        checked_explain(message)
        _demand_actions((message.action,))
        standing = await self._standings.of(caller, holder=message.holder)
        if standing is None:
            raise HolderNotFound("There is no such person, key or client.")
        now = self._clock.now()
        seated = _as_if_seated(standing, now)
        asked = Asked(standing=seated, facts=_facts_of(message), proven=seated.kind == "Person")
        ruling = self._rule(asked, (message.action,), now, self._decide_as(seated, caller))
        made = await self._answer(caller, asked, ruling, now)
        return await self.decision(caller=caller, message=DecisionOf(made.decision))

    async def decision(self, *, caller: Caller, message: DecisionOf) -> Explanation:
        """Show a decision, and decide it again from what is on record."""
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            row = await store.decision(
                connection, tenant_id=caller.tenant_id, decision_id=message.decision
            )
            kept = None if row is None else await store.policies(connection, version=row.version)
        if row is None or kept is None:
            raise DecisionNotFound("There is no such decision.")
        asked = judging.read_asked(row.asked)
        engine = self._engine
        if row.version != engine.version:
            engine = cedar.Engine(*kept)
        decide = _decide_with(engine, asked.asked.standing, asked.tenant)
        again = judging.judged_again(asked, at=row.at, decide=decide)
        answered = msgspec.json.decode(row.answered)
        ruling = Ruling(judged=again, missing=answered["missing"], needed=answered.get("needed", 1))
        return Explanation(
            decision=row.decision_id,
            at=instants.render(row.at),
            actor=row.actor,
            action=row.action,
            allowed=row.allowed,
            sentence=self._sentence(ruling, asked.asked.standing),
            reasons=ruling.reasons,
            because=explaining.because_of(ruling, because=_BECAUSE, titles=_TITLES),
            missing=answered["missing"],
            policies=row.version,
            again=_is_the_same(again, asked.judged, answered["judged"]),
            asked=msgspec.json.decode(row.asked),
        )

    def _rule(
        self, asked: Asked, actions: tuple[str, ...], now: Instant, decide: judging.Decide
    ) -> Ruling:
        return judging.rule_on(
            asked, actions, now=now, decide=decide, second_person=self._groups["second_person"]
        )

    def _decide_as(self, standing: Standing, caller: Caller) -> judging.Decide:
        return _decide_with(self._engine, standing, ids.tenant_name(caller.tenant_id))

    def _sentence(self, ruling: Ruling, standing: Standing) -> str:
        if not standing.is_active and not standing.roles:
            return f"{standing.holder} may do nothing: {_NOBODY}."
        return explaining.explain(ruling, standing, because=_BECAUSE, titles=_TITLES)

    async def _with_others(
        self, caller: Caller, asked: Asked, message: Ask, ruling: Ruling, now: Instant
    ) -> Decision:
        """Look whether others agreed to this very act; ask them when they have not been asked."""
        action, digest = " ".join(message.actions), bytes.fromhex(message.digest)
        decide = self._decide_as(asked.standing, caller)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            used = await store.used_approval(
                connection,
                tenant_id=caller.tenant_id,
                maker=caller.actor,
                action=action,
                digest=digest,
            )
            # Money has an id of the caller's in what was agreed to, so that a repetition is a replay. Anything else
            # is agreed to once, and asked for anew.
            is_money = not set(self._groups["pay"]).isdisjoint(message.actions)
            if used is not None and not (is_money and now < used.expires_at):
                used = None
            found = used.approval_id if used else ""
            if not found:
                opened = await approvals.open_or_find(
                    connection,
                    tenant_id=caller.tenant_id,
                    maker=caller.actor,
                    action=action,
                    digest=digest,
                    asked=_shown(caller, action, asked.facts, message.digest),
                    needed=ruling.needed,
                    now=now,
                    mint_id=self._mint.id,
                    caller=caller,
                )
                found = opened.approval_id
            agreed = await self._agreed(connection, caller, found, now)
            again = msgspec.structs.replace(asked, approvals=len(agreed))
            ruling = self._rule(again, message.actions, now, decide)
            if ruling.allowed and used is None:
                await approvals.use(connection, caller=caller, approval_id=found, now=now)
            text = _asked_text(caller, again, ruling)
            decided = await self._write(
                connection, caller, again, ruling, now, text=text, approval=found
            )
        return self._decision(caller, again, ruling, decided, now, approval=found)

    async def _agreed(
        self, connection: Connection, caller: Caller, approval_id: str, now: Instant
    ) -> list[str]:
        """Who agreed, of those who still may agree to anything."""
        agreed: list[str] = []
        for person in await approvals.approvers_of(
            connection, tenant_id=caller.tenant_id, approval_id=approval_id
        ):
            standing = await store.standing(
                connection,
                tenant_id=caller.tenant_id,
                holder=person,
                session="",
                now=now,
                bundles_of=bundles_of,
            )
            if standing is not None and standing.is_active and _AGREEING in standing.bundles:
                agreed.append(person)
        return agreed

    async def _answer(self, caller: Caller, asked: Asked, ruling: Ruling, now: Instant) -> Decision:
        """Write a ruling down, unless the same one was lately, and answer it."""
        text = _asked_text(caller, asked, ruling)
        mark = sha256(f"{caller.session}\n{text}\n{ruling.missing}".encode()).digest()
        written = self._written.get(mark)
        if written is not None and 0 <= now - written[1] < WRITTEN_FOR:
            return self._decision(caller, asked, ruling, written[0], now)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            decided = await self._write(connection, caller, asked, ruling, now, text=text)
        self._policies_kept = True
        if len(self._written) >= WRITTEN_MAX:
            del self._written[next(iter(self._written))]
        self._written[mark] = (decided, now)
        return self._decision(caller, asked, ruling, decided, now)

    async def _write(
        self,
        connection: Connection,
        caller: Caller,
        asked: Asked,
        ruling: Ruling,
        now: Instant,
        *,
        text: str,
        approval: str = "",
    ) -> str:
        row = store.DecisionRow(
            decision_id=self._mint.id("dec"),
            at=now,
            actor=asked.standing.holder,
            session=caller.session,
            action=" ".join(one.action for one in ruling.judged),
            allowed=ruling.allowed,
            version=self._engine.version,
            asked=text,
            answered=judging.answered_text(ruling, approval=approval),
        )
        policies = None if self._policies_kept else (self._engine.policies, self._engine.entities)
        await store.insert_decision(connection, caller=caller, row=row, policies=policies)
        return row.decision_id

    def _decision(
        self,
        caller: Caller,
        asked: Asked,
        ruling: Ruling,
        decided: str,
        now: Instant,
        *,
        approval: str = "",
    ) -> Decision:
        standing = asked.standing
        used = [
            one
            for one in ruling.judged
            if one.allowed and not one.by_role and one.delegation is not None
        ]
        caps = [cap_of(one.delegation, now) for one in used if one.delegation is not None]
        seen = [
            set(seen_by(standing.delegations, one.action, now))
            for one in used
            if "delegation.reads" in one.reasons
        ]
        # Whoever may move money need not see what is on an account.
        seen += [
            set(seen_by(standing.delegations, Action.LEDGER_ACCOUNT_READ, now))
            for one in used
            if "delegation.moves" in one.reasons and _READING not in one.context["bundles"]
        ]
        return Decision(
            allowed=ruling.allowed,
            decision=decided,
            sentence=self._sentence(ruling, standing),
            missing=ruling.missing,
            approval=approval if ruling.missing == APPROVAL else "",
            fresh_s=standing.rule.step_up_minutes * 60,
            blanket=tuple(one.action for one in ruling.judged) if ruling.is_firm else (),
            lasts=max(0, (standing.loaded_at or now) + KEPT - now),
            caps=tuple(dict.fromkeys(cap for cap in caps if cap is not None)),
            sees=tuple(sorted(set.intersection(*seen))) if seen else None,
        )


def _asked_text(caller: Caller, asked: Asked, ruling: Ruling) -> str:
    """What a decision was made of, as it is written down."""
    return judging.asked_text(asked, ruling.judged, tenant=ids.tenant_name(caller.tenant_id))


def _demand_actions(actions: tuple[str, ...]) -> None:
    if not 1 <= len(actions) <= _ACTIONS_MAX:
        raise malformed("actions", f"1 to {_ACTIONS_MAX} actions are asked for at once")
    for action in actions:
        if not is_action(action):
            raise malformed(
                "action", "there is no such action: docs/reference/actions.md lists them"
            )


def _decide_with(engine: cedar.Engine, standing: Standing, tenant: str) -> judging.Decide:
    principal = {"type": standing.kind, "id": standing.holder}
    return partial(_ask_engine, engine, principal, tenant)


def _ask_engine(
    engine: cedar.Engine,
    principal: Mapping[str, str],
    tenant: str,
    action: str,
    context: Mapping[str, Any],
) -> cedar.Verdict:
    return engine.decide(principal=principal, action=action, tenant=tenant, context=context)


def _is_the_same(
    again: tuple[Judged, ...], asked: list[dict[str, Any]], answered: list[dict[str, Any]]
) -> bool:
    """Whether facts and answers are to the bit what they were."""
    facts = [one.context for one in again] == [one["context"] for one in asked]
    said = [
        {"action": one.action, "allowed": one.allowed, "reasons": list(one.reasons)}
        for one in again
    ]
    return facts and said == answered


def _shown(caller: Caller, action: str, facts: Facts, digest: str) -> str:
    """What is shown to those who are asked, and signed by them."""
    only = facts.sums[0] if len(facts.sums) == 1 else None
    return canonical(
        {
            name: value
            for name, value in {
                "action": action,
                "amount": str(only.total) if only else "",
                "asset": only.asset if only else "",
                "content": digest,
                "maker": caller.actor,
                "on": facts.on,
                "payee": facts.payee,
                "payees": list(facts.payees),
                "payers": list(facts.payers),
                "what": facts.told,
                "payment": facts.on if facts.sums else "",
                "sums": [f"{one.total} {one.asset}" for one in facts.sums] if only is None else [],
            }.items()
            if value
        }
    ).decode()


def _as_if_seated(standing: Standing, now: Instant) -> Standing:
    """A standing as if its person sat in a session of a known device on an allowed network."""
    if standing.kind != "Person":
        return standing
    replace = msgspec.structs.replace
    rule = replace(standing.rule, networks=(), countries=(), known_devices=False)
    sitting = store.Sitting(session_id="", device_known=True, expires_at=now + KEPT)
    return replace(standing, rule=rule, sitting=sitting)


def _facts_of(message: Explain) -> Facts:
    """What is asked about, as the door of the books would tell it."""
    sums: tuple[Sum, ...] = ()
    if (message.amount is None) != (message.asset is None):
        raise malformed("amount", "an amount and its asset go together")
    if message.amount is not None and message.asset is not None:
        try:
            amount = to_int(message.amount)
        except ValueError as error:
            raise malformed("amount", str(error)) from None
        sums = (Sum(asset=message.asset, largest=amount, total=amount),)
    return Facts(
        accounts=(message.account,) if message.account else (),
        credits=(message.credit,) if message.credit else (),
        sums=sums,
        on=message.on or "",
        person=message.on if message.on and message.on.startswith(store.PERSON) else "",
    )
