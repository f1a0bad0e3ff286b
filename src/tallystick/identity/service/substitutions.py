"""Substitutions made real: switches are rows that stay, the last one of a tenant and context is in force."""

import re
from collections.abc import Callable

from tallystick.identity.api.substitutions import (
    BROKEN_MAX,
    CONTEXTS,
    DIFFERENCES_MAX,
    OURS,
    SUBSTITUTED,
    SUBSTITUTES_MAX,
    ContractPromisesTooLittle,
    Differences,
    ListStandings,
    ListSubstitutes,
    MakeTrial,
    NothingTried,
    ReportCopies,
    ReportTrial,
    ShowDifferences,
    StandingList,
    StandingOf,
    Substitute,
    SubstituteList,
    SubstituteNotProven,
    SwitchOver,
    TooManySubstitutes,
    Trial,
    TriedAs,
    UndoSubstitution,
)
from tallystick.identity.service.keys import IdentityService
from tallystick.identity.store import substitutions as store
from tallystick.identity.store.substitutions import SubstituteRow, SwitchRow
from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.kernel.problems import malformed
from tallystick.runtime.clock import Clock
from tallystick.runtime.database import Connection, Database

LIVE, SHADOW, DEFAULT = "live", "shadow", "default"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,49}")
_VERSION = re.compile(r"[A-Z](\.[0-9A-Za-z+-]{1,20}){1,4}")
_BROKEN_LENGTH_MAX = 300
_DIFFERENCE_FIELDS_MAX = 20
_TENANT_NAME_MAX = 100
TRIAL_LASTS: Instant = 3_600 * instants.SECOND
"""So long the keys of a trial are in force."""

Listener = Callable[[int], None]


class SubstitutionsService:
    """Both doors of substitutions, over the database of role ``tallystick_identity``.

    ``keys`` makes the tenants of trials; ``listeners`` are told of each tenant that is switched here.
    """

    def __init__(self, *, database: Database, clock: Clock, keys: IdentityService) -> None:
        self._database, self._clock, self._keys = database, clock, keys
        self.listeners: list[Listener] = []

    async def substitute(self, *, caller: Caller, message: SwitchOver) -> StandingOf:
        """Switch a tenant over. Raises Malformed, ContractPromisesTooLittle, SubstituteNotProven, TenantNotFound."""
        context = _checked_context(message.context)
        if context not in SUBSTITUTED:
            raise ContractPromisesTooLittle(
                f"The contract of {context} does not promise enough yet: nobody can stand in for it. "
                f"Only {', '.join(SUBSTITUTED)} may be substituted."
            )
        if message.mode not in (LIVE, SHADOW):
            raise malformed(
                "mode", f"a substitute is {LIVE} or in {SHADOW}; undo is a call of its own"
            )
        if not 1 <= message.share <= 100:
            raise malformed("share", "a share is 1 to 100 per cent")
        _checked(message.substitute, _NAME, "substitute")
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            known = await store.substitute(connection, context=context, name=message.substitute)
            _demand_proven(known, message)
            shown = await self._switch(
                connection,
                caller,
                context,
                mode=message.mode,
                to=known,
                share=message.share if message.mode == SHADOW else None,
            )
        self._tell(caller)
        return shown

    async def undo(self, *, caller: Caller, message: UndoSubstitution) -> StandingOf:
        """Switch a tenant back to our own. Raises Malformed."""
        context = _checked_context(message.context)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            shown = await self._switch(
                connection, caller, context, mode=DEFAULT, to=None, share=None
            )
        self._tell(caller)
        return shown

    async def _switch(
        self,
        connection: Connection,
        caller: Caller,
        context: str,
        *,
        mode: str,
        to: SubstituteRow | None,
        share: int | None,
    ) -> StandingOf:
        await store.hold(connection, tenant_id=caller.tenant_id)
        before = (await store.standings(connection, tenant_id=caller.tenant_id)).get(context)
        row = SwitchRow(
            context=context,
            number=(before.number if before else 0) + 1,
            mode=mode,
            substitute=to and to.substitute,
            version=to and to.version,
            share=share,
            set_by=caller.actor,
            set_at=self._clock.now(),
        )
        if _is_same(before, row):
            return _shown(context, before, replayed=True)
        await store.switch(
            connection,
            tenant_id=caller.tenant_id,
            row=row,
            before=_version_of(before),
            after=(to and to.version) or OURS,
            caller=caller,
        )
        return _shown(context, row)

    def _tell(self, caller: Caller) -> None:
        for listener in self.listeners:
            listener(caller.tenant_id)

    async def standing(self, *, caller: Caller, message: ListStandings) -> StandingList:
        """Show who serves the tenant, by context."""
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            found = await store.standings(connection, tenant_id=caller.tenant_id)
        return StandingList(
            items=tuple(_shown(context, found.get(context)) for context in CONTEXTS)
        )

    async def serving(self, *, caller: Caller, message: ListStandings) -> StandingList:
        """Tell who serves the tenant, by context."""
        return await self.standing(caller=caller, message=message)

    async def differences(self, *, caller: Caller, message: ShowDifferences) -> Differences:
        """Show what came of the copies of the last trial in shadow. Raises Malformed, NothingTried."""
        context, tenant_id = _checked_context(message.context), caller.tenant_id
        async with self._database.transaction(tenant_id=tenant_id, read_only=True) as connection:
            tried = await store.last_shadow(connection, tenant_id=tenant_id, context=context)
            if tried is None:
                raise NothingTried(f"Nothing was tried in shadow for {context} of this tenant.")
            number, substitute, version = tried
            seen = await store.shadow(
                connection, tenant_id=tenant_id, context=context, number=number
            )
        return Differences(
            context=context,
            number=number,
            substitute=substitute,
            version=version,
            compared=seen.compared,
            different=seen.different,
            lost=seen.lost,
            skipped=seen.skipped,
            items=seen.differences,
        )

    async def substitutes(self, *, caller: Caller, message: ListSubstitutes) -> SubstituteList:
        """List the substitutes that are known."""
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            found = await store.substitutes(connection)
        return SubstituteList(items=tuple(map(_known, found)))

    async def known(self, *, caller: Caller, message: ListSubstitutes) -> SubstituteList:
        """List the substitutes that were tried."""
        return await self.substitutes(caller=caller, message=message)

    async def trial(self, *, caller: Caller, message: MakeTrial) -> Trial:
        """Make the two tenants of a trial and a key of each. Raises Malformed."""
        context, until = _checked_context(message.context), self._clock.now() + TRIAL_LASTS
        made = [
            await self._keys.make_trial(
                caller=caller,
                name=f"Trial of {context} by {message.label} ({number} of 2)"[:_TENANT_NAME_MAX],
                until=until,
            )
            for number in (1, 2)
        ]
        callers = tuple(TriedAs(tenant=tenant, key_id=key_id) for tenant, key_id in made)
        return Trial(callers=callers, ends_at=instants.render(until))

    async def tried(self, *, caller: Caller, message: ReportTrial) -> SubstituteList:
        """Remember how a substitute kept its contract. Raises Malformed, TooManySubstitutes."""
        row = SubstituteRow(
            context=_checked_context(message.context),
            substitute=_checked(message.substitute, _NAME, "substitute"),
            version=_checked(message.version, _VERSION, "version"),
            tried_at=self._clock.now(),
            broken=tuple(map(_printable, message.broken[:BROKEN_MAX])),
        )
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            await store.hold(connection, tenant_id=0)
            known = await store.substitutes(connection)
            names = {(one.context, one.substitute, one.version) for one in known}
            if len(names | {(row.context, row.substitute, row.version)}) > SUBSTITUTES_MAX:
                raise TooManySubstitutes(f"At most {SUBSTITUTES_MAX} substitutes are known.")
            await store.remember_trial(connection, row=row, caller=caller)
            found = await store.substitutes(connection)
        return SubstituteList(items=tuple(map(_known, found)))

    async def watched(self, *, caller: Caller, message: ReportCopies) -> StandingList:
        """Add up what came of copies. Raises Malformed."""
        _checked_context(message.context)
        counts = (message.compared, message.different, message.lost, message.skipped)
        if min(counts) < 0 or message.different > message.compared:
            raise malformed(
                "different", "counts are not negative, and no more differ than compared"
            )
        for one in message.differences:
            if len(one.fields) > _DIFFERENCE_FIELDS_MAX:
                raise malformed("differences", f"at most {_DIFFERENCE_FIELDS_MAX} places each")
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            await store.add_shadow(
                connection, tenant_id=caller.tenant_id, seen=message, most=DIFFERENCES_MAX
            )
        return await self.standing(caller=caller, message=ListStandings())


def _checked_context(context: str) -> str:
    if context not in CONTEXTS:
        raise malformed("context", f"a context that can be substituted is {', '.join(CONTEXTS)}")
    return context


def _checked(text: str, form: re.Pattern[str], field: str) -> str:
    if not form.fullmatch(text):
        raise malformed(field, f"it has the form {form.pattern}")
    return text


def _printable(text: str) -> str:
    """What was found of a substitute, which has its say in it: cut, and without what no terminal should be told."""
    return "".join(one if one.isprintable() else "?" for one in text[:_BROKEN_LENGTH_MAX])


def _demand_proven(known: SubstituteRow | None, message: SwitchOver) -> None:
    name = message.substitute
    if known is None:
        raise SubstituteNotProven(
            f"No substitute {name!r} of {message.context} has been tried by its contract.",
            {"substitute": name},
        )
    if known.broken:
        raise SubstituteNotProven(
            f"{name} {known.version} breaks the contract of {message.context}.",
            {"substitute": name, "version": known.version, "broken": known.broken[0]},
        )


def _is_same(before: SwitchRow | None, after: SwitchRow) -> bool:
    if before is None:
        return after.mode == DEFAULT
    mine = (before.mode, before.substitute, before.version, before.share)
    return mine == (after.mode, after.substitute, after.version, after.share)


def _version_of(row: SwitchRow | None) -> str:
    """The version that answers under a switch; one that is tried in shadow answers nobody."""
    return row.version if row and row.mode == LIVE and row.version else OURS


def _shown(context: str, row: SwitchRow | None, *, replayed: bool = False) -> StandingOf:
    if row is None:
        return StandingOf(context=context, mode=DEFAULT, version=OURS, replayed=replayed)
    return StandingOf(
        context=context,
        mode=row.mode,
        version=_version_of(row),
        number=row.number,
        substitute=row.substitute,
        tried=row.version if row.mode == SHADOW else None,
        share=row.share,
        set_by=row.set_by,
        set_at=instants.render(row.set_at),
        replayed=replayed,
    )


def _known(row: SubstituteRow) -> Substitute:
    return Substitute(
        context=row.context,
        substitute=row.substitute,
        version=row.version,
        tried_at=instants.render(row.tried_at),
        proven=not row.broken,
        broken=row.broken,
    )
