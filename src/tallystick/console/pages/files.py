"""Files of payments: told line by line what would happen, sent, followed while they are paid, and reported on."""

from typing import Annotated, Any, Final

from tallystick.console import amounts, files
from tallystick.console.pages.payments import LOOKED_MAX, reasons, shown
from tallystick.console.paying import grouped
from tallystick.console.site import Site, Visit
from tallystick.kernel.fields import PAGE_MAX, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Kind, Malformed, Problem
from tallystick.payments.api import (
    FileOf,
    FilePage,
    ListFiles,
    PaidLately,
    PreviewFile,
    ReportOf,
)
from tallystick.runtime.iso20022 import (
    MessageNotSupported,
    SchemaViolation,
    XmlHasForbiddenConstruct,
    XmlIsMalformed,
    XmlIsTooLarge,
)
from tallystick.runtime.routes import XML_IN_UTF_8, Reply, Route

PATH: Final = "/files"
PAGE: Final = 50
_UNREADABLE: Final = (
    XmlIsTooLarge,
    XmlIsMalformed,
    XmlHasForbiddenConstruct,
    MessageNotSupported,
    SchemaViolation,
    Malformed,
)
# What keeps somebody out until they prove a factor, or others agree: pressing asks for it.
_ON_THE_WAY: Final = ("step_up_needed", "approval_needed")


class After(Message, frozen=True):
    """Which page is wanted."""

    after: Annotated[str, told("The cursor.")] = ""
    looked: Annotated[int, told("How often the page looked again.")] = 0


def routes(site: Site) -> list[Route]:
    """The routes of files of payments."""
    payments = site.doors.payments

    async def look_at(visit: Visit) -> Reply:
        file = visit.form.files.get("file")
        content = file.content if file else b""
        if not content:
            return await _upload(visit, wrong=visit.reader.text("files.wrong_none"))
        if len(content) > files.BYTES_MAX:
            return await _upload(visit, wrong=visit.reader.text("files.wrong_large"))
        return await _preview(visit, content, name=file.name if file else "")

    async def look_on(visit: Visit) -> Reply:
        after = visit.form.text("after")
        content = files.uncarried(visit)
        return await _preview(
            visit,
            content,
            after=int(after) if after.isdigit() and len(after) < 7 else 0,
            lately=visit.form.text("lately"),
        )

    async def send(visit: Visit) -> Reply:
        content, is_again = files.uncarried(visit), visit.form.text("again") == "yes"
        try:
            made = await files.sent(
                visit, content, visit.form.text("message_id"), is_again=is_again
            )
        except PaidLately as problem:
            return await _preview(visit, content, lately=problem.fields["payment"], status=409)
        except _UNREADABLE as problem:
            return await _upload(visit, wrong=problem.detail, problem=problem)
        return visit.to(f"{PATH}/{made}")

    async def one(visit: Visit) -> Reply:
        query: After = visit.asked.query
        message = FileOf(
            file_id=visit.asked.path["file"], after=query.after or None, limit=PAGE_MAX
        )
        detail = await payments.file(caller=visit.caller, message=message)
        counts, path = detail.file.payments, f"{PATH}/{detail.file.file_id}"
        return visit.page(
            "file.html",
            file=detail.file,
            items=shown(detail.payments),
            reasons=reasons(visit),
            grouped=grouped,
            done=counts.settled + counts.rejected,
            poll=query.looked + 1 if counts.accepted and 0 <= query.looked < LOOKED_MAX else 0,
            newest=path if query.after else "",
            older=f"{path}?after={detail.after}" if detail.after else "",
        )

    async def report(visit: Visit) -> Reply:
        message = ReportOf(file_id=visit.asked.path["file"])
        found = await payments.report(caller=visit.caller, message=message)
        kept = f'attachment; filename="{found.file_id}.pain.002.xml"'
        return Reply(value=found.content, media=XML_IN_UTF_8, headers={"content-disposition": kept})

    return [
        site.get(PATH, _upload, query=After),
        site.post(PATH, look_at, files=True),
        site.post(f"{PATH}/preview", look_on),
        site.post(f"{PATH}/send", send),
        site.get(f"{PATH}/{{file}}", one, query=After),
        site.download(f"{PATH}/{{file}}/report", report, media=(XML_IN_UTF_8,)),
    ]


async def _upload(visit: Visit, *, wrong: str = "", problem: Problem | None = None) -> Reply:
    """The page with the form and the files that came before; ``problem`` says why a file is none."""
    after = "" if visit.asked.query is None else visit.asked.query.after
    page = FilePage(items=())
    try:
        message = ListFiles(after=after or None, limit=PAGE)
        page = await visit.site.doors.payments.files(caller=visit.caller, message=message)
    except Problem as refused:
        if refused.kind not in (Kind.FORBIDDEN, Kind.UNAVAILABLE):
            raise
    return visit.page(
        "files.html",
        status=422 if wrong else 200,
        wrong=wrong,
        code=problem.code if problem else "",
        places=problem.fields if isinstance(problem, SchemaViolation) else {},
        items=page.items,
        megabytes=files.BYTES_MAX // 2**20,
        newest=PATH if after else "",
        older=f"?after={page.after}" if page.after else "",
    )


async def _preview(
    visit: Visit,
    content: bytes,
    *,
    after: int = 0,
    name: str = "",
    lately: str = "",
    status: int = 200,
) -> Reply:
    """The page that says for each line what will happen; ``lately`` is a payment that one of them is like."""
    message = PreviewFile(content=content, after=after, limit=PAGE_MAX)
    try:
        seen = await visit.site.doors.payments.preview_file(caller=visit.caller, message=message)
    except _UNREADABLE as problem:
        return await _upload(visit, wrong=problem.detail, problem=problem)
    lines: list[tuple[Any, Any]] = [
        (one, amounts.instructed(one.instructed_amount, one.currency, one.amount))
        for one in seen.transfers
    ]
    is_barred = seen.obstacle is not None and seen.obstacle.code not in _ON_THE_WAY
    return visit.page(
        "file_preview.html",
        status=status,
        seen=seen,
        lately=lately,
        lines=lines,
        name=name,
        reasons=reasons(visit),
        grouped=grouped,
        content=files.carried(content),
        sums=[amounts.of_minor(one.amount, one.exponent, one.currency) for one in seen.sums],
        may_send=seen.known is None and not is_barred,
        is_barred=is_barred,
    )
