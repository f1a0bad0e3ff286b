# Who may come in to change or look: nobody for ever. The platform signs who runs what, and this account believes only it,
# for one environment and one purpose each. There are no keys, and no person's role that changes anything.

locals {
  host     = trimprefix(var.issuer, "https://")
  provider = "arn:aws:iam::${var.naming.account}:oidc-provider/${local.host}"
  workload = "arn:aws:iam::${var.naming.account}:role/${var.naming.prefix}-workload"
  tags     = var.naming.tags.lending
  roles = {
    plan        = { what = "Reads what is there, to compare it with the code.", seconds = 3600 }
    apply       = { what = "Carries out a plan that was approved, for as long as the longest may take.", seconds = 14400 }
    operators   = { what = "Looks into the cluster.", seconds = 3600 }
    break-glass = { what = "Mends the cluster when all else fails; rings.", seconds = 3600 }
  }

  # In the table these words stand for the estate's own.
  named   = replace(replace(file("${path.module}/actions.json"), "ACCOUNT", var.naming.account), "PREFIX", var.naming.prefix)
  actions = jsondecode(replace(replace(local.named, "PLATFORM", var.naming.platform), "ENVIRONMENT", var.naming.environment))
  reads   = jsondecode(file("${path.module}/reads.json"))
}

# The most that any role made by a run may do, whatever policies and whatever trust it is given: a run cannot make itself a
# master, nor another reader of secrets and of the record than the two workloads that `workloads.tf` makes.
resource "aws_iam_policy" "boundary" {
  name        = "${var.naming.prefix}-boundary"
  description = "The most that roles of services and workloads may do."
  tags        = local.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "AtMost"
        Effect = "Allow"
        Action = [
          "autoscaling:*", "ec2:*", "ecr:*", "eks:*", "eks-auth:AssumeRoleForPodIdentity", "elasticloadbalancing:*",
          "kms:DescribeKey", "logs:*", "s3:GetObjectLegalHold", "s3:GetObjectRetention", "s3:GetObjectVersionAcl",
          "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging", "s3:GetReplicationConfiguration",
          "s3:ListBucket", "s3:ReplicateObject", "s3:ReplicateTags",
        ]
        Resource = "*"
      },
      {
        Sid       = "CopyUnderKeys"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = { StringLike = { "kms:ViaService" = ["s3.*.amazonaws.com", "secretsmanager.*.amazonaws.com"] } }
      },
      {
        Sid    = "DisksUnderKeys"
        Effect = "Allow"
        Action = [
          "kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo",
        ]
        Resource  = "*"
        Condition = { StringLike = { "kms:ViaService" = "ec2.*.amazonaws.com" } }
      },
      {
        Sid       = "TheRecordAlone"
        Effect    = "Allow"
        Action    = ["s3:GetObject", "s3:PutObject"]
        Resource  = "${local.record}/*"
        Condition = { ArnEquals = { "aws:PrincipalArn" = "${local.workload}-sequencer" } }
      },
      {
        Sid       = "SecretsAlone"
        Effect    = "Allow"
        Action    = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
        Resource  = local.secret
        Condition = { ArnEquals = { "aws:PrincipalArn" = "${local.workload}-external-secrets" } }
      },
    ]
  })
}

resource "aws_iam_openid_connect_provider" "platform" {
  url            = var.issuer
  client_id_list = [var.audience]
  tags           = local.tags
}

resource "aws_iam_role" "this" {
  for_each = local.roles

  name                 = "${var.naming.prefix}-${each.key}"
  description          = each.value.what
  max_session_duration = each.value.seconds
  tags                 = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "LentByThePlatform"
      Effect    = "Allow"
      Principal = { Federated = local.provider }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "${local.host}:aud" = var.audience
        "${local.host}:sub" = "cloud/${var.naming.environment}/aws/${each.key}"
      } }
    }]
  })

  depends_on = [aws_iam_openid_connect_provider.platform]
}

# What the provider asks for when it compares a type with the code, by type. It reads settings and never what is kept: no
# object, no secret, no row.
resource "aws_iam_policy" "reads" {
  name        = "${var.naming.prefix}-reads"
  description = "What comparing the code with the account needs to read."
  tags        = local.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "ReadSettings"
      Effect   = "Allow"
      Action   = sort(distinct(flatten(values(local.reads))))
      Resource = "*"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "reads" {
  for_each = toset(["plan", "apply"])

  role       = aws_iam_role.this[each.key].name
  policy_arn = aws_iam_policy.reads.arn
}

# These two find what the code does not know of; they read settings alone as well.
resource "aws_iam_role_policy_attachment" "plan" {
  for_each = toset(["SecurityAudit", "job-function/ViewOnlyAccess"])

  role       = aws_iam_role.this["plan"].name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

resource "aws_iam_policy" "apply" {
  for_each = local.actions

  name        = "${var.naming.prefix}-apply-${each.key}"
  description = "What the modules of ${each.key} need to be made, changed and removed."
  tags        = local.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for place, said in each.value : merge({
      Sid      = "Part${place}"
      Effect   = "Allow"
      Action   = said.actions
      Resource = said.resources
    }, { for key, bound in said : "Condition" => bound if key == "when" })]
  })
}

resource "aws_iam_role_policy_attachment" "apply" {
  for_each = aws_iam_policy.apply

  role       = aws_iam_role.this["apply"].name
  policy_arn = each.value.arn
}

# Whatever else it may, a run neither lifts a lock, reads a secret, makes a person, nor becomes somebody else. Of keys it has
# the use that the home of secrets needs to copy one, and of the copy it reads nothing.
resource "aws_iam_role_policy" "never" {
  for_each = toset(["plan", "apply"])

  name = "never"
  role = aws_iam_role.this[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Never"
        Effect   = "Deny"
        Resource = "*"
        Action = [
          "cloudtrail:DeleteTrail", "cloudtrail:StopLogging", "iam:CreateAccessKey", "iam:CreateLoginProfile",
          "iam:CreateUser", "s3:BypassGovernanceRetention", "s3:GetObject", "s3:GetObjectVersion",
          "s3:PutObjectLegalHold", "s3:PutObjectRetention", "secretsmanager:BatchGetSecretValue",
          "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "sts:AssumeRole", "sts:TagSession",
        ]
      },
      {
        Sid       = "NeverByItself"
        Effect    = "Deny"
        Resource  = "*"
        Action    = ["kms:Decrypt", "kms:ReEncryptFrom"]
        Condition = { StringNotLike = { "kms:ViaService" = "secretsmanager.*.amazonaws.com" } }
      },
    ]
  })
}

resource "aws_iam_role_policy" "cluster" {
  for_each = toset(["operators", "break-glass"])

  name = "find-the-cluster"
  role = aws_iam_role.this[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "FindTheCluster"
      Effect   = "Allow"
      Action   = "eks:DescribeCluster"
      Resource = "arn:aws:eks:${var.naming.region}:${var.naming.account}:cluster/${var.naming.prefix}"
    }]
  })
}
