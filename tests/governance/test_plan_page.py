"""What a plan means for a person: no loss goes unsaid, nothing secret is shown, and the page needs nothing else."""

import json
from typing import Any

import pytest

from tallystick.governance.adapters.reports import plan as report
from tallystick.governance.model.changes import Meaning, meanings
from tallystick.governance.model.plans import PlanRefused

HEAD = report.Head(
    estate="production-aws", commit="c" * 40, tool="terraform 1.15.5", made_at="2026-11-28T12:00:00Z", hash="d" * 64
)  # fmt: skip


def change(kind: str, actions: list[str], **said: Any) -> dict[str, Any]:
    """Give one change of a plan, with what else is said of it."""
    return {
        "address": f"{kind}.one", "mode": "managed", "type": kind, "name": "one",
        "change": {"actions": actions, "before": {}, "after": {}, **said},
    }  # fmt: skip


def read(*changes: dict[str, Any]) -> tuple[Meaning, ...]:
    """Give what a plan of these changes means."""
    return meanings(json.dumps({"format_version": "1.2", "resource_changes": changes}))


DESTROYED = change("aws_db_instance", ["delete"], before={"identifier": "ledger"}, after=None)
RESIZED = change(
    "aws_db_instance", ["update"],
    before={"instance_class": "db.t4g.medium", "tags": {"a": "1"}, "password": "kept <secret>"},
    after={"instance_class": "db.r6g.large", "tags": {"a": "1"}, "password": "new <secret>"},
    before_sensitive={"password": True}, after_sensitive={"password": True},
)  # fmt: skip
REPLACED = change(
    "google_kms_crypto_key", ["delete", "create"],
    before={"name": "old", "id": "1"}, after={"name": "new"}, after_unknown={"id": True}, replace_paths=[["name"]],
)  # fmt: skip


def test_what_is_lost_stands_first_and_is_shouted() -> None:
    found = read(change("aws_nat_gateway", ["create"]), RESIZED, REPLACED, DESTROYED)

    assert [each.verb for each in found] == ["destroyed", "replaced", "changed", "created"]
    assert found[0].loses == "THE DATABASE AND ALL ROWS IN IT"
    said = report.text(head=HEAD, meanings=found)
    assert (
        "!!! aws_db_instance.one IS DESTROYED: THE DATABASE AND ALL ROWS IN IT ARE LOST !!!" in said
    )
    assert "!!! google_kms_crypto_key.one IS REPLACED" in said
    assert said.index("!!!") < said.index("changed: database")


def test_a_terminal_is_told_of_a_long_plan_what_is_lost_how_much_of_what_and_the_bill() -> None:
    many = [change("aws_nat_gateway", ["create"]) for _ in range(60)]
    found = read(*many, DESTROYED)

    said = report.brief(head=HEAD, meanings=found)

    assert "1 destroyed, 60 created" in said
    assert (
        "!!! aws_db_instance.one IS DESTROYED: THE DATABASE AND ALL ROWS IN IT ARE LOST !!!" in said
    )
    assert "+   60 " in said
    assert "aws_nat_gateway.one  new: NAT gateway" in said
    assert "+ aws_nat_gateway" not in said
    assert report.brief(head=HEAD, meanings=read(RESIZED)) == report.text(
        head=HEAD, meanings=read(RESIZED)
    )


@pytest.mark.parametrize(
    "kind",
    [
        "aws_s3_bucket", "aws_kms_key", "aws_rds_cluster", "aws_secretsmanager_secret", "aws_cloudwatch_log_group",
        "aws_backup_vault", "aws_ebs_volume", "azurerm_postgresql_flexible_server", "azurerm_storage_account",
        "azurerm_storage_container", "azurerm_key_vault", "azurerm_key_vault_key", "azurerm_log_analytics_workspace",
        "azurerm_resource_group", "google_sql_database_instance", "google_storage_bucket", "google_kms_crypto_key",
        "google_secret_manager_secret", "google_logging_project_bucket_config", "google_compute_disk",
    ],
)  # fmt: skip
def test_destroying_anything_with_data_says_what_is_lost(kind: str) -> None:
    assert read(change(kind, ["delete"]))[0].loses
    assert read(change(kind, ["create", "delete"]))[0].loses
    assert not read(change(kind, ["update"]))[0].loses


@pytest.mark.parametrize(
    "kind",
    ["aws_s3_bucket_versioning", "google_kms_crypto_key_iam_member", "aws_vpc", "azurerm_subnet"],
)
def test_what_has_no_data_is_not_shouted(kind: str) -> None:
    assert read(change(kind, ["delete"]))[0].loses == ""


def test_values_that_are_sensitive_are_nowhere_on_the_page() -> None:
    found = read(RESIZED)

    page, text = report.page(head=HEAD, meanings=found), report.text(head=HEAD, meanings=found)
    assert "secret" not in page + text
    assert [each.path for each in found[0].differences] == ["instance_class"]


OPEN = json.dumps(
    {"Statement": [{"Sid": "x" * 500, "Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
ROLE = change(
    "aws_iam_role_policy", ["create"], before=None,
    after={"name": "all", "policy": OPEN, "role": None}, after_unknown={"id": True},
)  # fmt: skip
SERVER = change(
    "aws_db_instance", ["create"], before=None,
    after={"publicly_accessible": True, "password": "kept <secret>", "user_data": "a <secret>",
           "manage_master_user_password": True, "url": "postgres://u:<secret>@h/d"},
    after_sensitive={"password": True},
)  # fmt: skip


def test_all_that_is_set_of_what_is_created_is_shown_but_what_is_secret() -> None:
    found = read(ROLE, SERVER)
    sets = {each.type: dict(each.sets) for each in found}
    assert sets["aws_iam_role_policy"]["policy.Statement.0.Action"] == "*"
    assert sets["aws_iam_role_policy"]["name"] == "all"
    assert sets["aws_db_instance"] == {
        "publicly_accessible": "true", "manage_master_user_password": "true", "password": "(hidden)",
        "user_data": "(hidden)", "url": "(hidden)",
    }  # fmt: skip
    page, text = report.page(head=HEAD, meanings=found), report.text(head=HEAD, meanings=found)
    assert "secret" not in page + text
    for said in (page, text):
        assert "policy.Statement.0.Action" in said
        assert "publicly_accessible" in said
    assert "known after apply: id" in text
    assert "<details>" in page


def test_a_change_at_the_end_of_a_long_document_is_shown() -> None:
    (found,) = read(
        change(
            "aws_iam_role_policy", ["update"],
            before={"policy": OPEN.replace('"Resource": "*"', '"Resource": "one"')}, after={"policy": OPEN},
        )
    )  # fmt: skip
    (one,) = found.differences
    assert (one.path, one.before, one.after) == ("policy.Statement.0.Resource", "one", "*")


def test_forgetting_what_holds_data_is_shouted() -> None:
    (found,) = read(change("aws_db_instance", ["forget"], after=None))
    said = report.text(head=HEAD, meanings=(found,))
    shout = "THE DATABASE AND ALL ROWS IN IT ARE GOVERNED BY NOBODY"
    assert f"!!! aws_db_instance.one IS FORGOTTEN: {shout} !!!" in said
    assert shout in report.page(head=HEAD, meanings=(found,))
    assert not read(change("aws_subnet", ["forget"], after=None))[0].loses


def test_a_size_that_changes_is_what_a_bill_follows() -> None:
    found = read(RESIZED, change("aws_nat_gateway", ["create"]))

    costs = [cost for each in found for cost in each.costs]
    assert costs == [
        "instance_class: db.t4g.medium → db.r6g.large",
        "new: NAT gateway, by the hour and the gigabyte",
    ]
    assert all(cost in report.text(head=HEAD, meanings=found) for cost in costs)


def test_the_attribute_that_makes_a_new_one_is_named_and_the_unknown_is_called_so() -> None:
    differences = {each.path: each for each in read(REPLACED)[0].differences}

    assert differences["name"].replaces
    assert not differences["id"].replaces
    assert differences["id"].after == "known after apply"


def test_the_page_fetches_nothing_runs_nothing_and_escapes_what_a_cloud_says() -> None:
    renamed = change(
        "aws_vpc",
        ["update"],
        before={"tags": {"n": "a"}},
        after={"tags": {"n": "<script>x</script>"}},
    )

    page = report.page(head=HEAD, meanings=read(renamed))

    assert "<script" not in page
    assert "&lt;script&gt;x" in page
    assert not any(word in page for word in ("http:", "https:", "src=", "@import", "url("))
    assert 'lang="en"' in page
    assert "color-scheme: light dark" in page


def test_a_plan_that_changes_nothing_says_so() -> None:
    found = read(change("aws_vpc", ["no-op"]), change("aws_vpc", ["read"]))

    assert found == ()
    assert "nothing changes" in report.text(head=HEAD, meanings=found)
    assert "Nothing changes" in report.page(head=HEAD, meanings=found)


def test_what_is_no_plan_is_refused() -> None:
    with pytest.raises(PlanRefused, match="no whole plan"):
        meanings(b'{"format_version": "1.2", "resource_ch')
