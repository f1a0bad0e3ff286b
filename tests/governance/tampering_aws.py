"""What someone does to the example estate on AWS (`estates/aws.tf`), with boto3 and no live kind of ours."""

import json
from collections.abc import Callable
from typing import Any, Final

from tests.governance.tampering import Kind, Tampering, Values

Act = Callable[[Any, Values], Any]

WIDENED: Final = "arn:aws:iam::123456789012:policy/tallystick-widened"
ANYONE: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
    }
)
ALMIGHTY: Final = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
ABROAD: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


def _row(name: str, kind: Kind, subject: str, act: Act, attribute: str = "") -> Tampering:
    return Tampering(
        name=name, cloud="aws", kind=kind, subject=subject, act=act, attribute=attribute
    )


def _widen_rule(hand: Any, values: Values) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIpv4": "0.0.0.0/0"}
    hand("ec2").modify_security_group_rules(
        GroupId=values["security_group_id"],
        SecurityGroupRules=[{"SecurityGroupRuleId": values["id"], "SecurityGroupRule": rule}],
    )


def _pierce(hand: Any, _values: Values) -> None:
    ec2 = hand("ec2")
    named = [{"Name": "group-name", "Values": ["tallystick-pierced"]}]
    group = ec2.describe_security_groups(Filters=named)["SecurityGroups"][0]["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 22,
                "ToPort": 22,
                "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
            }
        ],
    )


def _unlock(hand: Any, values: Values) -> None:
    retention = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    hand("s3").put_object_lock_configuration(
        Bucket=values["bucket"],
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": retention},
    )


def _weaken(hand: Any, values: Values) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    hand("s3").put_bucket_encryption(
        Bucket=values["bucket"], ServerSideEncryptionConfiguration={"Rules": [rule]}
    )


def _clear_text(hand: Any, values: Values) -> None:
    hand("rds").modify_db_parameter_group(
        DBParameterGroupName=values["name"],
        Parameters=[
            {"ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate"}
        ],
    )


def _plain_log(hand: Any, values: Values) -> None:
    """Make it anew: moto does not know the verb that takes the key away."""
    logs, name = hand("logs"), values["name"]
    logs.delete_log_group(logGroupName=name)
    logs.create_log_group(logGroupName=name, tags=values["tags"])
    logs.put_retention_policy(logGroupName=name, retentionInDays=values["retention_in_days"])


def _modify(**changes: Any) -> Act:
    return lambda hand, values: hand("rds").modify_db_instance(
        DBInstanceIdentifier=values["identifier"], ApplyImmediately=True, **changes
    )


STORAGE: Final = (
    _row(
        "opens a bucket to public access",
        "access",
        'aws_s3_bucket_public_access_block.main["opened"]',
        lambda hand, values: hand("s3").put_public_access_block(
            Bucket=values["bucket"],
            PublicAccessBlockConfiguration={"BlockPublicAcls": False, "BlockPublicPolicy": False},
        ),
        "block_public_policy",
    ),
    _row(
        "removes a bucket's public access block",
        "deleted",
        'aws_s3_bucket_public_access_block.main["unblocked"]',
        lambda hand, values: hand("s3").delete_public_access_block(Bucket=values["bucket"]),
    ),
    _row(
        "suspends a bucket's versions",
        "other",
        'aws_s3_bucket_versioning.main["unversioned"]',
        lambda hand, values: hand("s3").put_bucket_versioning(
            Bucket=values["bucket"], VersioningConfiguration={"Status": "Suspended"}
        ),
    ),
    _row(
        "encrypts a bucket with a key that is not ours",
        "encryption",
        'aws_s3_bucket_server_side_encryption_configuration.main["weak"]',
        _weaken,
        "rule.0.apply_server_side_encryption_by_default.0.sse_algorithm",
    ),
    _row(
        "gives a bucket to anyone",
        "access",
        'aws_s3_bucket_policy.main["shared"]',
        lambda hand, values: hand("s3").put_bucket_policy(Bucket=values["bucket"], Policy=ANYONE),
        "policy",
    ),
    _row(
        "removes a bucket's policy",
        "deleted",
        'aws_s3_bucket_policy.main["unruled"]',
        lambda hand, values: hand("s3").delete_bucket_policy(Bucket=values["bucket"]),
    ),
    _row(
        "puts a policy on a bucket that has none",
        "created",
        "aws_s3_bucket_policy:tallystick-ruled",
        lambda hand, _values: hand("s3").put_bucket_policy(
            Bucket="tallystick-ruled", Policy=ANYONE
        ),
    ),
    _row(
        "lets the record be deleted after a day",
        "other",
        "aws_s3_bucket_object_lock_configuration.unlocked",
        _unlock,
        "rule.0.default_retention.0.mode",
    ),
    _row(
        "makes a bucket of their own",
        "created",
        "aws_s3_bucket:stranger",
        lambda hand, _values: hand("s3").create_bucket(
            Bucket="stranger", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        ),
    ),
)
KEYS: Final = (
    _row(
        "stops a key's rotation",
        "encryption",
        'aws_kms_key.main["still"]',
        lambda hand, values: hand("kms").disable_key_rotation(KeyId=values["id"]),
        "enable_key_rotation",
    ),
    _row(
        "disables a key",
        "encryption",
        'aws_kms_key.main["disabled"]',
        lambda hand, values: hand("kms").disable_key(KeyId=values["id"]),
        "is_enabled",
    ),
    _row(
        "has a key deleted",
        "deleted",
        'aws_kms_key.main["dying"]',
        lambda hand, values: hand("kms").schedule_key_deletion(KeyId=values["id"]),
    ),
    _row(
        "gives a key to anyone",
        "access",
        'aws_kms_key.main["shared"]',
        lambda hand, values: hand("kms").put_key_policy(
            KeyId=values["id"], PolicyName="default", Policy=ANYONE
        ),
        "policy",
    ),
    _row(
        "gives a secret to anyone",
        "access",
        'aws_secretsmanager_secret.main["told"]',
        lambda hand, values: hand("secretsmanager").put_resource_policy(
            SecretId=values["id"], ResourcePolicy=ANYONE
        ),
        "policy",
    ),
    _row(
        "deletes a secret",
        "deleted",
        'aws_secretsmanager_secret.main["lost"]',
        lambda hand, values: hand("secretsmanager").delete_secret(SecretId=values["id"]),
    ),
    _row(
        "puts a secret under another key",
        "encryption",
        'aws_secretsmanager_secret.main["rekeyed"]',
        lambda hand, values: hand("secretsmanager").update_secret(
            SecretId=values["id"], KmsKeyId="alias/aws/secretsmanager"
        ),
        "kms_key_id",
    ),
)
PEOPLE: Final = (
    _row(
        "lets another account become a role",
        "access",
        'aws_iam_role.main["trusted"]',
        lambda hand, values: hand("iam").update_assume_role_policy(
            RoleName=values["name"], PolicyDocument=ABROAD
        ),
        "assume_role_policy",
    ),
    _row(
        "makes a policy almighty",
        "access",
        "aws_iam_policy.widened",
        lambda hand, values: hand("iam").create_policy_version(
            PolicyArn=values["arn"], PolicyDocument=ALMIGHTY, SetAsDefault=True
        ),
        "policy",
    ),
    _row(
        "gives a role a policy that was meant for another",
        "created",
        f"aws_iam_role_policy_attachment:tallystick-raised/{WIDENED}",
        lambda hand, _values: hand("iam").attach_role_policy(
            RoleName="tallystick-raised", PolicyArn=WIDENED
        ),
    ),
    _row(
        "writes a policy into a role",
        "created",
        "aws_iam_role_policy:tallystick-inlined:extra",
        lambda hand, _values: hand("iam").put_role_policy(
            RoleName="tallystick-inlined", PolicyName="extra", PolicyDocument=ALMIGHTY
        ),
    ),
    _row(
        "takes a policy from a role",
        "deleted",
        "aws_iam_role_policy_attachment.detached",
        lambda hand, values: hand("iam").detach_role_policy(
            RoleName=values["role"], PolicyArn=values["policy_arn"]
        ),
    ),
    _row(
        "makes a user",
        "created",
        "aws_iam_user:backdoor",
        lambda hand, _values: hand("iam").create_user(UserName="backdoor"),
    ),
)
NETWORK: Final = (
    _row(
        "opens a rule to the whole internet",
        "network",
        "aws_vpc_security_group_ingress_rule.widened",
        _widen_rule,
        "cidr_ipv4",
    ),
    _row(
        "opens a port that no rule has", "created", "aws_vpc_security_group_ingress_rule:*", _pierce
    ),
    _row(
        "removes a rule of a security group",
        "deleted",
        "aws_vpc_security_group_egress_rule.shut",
        lambda hand, values: hand("ec2").revoke_security_group_egress(
            GroupId=values["security_group_id"], SecurityGroupRuleIds=[values["id"]]
        ),
    ),
    _row(
        "gives a subnet public addresses",
        "network",
        'aws_subnet.main["exposed"]',
        lambda hand, values: hand("ec2").modify_subnet_attribute(
            SubnetId=values["id"], MapPublicIpOnLaunch={"Value": True}
        ),
        "map_public_ip_on_launch",
    ),
    _row(
        "deletes a flow log",
        "deleted",
        "aws_flow_log.main",
        lambda hand, values: hand("ec2").delete_flow_logs(FlowLogIds=[values["id"]]),
    ),
    _row(
        "opens the cluster's door to the internet",
        "network",
        "aws_eks_cluster.open",
        lambda hand, values: hand("eks").update_cluster_config(
            name=values["name"], resourcesVpcConfig={"endpointPublicAccess": True}
        ),
        "vpc_config.0.endpoint_public_access",
    ),
)
DATA: Final = (
    _row(
        "opens a database to the internet",
        "network",
        'aws_db_instance.main["public"]',
        _modify(PubliclyAccessible=True),
        "publicly_accessible",
    ),
    _row(
        "keeps no backups and lets a database be deleted",
        "other",
        'aws_db_instance.main["unguarded"]',
        _modify(BackupRetentionPeriod=1, DeletionProtection=False),
        "backup_retention_period",
    ),
    _row(
        "deletes a database",
        "deleted",
        'aws_db_instance.main["gone"]',
        lambda hand, values: hand("rds").delete_db_instance(
            DBInstanceIdentifier=values["identifier"], SkipFinalSnapshot=True
        ),
    ),
    _row(
        "lets databases be spoken to in the clear",
        "encryption",
        "aws_db_parameter_group.clear",
        _clear_text,
        "parameter.rds.force_ssl.value",
    ),
)
LOGS: Final = (
    _row(
        "stops a trail",
        "other",
        'aws_cloudtrail.main["deaf"]',
        lambda hand, values: hand("cloudtrail").stop_logging(Name=values["name"]),
        "enable_logging",
    ),
    _row(
        "deletes a trail",
        "deleted",
        'aws_cloudtrail.main["cut"]',
        lambda hand, values: hand("cloudtrail").delete_trail(Name=values["name"]),
    ),
    _row(
        "lets a trail be forged",
        "other",
        'aws_cloudtrail.main["unchecked"]',
        lambda hand, values: hand("cloudtrail").update_trail(
            Name=values["name"], EnableLogFileValidation=False
        ),
        "enable_log_file_validation",
    ),
    _row(
        "keeps logs for a day",
        "other",
        'aws_cloudwatch_log_group.main["brief"]',
        lambda hand, values: hand("logs").put_retention_policy(
            logGroupName=values["name"], retentionInDays=1
        ),
        "retention_in_days",
    ),
    _row(
        "makes a log anew without its key",
        "encryption",
        'aws_cloudwatch_log_group.main["plain"]',
        _plain_log,
        "kms_key_id",
    ),
)
TAMPERINGS: Final = (*STORAGE, *KEYS, *PEOPLE, *NETWORK, *DATA, *LOGS)
