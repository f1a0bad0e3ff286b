"""What drift is made of: differences, events of a cloud's trail, and windows in which somebody broke the glass."""

from dataclasses import dataclass
from typing import Final, Literal

from tallystick.governance.model.verdicts import Verdict
from tallystick.kernel.instants import Instant

Kind = Literal["created", "deleted", "access", "encryption", "network", "other"]
Sort = Literal["noise", "autoscaler", "approved", "break_glass", "unexplained"]
Stranger = Literal["", "a stranger of a known type", "a stranger of an unknown type"]

SORTS: Final[tuple[Sort, ...]] = (
    "unexplained",
    "break_glass",
    "approved",
    "autoscaler",
    "noise",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One act in a cloud's trail. `names` are the ids and names that it touched, as the cloud tells them.

    `who` is what the cloud itself vouches for, such as the ARN of a user or role; `alias` is what whoever it was chose
    to be called, which anybody may forge, so that it is only shown. `is_service` says that the cloud's own service did
    it, of itself and for nobody.
    """

    at: Instant
    who: str
    act: str
    names: frozenset[str]
    alias: str = ""
    is_service: bool = False

    @property
    def shown(self) -> str:
        """Who it was for a person to read, with the name that they gave themselves."""
        return f"{self.who} (as {self.alias})" if self.alias else self.who


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A break-glass that stands open: acts of this person within it are theirs to answer for, later."""

    who: str
    opened: Instant
    closes: Instant
    reason: str

    def covers(self, event: Event) -> bool:
        """Tell whether an act is this person's, within the window."""
        return (
            not event.is_service and self.who == event.who and self.opened <= event.at < self.closes
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One attribute by its dotted path, before and after, as text; a secret is only its digest."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One object that is not as it was planned.

    `subject` is its address, or `type:id` where no code knows it. `why` says in a sentence what the sort rests on.
    `broke` are verdicts that no longer hold; it `alarms` when nothing explains it and a control broke. `repair` is the
    reason why putting it back by itself is safe, or empty. `stranger` says of what no code knows whether Terraform's
    schemas have at least its type.
    """

    subject: str
    type: str
    kind: Kind
    sort: Sort
    why: str
    changed: tuple[Changed, ...]
    who: str = ""
    act: str = ""
    at: Instant | None = None
    broke: tuple[Verdict, ...] = ()
    repair: str = ""
    target: str = ""
    stranger: Stranger = ""

    @property
    def alarms(self) -> bool:
        """Nothing explains it, and it breaks a control."""
        return self.sort == "unexplained" and bool(self.broke)
