"""AWS: trails and logs, who may, where it lives, whose it is and what it costs."""

from tallystick.governance.model.controls.aws_keys import KEYS, is_customers
from tallystick.governance.model.controls.bearings import TAGS_NEEDED, places, tag
from tallystick.governance.model.predicates import (
    Clause,
    Finding,
    Related,
    at_least,
    control,
    every,
    is_set,
    is_true,
    judged,
    no,
    refers_to,
    settings_of,
    when,
)
from tallystick.governance.model.statements import gives_all, lets_anyone, some_statement
from tallystick.governance.model.values import UNKNOWN, Estate, Resource

_POLICIES = ("aws_iam_policy", "aws_iam_role_policy", "aws_iam_group_policy", "aws_iam_user_policy")
_ATTACHED = (
    "aws_iam_role_policy_attachment",
    "aws_iam_group_policy_attachment",
    "aws_iam_user_policy_attachment",
)
_ADMINISTRATORS = (
    "arn:aws:iam::aws:policy/AdministratorAccess",
    "arn:aws:iam::aws:policy/PowerUserAccess",
    "arn:aws:iam::aws:policy/IAMFullAccess",
)
_PLACED = (
    "aws_s3_bucket",
    "aws_db_instance",
    "aws_eks_cluster",
    "aws_kms_key",
    "aws_secretsmanager_secret",
    "aws_vpc",
    "aws_cloudwatch_log_group",
)
# What outlives a mistake in whose it is or what it costs.
_TAGGED = (*_PLACED, "aws_lb", "aws_subnet", "aws_security_group")


@control("aws-trail-whole", "aws_cloudtrail")
def trail_whole(trail: Resource, estate: Estate) -> Finding | None:
    """Every region, every global service, and a chain of digests that shows what is missing."""
    return every(
        is_true(trail, "is_multi_region_trail", "it leaves regions out"),
        is_true(
            trail,
            "include_global_service_events",
            "it leaves global services out",
            absent=True,
        ),
        is_true(trail, "enable_log_file_validation", "nothing shows a removed file"),
        is_true(trail, "enable_logging", "it is switched off", absent=True),
        refers_to(trail, "kms_key_id", "no key of ours encrypts it", *KEYS, known=is_customers),
    )


@control("aws-trail-present")
def trail_present(whole: Resource, estate: Estate) -> Finding | None:
    """An estate without a trail cannot say who changed it."""
    trails = Related(tuple(estate.of_type("aws_cloudtrail")))
    return every(is_true(trails, "is_multi_region_trail", "no trail says who changed the estate"))


@control("aws-logs-kept", "aws_cloudwatch_log_group")
def logs_kept(group: Resource, estate: Estate) -> Finding | None:
    """Long enough for an audit to ask; 0 is for ever."""
    return every(
        judged(
            group,
            "retention_in_days",
            lambda days: days in (None, 0) or int(days) >= 90,
            "they are gone in under 90 days",
        ),
        refers_to(group, "kms_key_id", "no key of ours encrypts them", *KEYS, known=is_customers),
    )


@control("aws-access-no-wildcard", *_POLICIES)
def access_no_wildcard(policy: Resource, estate: Estate) -> Finding | None:
    """Nobody may do everything to everything."""
    return every(
        Clause(
            no(some_statement(policy.at("policy"), gives_all)), "it allows everything on everything"
        )
    )


@control("aws-access-no-administrators", *_ATTACHED)
def access_no_administrators(attachment: Resource, estate: Estate) -> Finding | None:
    """The cloud's own policies for administrators are attached to nobody."""
    return every(
        refers_to(
            attachment,
            "policy_arn",
            "it makes an administrator for all times",
            "aws_iam_policy",
            known=lambda policy: policy not in _ADMINISTRATORS,
        )
    )


@control("aws-access-no-user-keys", "aws_iam_access_key")
def access_no_user_keys(key: Resource, estate: Estate) -> Finding | None:
    """People and machines come with credentials that end by themselves."""
    return every(Clause(False, "a credential that never ends"))


@control("aws-access-trust-named", "aws_iam_role")
def access_trust_named(role: Resource, estate: Estate) -> Finding | None:
    """A role says who may take it."""
    return every(
        Clause(
            no(some_statement(role.at("assume_role_policy"), lets_anyone)),
            "anybody may take the role",
        ),
        judged(
            role,
            "max_session_duration",
            lambda seconds: seconds is None or int(seconds) <= 14_400,
            "a session of it lasts over four hours",
        ),
    )


@control("aws-region-allowed", *_PLACED)
def region_allowed(resource: Resource, estate: Estate) -> Finding | None:
    """Data live where the inventory lets them; without a region of its own a resource takes the provider's."""
    allowed = places(resource, estate)
    return when(
        is_set(resource, "region", "").holds,
        judged(resource, "region", lambda place: place in allowed, "it is where it may not live"),
    )


@control("aws-tags-present", *_TAGGED)
def tags_present(resource: Resource, estate: Estate) -> Finding | None:
    """Whose it is, who pays, what it holds."""
    found = {name: tag(resource, name) for name in TAGS_NEEDED}
    return every(
        *(
            Clause(UNKNOWN if value is UNKNOWN else bool(value), f"no tag says its {name}")
            for name, value in found.items()
        )
    )


@control("aws-budget-watched", "aws_budgets_budget")
def budget_watched(budget: Resource, estate: Estate) -> Finding | None:
    """Somebody hears of it before the money is gone."""
    return every(
        is_set(budget, "notification", "nobody hears of it"),
        judged(
            budget,
            "notification.*.threshold",
            lambda it: it is None or int(it) <= 100,
            "they hear of it when it is spent",
        ),
    )


@control("aws-budget-present")
def budget_present(whole: Resource, estate: Estate) -> Finding | None:
    """An estate without a budget has no bound."""
    budgets = Related(tuple(estate.of_type("aws_budgets_budget")))
    return every(at_least(budgets, "limit_amount", 1, "no budget bounds the estate"))


@control("aws-backup-locked", "aws_backup_vault")
def backup_locked(vault: Resource, estate: Estate) -> Finding | None:
    """A vault whose backups nobody removes before their time."""
    lock = settings_of(
        vault, estate, "aws_backup_vault_lock_configuration", "backup_vault_name", ("name", "id")
    )
    return every(
        at_least(lock, "min_retention_days", 7, "its backups can be removed at once"),
        is_set(lock, "changeable_for_days", "its lock can be lifted"),
        refers_to(vault, "kms_key_arn", "no key of ours encrypts it", *KEYS, known=is_customers),
    )
