locals {
  administer = {
    Sid       = "AdministerWithoutUse"
    Effect    = "Allow"
    Principal = { AWS = local.root }
    Resource  = "*"
    Action = [
      "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey",
      "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases",
      "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy",
      "kms:ReplicateKey", "kms:RetireGrant", "kms:RevokeGrant", "kms:ScheduleKeyDeletion",
      "kms:SynchronizeMultiRegionKey", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias",
      "kms:UpdateKeyDescription",
    ]
  }

  use = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext",
  "kms:ReEncryptFrom", "kms:ReEncryptTo"]

  users = { for purpose, use in local.uses : purpose => {
    Sid       = "UseThroughServices"
    Effect    = "Allow"
    Principal = { AWS = local.root }
    Resource  = "*"
    Action    = local.use
    Condition = {
      ArnLike = { "aws:PrincipalArn" = [for role in use.roles : "${local.role}${role}"] }
      StringEquals = {
        "kms:CallerAccount" = var.naming.account
        "kms:ViaService"    = flatten([for service in use.services : [for region in local.regions : "${service}.${region}.amazonaws.com"]])
      }
    }
  } }

  grants = { for purpose, use in local.uses : purpose => {
    Sid       = "GrantToServices"
    Effect    = "Allow"
    Principal = { AWS = local.root }
    Resource  = "*"
    Action    = "kms:CreateGrant"
    Condition = {
      ArnLike = { "aws:PrincipalArn" = [for role in use.roles : "${local.role}${role}"] }
      Bool    = { "kms:GrantIsForAWSResource" = "true" }
    }
  } }

  # Source: AWS EKS user guide, "enable-kms": a cluster's making is refused under the condition above.
  clusters = {
    Sid       = "GrantToClusters"
    Effect    = "Allow"
    Principal = { AWS = local.root }
    Resource  = "*"
    Action    = "kms:CreateGrant"
    Condition = {
      ArnLike      = { "aws:PrincipalArn" = "${local.role}${var.naming.prefix}-apply" }
      StringEquals = { "kms:ViaService" = "eks.${var.naming.region}.amazonaws.com" }
    }
  }

  # Source: AWS EC2 Auto Scaling user guide, "Required AWS KMS key policy for use with encrypted volumes".
  disks = [
    {
      Sid       = "StartNodes"
      Effect    = "Allow"
      Principal = { AWS = local.starter }
      Resource  = "*"
      Action    = local.use
    },
    {
      Sid       = "GrantToNodes"
      Effect    = "Allow"
      Principal = { AWS = local.starter }
      Resource  = "*"
      Action    = "kms:CreateGrant"
      Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
    },
  ]

  # Source: AWS SNS developer guide, "Key management": events send none of the keys that a condition could ask for.
  written = [
    {
      Sid       = "WriteLogs"
      Effect    = "Allow"
      Principal = { Service = local.writers }
      Resource  = "*"
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
      Condition = { StringEquals = { "aws:SourceAccount" = var.naming.account } }
    },
    {
      Sid       = "WriteTrail"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Resource  = "*"
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
      Condition = { StringEquals = { "aws:SourceArn" = local.trail } }
    },
    {
      Sid       = "RingByEvents"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Resource  = "*"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
    },
    {
      Sid       = "WriteLogGroups"
      Effect    = "Allow"
      Principal = { Service = [for region in local.regions : "logs.${region}.amazonaws.com"] }
      Resource  = "*"
      Action    = local.use
      Condition = { ArnLike = {
        "kms:EncryptionContext:aws:logs:arn" = [for region in local.regions : "arn:aws:logs:${region}:${var.naming.account}:log-group:*"]
      } }
    },
  ]

  policies = { for purpose in keys(local.purposes) : purpose => jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [local.administer, local.users[purpose], local.grants[purpose]],
      [for statement in local.disks : statement if purpose == "data"],
      [for statement in [local.clusters] : statement if purpose == "secrets"],
      [for statement in local.written : statement if purpose == "logs"],
    )
  }) }
}
