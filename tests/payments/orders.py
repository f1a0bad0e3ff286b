"""Payment files for the tests, written as short as the schema allows, and reports read back."""

from dataclasses import dataclass
from xml.etree import ElementTree

FIETSEN = "NL91ABNA0417164300"
ELECTRICAL = "ES9121000418450200051332"
RAHMENBAU = "DE89370400440532013000"
ELSEWHERE = "GB29NWBK60161331926819"


@dataclass(frozen=True, kw_only=True)
class Order:
    """One transfer of a file."""

    to: str = RAHMENBAU
    amount: str = "10.00"
    end_to_end_id: str = "E"
    instruction_id: str | None = None


def initiation(
    *orders: Order,
    message_id: str = "M-1",
    debtor: str = FIETSEN,
    day: str = "2026-01-15",
    count: int | None = None,
    note: str = "",
) -> bytes:
    """Write a pain.001.001.09 with one block."""
    transfers = "".join(map(_transfer, orders))
    return (
        f'{note}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn><GrpHdr>'
        f"<MsgId>{message_id}</MsgId><CreDtTm>2026-01-15T09:30:00Z</CreDtTm>"
        f"<NbOfTxs>{len(orders) if count is None else count}</NbOfTxs><InitgPty/></GrpHdr>"
        f"<PmtInf><PmtInfId>B</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>{day}</Dt></ReqdExctnDt>"
        f"<Dbtr><Nm>As the payer wrote it</Nm></Dbtr><DbtrAcct><Id><IBAN>{debtor}</IBAN></Id></DbtrAcct>"
        f"<DbtrAgt><FinInstnId/></DbtrAgt>{transfers}</PmtInf></CstmrCdtTrfInitn></Document>"
    ).encode()


def _transfer(order: Order) -> str:
    instruction = f"<InstrId>{order.instruction_id}</InstrId>" if order.instruction_id else ""
    return (
        f"<CdtTrfTxInf><PmtId>{instruction}<EndToEndId>{order.end_to_end_id}</EndToEndId></PmtId>"
        f'<Amt><InstdAmt Ccy="EUR">{order.amount}</InstdAmt></Amt><Cdtr><Nm>Payee</Nm></Cdtr>'
        f"<CdtrAcct><Id><IBAN>{order.to}</IBAN></Id></CdtrAcct><RmtInf><Ustrd>For frames</Ustrd></RmtInf></CdtTrfTxInf>"
    )


def texts(report: bytes, name: str) -> list[str | None]:
    """Every text of elements of one name in a report."""
    return [element.text for element in ElementTree.fromstring(report).iterfind(f".//{{*}}{name}")]
