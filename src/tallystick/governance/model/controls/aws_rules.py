"""AWS: trails and logs, who may, where it lives, whose it is and what it costs."""

from typing import Any

from tallystick.governance.model.controls.aws_keys import KEYS, is_customers
from tallystick.governance.model.controls.bearings import TAGS_NEEDED, places, tag
from tallystick.governance.model.predicates import (
    Clause,
    Finding,
    Related,
    Truth,
    all_of,
    any_of,
    at_least,
    control,
    either,
    every,
    is_empty,
    is_none_of,
    is_one_of,
    is_set,
    is_true,
    judged,
    no,
    refers_to,
    settings_of,
    values_at,
    when,
)
from tallystick.governance.model.statements import (
    gives_a_service,
    gives_all,
    lets_anyone,
    some_statement,
    trusts_unnamed,
)
from tallystick.governance.model.values import UNKNOWN, Estate, Resource

_POLICIES = ("aws_iam_policy", "aws_iam_role_policy", "aws_iam_group_policy", "aws_iam_user_policy")
_ATTACHED = (
    "aws_iam_policy_attachment",
    "aws_iam_role_policy_attachment",
    "aws_iam_group_policy_attachment",
    "aws_iam_user_policy_attachment",
)
_ADMINISTRATORS = (
    "arn:aws:iam::aws:policy/AdministratorAccess",
    "arn:aws:iam::aws:policy/PowerUserAccess",
    "arn:aws:iam::aws:policy/IAMFullAccess",
)
_CLUSTERS_ADMINISTRATORS = ("/AmazonEKSClusterAdminPolicy", "/AmazonEKSAdminPolicy")
# Policies that stand at a thing and say who may use it.
_OF_RESOURCES = (
    "aws_s3_bucket_policy",
    "aws_secretsmanager_secret_policy",
    "aws_sns_topic_policy",
    "aws_sqs_queue_policy",
    "aws_ecr_repository_policy",
    "aws_backup_vault_policy",
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
        either(
            "it leaves out what is managed",
            _all_empty(trail, "event_selector", "advanced_event_selector"),
            Clause(any_of(map(_is_whole, values_at(trail, "event_selector.*"))), ""),
            Clause(any_of(map(_is_managed, values_at(trail, "advanced_event_selector.*"))), ""),
        ),
    )


def _all_empty(trail: Resource, *paths: str) -> Clause:
    """Nothing is selected; then the cloud takes all that is managed."""
    return Clause(all_of(is_empty(trail, path, "").holds for path in paths), "")


def _is_whole(selector: Any) -> Truth:
    """A selector of all events that manage, read or write."""
    if selector is None or selector is UNKNOWN:
        return False if selector is None else UNKNOWN
    said = Resource(address="", type="", name="", values=selector)
    return all_of(
        (
            is_true(said, "include_management_events", "", absent=True).holds,
            is_one_of(said, "read_write_type", ("All",), "", absent="All").holds,
        )
    )


def _is_managed(selector: Any) -> Truth:
    """An advanced selector of the category alone: every other field leaves something out."""
    if selector is None or selector is UNKNOWN:
        return False if selector is None else UNKNOWN
    said = Resource(address="", type="", name="", values=selector)
    fields = said.at("field_selector")
    alone = UNKNOWN if fields is UNKNOWN else len(fields or ()) == 1
    return all_of(
        (
            alone,
            is_one_of(said, "field_selector.0.field", ("eventCategory",), "").holds,
            is_one_of(said, "field_selector.0.equals.0", ("Management",), "").holds,
        )
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


def _bounds(policy: Resource, estate: Estate) -> Truth:
    """The policy is the most that some role may do; a known boundary is an ARN that ends with its name."""

    def named(role: Resource) -> Truth:
        bound = role.at("permissions_boundary")
        if bound is not UNKNOWN:
            name = policy.at("name")
            return UNKNOWN if name is UNKNOWN else str(bound).endswith(f":policy/{name}")
        refers = role.refers.get("permissions_boundary", ())
        return policy.address in refers if refers else UNKNOWN

    return any_of(named(role) for role in estate.of_type("aws_iam_role"))


def _is_given(policy: Resource, estate: Estate) -> Truth:
    """Somebody has the policy; what the cloud keeps for everybody is no policy of ours."""

    found = [settings_of(policy, estate, kind, "policy_arn", ("arn",)) for kind in _ATTACHED]
    possible = [
        each
        for one in found
        for each in one.possible
        if not str(each.at("policy_arn")).startswith("arn:aws:iam::aws:")
    ]
    return True if any(one.certain for one in found) else UNKNOWN if possible else False


@control("aws-access-no-wildcard", *_POLICIES)
def access_no_wildcard(policy: Resource, estate: Estate) -> Finding | None:
    """Nobody may do everything to everything; what bounds roles, and is given to nobody, may name whole services."""
    return every(
        Clause(
            no(some_statement(policy.at("policy"), gives_all)), "it allows everything on everything"
        ),
        either(
            "it allows all of a service on everything",
            Clause(no(some_statement(policy.at("policy"), gives_a_service)), ""),
            Clause(all_of((_bounds(policy, estate), no(_is_given(policy, estate)))), ""),
        ),
    )


@control("aws-access-role-inside", "aws_iam_role")
def access_role_inside(role: Resource, estate: Estate) -> Finding | None:
    """What a role may do stands in policies of their own, which are judged; not in the role.

    The cloud tells as the role's own what other resources attach to it, so those are looked at here too.
    """
    return every(
        Clause(_attached_are_harmless(role, estate), "it is administrator for all times"),
        judged(
            role,
            "managed_policy_arns.*",
            lambda policy: policy not in _ADMINISTRATORS,
            "it is administrator for all times",
        ),
        judged(
            role,
            "inline_policy.*.policy",
            lambda policy: no(some_statement(policy, gives_all)),
            "it allows everything on everything",
        ),
        judged(
            role,
            "inline_policy.*.policy",
            lambda policy: no(some_statement(policy, gives_a_service)),
            "it allows all of a service on everything",
        ),
    )


def _attached_are_harmless(role: Resource, estate: Estate) -> Truth:
    """Nothing that is attached to the role, or may be, makes it administrator."""
    truths: list[Truth] = []
    for kind, attribute in (
        ("aws_iam_role_policy_attachment", "role"),
        ("aws_iam_policy_attachment", "roles"),
    ):
        related = settings_of(role, estate, kind, attribute, ("name", "id"))
        truths += [_is_harmless(one).holds for one in related.certain]
        truths += [UNKNOWN for one in related.possible if _is_harmless(one).holds is not True]
    return all_of(truths)


@control("aws-access-policies-named", *_OF_RESOURCES)
def access_policies_named(policy: Resource, estate: Estate) -> Finding | None:
    """What a policy of a thing gives, it gives to somebody."""
    return every(
        Clause(no(some_statement(policy.at("policy"), lets_anyone)), "anybody may use the thing")
    )


@control("aws-cluster-administrators", "aws_eks_access_policy_association", "aws_eks_access_entry")
def cluster_administrators(entry: Resource, estate: Estate) -> Finding | None:
    """Nobody is administrator of a cluster for all times."""
    return every(
        judged(
            entry,
            "policy_arn",
            lambda policy: not str(policy).endswith(_CLUSTERS_ADMINISTRATORS),
            "it makes an administrator of the cluster",
        ),
        is_none_of(
            entry,
            "kubernetes_groups.*",
            ("system:masters",),
            "it makes an administrator of the cluster",
        ),
    )


def _is_harmless(attachment: Resource) -> Clause:
    return refers_to(
        attachment,
        "policy_arn",
        "it makes an administrator for all times",
        "aws_iam_policy",
        known=lambda policy: policy not in _ADMINISTRATORS,
    )


@control("aws-access-no-administrators", *_ATTACHED)
def access_no_administrators(attachment: Resource, estate: Estate) -> Finding | None:
    """The cloud's own policies for administrators are attached to nobody."""
    return every(_is_harmless(attachment))


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
        Clause(
            no(some_statement(role.at("assume_role_policy"), trusts_unnamed)),
            "a whole account, or whoever a provider signs for, may take the role",
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
        Clause(
            any_of(
                UNKNOWN if it is UNKNOWN else it is None or int(it) <= 100
                for it in values_at(budget, "notification.*.threshold")
            ),
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
