"""The record: searching it, one entry, and everything that happened to one object, oldest first."""

from collections.abc import Iterable
from typing import Annotated, Any, Final

import msgspec

from tallystick.audit.api import EntryOf, ListEntries, LoggedEntry
from tallystick.console.pages.naming import Texts, names_of, wrongs
from tallystick.console.paging import turning
from tallystick.console.site import Site, Visit
from tallystick.console.texts import catalogue
from tallystick.kernel.entries import canonical
from tallystick.kernel.fields import PAGE_MAX, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Malformed, malformed
from tallystick.kernel.tags import Tag
from tallystick.runtime.routes import Reply, Route

PAGE: Final = 50
# So many pages of the door are walked for one life, and so many requests of it are followed into other contexts.
WALKED_MAX: Final = 4
REQUESTS_MAX: Final = 19
DIGITS_MAX: Final = 15


class Search(Message, frozen=True):
    """What is looked for."""

    tag: Annotated[str, told("A tag, or the beginning of some.")] = ""
    on: Annotated[str, told("What it was done on.")] = ""
    by: Annotated[str, told("Who did it.")] = ""
    since: Annotated[str, told("From this day on.")] = ""
    until: Annotated[str, told("Until this day, not included.")] = ""
    after: Annotated[str, told("Before this place.")] = ""


class Earlier(Message, frozen=True):
    """From where a life is followed further back."""

    after: Annotated[str, told("Before this place.")] = ""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as a line of a list."""

    index: int
    title: str
    at: str
    by: str
    on: str
    tag: str
    outcome: str
    is_own: bool = True


def routes(site: Site) -> list[Route]:
    """The routes of the record."""

    async def search(visit: Visit) -> Reply:
        return await _search(visit)

    async def entry(visit: Visit) -> Reply:
        index = number(visit.asked.path["index"], "index")
        found = await site.doors.audit.entry(caller=visit.caller, message=EntryOf(index=index))
        line, kept = line_of(found), told_of(found)
        names = await names_of(visit, [line.by])
        raw = canonical(kept).decode()
        return visit.page(
            "record_entry.html",
            entry=Texts(kept),
            line=line,
            hash=found.hash,
            raw=raw,
            names=names,
            check_words=check_words(),
        )

    async def life(visit: Visit) -> Reply:
        return await _life(visit)

    return [
        site.get("/record", search, query=Search),
        site.get("/record/of/{id}", life, query=Earlier),
        site.get("/record/{index}", entry),
    ]


async def _search(visit: Visit) -> Reply:
    query: Search = visit.asked.query
    filled = Texts(msgspec.structs.asdict(query))
    items: list[Line] = []
    after, problem = None, None
    try:
        page = await visit.site.doors.audit.entries(
            caller=visit.caller,
            message=ListEntries(
                tag=query.tag or None,
                on=query.on or None,
                by=query.by or None,
                since=_day(query.since),
                until=_day(query.until),
                after=number(query.after, "after") if query.after else None,
                limit=PAGE,
            ),
        )
        items, after = [line_of(one) for one in page.items], page.after
    except Malformed as refused:
        problem = refused
    sought = {name: text for name, text in filled.items() if text and name != "after"}
    names = await names_of(visit, (one.by for one in items))
    return visit.page(
        "record.html",
        status=422 if problem else 200,
        filled=filled,
        wrong=wrongs(problem, "tag"),
        problem=problem,
        items=items,
        names=names,
        tags=_tags(),
        tag_words=tag_words,
        **turning("/record", sought, here=query.after, after=after),
    )


def check_words() -> list[str]:
    """What the check in the browser may say: the names of its texts."""
    return sorted(key.partition(".")[2] for key in catalogue("en") if key.startswith("check."))


def tag_words(tag: str) -> str:
    """A tag in words, such as "Payment file submit"."""
    _, noun, verb = tag.split(".")
    return f"{noun} {verb}".replace("_", " ").capitalize()


def _tags() -> dict[str, list[Tag]]:
    groups: dict[str, list[Tag]] = {}
    for tag in sorted(Tag):
        groups.setdefault(tag.partition(".")[0], []).append(tag)
    return groups


async def _life(visit: Visit) -> Reply:
    """Everything on record that names an object, and what the same requests did elsewhere, oldest first."""
    of, after = visit.asked.path["id"], visit.asked.query.after
    begin = number(after, "after") if after else None
    found, before = await _naming(visit, of, begin)
    own = {one.index for one in found}
    # What changed it was asked for by a request, which may have done things in other contexts too.
    asked_by = dict.fromkeys(
        kept["from"]
        for one in found
        if (kept := told_of(one)).get("on") == of and kept["from"].startswith("req_")
    )
    if asked_by:
        beside, _ = await _naming(visit, " ".join(list(asked_by)[:REQUESTS_MAX]), begin)
        found += [one for one in beside if one.index not in own]
    lines = sorted((line_of(one, own) for one in found), key=lambda one: (one.at, one.index))
    names = await names_of(visit, [of, *(one.by for one in lines)])
    return visit.page(
        "record_life.html", of=of, lines=lines, names=names, before=before, is_all=not after
    )


async def _naming(
    visit: Visit, ids: str, after: int | None
) -> tuple[list[LoggedEntry], str | None]:
    """The entries that name one of these, newest first, and from where to look further back."""
    found: list[LoggedEntry] = []
    for _ in range(WALKED_MAX):
        message = ListEntries(mentions=ids, after=after, limit=PAGE_MAX)
        page = await visit.site.doors.audit.entries(caller=visit.caller, message=message)
        found += page.items
        if page.after is None or len(found) >= PAGE_MAX:
            return found, page.after
        after = int(page.after)
    return found, str(after)


def told_of(one: LoggedEntry) -> dict[str, Any]:
    """An entry as a mapping, however its door was reached."""
    if isinstance(one.entry, msgspec.Raw):
        return msgspec.json.decode(one.entry)
    return one.entry


def line_of(one: LoggedEntry, own: Iterable[int] = ()) -> Line:
    """A line of a list; what is no entry has its place alone. It is its own where ``own`` has it or is empty."""
    kept = told_of(one)
    texts = {name: str(kept.get(name, "")) for name in ("at", "by", "on", "tag", "outcome")}
    return Line(index=one.index, title=one.title, is_own=not own or one.index in own, **texts)


def number(text: str, field: str) -> int:
    """A place in the log. Raises Malformed."""
    if not (text.isascii() and text.isdecimal()) or len(text) > DIGITS_MAX:
        raise malformed(field, "a place in the log is a whole number")
    return int(text)


def _day(text: str) -> str | None:
    return f"{text}T00:00:00Z" if text else None
