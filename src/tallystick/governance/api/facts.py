"""What the messages of governance say that a permission depends on. Pure, and never refusing."""

from hashlib import sha256

from tallystick.governance.api.asking import (
    ApprovePlan,
    BeginApply,
    BreakGlass,
    EstateOf,
    ExtendApply,
    FinishApply,
    ForceUnlock,
    HandInState,
    LockState,
    PlanOf,
    ReadState,
    RecordSecretStep,
    RestoreState,
    ReviewGlass,
    SubmitPlan,
    SubmitReport,
    UnlockState,
    VerdictsOf,
    Waive,
    WaiverOf,
    WriteState,
)
from tallystick.kernel.actions import Facts

OfPlan = PlanOf | VerdictsOf | ApprovePlan | BeginApply


def facts_of_plan(message: OfPlan) -> Facts:
    """The plan that a message names."""
    return Facts(on=message.plan[:64])


def facts_of_apply(message: ExtendApply | FinishApply) -> Facts:
    """The apply that a message names."""
    return Facts(on=message.apply[:64])


def facts_of_estate(
    message: SubmitPlan
    | EstateOf
    | ReadState
    | WriteState
    | LockState
    | UnlockState
    | SubmitReport,
) -> Facts:
    """The estate that a message names."""
    return Facts(on=message.estate[:64])


def facts_of_glass(message: BreakGlass | ForceUnlock) -> Facts:
    """The estate that is opened, and why."""
    return Facts(on=message.estate[:64], told=message.reason[:500])


def facts_of_restore(message: RestoreState) -> Facts:
    """Everything that the second person must see of a state that comes back."""
    return Facts(
        on=message.estate[:64], told=f"serial: {message.serial}\nreason: {message.reason}"[:2_000]
    )


def facts_of_hand_in(message: HandInState) -> Facts:
    """Everything that the second person must see of a state that is handed in: they can hash the same file."""
    digest = sha256(message.content).hexdigest()
    return Facts(on=message.estate[:64], told=f"sha256: {digest}\nreason: {message.reason}"[:2_000])


def facts_of_review(message: ReviewGlass) -> Facts:
    """The break-glass that is reviewed."""
    return Facts(on=message.break_glass[:64], told=message.reason[:500])


def facts_of_waive(message: Waive) -> Facts:
    """Everything that the second person must see of a waiver."""
    told = f"control: {message.control}\nsubject: {message.subject}\nuntil: {message.until}\nreason: {message.reason}"
    return Facts(on=message.estate[:64], told=told[:2_000])


def facts_of_waiver(message: WaiverOf) -> Facts:
    """The waiver that is named."""
    return Facts(on=message.waiver[:64])


def facts_of_secret(message: RecordSecretStep) -> Facts:
    """The secret whose step it is."""
    return Facts(on=message.secret[:64])
