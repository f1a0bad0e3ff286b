"""Payments over HTTP: files come as XML, and are answered with their report."""

from enum import StrEnum
from typing import Annotated

import msgspec

from tallystick.kernel.fields import PAGE_MAX, Cursor, PageLimit, told
from tallystick.kernel.messages import Message
from tallystick.payments.api import (
    FileAnswer,
    FileDetail,
    FileOf,
    FilePage,
    FilePreview,
    ListFiles,
    ListPayments,
    PaymentDetail,
    PaymentFileNotFound,
    PaymentNotFound,
    PaymentOf,
    PaymentPage,
    Payments,
    PreviewFile,
    ReportOf,
    SubmitFile,
)
from tallystick.runtime.iso20022 import (
    MessageNotSupported,
    SchemaViolation,
    XmlHasForbiddenConstruct,
    XmlIsMalformed,
    XmlIsTooLarge,
)
from tallystick.runtime.routes import JSON, XML, XML_IN_UTF_8, Asked, Reply, Route

_UNREADABLE = (
    XmlIsTooLarge,
    XmlIsMalformed,
    XmlHasForbiddenConstruct,
    MessageNotSupported,
    SchemaViolation,
)


class AnswerFormat(StrEnum):
    """How a submitted file is answered."""

    PAIN002 = "pain002"
    JSON = "json"


class Submission(Message, frozen=True, kw_only=True):
    """How the answer is to be written: as pain.002, or as JSON without it. Absent, the header ``Accept`` says it."""

    format: Annotated[
        AnswerFormat | None, told("How to answer; without it the header ``Accept`` says so.")
    ] = None


class Page(Message, frozen=True, kw_only=True):
    """Which page is wanted; ``after`` is the cursor of the page before, ``limit`` 1 to 200."""

    after: Cursor | None = None
    limit: PageLimit = 50


def routes(payments: Payments) -> list[Route]:
    """The routes of payments."""
    return [_submitting(payments), _previewing(payments), *_files(payments), *_payments(payments)]


def _submitting(payments: Payments) -> Route:
    async def submit_file(asked: Asked) -> Reply:
        message = SubmitFile(content=asked.body)
        answer = await payments.submit_file(caller=asked.caller, message=message)
        return _submitted(answer, _media(asked))

    return Route(
        method="POST",
        path="/v1/payment-files",
        summary="Pay a file (pain.001) and answer its report (pain.002)",
        handle=submit_file,
        body=bytes,
        query=Submission,
        answer=FileAnswer,
        answer_media=XML,
        other_media=(JSON,),
        status=201,
        replays=True,
        problems=_UNREADABLE,
    )


class Previewed(Message, frozen=True, kw_only=True):
    """Which page of a file's transfers is wanted; ``after`` is how many stand before it, ``limit`` 1 to 200."""

    after: Annotated[int, told("How many transfers stand before the page.")] = 0
    limit: PageLimit = PAGE_MAX


def _previewing(payments: Payments) -> Route:
    async def preview_file(asked: Asked) -> FilePreview:
        page: Previewed = asked.query
        message = PreviewFile(content=asked.body, after=page.after, limit=page.limit)
        return await payments.preview_file(caller=asked.caller, message=message)

    return Route(
        method="POST",
        path="/v1/payment-files/preview",
        summary="Tell what a file (pain.001) would do, without doing it",
        handle=preview_file,
        body=bytes,
        query=Previewed,
        answer=FilePreview,
        problems=_UNREADABLE,
    )


def _media(asked: Asked) -> str:
    given: AnswerFormat | None = asked.query.format
    if given is None:
        return asked.media
    return JSON if given is AnswerFormat.JSON else XML


def _submitted(answer: FileAnswer, media: str) -> Reply:
    headers = {
        "location": f"/v1/payment-files/{answer.file_id}",
        "idempotent-replayed": "true" if answer.replayed else "false",
    }
    status = 200 if answer.replayed else 201
    if media == JSON:
        # The report is fetched where it stands; an absent default is not written.
        short = msgspec.json.encode(msgspec.structs.replace(answer, report=b""))
        return Reply(value=short, media=JSON, status=status, headers=headers)
    return Reply(value=answer.report, media=XML_IN_UTF_8, status=status, headers=headers)


def _files(payments: Payments) -> list[Route]:
    async def list_files(asked: Asked) -> FilePage:
        return await payments.files(caller=asked.caller, message=asked.query)

    async def show_file(asked: Asked) -> FileDetail:
        page: Page = asked.query
        message = FileOf(file_id=asked.path["file"], after=page.after, limit=page.limit)
        return await payments.file(caller=asked.caller, message=message)

    async def report(asked: Asked) -> Reply:
        message = ReportOf(file_id=asked.path["file"])
        found = await payments.report(caller=asked.caller, message=message)
        return Reply(value=found.content, media=XML_IN_UTF_8)

    return [
        Route(
            method="GET",
            path="/v1/payment-files",
            summary="List payment files, newest first",
            handle=list_files,
            query=ListFiles,
            answer=FilePage,
        ),
        Route(
            method="GET",
            path="/v1/payment-files/{file}",
            summary="Show a payment file with its payments",
            handle=show_file,
            query=Page,
            answer=FileDetail,
            problems=(PaymentFileNotFound,),
        ),
        Route(
            method="GET",
            path="/v1/payment-files/{file}/report",
            summary="Write the report (pain.002) of a payment file",
            handle=report,
            answer=bytes,
            answer_media=XML,
            problems=(PaymentFileNotFound,),
        ),
    ]


def _payments(payments: Payments) -> list[Route]:
    async def list_payments(asked: Asked) -> PaymentPage:
        return await payments.payments(caller=asked.caller, message=asked.query)

    async def show_payment(asked: Asked) -> PaymentDetail:
        message = PaymentOf(payment_id=asked.path["payment"])
        return await payments.payment(caller=asked.caller, message=message)

    return [
        Route(
            method="GET",
            path="/v1/payments",
            summary="List payments, newest first",
            handle=list_payments,
            query=ListPayments,
            answer=PaymentPage,
        ),
        Route(
            method="GET",
            path="/v1/payments/{payment}",
            summary="Show a payment with its moves",
            handle=show_payment,
            answer=PaymentDetail,
            problems=(PaymentNotFound,),
        ),
    ]
