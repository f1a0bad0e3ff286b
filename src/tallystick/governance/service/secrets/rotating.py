"""Carrying a rotation out: what the state machine wants is done, written down, and wanted again until it is over.

Everything here may be done twice, since a crash may lie between doing and writing down.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from tallystick.governance.model import rotation as machine
from tallystick.governance.model.homes import (
    Copy,
    Documents,
    Home,
    HomeRefused,
    Kind,
    Mark,
    NotThere,
    Sealed,
    VersionGone,
)
from tallystick.governance.model.rotation import Rotation
from tallystick.governance.model.secrets import HomeName, SecretSpec
from tallystick.governance.service.secrets.acknowledging import acknowledgements, counts
from tallystick.governance.service.secrets.following import (
    demand_homes,
    demand_no_strays,
    demand_same_homes,
)
from tallystick.governance.service.secrets.knowing import Held, SecretStep, Turn
from tallystick.governance.service.secrets.syncing import Source, bring

ARROWS_MAX: Final = 60


class Unprovable(HomeRefused):
    """The old value is gone from the primary home, so nobody can try it."""


class NotInForce(HomeRefused):
    """The issuer refuses the new value too, so its refusing the old one would prove nothing."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What rotations of an environment stand on."""

    primary: Home
    documents: Documents
    copies: Mapping[HomeName, Home]
    kinds: Mapping[str, Kind]
    key: bytes = field(repr=False)


class Rotating:
    """One rotation of one secret, by whoever has the turn."""

    def __init__(self, *, ground: Ground, turn: Turn, spec: SecretSpec) -> None:
        """Raises HomeRefused for a secret of a kind that is not rotated here."""
        self._ground, self._turn, self._spec = ground, turn, spec
        if spec.kind not in ground.kinds:
            raise HomeRefused(
                f"{spec.name} is {spec.kind}, which is not rotated here: a dynamic one rotates itself, and a "
                "postgres_role needs [ENVIRONMENT.postgres] in the file of homes"
            )
        self._kind = ground.kinds[spec.kind]
        demand_homes(spec, ground.copies, environment=turn.place.environment)

    async def begin(self) -> Rotation:
        """Want a new version, or go on with the rotation that is under way."""
        state = self._turn.known.rotation
        if state and not state.is_over:
            return state
        demand_no_strays(self._turn, self._spec)
        newest = await self._newest()
        state = machine.begin(
            rotation=secrets.token_hex(8),
            old=newest.version if newest else "",
            homes=("openbao", *self._spec.homes[self._turn.place.environment]),
            consumers=self._spec.consumers,
            grace_s=self._spec.grace_s,
            at=self._turn.at,
        )
        return await self._keep(state, self._step("wanted"))

    async def turn_back(self) -> Rotation:
        """Return to the old one. Raises OutOfOrder when nothing is under way, or too far."""
        state = self._state()
        if state.step == "wanted":
            # It may have been made before somebody could write that down.
            found = await self._found(state)
            state = await self._made(state, found) if found else state
        back = machine.turned_back(state, rotation=secrets.token_hex(8), at=self._turn.at)
        return await self._keep(back, self._step("turned_back"))

    async def look_after(self) -> Rotation:
        """A person looked into an old one that went on working. Raises OutOfOrder."""
        return await self._keep(machine.looked_after(self._state()), self._step("looked_after"))

    async def leave_unproven(self, reason: str) -> Rotation:
        """End it without the proof, for a reason, when the old value is gone. Raises OutOfOrder."""
        state = machine.left_unproven(self._state(), reason=reason)
        return await self._keep(state, self._step("left_unproven", is_good=False))

    async def run(self) -> tuple[Rotation, machine.Action]:
        """Go as far as it goes: to its end, to where consumers are waited for, or to where a person is needed."""
        await self._follow_list(self._state())
        for _ in range(ARROWS_MAX):
            state = self._state()
            action = machine.next_of(state, at=self._turn.at)
            match action:
                case machine.Make():
                    await self._make(state)
                case machine.Spread(home):
                    await self._spread(state, home)
                case machine.Await(_, rings):
                    if not await self._hear(state):
                        if rings:
                            await self._keep(state, self._step("rings", is_good=False))
                        return state, action
                case machine.Revoke():
                    await self._revoke(state)
                case machine.Prove():
                    await self._prove(state)
                case machine.Retire():
                    await self._retire(state)
                case _:
                    return state, action
        raise HomeRefused(f"{self._turn.place}: over {ARROWS_MAX} steps in one run: run it again")

    async def _follow_list(self, state: Rotation) -> None:
        """Wait for the consumers of the list as it is now. Raises HomeRefused when it has other homes than this."""
        if state.is_over:
            return
        demand_same_homes(state, self._turn, self._spec)
        if state.step not in ("wanted", "made", "spread"):
            return
        after = machine.awaiting(state, consumers=self._spec.consumers)
        if after != state:
            gone, come = set(state.consumers), set(after.consumers)
            await self._keep(
                after,
                *(self._step("consumer_left", consumer=one) for one in sorted(gone - come)),
                *(self._step("consumer_came", consumer=one) for one in sorted(come - gone)),
            )

    def _state(self) -> Rotation:
        state = self._turn.known.rotation
        if state is None:
            raise machine.OutOfOrder(f"nothing is under way for {self._turn.place}")
        return state

    async def _newest(self) -> Copy | None:
        try:
            return await self._ground.primary.read(place=self._turn.place)
        except NotThere:
            return None

    async def _make(self, state: Rotation) -> None:
        # It is in its home before it is in force: whoever goes on, or comes back, brings the same into force.
        copy = await self._found(state) or await self._written(state)
        await self._kind.install(spec=self._spec, value=copy.value, fence=self._turn.renew)
        await self._made(state, copy)

    async def _written(self, state: Rotation) -> Copy:
        """Write the new value as the version that follows. Raises OtherVersion when somebody else wrote one."""
        old = await self._value_of(state.restores or state.old) if state.old else None
        if state.restores:
            value = old or Sealed({})
        else:
            value = await self._kind.make(
                spec=self._spec, old=old, rotation=state.rotation, fence=self._turn.renew
            )
        place = self._turn.place
        newest = await self._newest() if state.restores else None
        after = newest.version if newest else state.old or "0"
        mark = Mark(version=str(int(after) + 1), rotation=state.rotation)
        await self._turn.renew()
        version = await self._ground.primary.write(place=place, value=value, mark=mark)
        return Copy(version=version, value=value, mark=mark)

    async def _found(self, state: Rotation) -> Copy | None:
        """What this rotation wrote before a crash, or by another who had the turn."""
        newest = await self._newest()
        return newest if newest and newest.mark.rotation == state.rotation else None

    async def _made(self, state: Rotation, copy: Copy) -> Rotation:
        after = machine.made(state, version=copy.version, at=self._turn.at)
        after = machine.spread_to(after, home="openbao", at=self._turn.at)
        # What comes back is as old as it was.
        at = None if state.restores else self._turn.at
        step = self._step("made", copy=copy)
        held = Held(copy.version, copy.version, step.digest or "")
        return await self._keep(after, step, rotated_at=at, homes={"openbao": held})

    async def _value_of(self, version: str) -> Sealed:
        return (await self._ground.primary.read(place=self._turn.place, version=version)).value

    async def _made_newest(self, state: Rotation) -> Copy:
        """What this rotation made, as long as it is the newest in the primary home. Raises HomeRefused."""
        newest = await self._ground.primary.read(place=self._turn.place)
        if newest.version != state.new:
            raise HomeRefused(
                f"{self._turn.place}: version {newest.version} stands where version {state.new} was made, so somebody "
                "wrote it by hand: `rotate --back` returns to the old one, or have the hand's version taken away"
            )
        return newest

    async def _bring(self, newest: Copy, home: Home) -> None:
        """Have the newest in a home. Raises Drifted for a copy that somebody changed."""
        source = Source(copy=newest, home=self._ground.primary, key=self._ground.key)
        await bring(turn=self._turn, spec=self._spec, source=source, home=home, overwrites=False)

    async def _spread(self, state: Rotation, home: str) -> None:
        newest = await self._made_newest(state)
        target = next(each for name, each in self._ground.copies.items() if name == home)
        await self._bring(newest, target)
        after = machine.spread_to(state, home=home, at=self._turn.at)
        await self._keep(after, self._step("spread", home=home, copy=newest))

    async def _hear(self, state: Rotation) -> bool:
        """Take up what consumers said. Answers whether that changed anything."""
        said = await acknowledgements(
            documents=self._ground.documents, place=self._turn.place, spec=self._spec
        )
        place, new = self._turn.place, await self._value_of(state.new)
        after, steps = state, list[SecretStep]()
        for consumer, one in said.items():
            is_true = counts(one, state=state, new=new, place=place, consumer=consumer)
            if consumer not in state.consumers or not is_true:
                continue
            heard = machine.acknowledged_by(after, consumer=consumer, rotation=one.rotation)
            if heard != after:
                # Somebody's word is told from a consumer's proof.
                word = "acknowledged" if one.proof else "vouched"
                steps.append(self._step(word, consumer=consumer))
            after = heard
        if after == state:
            return False
        await self._keep(after, *steps)
        return True

    async def _revoke(self, state: Rotation) -> None:
        await self._demand_unchanged(state)
        keep = await self._in_force(state)
        # From here on the old one may be dead, so nobody returns to it.
        state = await self._keep(machine.ending(state))
        await self._kind.revoke_others(spec=self._spec, keep=keep, fence=self._turn.renew)
        if self._spec.lives_in_homes:
            await self._destroy_before(state)
        await self._keep(machine.revoked(state), self._step("revoked"))
        await asyncio.sleep(self._kind.settles_s)

    async def _prove(self, state: Rotation) -> None:
        if self._spec.lives_in_homes:
            is_alive = await self._is_given_out()
            by_id = () if is_alive else await self._given_out_by_id()
            if by_id:
                await self._leave_unnamed(state, by_id)
                return
        else:
            is_alive = await self._still_works(state)
        after = machine.tried(state, is_alive=is_alive)
        word = "still_alive" if is_alive else "proven_dead"
        await self._keep(after, self._step(word, is_good=not is_alive))

    async def _in_force(self, state: Rotation) -> Sealed:
        """The new value, which its issuer takes now: only then does it say something that it refuses the old one."""
        new = await self._value_of(state.new)
        if self._spec.lives_in_homes or await self._kind.is_alive(spec=self._spec, value=new):
            return new
        place = self._turn.place
        back = "--unproven REASON`, and rotate again" if state.ends else "--back`"
        raise NotInForce(
            f"{place}: version {state.new}, the new one, is refused where the old one would be ended and tried, "
            f"so nothing was ended. Look whether TALLYSTICK_URL or [{place.environment}.postgres] is where it was "
            f"made; if it is, the new one is broken: `rotate {back}"
        )

    async def _still_works(self, state: Rotation) -> bool:
        await self._in_force(state)
        try:
            old = await self._value_of(state.old)
        except VersionGone:
            raise Unprovable(
                f"{self._turn.place}: version {state.old} is gone from openbao, so nobody can try whether it is dead. "
                "Bring it back there (`bao kv undelete`), or answer for it: `rotate --unproven REASON`"
            ) from None
        return await self._kind.is_alive(spec=self._spec, value=old)

    async def _is_given_out(self) -> bool:
        """Whether any home still gives out a version before its newest that it was to end: each is asked for it."""
        for home in self._homes():
            for one in (await home.versions(place=self._turn.place))[1:]:
                if (home.destroys or one.is_readable) and await self._answers(home, one.version):
                    return True
        return False

    async def _given_out_by_id(self) -> tuple[str, ...]:
        """The homes that destroy nothing, and give an ended version out to who knows its id: each is asked for it."""
        found = list[str]()
        for home in self._homes():
            if home.destroys:
                continue
            for one in (await home.versions(place=self._turn.place))[1:]:
                if await self._answers(home, one.version):
                    found.append(home.name)
                    break
        return tuple(found)

    async def _answers(self, home: Home, version: str) -> bool:
        try:
            await home.read(place=self._turn.place, version=version)
        except VersionGone:
            return False
        return True

    async def _leave_unnamed(self, state: Rotation, homes: tuple[str, ...]) -> None:
        """No name leads to the old value any more, and that is all that such a home can do: not proven dead."""
        reason = f"{', '.join(homes)} gives it out by its id until it deletes it"
        steps = [self._step("unnamed", home=home, is_good=False) for home in homes]
        await self._keep(machine.left_unproven(state, reason=reason), *steps)

    async def _retire(self, state: Rotation) -> None:
        await self._destroy_before(state)
        after = machine.retired(state)
        await self._keep(after, self._step(after.step))

    async def _demand_unchanged(self, state: Rotation) -> dict[HomeName, str]:
        """Every home gives out the new value; answers its version in each. Raises Drifted, and nothing is ended."""
        newest = await self._made_newest(state)
        found: dict[HomeName, str] = {"openbao": newest.version}
        for home in self._homes()[1:]:
            await self._bring(newest, home)
            found[home.name] = self._turn.known.homes[home.name].version
        return found

    async def _destroy_before(self, state: Rotation) -> None:
        ours = await self._demand_unchanged(state)
        for home in self._homes():
            for one in (await home.versions(place=self._turn.place))[1:]:
                # What somebody wrote just now is the newest, and ours the one before.
                if one.is_readable and one.version != ours[home.name]:
                    await self._turn.renew()
                    await home.destroy(place=self._turn.place, version=one.version)

    def _homes(self) -> list[Home]:
        listed = self._spec.homes[self._turn.place.environment]
        return [self._ground.primary, *(self._ground.copies[name] for name in listed)]

    async def _keep(
        self,
        state: Rotation,
        *steps: SecretStep,
        rotated_at: int | None = None,
        homes: Mapping[HomeName, Held] | None = None,
    ) -> Rotation:
        at = self._turn.known.rotated_at if rotated_at is None else rotated_at
        version = int(state.new or state.old or "0")
        told = (replace(one, version=version) for one in steps)
        known = {**self._turn.known.homes, **(homes or {})}
        await self._turn.keep(*told, rotation=state, rotated_at=at, homes=known)
        return state

    def _step(
        self,
        step: str,
        *,
        home: str = "openbao",
        copy: Copy | None = None,
        consumer: str = "",
        is_good: bool = True,
    ) -> SecretStep:
        place = self._turn.place
        digest = copy.value.digest(key=self._ground.key, secret=str(place)) if copy else None
        return SecretStep(
            secret=str(place),
            home=home,
            step=step,
            version=0,
            at=self._turn.at,
            digest=digest,
            consumer=consumer,
            is_good=is_good,
        )
