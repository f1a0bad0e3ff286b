"""Reading a story: what an accountant wrote is done on the real books, and what it expects is compared.

A story is paragraphs. The first is what it is about. Each other begins with one of the sentences below, goes on with
indented lines, and may end in what is expected: `Refused code, word amount`, `Replayed`, `Answer status codes`.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from tallystick.kernel.instants import render
from tallystick.kernel.money import decimal_of, exponent_of, minor_of, to_int
from tallystick.kernel.problems import Problem
from tallystick.ledger import api as books
from tallystick.payments.api import SubmitFile
from tallystick.wallets.api import AccountWanted, OpenWallet, Owner, OwnerKind
from tests.doors.house import Doors
from tests.payments.orders import Order, initiation, texts

LEDGER = "main"
_POSTING = re.compile(r"(\S+) -> (\S+)\s+([\d,.]+) ([A-Z]+)")
_ACCOUNT = re.compile(r"(\S+)\s+([A-Z]+)\s+(debit|credit)(.*)")
_LIMIT = re.compile(r"never (below|above) (-?[\d,.]+)")
_AMOUNT = re.compile(r"([\d,.]+) ([A-Z]+)")
_ACT = re.compile(
    r"(Post|Hold|Capture|Void|Reverse) (\S+?)(?: of (\S+?))?(?: on (\d{4}-\d\d-\d\d))?(, final|, at most)?: (.+)"
)
_TOLD = re.compile(r"(posted|pending|available)\s+(-?[\d,.]+)")
_ENTRY = re.compile(r"(debit|credit)\s+([\d,.]+)\s+balance\s+(-?[\d,.]+)(?:\s+(\S+))?")
_TRANSFER = re.compile(r"to (\S+)\s+([\d,.]+) EUR")
_BALANCES = re.compile(r'Balances(?: effective before (\S+?))?(?:, as known at "(.+)")?')


def minor(text: str, asset: str) -> int:
    """Read an amount as people write it: ``-1,250.00``."""
    sign = -1 if text.startswith("-") else 1
    return sign * minor_of(text.lstrip("-").replace(",", ""), exponent=exponent_of(asset))


class Teller:
    """Does what a story says, paragraph by paragraph."""

    def __init__(self, doors: Doors, *, clock: Callable[[], Awaitable[int]]) -> None:
        self._doors = doors
        self._clock = clock
        self._assets: dict[str, str] = {}
        self._moments: dict[str, int] = {}

    async def tell(self, story: str) -> None:
        """Tell a whole story; AssertionError where it does not go as written."""
        _, *paragraphs = re.split(r"\n\s*\n", story.strip())
        await self._ask("open_ledger", books.OpenLedger(name=LEDGER))
        for paragraph in paragraphs:
            sentence, *lines = paragraph.splitlines()
            inner = [line.strip() for line in lines if line.startswith(" ")]
            expected = [line for line in lines if not line.startswith(" ")]
            found = await self._paragraph(sentence, inner)
            assert found == expected, f"{sentence}\n  expected {expected}\n  found    {found}"

    async def _paragraph(self, sentence: str, lines: list[str]) -> list[str]:
        verb = sentence.split(maxsplit=1)[0]
        if act := _ACT.fullmatch(sentence):
            return await self._act(act, lines)
        if balances := _BALANCES.fullmatch(sentence):
            return await self._balances(lines, before=balances[1], moment=balances[2])
        match verb:
            case "Accounts":
                return await self._accounts(lines)
            case "Wallets":
                return await self._wallets(lines)
            case "Limit":
                return await self._limit(sentence.split()[2], lines[0])
            case "Remember":
                self._moments[sentence.split('"')[1]] = await self._clock()
                return []
            case "Close" | "Freeze" | "Reopen":
                return await self._status(verb, sentence.split()[1])
            case "Entries":
                return await self._entries(sentence.split()[2], lines)
            case "File":
                return await self._file(sentence.split()[1], sentence.split()[3], lines)
        raise AssertionError(f"nobody understands: {sentence}")

    async def _ask(self, name: str, message: Any) -> Any:
        return await getattr(self._doors.ledger, name)(caller=self._doors.caller, message=message)

    async def _accounts(self, lines: list[str]) -> list[str]:
        for line in lines:
            address, asset, side, rest = _whole(_ACCOUNT, line)
            self._assets[address] = asset
            message = books.OpenAccount(
                ledger=LEDGER,
                address=address,
                asset=asset,
                exponent=exponent_of(asset),
                normal_side=books.Side(side),
                **_limits(rest, asset),
            )
            await self._ask("open_account", message)
        return []

    async def _limit(self, address: str, line: str) -> list[str]:
        limits = _limits(line, self._assets[address])
        await self._ask("set_limits", books.SetLimits(ledger=LEDGER, address=address, **limits))
        return []

    async def _status(self, verb: str, address: str) -> list[str]:
        status = {"Close": "closed", "Freeze": "frozen", "Reopen": "open"}[verb]
        message = books.SetStatus(ledger=LEDGER, address=address, status=books.Status(status))
        try:
            await self._ask("set_status", message)
        except Problem as problem:
            return [f"Refused {problem.code}"]
        return []

    async def _act(self, act: re.Match[str], lines: list[str]) -> list[str]:
        kind, id_, target, day, mode, words = act.groups()
        common: dict[str, Any] = {"id": id_, "reference": words}
        if day:
            common["effective_at"] = f"{day}T12:00:00Z"
        if kind in ("Post", "Hold"):
            postings = [_posting(line, balancing=mode == ", at most") for line in lines]
            asset = postings[0].asset
            made = (books.Post if kind == "Post" else books.Hold)(
                postings=tuple(postings), **common
            )
        elif kind == "Void":
            made, asset = books.Void(target=target, **common), "EUR"
        else:
            found = [_whole(_AMOUNT, line) for line in lines]
            asset = found[0][1] if found else "EUR"
            amounts = tuple(minor(text, asset) for text, _ in found) or None
            final = {"final": mode == ", final"} if kind == "Capture" else {}
            maker: Any = books.Capture if kind == "Capture" else books.Reverse
            made = maker(target=target, amounts=amounts, **common, **final)
        verdicts = await self._ask("submit", books.Submit(ledger=LEDGER, items=(made,)))
        return self._said(verdicts.items[0], asset)

    def _said(self, verdict: books.Verdict, asset: str) -> list[str]:
        said: list[str] = []
        if verdict.refusal is not None:
            fields = verdict.refusal.fields
            asset = self._assets.get(fields.get("address", ""), asset)
            word = next((name for name in ("short", "over", "rest") if name in fields), None)
            decimal = word and decimal_of(int(fields[word]), exponent=exponent_of(asset))
            said.append(f"Refused {verdict.refusal.code}" + (f", {word} {decimal}" if word else ""))
        return [*said, "Replayed"] if verdict.replayed else said

    async def _balances(
        self, lines: list[str], *, before: str | None, moment: str | None
    ) -> list[str]:
        for line in lines:
            address = line.split()[0]
            asset = self._assets.get(address, "EUR")
            message = books.BalanceAsOf(
                ledger=LEDGER,
                address=address,
                effective_at=before and f"{before}T00:00:00Z",
                recorded_at=moment and render(self._moments[moment]),
            )
            balances = (await self._ask("balance", message)).balances
            told = _TOLD.findall(line)
            assert told, line
            found = [(name, to_int(getattr(balances, name))) for name, _ in told]
            assert found == [(name, minor(text, asset)) for name, text in told], line
        return []

    async def _entries(self, address: str, lines: list[str]) -> list[str]:
        asset = self._assets.get(address, "EUR")
        message = books.ListEntries(ledger=LEDGER, address=address, oldest_first=True)
        entries = (await self._ask("entries", message)).items
        told = [_whole(_ENTRY, line) for line in lines]
        found = [(entry.side, to_int(entry.amount), to_int(entry.balance)) for entry in entries]
        assert found == [
            (side, minor(amount, asset), minor(left, asset)) for side, amount, left, _ in told
        ]
        named = [entry.transaction for entry in entries]
        assert all(name in (None, made) for (*_, name), made in zip(told, named, strict=True)), (
            named
        )
        return []

    async def _wallets(self, lines: list[str]) -> list[str]:
        for line in lines:
            wallet, iban = line.split()
            message = OpenWallet(
                id=wallet,
                owner=Owner(kind=OwnerKind.COMPANY, name=wallet),
                name=wallet,
                accounts=(AccountWanted(asset="EUR", exponent=2, iban=iban),),
            )
            await self._doors.wallets.open(caller=self._doors.caller, message=message)
        return []

    async def _file(self, message_id: str, debtor: str, lines: list[str]) -> list[str]:
        orders = [
            Order(to=iban, amount=amount.replace(",", ""), end_to_end_id=f"E-{number}")
            for number, (iban, amount) in enumerate(_whole(_TRANSFER, line) for line in lines)
        ]
        content = initiation(*orders, message_id=message_id, debtor=debtor)
        answer = await self._doors.payments.submit_file(
            caller=self._doors.caller, message=SubmitFile(content=content)
        )
        codes = sorted({str(code) for code in texts(answer.report, "Cd")})
        told = " ".join(["Answer", answer.status, *codes])
        return [f"{told}, seen before" if answer.replayed else told]


def _whole(pattern: re.Pattern[str], line: str) -> tuple[Any, ...]:
    found = pattern.fullmatch(line)
    assert found, f"nobody understands: {line}"
    return found.groups()


def _limits(text: str, asset: str) -> dict[str, Any]:
    names = {"below": "min_available", "above": "max_available"}
    return {names[word]: minor(amount, asset) for word, amount in _LIMIT.findall(text)}


def _posting(line: str, *, balancing: bool) -> books.Posting:
    debit, credit, amount, asset = _whole(_POSTING, line)
    return books.Posting(
        debit=debit, credit=credit, amount=minor(amount, asset), asset=asset, balancing=balancing
    )
