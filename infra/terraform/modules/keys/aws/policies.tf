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
      "kms:ReplicateKey", "kms:RevokeGrant", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource",
      "kms:UpdateAlias", "kms:UpdateKeyDescription",
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
      Sid       = "WriteLogGroups"
      Effect    = "Allow"
      Principal = { Service = local.groups }
      Resource  = "*"
      Action    = local.use
      Condition = { ArnLike = {
        "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:${var.naming.region}:${var.naming.account}:log-group:*"
      } }
    },
  ]

  policies = { for purpose in keys(local.purposes) : purpose => jsonencode({
    Version = "2012-10-17"
    Statement = concat([local.administer, local.users[purpose], local.grants[purpose]],
    [for statement in local.written : statement if purpose == "logs"])
  }) }
}
