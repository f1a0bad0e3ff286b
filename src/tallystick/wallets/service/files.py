"""Statements written as files, off the loop: a long one takes seconds, and others must be served meanwhile."""

import asyncio
from typing import Final

from tallystick.wallets.adapters import camt053, csv_file, pdf_file
from tallystick.wallets.api import FileFormat, StatementBusy
from tallystick.wallets.model.statement import Statement

PDFS_AT_ONCE: Final = 1
"""Setting a PDF takes a processor for up to some seconds, and cannot be stopped; a process sets one after the other."""
WAIT_MAX_S: Final = 20
_WRITERS: Final = {FileFormat.CAMT053: camt053.write, FileFormat.CSV: csv_file.write}


class Files:
    """Writes files. ``wait_max_s`` bounds the wait for a turn; tests lower it."""

    def __init__(self, *, wait_max_s: float = WAIT_MAX_S) -> None:
        self._turns = asyncio.Semaphore(PDFS_AT_ONCE)
        self._wait_max_s = wait_max_s

    async def write(self, statement: Statement, wanted: FileFormat) -> bytes:
        """Write a statement.

        Raises StatementTooLong, StatementFormatNotSupported, StatementBusy when others are set for 20 seconds.
        """
        if wanted in _WRITERS:
            return await asyncio.to_thread(_WRITERS[wanted], statement)
        try:
            async with asyncio.timeout(self._wait_max_s):
                await self._turns.acquire()
        except TimeoutError:
            raise StatementBusy("others are having statements set; ask again in a moment") from None
        # The turn lasts as long as the thread does, also when whoever asked has gone.
        setting = asyncio.ensure_future(asyncio.to_thread(pdf_file.write, statement))
        setting.add_done_callback(lambda _: self._turns.release())
        return await asyncio.shield(setting)
