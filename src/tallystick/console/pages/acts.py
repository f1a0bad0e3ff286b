"""Recent acts: what the reader did lately, how it ended, and whether pressing again is safe."""

from dataclasses import dataclass
from typing import Annotated, Final

from tallystick.audit.api import Act, ListActs
from tallystick.console.site import Site, Visit
from tallystick.kernel.fields import told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import malformed
from tallystick.runtime.routes import Reply, Route

PATH: Final = "/acts"
PAGE: Final = 50
_DIGITS_MAX: Final = 18
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
        message = ListActs(after=int(text) if text else None, limit=PAGE)
        page = await site.doors.audit.acts(caller=visit.caller, message=message)
        return visit.page(
            "acts.html",
            items=[_shown(act) for act in page.items],
            complete_until=page.complete_until,
            newest=PATH if text else "",
            older=f"?after={page.after}" if page.after else "",
        )

    return [site.get(PATH, acts, query=Asked)]


def _shown(act: Act) -> Shown:
    prefix = f"{act.on.partition('_')[0]}_"
    there = _SHOWN_AT.get(prefix, "")
    return Shown(
        act=act,
        path=f"{there}{act.on}" if there else "",
        by_page=act.may_repeat and act.outcome == _DONE and act.tag.startswith(_KEPT_BY_PAGES),
    )
