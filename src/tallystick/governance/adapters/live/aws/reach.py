"""Security groups of EC2 and their rules: which traffic is let through."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from tallystick.governance.adapters.live.aws.ground import (
    Aws,
    Kind,
    Values,
    from_pairs,
    given,
    pairs,
    tags_seen,
    tags_to_write,
)


def _make_group(aws: Aws, values: Values) -> Values:
    ec2 = aws.client("ec2")
    tags = tags_to_write(values)
    made = ec2.create_security_group(
        GroupName=values.get("name") or f"{values.get('name_prefix') or 'terraform-'}group",
        Description=values.get("description") or "Managed by Terraform",
        TagSpecifications=[{"ResourceType": "security-group", "Tags": pairs(tags)}] if tags else [],
        **given(VpcId=values.get("vpc_id")),
    )["GroupId"]
    seen = _group(aws, made)
    if seen["IpPermissionsEgress"]:
        ec2.revoke_security_group_egress(GroupId=made, IpPermissions=seen["IpPermissionsEgress"])
    _permit(ec2, made, {}, values)
    return {"id": made}


def _group(aws: Aws, name: str) -> Values:
    return aws.client("ec2").describe_security_groups(GroupIds=[name])["SecurityGroups"][0]


def _permit(ec2: Any, name: str, prior: Values, values: Values) -> None:
    """Put the rules that the group itself holds; rules that are resources of their own are not touched."""
    for block, letting, taking in (
        ("ingress", ec2.authorize_security_group_ingress, ec2.revoke_security_group_ingress),
        ("egress", ec2.authorize_security_group_egress, ec2.revoke_security_group_egress),
    ):
        if block not in values or values[block] == prior.get(block):
            continue
        if prior.get(block):
            taking(GroupId=name, IpPermissions=[_permission(each) for each in prior[block]])
        if values[block]:
            letting(GroupId=name, IpPermissions=[_permission(each) for each in values[block]])


def _permission(block: Values) -> Values:
    text = block.get("description") or None
    return given(
        IpProtocol=block["protocol"],
        FromPort=block.get("from_port") if block["protocol"] != "-1" else None,
        ToPort=block.get("to_port") if block["protocol"] != "-1" else None,
        IpRanges=[given(CidrIp=each, Description=text) for each in block.get("cidr_blocks") or ()],
        Ipv6Ranges=[
            given(CidrIpv6=each, Description=text) for each in block.get("ipv6_cidr_blocks") or ()
        ],
        UserIdGroupPairs=[
            given(GroupId=each, Description=text) for each in block.get("security_groups") or ()
        ],
    )


def _see_group(aws: Aws, values: Values) -> Values | None:
    group = _group(aws, values["id"])
    # Rules that the group does not hold are resources of their own; a list, which knows of neither, says none.
    inside = {
        block: _blocks(group[member]) if values.get(block) else []
        for block, member in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress"))
        if values.get(block) or block not in values
    }
    return {
        "id": group["GroupId"],
        "arn": f"arn:aws:ec2:{aws.region}:{aws.account}:security-group/{group['GroupId']}",
        "name": group["GroupName"],
        "description": group["Description"],
        "vpc_id": group.get("VpcId"),
        "owner_id": group.get("OwnerId"),
        **inside,
        **tags_seen(values, from_pairs(group.get("Tags"))),
    }


def _blocks(permissions: list[Values]) -> list[Values]:
    blocks: list[Values] = []
    for each in permissions:
        ranges, wide = each.get("IpRanges") or [], each.get("Ipv6Ranges") or []
        groups = each.get("UserIdGroupPairs") or []
        told = [part["Description"] for part in (*ranges, *wide, *groups) if "Description" in part]
        blocks.append(
            {
                "protocol": each["IpProtocol"],
                "from_port": each.get("FromPort", 0),
                "to_port": each.get("ToPort", 0),
                "description": told[0] if told else "",
                "cidr_blocks": [part["CidrIp"] for part in ranges],
                "ipv6_cidr_blocks": [part["CidrIpv6"] for part in wide],
                "security_groups": [part["GroupId"] for part in groups],
                "prefix_list_ids": [],
                "self": False,
            }
        )
    return blocks


def _change_group(aws: Aws, prior: Values, values: Values) -> None:
    ec2, tags = aws.client("ec2"), tags_to_write(values, prior)
    _permit(ec2, values["id"], prior, values)
    gone = [{"Key": name} for name in prior.get("tags_all") or {} if name not in tags]
    if gone:
        ec2.delete_tags(Resources=[values["id"]], Tags=gone)
    if tags:
        ec2.create_tags(Resources=[values["id"]], Tags=pairs(tags))


def _all_groups(aws: Aws) -> Iterable[Values]:
    for each in aws.pages("ec2", "describe_security_groups", "SecurityGroups"):
        if each["GroupName"] != "default":
            yield {"id": each["GroupId"]}


def _make_rule(direction: str) -> Callable[[Aws, Values], Values]:
    def make(aws: Aws, values: Values) -> Values:
        text = values.get("description")
        every = values["ip_protocol"] == "-1"
        ranges = {
            "IpRanges": given(CidrIp=values.get("cidr_ipv4"), Description=text),
            "Ipv6Ranges": given(CidrIpv6=values.get("cidr_ipv6"), Description=text),
            "PrefixListIds": given(PrefixListId=values.get("prefix_list_id"), Description=text),
            "UserIdGroupPairs": given(
                GroupId=values.get("referenced_security_group_id"), Description=text
            ),
        }
        tags = tags_to_write(values)
        made = getattr(aws.client("ec2"), f"authorize_security_group_{direction}")(
            GroupId=values["security_group_id"],
            IpPermissions=[
                given(
                    IpProtocol=values["ip_protocol"],
                    FromPort=None if every else values.get("from_port"),
                    ToPort=None if every else values.get("to_port"),
                    **{key: [each] for key, each in ranges.items() if set(each) - {"Description"}},
                )
            ],
            TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": pairs(tags)}]
            if tags
            else [],
        )["SecurityGroupRules"]
        return {"id": made[0]["SecurityGroupRuleId"]}

    return make


def _see_rule(aws: Aws, values: Values) -> Values | None:
    asked = aws.client("ec2").describe_security_group_rules(SecurityGroupRuleIds=[values["id"]])
    if not asked["SecurityGroupRules"]:
        return None
    rule = asked["SecurityGroupRules"][0]
    every = rule["IpProtocol"] == "-1"
    return {
        "id": rule["SecurityGroupRuleId"],
        "security_group_rule_id": rule["SecurityGroupRuleId"],
        "arn": f"arn:aws:ec2:{aws.region}:{aws.account}:security-group-rule/{values['id']}",
        "security_group_id": rule["GroupId"],
        "ip_protocol": rule["IpProtocol"],
        "from_port": None if every else rule.get("FromPort"),
        "to_port": None if every else rule.get("ToPort"),
        "cidr_ipv4": rule.get("CidrIpv4"),
        "cidr_ipv6": rule.get("CidrIpv6"),
        "prefix_list_id": rule.get("PrefixListId"),
        "referenced_security_group_id": (rule.get("ReferencedGroupInfo") or {}).get("GroupId"),
        "description": rule.get("Description"),
        **tags_seen(values, from_pairs(rule.get("Tags"))),
    }


def _drop_rule(direction: str) -> Callable[[Aws, Values], object]:
    def drop(aws: Aws, values: Values) -> object:
        revoke = getattr(aws.client("ec2"), f"revoke_security_group_{direction}")
        return revoke(GroupId=values["security_group_id"], SecurityGroupRuleIds=[values["id"]])

    return drop


def _all_rules(*, egress: bool) -> Callable[[Aws], Iterable[Values]]:
    def every(aws: Aws) -> Iterable[Values]:
        ours = {each["id"] for each in _all_groups(aws)}
        for each in aws.pages("ec2", "describe_security_group_rules", "SecurityGroupRules"):
            if each["IsEgress"] is egress and each["GroupId"] in ours:
                yield {"id": each["SecurityGroupRuleId"]}

    return every


def _rule(direction: str) -> Kind:
    make = _make_rule(direction)

    def change(aws: Aws, prior: Values, values: Values) -> None:
        """Put the changed rule in place of the old one; AWS has no verb that changes all of it."""
        drop(aws, prior)
        values["id"] = make(aws, values)["id"]

    drop = _drop_rule(direction)
    return Kind(
        make=make,
        see=_see_rule,
        change=change,
        drop=drop,
        all=_all_rules(egress=direction == "egress"),
    )


KINDS: Final[dict[str, Kind]] = {
    "aws_security_group": Kind(
        make=_make_group,
        see=_see_group,
        change=_change_group,
        drop=lambda aws, values: aws.client("ec2").delete_security_group(GroupId=values["id"]),
        all=_all_groups,
        defaults={"description": "Managed by Terraform"},
    ),
    "aws_vpc_security_group_ingress_rule": _rule("ingress"),
    "aws_vpc_security_group_egress_rule": _rule("egress"),
}
