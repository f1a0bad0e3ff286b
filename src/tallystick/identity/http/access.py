"""Decisions over HTTP: explained in our own words, and asked by the OpenID AuthZEN Authorization API 1.0."""

from typing import Annotated, Any

import msgspec

from tallystick.identity.api.access import (
    Access,
    ApprovalNeeded,
    DecisionNotFound,
    DecisionOf,
    Explain,
    Explanation,
    HolderNotFound,
    NotAllowed,
    StepUpNeeded,
)
from tallystick.kernel.actions import is_action
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import told
from tallystick.kernel.problems import malformed
from tallystick.runtime.edge import Asked, Route

EVALUATIONS_MAX = 50
GUARDED = (NotAllowed, StepUpNeeded, ApprovalNeeded)
"""What any route may answer whose caller is known."""

_SUBJECTS = {"person": "per_", "key": "key_", "client": "cli_"}


_Properties = Annotated[dict[str, Any], told("What else is known of it.")]
_Context = Annotated[dict[str, Any], told("What else is known.")]


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Who would do it: a ``person``, ``key`` or ``client``, by its id."""

    type: Annotated[str, told("``person``, ``key`` or ``client``.")]
    id: Annotated[str, told("The id of ours.")]
    properties: _Properties = {}


class ActionAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What would be done, by the name of the action; ``properties`` may have ``amount`` (minor units) and ``asset``."""

    name: Annotated[str, told("The name of the action.")]
    properties: _Properties = {}


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """On what: an ``account`` by its address, or anything else by its id; ``properties`` may have ``credit``."""

    type: Annotated[str, told("``account``, or anything else.")]
    id: Annotated[str, told("Its address, or its id.")]
    properties: _Properties = {}


_Subject = Annotated[Subject, told("Who would do it.")]
_Action = Annotated[ActionAsked, told("What would be done.")]
_Resource = Annotated[Resource, told("On what.")]


class Evaluation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question (AuthZEN 1.0, section 5)."""

    subject: _Subject
    action: _Action
    resource: _Resource
    context: _Context = {}


class EvaluationPart(msgspec.Struct, frozen=True, kw_only=True):
    """One question of several; what it leaves out is taken from those that all have in common."""

    subject: Annotated[Subject | None, told("Who would do it.")] = None
    action: Annotated[ActionAsked | None, told("What would be done.")] = None
    resource: Annotated[Resource | None, told("On what.")] = None
    context: _Context = {}


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How several are answered: all of them, or until the first no, or the first yes (section 6.1.2)."""

    evaluations_semantic: Annotated[
        str, told("``execute_all``, ``deny_on_first_deny`` or ``permit_on_first_permit``.")
    ] = "execute_all"


class Evaluations(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several questions at once (AuthZEN 1.0, section 6), at most 50."""

    subject: Annotated[Subject | None, told("Who would do it.")] = None
    action: Annotated[ActionAsked | None, told("What would be done.")] = None
    resource: Annotated[Resource | None, told("On what.")] = None
    context: _Context = {}
    evaluations: Annotated[tuple[EvaluationPart, ...], told("The questions, in order.")] = ()
    options: Annotated[Options, told("How they are answered.")] = Options()


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """The decision on record, and why it is so."""

    id: Annotated[str, told("The decision, ``dec_…``.")]
    reason_user: Annotated[dict[str, str], told("Why, in a sentence, by language.")]


class Evaluated(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one question."""

    decision: Annotated[bool, told("Whether it may be done.")]
    context: Annotated[Why, told("Why.")]


class EvaluatedAll(msgspec.Struct, frozen=True, kw_only=True):
    """The answers, in order."""

    evaluations: Annotated[tuple[Evaluated, ...], told("In the order of the questions.")]


class PolicyPoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where decisions are asked for (AuthZEN 1.0, section 9)."""

    policy_decision_point: Annotated[str, told("Where the platform is.")]
    access_evaluation_endpoint: Annotated[str, told("Where one decision is asked for.")]
    access_evaluations_endpoint: Annotated[str, told("Where several are.")]


def routes(access: Access, *, url: str) -> list[Route]:
    """The routes of decisions; ``url`` is where the platform is reached."""

    async def show(asked: Asked) -> Explanation:
        message = DecisionOf(decision=asked.path["decision"])
        return await access.decision(caller=asked.caller, message=message)

    async def explain(asked: Asked) -> Explanation:
        return await access.explain(caller=asked.caller, message=asked.body)

    async def evaluate(asked: Asked) -> Evaluated:
        return await _evaluated(access, asked.caller, asked.body)

    async def evaluate_all(asked: Asked) -> EvaluatedAll | Evaluated:
        return await _evaluate_all(access, asked.caller, asked.body)

    async def point(_: Asked) -> PolicyPoint:
        return PolicyPoint(
            policy_decision_point=url,
            access_evaluation_endpoint=f"{url}/access/v1/evaluation",
            access_evaluations_endpoint=f"{url}/access/v1/evaluations",
        )

    return [
        Route(
            method="GET",
            path="/v1/decisions/{decision}",
            summary="Show a decision, why it was so, and whether it comes out the same again",
            handle=show,
            answer=Explanation,
            problems=(DecisionNotFound,),
        ),
        Route(
            method="POST",
            path="/v1/explanations",
            summary="Ask whether somebody could do something, and why",
            handle=explain,
            body=Explain,
            answer=Explanation,
            problems=(HolderNotFound,),
        ),
        Route(
            method="POST",
            path="/access/v1/evaluation",
            summary="Ask for a decision (AuthZEN)",
            handle=evaluate,
            body=Evaluation,
            answer=Evaluated,
        ),
        Route(
            method="POST",
            path="/access/v1/evaluations",
            summary="Ask for several decisions (AuthZEN)",
            handle=evaluate_all,
            body=Evaluations,
            answer=EvaluatedAll,
        ),
        Route(
            method="GET",
            path="/.well-known/authzen-configuration",
            summary="Tell where decisions are asked for (AuthZEN)",
            handle=point,
            answer=PolicyPoint,
            public=True,
        ),
    ]


async def _evaluate_all(
    access: Access, caller: Caller, body: Evaluations
) -> EvaluatedAll | Evaluated:
    """Answer several questions, by their common parts. Without any it is one question (section 6.1)."""
    if len(body.evaluations) > EVALUATIONS_MAX:
        raise malformed("evaluations", f"at most {EVALUATIONS_MAX} are asked at once")
    until = {"execute_all": None, "deny_on_first_deny": False, "permit_on_first_permit": True}
    if body.options.evaluations_semantic not in until:
        raise malformed("options.evaluations_semantic", f"it is one of {', '.join(until)}")
    ends_at = until[body.options.evaluations_semantic]
    if not body.evaluations:
        return await _evaluated(access, caller, _whole(body, EvaluationPart()))
    answers: list[Evaluated] = []
    for part in body.evaluations:
        answers.append(await _evaluated(access, caller, _whole(body, part)))
        if answers[-1].decision is ends_at:
            break
    return EvaluatedAll(evaluations=tuple(answers))


def _whole(body: Evaluations, part: EvaluationPart) -> Evaluation:
    subject, action = part.subject or body.subject, part.action or body.action
    resource = part.resource or body.resource
    if subject is None or action is None or resource is None:
        raise malformed("evaluations", "each has a subject, an action and a resource, or all do")
    return Evaluation(
        subject=subject, action=action, resource=resource, context=part.context or body.context
    )


async def _evaluated(access: Access, caller: Caller, asked: Evaluation) -> Evaluated:
    if not asked.subject.id.startswith(_SUBJECTS.get(asked.subject.type, "?")):
        raise malformed("subject", "a subject is a person, key or client, by its id of ours")
    if not is_action(asked.action.name):
        raise malformed("action.name", "there is no such action")
    facts = asked.context | asked.resource.properties | asked.action.properties
    is_account = asked.resource.type == "account"
    message = Explain(
        holder=asked.subject.id,
        action=asked.action.name,
        account=asked.resource.id if is_account else _text(facts, "account"),
        credit=_text(facts, "credit"),
        amount=_amount(facts),
        asset=_text(facts, "asset"),
        on=None if is_account else asked.resource.id,
    )
    try:
        found = await access.explain(caller=caller, message=message)
    except HolderNotFound:
        # Whom nobody knows may do nothing, and a question is no way to find out who is known.
        why = Why(id="", reason_user={"en": "There is no such person, key or client."})
        return Evaluated(decision=False, context=why)
    return Evaluated(
        decision=found.allowed,
        context=Why(id=found.decision, reason_user={"en": found.sentence}),
    )


def _text(facts: dict[str, Any], name: str) -> str | None:
    value = facts.get(name)
    if value is not None and not isinstance(value, str):
        raise malformed(name, "it is a text")
    return value


def _amount(facts: dict[str, Any]) -> int | str | None:
    value = facts.get("amount")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | str)):
        raise malformed("amount", "an amount is whole minor units")
    return value
