"""Read a customer credit transfer initiation: pain.001.001.03, .09 and .11."""

from typing import Any

from tallystick.payments.model.initiation import Block, CreditTransfer, Initiation
from tallystick.runtime import iso20022

MESSAGES = frozenset({"pain.001.001.03", "pain.001.001.09", "pain.001.001.11"})


def read(xml: bytes) -> Initiation:
    """Read an initiation from untrusted bytes.

    Raises XmlIsTooLarge, XmlIsMalformed, XmlHasForbiddenConstruct, MessageNotSupported and
    SchemaViolation of ``tallystick.runtime.iso20022``.
    """
    document = iso20022.parse(xml, messages=MESSAGES)
    names = {"p": iso20022.NAMESPACE + document.message}
    initiation = document.root[0]
    header = _Node(initiation.find("p:GrpHdr", names), names)
    blocks = initiation.findall("p:PmtInf", names)
    return Initiation(
        message=document.message,
        message_id=header.must("p:MsgId"),
        created_at=header.must("p:CreDtTm").strip(),
        transaction_count=header.must("p:NbOfTxs"),
        control_sum=_decimal(header.text("p:CtrlSum")),
        initiating_party=header.text("p:InitgPty/p:Nm"),
        blocks=tuple(
            _block(_Node(block, names), position=at) for at, block in enumerate(blocks, start=1)
        ),
    )


def _block(node: "_Node", *, position: int) -> Block:
    return Block(
        position=position,
        payment_information_id=node.must("p:PmtInfId"),
        method=node.must("p:PmtMtd"),
        batch_booking=_boolean(node.text("p:BtchBookg")),
        requested_execution_date=_day(node),
        debtor_name=node.text("p:Dbtr/p:Nm"),
        debtor_iban=node.text("p:DbtrAcct/p:Id/p:IBAN"),
        debtor_account_other=node.text("p:DbtrAcct/p:Id/p:Othr/p:Id"),
        debtor_agent_bic=_bic(node, "p:DbtrAgt"),
        currency=node.text("p:DbtrAcct/p:Ccy"),
        transaction_count=node.text("p:NbOfTxs"),
        control_sum=_decimal(node.text("p:CtrlSum")),
        transactions=tuple(
            _transfer(transfer, position=at)
            for at, transfer in enumerate(node.all("p:CdtTrfTxInf"), start=1)
        ),
    )


def _transfer(node: "_Node", *, position: int) -> CreditTransfer:
    amount, is_equivalent_amount = _amount(node)
    return CreditTransfer(
        position=position,
        instruction_id=node.text("p:PmtId/p:InstrId"),
        end_to_end_id=node.must("p:PmtId/p:EndToEndId"),
        uetr=node.text("p:PmtId/p:UETR"),
        amount=_decimal(amount.text) or "0",
        currency=amount.get("Ccy"),
        is_equivalent_amount=is_equivalent_amount,
        creditor_name=node.text("p:Cdtr/p:Nm"),
        creditor_iban=node.text("p:CdtrAcct/p:Id/p:IBAN"),
        creditor_account_other=node.text("p:CdtrAcct/p:Id/p:Othr/p:Id"),
        creditor_account_currency=node.text("p:CdtrAcct/p:Ccy"),
        creditor_agent_bic=_bic(node, "p:CdtrAgt"),
        remittance_unstructured=node.texts("p:RmtInf/p:Ustrd"),
        structured_reference=node.text("p:RmtInf/p:Strd/p:CdtrRefInf/p:Ref"),
    )


class _Node:
    """An element and the namespace its paths are read in. The schema has already spoken."""

    __slots__ = ("element", "names")

    def __init__(self, element: Any, names: dict[str, str]) -> None:
        self.element = element
        self.names = names

    def find(self, path: str) -> Any:
        return self.element.find(path, self.names)

    def all(self, path: str) -> "list[_Node]":
        return [_Node(found, self.names) for found in self.element.iterfind(path, self.names)]

    def text(self, path: str) -> str | None:
        found = self.find(path)
        return None if found is None else found.text or ""

    def must(self, path: str) -> str:
        return self.find(path).text or ""

    def texts(self, path: str) -> tuple[str, ...]:
        return tuple(found.text or "" for found in self.element.iterfind(path, self.names))


def _amount(node: _Node) -> tuple[Any, bool]:
    instructed = node.find("p:Amt/p:InstdAmt")
    if instructed is not None:
        return instructed, False
    return node.find("p:Amt/p:EqvtAmt/p:Amt"), True


def _bic(node: _Node, agent: str) -> str | None:
    # Named BIC up to version 08, BICFI from 09 on.
    institution = f"{agent}/p:FinInstnId"
    return node.text(f"{institution}/p:BICFI") or node.text(f"{institution}/p:BIC")


def _day(node: _Node) -> str:
    # A date up to version 07; from 08 on a choice of a date or a moment. Both begin with the day.
    written = (
        node.text("p:ReqdExctnDt/p:Dt")
        or node.text("p:ReqdExctnDt/p:DtTm")
        or node.must("p:ReqdExctnDt")
    )
    return written.strip()[:10]


def _boolean(text: str | None) -> bool | None:
    return None if text is None else text.strip() in {"true", "1"}


def _decimal(text: str | None) -> str | None:
    """Bring an xs:decimal such as `` +010. `` to the plain spelling ``10``."""
    if text is None:
        return None
    stripped = text.strip()
    sign = "-" if stripped.startswith("-") else ""
    whole, _, fraction = stripped.lstrip("+-").partition(".")
    digits = (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")
    return digits if not digits.strip("0.") else sign + digits
