"""What the record calls each act: one list, one grammar, ``context.noun.verb``.

A method of a door says what it records with ``records``, or why it records nothing with ``unrecorded``; a test
walks every door and fails for one that says neither.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])


class Tag(StrEnum):
    """Every tag an entry can have. One that was used is never renamed: old entries carry it."""

    LEDGER_LEDGER_OPEN = "ledger.ledger.open"
    LEDGER_ACCOUNT_OPEN = "ledger.account.open"
    LEDGER_ACCOUNT_LIMIT = "ledger.account.limit"
    LEDGER_ACCOUNT_STATUS = "ledger.account.status"
    LEDGER_BATCH_SUBMIT = "ledger.batch.submit"
    LEDGER_TRANSACTION_POST = "ledger.transaction.post"
    LEDGER_TRANSACTION_HOLD = "ledger.transaction.hold"
    LEDGER_TRANSACTION_CAPTURE = "ledger.transaction.capture"
    LEDGER_TRANSACTION_VOID = "ledger.transaction.void"
    LEDGER_TRANSACTION_REVERSE = "ledger.transaction.reverse"
    LEDGER_TRANSACTION_EXPIRE = "ledger.transaction.expire"

    IDENTITY_TENANT_CREATE = "identity.tenant.create"
    IDENTITY_KEY_CREATE = "identity.key.create"
    IDENTITY_KEY_REVOKE = "identity.key.revoke"
    IDENTITY_CALLER_SIGN_IN = "identity.caller.sign_in"
    IDENTITY_CLIENT_CREATE = "identity.client.create"
    IDENTITY_CLIENT_END = "identity.client.end"
    IDENTITY_TOKEN_ISSUE = "identity.token.issue"  # noqa: S105
    IDENTITY_CONSENT_ASK = "identity.consent.ask"
    IDENTITY_CONSENT_GIVE = "identity.consent.give"
    IDENTITY_CONSENT_REFUSE = "identity.consent.refuse"
    IDENTITY_CONSENT_END = "identity.consent.end"

    IDENTITY_PERSON_SIGN_IN = "identity.person.sign_in"
    IDENTITY_SUBSTITUTION_SET = "identity.substitution.set"
    IDENTITY_SUBSTITUTE_TRY = "identity.substitute.try"
    IDENTITY_SESSION_END = "identity.session.end"
    IDENTITY_PROVIDER_SET = "identity.provider.set"
    IDENTITY_PROVIDER_END = "identity.provider.end"

    IDENTITY_DECISION_MAKE = "identity.decision.make"
    IDENTITY_PERSON_ADD = "identity.person.add"
    IDENTITY_PERSON_READ = "identity.person.read"
    IDENTITY_PERSON_STATUS = "identity.person.status"
    IDENTITY_PERSON_RISK = "identity.person.risk"
    IDENTITY_ROLE_MAKE = "identity.role.make"
    IDENTITY_ROLE_END = "identity.role.end"
    IDENTITY_ROLE_GIVE = "identity.role.give"
    IDENTITY_ROLE_TAKE = "identity.role.take"
    IDENTITY_DELEGATION_GIVE = "identity.delegation.give"
    IDENTITY_DELEGATION_TAKE = "identity.delegation.take"
    IDENTITY_RULE_SET = "identity.rule.set"

    IDENTITY_FACTOR_ENROL = "identity.factor.enrol"
    IDENTITY_FACTOR_PROVE = "identity.factor.prove"
    IDENTITY_FACTOR_LOCK = "identity.factor.lock"
    IDENTITY_FACTOR_REMOVE = "identity.factor.remove"
    IDENTITY_FACTOR_RECOVER = "identity.factor.recover"
    IDENTITY_APPROVAL_ASK = "identity.approval.ask"
    IDENTITY_APPROVAL_READ = "identity.approval.read"
    IDENTITY_APPROVAL_GIVE = "identity.approval.give"
    IDENTITY_APPROVAL_REJECT = "identity.approval.reject"
    IDENTITY_APPROVAL_WITHDRAW = "identity.approval.withdraw"
    IDENTITY_APPROVAL_EXPIRE = "identity.approval.expire"
    IDENTITY_APPROVAL_USE = "identity.approval.use"

    WALLETS_WALLET_OPEN = "wallets.wallet.open"
    WALLETS_ACCOUNT_ADD = "wallets.account.add"
    WALLETS_ACCOUNT_LIMIT = "wallets.account.limit"
    WALLETS_WALLET_FREEZE = "wallets.wallet.freeze"
    WALLETS_WALLET_UNFREEZE = "wallets.wallet.unfreeze"
    WALLETS_WALLET_CLOSE = "wallets.wallet.close"
    WALLETS_WALLET_REOPEN = "wallets.wallet.reopen"
    WALLETS_WALLET_SETTLE = "wallets.wallet.settle"
    WALLETS_WALLET_READ = "wallets.wallet.read"
    WALLETS_STATEMENT_READ = "wallets.statement.read"
    WALLETS_STATEMENT_EXPORT = "wallets.statement.export"

    PAYMENTS_FILE_SUBMIT = "payments.file.submit"
    PAYMENTS_FILE_PREVIEW = "payments.file.preview"
    PAYMENTS_FILE_READ = "payments.file.read"
    PAYMENTS_PAYMENT_DECIDE = "payments.payment.decide"
    PAYMENTS_PAYMENT_READ = "payments.payment.read"
    PAYMENTS_REPORT_EXPORT = "payments.report.export"

    AUDIT_CLOCK_CHECK = "audit.clock.check"
    AUDIT_LEAF_REFUSE = "audit.leaf.refuse"
    AUDIT_PACKAGE_EXPORT = "audit.package.export"
    AUDIT_RECORD_ADOPT = "audit.record.adopt"
    AUDIT_SCHEMA_MIGRATE = "audit.schema.migrate"

    GOVERNANCE_PLAN_SUBMIT = "governance.plan.submit"
    GOVERNANCE_PLAN_READ = "governance.plan.read"
    GOVERNANCE_PLAN_APPROVE = "governance.plan.approve"
    GOVERNANCE_PLAN_WITHDRAW = "governance.plan.withdraw"
    GOVERNANCE_APPLY_BEGIN = "governance.apply.begin"
    GOVERNANCE_APPLY_EXTEND = "governance.apply.extend"
    GOVERNANCE_APPLY_FINISH = "governance.apply.finish"
    GOVERNANCE_APPLY_LOSE = "governance.apply.lose"
    GOVERNANCE_STATE_READ = "governance.state.read"
    GOVERNANCE_STATE_WRITE = "governance.state.write"
    GOVERNANCE_STATE_LOCK = "governance.state.lock"
    GOVERNANCE_STATE_UNLOCK = "governance.state.unlock"
    GOVERNANCE_STATE_FREE = "governance.state.free"
    GOVERNANCE_STATE_RESTORE = "governance.state.restore"
    GOVERNANCE_STATE_HAND = "governance.state.hand"
    GOVERNANCE_GLASS_BREAK = "governance.glass.break"
    GOVERNANCE_GLASS_REVIEW = "governance.glass.review"
    GOVERNANCE_GLASS_MISS = "governance.glass.miss"
    GOVERNANCE_WAIVER_GIVE = "governance.waiver.give"
    GOVERNANCE_WAIVER_END = "governance.waiver.end"
    GOVERNANCE_REPORT_SUBMIT = "governance.report.submit"
    GOVERNANCE_OBLIGATION_MISS = "governance.obligation.miss"
    GOVERNANCE_SECRET_RECORD = "governance.secret.record"  # noqa: S105


def records(*tags: Tag, notes_refusals: bool = False) -> Callable[[Method], Method]:
    """Say which entries a method of a door leaves; a refusal of it carries the first tag.

    What stands in the path of every request ``notes_refusals`` itself; all others are noted at the door.
    """
    if not tags:
        raise ValueError("a method that records nothing says why, with unrecorded()")

    def mark(method: Method) -> Method:
        vars(method)["__records__"] = tags
        vars(method)["__notes_refusals__"] = notes_refusals
        return method

    return mark


def unrecorded(reason: str) -> Callable[[Method], Method]:
    """Say why a method of a door leaves no entry. Raises ValueError for a reason that is none."""
    if len(reason.split()) < 3:
        raise ValueError("say in a few words why nothing is recorded")

    def mark(method: Method) -> Method:
        vars(method)["__unrecorded__"] = reason
        return method

    return mark


def tags_of(method: Callable[..., Any]) -> tuple[Tag, ...]:
    """The tags a method of a door records under; none when it is unrecorded."""
    return vars(method).get("__records__", ())


def notes_refusals(method: Callable[..., Any]) -> bool:
    """Whether a method writes its refusals down itself."""
    return vars(method).get("__notes_refusals__", False)


def reason_of(method: Callable[..., Any]) -> str | None:
    """Why a method of a door records nothing, when it says so."""
    return vars(method).get("__unrecorded__")
