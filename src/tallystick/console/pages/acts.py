"""Recent acts: what the reader did lately, how it ended, and whether pressing again is safe."""

from dataclasses import dataclass
from typing import Annotated, Final

from tallystick.audit.api import Act, ListActs
from tallystick.console.site import Site, Visit
from tallystick.kernel.fields import PAGE_MAX, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import malformed
from tallystick.runtime.routes import Reply, Route

PATH: Final = "/acts"
PAGE: Final = 50
PAGES_LOOKED_MAX: Final = 10
"""A page looks at 2,000 acts at most for those that changed something; then it goes on at the next."""
_DIGITS_MAX: Final = 18
_READING: Final = (".read", ".export", ".preview", ".check", ".list")
_DONE: Final = "done"
# Where what an act was done on is shown.
_SHOWN_AT: Final = {
    "pay_": "/payments/",
    "file_": "/files/",
    "apr_": "/approvals/",
    "per_": "/people/",
}
# What is pressed again on a page here, where the page holds the key.
_KEPT_BY_PAGES: Final = (
    "payments.file.submit",
    "payments.payment.decide",
    "wallets.wallet.open",
    "wallets.account.add",
)


class Asked(Message, frozen=True):
    """Which page is asked for."""

    after: Annotated[str, told("Only acts before this place of the record.")] = ""
    reads: Annotated[str, told("Also what was only read.")] = ""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An act with where it is shown, and what of its repetition is said in the words of pages."""

    act: Act
    path: str
    by_page: bool

    @property
    def is_done(self) -> bool:
        """Whether it was done, not refused."""
        return self.act.outcome == _DONE


def routes(site: Site) -> list[Route]:
    """The route of recent acts."""

    async def acts(visit: Visit) -> Reply:
        text = visit.asked.query.after
        if text and not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX):
            raise malformed("after", "a cursor is taken from the page before as it is")
        items, until, after = await _read(visit, int(text) if text else None)
        reads = "&reads=yes" if visit.asked.query.reads else ""
        return visit.page(
            "acts.html",
            items=[_shown(act) for act in items],
            complete_until=until,
            reads=bool(reads),
            newest=f"{PATH}?{reads[1:]}" if text else "",
            older=f"?after={after}{reads}" if after is not None else "",
        )

    return [site.get(PATH, acts, query=Asked)]


async def _read(visit: Visit, after: int | None) -> tuple[list[Act], str, int | None]:
    """A page of acts, up to when the list has all of them, and where the next page begins."""
    found: list[Act] = []
    until = ""
    for _ in range(PAGES_LOOKED_MAX):
        message = ListActs(after=after, limit=PAGE_MAX)
        page = await visit.site.doors.audit.acts(caller=visit.caller, message=message)
        until = until or page.complete_until
        for act in page.items:
            if not visit.asked.query.reads and act.tag.endswith(_READING):
                continue
            if len(found) == PAGE:
                return found, until, found[-1].index
            found.append(act)
        after = None if page.after is None else int(page.after)
        if after is None:
            break
    return found, until, after


def _shown(act: Act) -> Shown:
    prefix = f"{act.on.partition('_')[0]}_"
    there = _SHOWN_AT.get(prefix, "")
    return Shown(
        act=act,
        path=f"{there}{act.on}" if there else "",
        by_page=act.may_repeat and act.outcome == _DONE and act.tag.startswith(_KEPT_BY_PAGES),
    )
