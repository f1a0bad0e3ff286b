"""What may be allowed or not: one list of actions, one grammar, ``context.noun.verb``; Cedar calls them the same.

A method of a door says with ``asks`` which actions it is, and how its message tells the facts that they are judged by.
What is asked before anybody can be known says why with ``unguarded``. A test walks every door and fails for a method
that says neither.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

Method = TypeVar("Method", bound=Callable[..., Any])


class Action(StrEnum):
    """Every action. One that was used is never renamed: decisions on record carry it."""

    LEDGER_LEDGER_OPEN = "ledger.ledger.open"
    LEDGER_LEDGER_READ = "ledger.ledger.read"
    LEDGER_LEDGER_VERIFY = "ledger.ledger.verify"
    LEDGER_ACCOUNT_OPEN = "ledger.account.open"
    LEDGER_ACCOUNT_LIMIT = "ledger.account.limit"
    LEDGER_ACCOUNT_STATUS = "ledger.account.status"
    LEDGER_ACCOUNT_READ = "ledger.account.read"
    LEDGER_TRANSACTION_POST = "ledger.transaction.post"
    LEDGER_TRANSACTION_HOLD = "ledger.transaction.hold"
    LEDGER_TRANSACTION_CAPTURE = "ledger.transaction.capture"
    LEDGER_TRANSACTION_VOID = "ledger.transaction.void"
    LEDGER_TRANSACTION_REVERSE = "ledger.transaction.reverse"
    LEDGER_TRANSACTION_READ = "ledger.transaction.read"
    LEDGER_HOLD_EXPIRE = "ledger.hold.expire"

    WALLETS_WALLET_OPEN = "wallets.wallet.open"
    WALLETS_WALLET_READ = "wallets.wallet.read"
    WALLETS_WALLET_FREEZE = "wallets.wallet.freeze"
    WALLETS_WALLET_UNFREEZE = "wallets.wallet.unfreeze"
    WALLETS_WALLET_CLOSE = "wallets.wallet.close"
    WALLETS_WALLET_REOPEN = "wallets.wallet.reopen"
    WALLETS_WALLET_FINISH = "wallets.wallet.finish"
    WALLETS_ACCOUNT_ADD = "wallets.account.add"
    WALLETS_ACCOUNT_LIMIT = "wallets.account.limit"
    WALLETS_STATEMENT_READ = "wallets.statement.read"
    WALLETS_STATEMENT_EXPORT = "wallets.statement.export"

    PAYMENTS_FILE_SUBMIT = "payments.file.submit"
    PAYMENTS_FILE_READ = "payments.file.read"
    PAYMENTS_FILE_FINISH = "payments.file.finish"
    PAYMENTS_PAYMENT_MAKE = "payments.payment.make"
    PAYMENTS_PAYMENT_READ = "payments.payment.read"
    PAYMENTS_REPORT_EXPORT = "payments.report.export"

    AUDIT_LOG_READ = "audit.log.read"
    AUDIT_PROOF_READ = "audit.proof.read"
    AUDIT_ENTRY_READ = "audit.entry.read"
    AUDIT_ACT_READ = "audit.act.read"
    AUDIT_PLATFORM_READ = "audit.platform.read"

    IDENTITY_TENANT_CREATE = "identity.tenant.create"
    IDENTITY_TENANT_READ = "identity.tenant.read"
    IDENTITY_KEY_CREATE = "identity.key.create"
    IDENTITY_KEY_REVOKE = "identity.key.revoke"
    IDENTITY_KEY_READ = "identity.key.read"
    IDENTITY_CALLER_READ = "identity.caller.read"

    IDENTITY_PERSON_ADD = "identity.person.add"
    IDENTITY_PERSON_READ = "identity.person.read"
    IDENTITY_PERSON_STATUS = "identity.person.status"
    IDENTITY_PERSON_RISK = "identity.person.risk"
    IDENTITY_ROLE_MAKE = "identity.role.make"
    IDENTITY_ROLE_END = "identity.role.end"
    IDENTITY_ROLE_GIVE = "identity.role.give"
    IDENTITY_ROLE_TAKE = "identity.role.take"
    IDENTITY_ROLE_READ = "identity.role.read"
    IDENTITY_DELEGATION_GIVE = "identity.delegation.give"
    IDENTITY_DELEGATION_TAKE = "identity.delegation.take"
    IDENTITY_DELEGATION_READ = "identity.delegation.read"
    IDENTITY_RULE_SET = "identity.rule.set"
    IDENTITY_RULE_READ = "identity.rule.read"
    IDENTITY_DECISION_ASK = "identity.decision.ask"
    IDENTITY_DECISION_READ = "identity.decision.read"
    IDENTITY_FACTOR_ENROL = "identity.factor.enrol"
    IDENTITY_FACTOR_PROVE = "identity.factor.prove"
    IDENTITY_FACTOR_REMOVE = "identity.factor.remove"
    IDENTITY_FACTOR_RECOVER = "identity.factor.recover"
    IDENTITY_FACTOR_READ = "identity.factor.read"
    IDENTITY_APPROVAL_READ = "identity.approval.read"
    IDENTITY_APPROVAL_GIVE = "identity.approval.give"
    IDENTITY_APPROVAL_WITHDRAW = "identity.approval.withdraw"
    IDENTITY_PROVIDER_SET = "identity.provider.set"
    IDENTITY_PROVIDER_READ = "identity.provider.read"
    IDENTITY_SESSION_READ = "identity.session.read"
    IDENTITY_SESSION_END = "identity.session.end"
    IDENTITY_CLIENT_CREATE = "identity.client.create"
    IDENTITY_CLIENT_END = "identity.client.end"
    IDENTITY_CLIENT_READ = "identity.client.read"
    IDENTITY_PASSED_FORGET = "identity.passed.forget"
    IDENTITY_CONSENT_GIVE = "identity.consent.give"
    IDENTITY_CONSENT_READ = "identity.consent.read"
    IDENTITY_CONSENT_END = "identity.consent.end"
    IDENTITY_SUBSTITUTION_SET = "identity.substitution.set"
    IDENTITY_SUBSTITUTION_READ = "identity.substitution.read"
    IDENTITY_SUBSTITUTION_WATCH = "identity.substitution.watch"
    IDENTITY_SUBSTITUTE_TRY = "identity.substitute.try"

    GOVERNANCE_PLAN_SUBMIT = "governance.plan.submit"
    GOVERNANCE_PLAN_READ = "governance.plan.read"
    GOVERNANCE_PLAN_APPROVE = "governance.plan.approve"
    GOVERNANCE_PLAN_WITHDRAW = "governance.plan.withdraw"
    GOVERNANCE_PLAN_APPLY = "governance.plan.apply"
    GOVERNANCE_CLOUD_READ = "governance.cloud.read"
    GOVERNANCE_STATE_READ = "governance.state.read"
    GOVERNANCE_STATE_WRITE = "governance.state.write"
    GOVERNANCE_STATE_FREE = "governance.state.free"
    GOVERNANCE_STATE_RESTORE = "governance.state.restore"
    GOVERNANCE_GLASS_BREAK = "governance.glass.break"
    GOVERNANCE_GLASS_REVIEW = "governance.glass.review"
    GOVERNANCE_WAIVER_GIVE = "governance.waiver.give"
    GOVERNANCE_WAIVER_END = "governance.waiver.end"
    GOVERNANCE_REPORT_SUBMIT = "governance.report.submit"
    GOVERNANCE_SECRET_RECORD = "governance.secret.record"  # noqa: S105
    GOVERNANCE_OVERDUE_NOTE = "governance.overdue.note"


def payers_of(each: Sequence[str]) -> tuple[str, ...]:
    """Who pays each of several payees, as ``Facts`` tells it: once where it is the same for all."""
    return tuple(dict.fromkeys(each)) if len(set(each)) == 1 else tuple(each)


def is_action(name: str) -> bool:
    """Tell whether there is an action of this name."""
    return name in _NAMES


_NAMES = frozenset(str(action) for action in Action)


class Sum(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What an act moves of one asset, in minor units: the largest single amount, and all together."""

    asset: str
    largest: int
    total: int


class Facts(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a message says that its permission depends on.

    ``actions`` are those of the method that it asks for, all of them when empty. ``accounts`` are the addresses that
    are read or debited, ``credits`` those that money goes to, ``sums`` what moves. ``on`` names what it is done on, for
    people and the record; ``person`` is whose rights it changes, ``payee`` who is paid when it
    is one, ``payees`` each with account and amount, ``payers`` who pays: one for all of them, or one for each; ``told``
    is what else others must see who are to agree. An act whose accounts and
    amounts cannot be told beforehand is ``unbounded``: no delegation that bounds either covers it.
    """

    actions: tuple[Action, ...] = ()
    accounts: tuple[str, ...] = ()
    credits: tuple[str, ...] = ()
    sums: tuple[Sum, ...] = ()
    on: str = ""
    person: str = ""
    payee: str = ""
    payees: tuple[str, ...] = ()
    payers: tuple[str, ...] = ()
    told: str = ""
    unbounded: bool = False


NO_FACTS = Facts()
Telling = Callable[[Any], Facts]


def asks(*actions: Action, about: Telling | None = None) -> Callable[[Method], Method]:
    """Say which actions a method of a door is; ``about`` reads the facts out of its message."""
    if not actions:
        raise ValueError("a method that asks for nothing says why, with unguarded()")

    def mark(method: Method) -> Method:
        vars(method)["__asks__"] = actions
        vars(method)["__about__"] = about
        return method

    return mark


def unguarded(reason: str) -> Callable[[Method], Method]:
    """Say why a method of a door is open to whoever reaches it. Raises ValueError for a reason that is none."""
    if len(reason.split()) < 3:
        raise ValueError("say in a few words why anybody may ask this")

    def mark(method: Method) -> Method:
        vars(method)["__unguarded__"] = reason
        return method

    return mark


def actions_of(method: Callable[..., Any]) -> tuple[Action, ...]:
    """The actions of a method of a door; none when it is unguarded."""
    return vars(method).get("__asks__", ())


def telling_of(method: Callable[..., Any]) -> Telling | None:
    """What reads the facts out of a method's message."""
    return vars(method).get("__about__")


def openness_of(method: Callable[..., Any]) -> str | None:
    """Why a method of a door is unguarded, when it says so."""
    return vars(method).get("__unguarded__")
