"""What the clients remember: everything they asked, and the first thing they were told about each of it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.simulation.plan import Command, File

# What of a transaction goes on living after it: a hold is captured, a posting reversed.
_LIVING = ("state", "remaining", "reversed")


@dataclass(kw_only=True)
class Asked:
    """One content under one id, and what was first told of it: a transaction, or a refusal."""

    command: Command
    transaction: dict[str, Any] | None = None
    refusal: tuple[str, dict[str, str]] | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody was ever answered."""
        return self.transaction is None and self.refusal is None

    @property
    def is_another(self) -> bool:
        """Whether the id was found to stand for another content."""
        return self.refusal is not None and self.refusal[0].startswith("exists_with_different_")


@dataclass(kw_only=True)
class Sent:
    """One content of payment files, and the file it was found to be."""

    file: File
    file_id: str = ""


class Memory:
    """All clients' memory. ``surprises`` is what contradicts what was told before."""

    def __init__(self) -> None:
        self.asked: dict[tuple[str, str], Asked] = {}
        self.requests: list[Sequence[Command]] = []
        self.files: dict[str, Sent] = {}
        self.surprises: list[str] = []

    def asks(self, items: Sequence[Command]) -> None:
        """Remember that these acts are about to be asked for, in one request."""
        self.requests.append(items)
        for item in items:
            self.asked.setdefault(_key(item), Asked(command=item))

    def sends(self, file: File) -> None:
        """Remember that this file is about to be sent."""
        self.files.setdefault(file.name, Sent(file=file))

    def hears(self, item: Command, verdict: dict[str, Any]) -> None:
        """Remember a verdict, or compare it with the first."""
        known = self.asked[_key(item)]
        transaction, refusal = verdict.get("transaction"), verdict.get("refusal")
        told = (
            None if transaction is None else _lasting(transaction),
            None if refusal is None else (refusal["code"], refusal.get("fields", {})),
        )
        if known.is_open:
            known.transaction, known.refusal = told
        elif (known.transaction, known.refusal) != told:
            first = (known.transaction, known.refusal)
            self.surprises.append(f"{item} was first answered {first}, and later {told}")

    def hears_of_file(self, file: File, file_id: str) -> None:
        """Remember which file a content is, or compare it with the first answer."""
        known = self.files[file.name]
        if known.file_id not in ("", file_id):
            self.surprises.append(
                f"{file.name} was first file {known.file_id}, and later {file_id}"
            )
        known.file_id = file_id

    def open_requests(self) -> list[Sequence[Command]]:
        """Requests with an act of which nobody ever heard."""
        return [
            items
            for items in self.requests
            if any(self.asked[_key(item)].is_open for item in items)
        ]

    def open_files(self) -> list[File]:
        """Files of which nobody ever heard."""
        return [sent.file for sent in self.files.values() if not sent.file_id]


def _key(item: Command) -> tuple[str, str]:
    content = {name: value for name, value in item.items() if name != "group"}
    return item["id"], json.dumps(content, sort_keys=True)


def _lasting(transaction: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in transaction.items() if name not in _LIVING}


def distinct(requests: Iterable[Sequence[Command]]) -> list[Sequence[Command]]:
    """Requests without those that ask for the same."""
    found = {tuple(map(_key, items)): items for items in requests}
    return list(found.values())
