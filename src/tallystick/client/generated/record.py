"""Questions about the record. Written by ``make client`` from the routes."""

from collections.abc import Iterator

from tallystick.audit.api import Act, ActPage, Consistency, Inclusion, Log, LoggedEntry, LogPage
from tallystick.client.calls import Call, place_of, said, segment
from tallystick.client.groups import Group
from tallystick.kernel.fields import PAGE_MAX


class Record(Group):
    """What can be asked of the record."""

    def log(self, *, within_ms: int | None = None) -> Log:
        """Tell how the record stands."""
        return self._ask(Call("GET", "/v1/log", Log, within_ms=within_ms))

    def checkpoint(self, *, within_ms: int | None = None) -> bytes:
        """Give the published checkpoint.

        Raises NothingPublished, RecordIsDamaged.
        """
        return self._ask(
            Call("GET", "/v1/log/checkpoint", bytes, media="text/plain", within_ms=within_ms)
        )

    def entries(
        self,
        *,
        tag: str | None = None,
        on: str | None = None,
        by: str | None = None,
        mentions: str | None = None,
        since: str | None = None,
        until: str | None = None,
        after: int | str | None = None,
        limit: int = 50,
        within_ms: int | None = None,
    ) -> LogPage:
        """List entries, newest first.

        Raises RecordIsDamaged.
        """
        return self._ask(
            Call(
                "GET",
                "/v1/log/entries",
                LogPage,
                query=said(
                    {
                        "tag": tag,
                        "on": on,
                        "by": by,
                        "mentions": mentions,
                        "since": since,
                        "until": until,
                        "after": after,
                        "limit": limit,
                    },
                    limit=50,
                ),
                within_ms=within_ms,
            )
        )

    def each_entry(
        self,
        *,
        most: int,
        tag: str | None = None,
        on: str | None = None,
        by: str | None = None,
        mentions: str | None = None,
        since: str | None = None,
        until: str | None = None,
        within_ms: int | None = None,
    ) -> Iterator[LoggedEntry]:
        """List entries, newest first: every one, page by page.

        Raises ListTooLong for more than ``most``, RecordIsDamaged.
        """
        return self._walk(
            Call(
                "GET",
                "/v1/log/entries",
                LogPage,
                query=said(
                    {
                        "tag": tag,
                        "on": on,
                        "by": by,
                        "mentions": mentions,
                        "since": since,
                        "until": until,
                        "limit": PAGE_MAX,
                    }
                ),
                within_ms=within_ms,
            ),
            lambda page: page.items,
            most,
        )

    def entry(self, *, index: int, within_ms: int | None = None) -> LoggedEntry:
        """Show an entry.

        Raises EntryNotFound, NotYetPublished, RecordIsDamaged.
        """
        return self._ask(
            Call("GET", f"/v1/log/entries/{segment(index)}", LoggedEntry, within_ms=within_ms)
        )

    def acts(
        self, *, after: int | str | None = None, limit: int = 50, within_ms: int | None = None
    ) -> ActPage:
        """List what you did lately, and how it ended.

        Raises RecordIsDamaged.
        """
        return self._ask(
            Call(
                "GET",
                "/v1/acts",
                ActPage,
                query=said({"after": after, "limit": limit}, limit=50),
                within_ms=within_ms,
            )
        )

    def each_act(self, *, most: int, within_ms: int | None = None) -> Iterator[Act]:
        """List what you did lately, and how it ended: every one, page by page.

        Raises ListTooLong for more than ``most``, RecordIsDamaged.
        """
        return self._walk(
            Call("GET", "/v1/acts", ActPage, query={"limit": PAGE_MAX}, within_ms=within_ms),
            lambda page: page.items,
            most,
        )

    def tile(self, *, place: str, within_ms: int | None = None) -> bytes:
        """Give a tile of hashes, or of entries.

        Raises TileNotFound, RecordIsDamaged.
        """
        return self._ask(
            Call(
                "GET",
                f"/v1/log/tile/{place_of(place)}",
                bytes,
                media="application/octet-stream",
                within_ms=within_ms,
            )
        )

    def inclusion(
        self, *, index: int, size: int | None = None, within_ms: int | None = None
    ) -> Inclusion:
        """Prove that an entry is in the log.

        Raises EntryNotFound, NotYetPublished, SizeBeyondLog, RecordIsDamaged.
        """
        return self._ask(
            Call(
                "GET",
                f"/v1/log/entries/{segment(index)}/proof",
                Inclusion,
                query=said({"size": size}),
                within_ms=within_ms,
            )
        )

    def consistency(
        self, *, old: int, new: int | None = None, within_ms: int | None = None
    ) -> Consistency:
        """Prove that the log only grew.

        Raises SizeBeyondLog, RecordIsDamaged.
        """
        return self._ask(
            Call(
                "GET",
                "/v1/log/consistency",
                Consistency,
                query=said({"old": old, "new": new}),
                within_ms=within_ms,
            )
        )
