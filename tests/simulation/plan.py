"""What will be tried in a world, all of it drawn from the seed before anything happens.

Nothing here depends on an answer: a capture may name a hold that will be refused, or that another client captures
first. What becomes of it is the world's doing; what is asked is the seed's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tallystick.kernel.instants import DAY, SECOND, Instant, render
from tests.payments.orders import Order, initiation
from tests.simulation.ground import DATABASE, SERVER

Command = dict[str, Any]

CLIENTS, STEPS = 8, 24
BLOWS_MIN, BLOWS_MAX = 2, 5
FUNDS = 600
MAXIMUM = 1_500
NOSTRO = {"EUR": "bank:eur", "USD": "bank:usd"}
CUSTOMERS = {
    "EUR": ("c:0", "c:1", "c:2", "c:3", "c:4", "c:hot", "c:capped"),
    "USD": ("u:0", "u:1", "u:2"),
}
IBANS = {
    "w0": "NL91ABNA0417164300",
    "w1": "ES9121000418450200051332",
    "w2": "DE89370400440532013000",
    "w3": "FR1420041010050500013M02606",
}
ELSEWHERE = "GB29NWBK60161331926819"
WALLETS = tuple(f"wallets:{wallet}:eur" for wallet in IBANS)


@dataclass(frozen=True, kw_only=True)
class File:
    """A payment file. Files of one ``name`` have one content, though perhaps other bytes."""

    name: str
    message_id: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Step:
    """One request: acts (``alone`` through the route for one), or a file. ``dies_after_s`` is when its client goes
    away without waiting; ``twins`` are so many more of it at the same time; ``again`` repeats it without need."""

    items: Sequence[Command] = ()
    alone: bool = False
    file: File | None = None
    dies_after_s: float | None = None
    twins: int = 0
    again: bool = False


@dataclass(frozen=True, kw_only=True)
class Blow:
    """What is killed once so many requests were sent, and how long after."""

    after: int
    late_s: float
    hits: frozenset[str]


@dataclass(kw_only=True)
class Plan:
    """Everything that will be tried: steps of each client, blows, and the ids that stand or fall together."""

    seed: int
    clients: list[list[Step]] = field(default_factory=list)
    blows: list[Blow] = field(default_factory=list)
    groups: dict[str, set[str]] = field(default_factory=dict)


def draw(seed: int, *, now: Instant) -> Plan:
    """Draw the plan of a seed. Only dates depend on ``now``."""
    author = _Author(seed, now)
    plan = Plan(seed=seed, clients=[[] for _ in range(CLIENTS)], groups=author.groups)
    chances = [Random(f"{seed}/client/{number}") for number in range(CLIENTS)]
    for step in range(STEPS):
        shared = author.shared_step(step)
        for number, chance in enumerate(chances):
            plan.clients[number].append(author.step(chance, f"{number}-{step}", shared))
    plan.blows = _blows(Random(f"{seed}/blows"))
    return plan


def _blows(chance: Random) -> list[Blow]:
    kinds = ({SERVER}, {DATABASE}, {SERVER, DATABASE})
    # Every step sends at least one request, so the last of these points is always reached.
    points = sorted(chance.sample(range(5, CLIENTS * STEPS), chance.randint(BLOWS_MIN, BLOWS_MAX)))
    return [
        Blow(after=point, late_s=chance.uniform(0, 0.03), hits=frozenset(chance.choice(kinds)))
        for point in points
    ]


class _Author:
    """Writes steps, and remembers which ids later ones may name as their targets."""

    def __init__(self, seed: int, now: Instant) -> None:
        self.groups: dict[str, set[str]] = {}
        self._seed, self._now = seed, now
        self._holds: list[tuple[str, list[int]]] = [("never-held", [1])]
        self._posts: list[tuple[str, list[int]]] = [("never-posted", [1])]

    def shared_step(self, number: int) -> Step | None:
        """What all clients try at once in this round: the same file, or ids they race for; mostly nothing."""
        chance = Random(f"{self._seed}/round/{number}")
        kind = chance.random()
        if kind < 0.2:
            name = f"file-{number}"
            return Step(file=self._file(chance, name, message_id=name))
        if kind < 0.4:
            items = [self._post(chance, f"race-{number}-{n}") for n in range(chance.randint(1, 3))]
            return Step(items=items, alone=len(items) == 1)
        if kind < 0.5:
            return Step(items=self._group(chance, f"race-{number}-g"))
        return None

    def step(self, chance: Random, name: str, shared: Step | None) -> Step:
        """The next step of a client, with how it behaves while it waits."""
        if shared is not None and chance.random() < 0.8:
            step = self._contender(chance, shared)
        else:
            step = self._own(chance, name)
        return Step(
            items=step.items,
            alone=step.alone,
            file=step.file,
            dies_after_s=chance.uniform(0.0005, 0.02) if chance.random() < 0.1 else None,
            twins=chance.choice((0, 0, 0, 0, 1, 2)),
            again=chance.random() < 0.2,
        )

    def _contender(self, chance: Random, shared: Step) -> Step:
        """The same as the others, or under the same id something else."""
        differs = chance.random() < 0.4
        if shared.file is None:
            if not differs:
                return shared
            # Another reference makes another act; every item differs, so a group is won or lost whole.
            items = [{**item, "reference": "another"} for item in shared.items]
            return Step(items=items, alone=shared.alone)
        file = shared.file
        if not differs:
            note = b"<!-- the same in other bytes -->" if chance.random() < 0.3 else b""
            return Step(
                file=File(name=file.name, message_id=file.message_id, content=note + file.content)
            )
        # The same message id on another content: whoever comes second is rejected whole.
        other = self._file(
            Random(f"{self._seed}/{file.name}/other"), file.name + "-b", message_id=file.message_id
        )
        return Step(file=other)

    def _own(self, chance: Random, name: str) -> Step:
        kind = chance.random()
        if kind < 0.5:
            return Step(items=[self._act(chance, name)], alone=chance.random() < 0.8)
        if kind < 0.65:
            return Step(items=self._group(chance, name))
        if kind < 0.72:
            return Step(file=self._file(chance, name, message_id=name))
        items: list[Command] = []
        size = chance.choice((2, 5, 10, 20, 40, 250))
        while len(items) < size:
            part = f"{name}-{len(items)}"
            items += (
                self._group(chance, part) if chance.random() < 0.05 else [self._act(chance, part)]
            )
        return Step(items=items)

    def _group(self, chance: Random, name: str) -> list[Command]:
        members = [
            {**self._act(chance, f"{name}-m{n}"), "group": name}
            for n in range(chance.randint(2, 4))
        ]
        self.groups[name] = {member["id"] for member in members}
        return members

    def _act(self, chance: Random, name: str) -> Command:
        kind = chance.random()
        if kind < 0.45:
            return self._post(chance, name)
        if kind < 0.65:
            return self._hold(chance, name)
        if kind < 0.9:
            return self._ending(chance, name)
        target, amounts = self._one_of(chance, self._posts)
        reverse: Command = {"kind": "reverse", "id": name, "target": target}
        if chance.random() < 0.6:
            reverse["amounts"] = [chance.randint(1, amount) for amount in amounts]
        return reverse

    def _post(self, chance: Random, name: str) -> Command:
        post: Command = {"kind": "post", "id": name, "postings": self._postings(chance)}
        if chance.random() < 0.3:
            # Whole days and odd moments, in the past mostly.
            back = chance.choice((chance.randrange(-30, 400) * DAY, chance.randrange(400 * DAY)))
            post["effective_at"] = render(self._now // DAY * DAY - back)
        if chance.random() < 0.1:
            post |= {"reference": f"ref {name}", "metadata": {"why": name}}
        self._posts.append((name, [posting["amount"] for posting in post["postings"]]))
        return post

    def _hold(self, chance: Random, name: str) -> Command:
        hold: Command = {"kind": "hold", "id": name, "postings": self._postings(chance)}
        if chance.random() < 0.3:
            hold["expires_at"] = render(self._now + chance.randrange(SECOND // 5, 4 * SECOND))
        self._holds.append((name, [posting["amount"] for posting in hold["postings"]]))
        return hold

    def _ending(self, chance: Random, name: str) -> Command:
        target, amounts = self._one_of(chance, self._holds)
        if chance.random() < 0.3:
            return {"kind": "void", "id": name, "target": target}
        capture: Command = {"kind": "capture", "id": name, "target": target}
        if chance.random() < 0.7:
            capture["amounts"] = [chance.randint(1, amount) for amount in amounts]
            capture["final"] = chance.random() < 0.3
        # What was captured can be reversed like what was posted.
        self._posts.append((name, capture.get("amounts", amounts)))
        return capture

    def _one_of(self, chance: Random, known: list[tuple[str, list[int]]]) -> tuple[str, list[int]]:
        """Mostly one of the latest, so that several go for the same."""
        return chance.choice(known[-12:] if chance.random() < 0.8 else known)

    def _postings(self, chance: Random) -> list[Command]:
        return [self._posting(chance) for _ in range(chance.choice((1, 1, 1, 1, 2, 3)))]

    def _posting(self, chance: Random) -> Command:
        asset = chance.choice(("EUR", "EUR", "EUR", "USD"))
        accounts = [*CUSTOMERS[asset], NOSTRO[asset], *(WALLETS if asset == "EUR" else ())]
        accounts += ["c:hot"] * 4 if asset == "EUR" else []
        debit = chance.choice(accounts)
        credit = chance.choice([account for account in accounts if account != debit])
        posting = {
            "debit": debit,
            "credit": credit,
            "amount": chance.randint(1, 150),
            "asset": asset,
        }
        if chance.random() < 0.1:
            posting["balancing"] = True
        if chance.random() < 0.02:
            posting["credit"] = "nobody"
        return posting

    def _file(self, chance: Random, name: str, *, message_id: str) -> File:
        debtor, *creditors = chance.sample(list(IBANS.values()), len(IBANS))
        orders = [
            Order(
                to=ELSEWHERE if chance.random() < 0.05 else chance.choice(creditors),
                amount=f"{chance.randint(0, 1)}.{chance.randint(1, 99):02d}",
                end_to_end_id=f"{name}-{n}",
            )
            for n in range(chance.choice((1, 3, 10, 40)))
        ]
        content = initiation(*orders, message_id=message_id, debtor=debtor)
        return File(name=name, message_id=message_id, content=content)
