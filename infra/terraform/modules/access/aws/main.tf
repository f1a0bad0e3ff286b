# Who may come in to change or look: nobody for ever. The platform signs who runs what, and this account believes only it,
# for one environment and one purpose each. There are no keys, and no person's role that changes anything.

locals {
  host     = trimprefix(var.issuer, "https://")
  provider = "arn:aws:iam::${var.naming.account}:oidc-provider/${local.host}"
  boundary = "arn:aws:iam::${var.naming.account}:policy/${var.naming.prefix}-boundary"
  tags     = var.naming.tags.lending
  roles = {
    plan        = { what = "Reads what is there, to compare it with the code.", seconds = 3600 }
    apply       = { what = "Carries out a plan that was approved.", seconds = 3600 }
    operators   = { what = "Looks into the cluster.", seconds = 3600 }
    break-glass = { what = "Mends the cluster when all else fails; rings.", seconds = 3600 }
  }
  actions = jsondecode(file("${path.module}/actions.json"))
  bound   = { Condition = { StringEquals = { "iam:PermissionsBoundary" = local.boundary } } }
}

# The most that any role made by a run may do, whatever policies it is given: a run cannot make itself a master.
resource "aws_iam_policy" "boundary" {
  name        = "${var.naming.prefix}-boundary"
  description = "The most that roles of services and workloads may do."
  tags        = local.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "AtMost"
      Effect = "Allow"
      Action = ["autoscaling:*", "ec2:*", "ecr:*", "eks:*", "elasticloadbalancing:*", "kms:*", "logs:*", "s3:*",
      "secretsmanager:*"]
      Resource = "*"
    }]
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

# These two read settings and never what is kept: no object, no secret, no row.
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
      Resource = [for resource in said.resources : replace(replace(resource, "ACCOUNT", var.naming.account), "PREFIX", var.naming.prefix)]
    }, { for key, bound in local.bound : key => bound if lookup(said, "bounded", false) })]
  })
}

resource "aws_iam_role_policy_attachment" "apply" {
  for_each = aws_iam_policy.apply

  role       = aws_iam_role.this["apply"].name
  policy_arn = each.value.arn
}

resource "aws_iam_role_policy_attachment" "apply_reads" {
  for_each = toset(["SecurityAudit", "job-function/ViewOnlyAccess"])

  role       = aws_iam_role.this["apply"].name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

# Whatever else it may, a run neither lifts a lock, reads a secret, nor makes a person.
resource "aws_iam_role_policy" "never" {
  for_each = toset(["plan", "apply"])

  name = "never"
  role = aws_iam_role.this[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Never"
      Effect   = "Deny"
      Resource = "*"
      Action = [
        "cloudtrail:DeleteTrail", "cloudtrail:StopLogging", "iam:CreateAccessKey", "iam:CreateLoginProfile",
        "iam:CreateUser", "kms:Decrypt", "s3:BypassGovernanceRetention", "s3:GetObject", "s3:GetObjectVersion",
        "s3:PutObjectLegalHold", "s3:PutObjectRetention", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue",
      ]
    }]
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
