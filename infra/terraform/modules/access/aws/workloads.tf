# Who the workloads of the cluster are. Their roles are made here, not by a run: a run that could write their trust or their
# rights would read what they read. A role can be taken by one account of the cluster alone.

locals {
  workloads = merge(
    jsondecode(file("${path.module}/../../kubernetes/workloads.json")),
    jsondecode(file("${path.module}/../../kubernetes/aws/workloads.json")),
  )
  record = "arn:aws:s3:::${var.naming.prefix}-record-${var.naming.account}"
  secret = "arn:aws:secretsmanager:${var.naming.region}:${var.naming.account}:secret:${var.naming.platform}/${var.naming.environment}/*"
  keys   = "arn:aws:kms:${var.naming.region}:${var.naming.account}:key/*"

  may = {
    record = [
      {
        Sid      = "WriteTheRecord"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "${local.record}/*"
      },
      {
        Sid      = "FindTheRecord"
        Effect   = "Allow"
        Action   = "s3:ListBucket"
        Resource = local.record
      },
      {
        Sid       = "UseItsKey"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = local.keys
        Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = "alias/${var.naming.prefix}-record" } }
      },
    ]
    secrets = [
      {
        Sid      = "ReadSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
        Resource = local.secret
      },
      {
        Sid       = "UseTheirKey"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = local.keys
        Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = "alias/${var.naming.prefix}-secrets" } }
      },
    ]
    targets = [
      {
        Sid      = "PutPodsBehindTheEdge"
        Effect   = "Allow"
        Action   = ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"]
        Resource = "arn:aws:elasticloadbalancing:${var.naming.region}:${var.naming.account}:targetgroup/${var.naming.prefix}/*"
      },
      {
        Sid    = "FindTheTargets"
        Effect = "Allow"
        Action = [
          "ec2:DescribeAvailabilityZones", "ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
          "elasticloadbalancing:DescribeTags", "elasticloadbalancing:DescribeTargetGroupAttributes",
          "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
        ]
        Resource = "*"
      },
    ]
    disks = [
      {
        Sid    = "MakeDisksUnderTheKeyForData"
        Effect = "Allow"
        Action = [
          "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo",
        ]
        Resource = local.keys
        Condition = {
          "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = "alias/${var.naming.prefix}-data" }
          StringEquals               = { "kms:ViaService" = "ec2.${var.naming.region}.amazonaws.com" }
        }
      },
      {
        Sid      = "LendTheKeyToTheDisk"
        Effect   = "Allow"
        Action   = "kms:CreateGrant"
        Resource = local.keys
        Condition = {
          "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = "alias/${var.naming.prefix}-data" }
          StringEquals               = { "kms:ViaService" = "ec2.${var.naming.region}.amazonaws.com" }
          Bool                       = { "kms:GrantIsForAWSResource" = "true" }
        }
      },
    ]
  }

  # What the cloud's own driver of disks needs is the cloud's to say; it touches what it has tagged, and a
  # key is ours to lend.
  managed = { disks = "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy" }
}

resource "aws_iam_role" "workload" {
  for_each = local.workloads

  name                 = "${var.naming.prefix}-workload-${each.key}"
  description          = "What ${each.value.account} of ${each.value.namespace} may."
  permissions_boundary = aws_iam_policy.boundary.arn
  tags                 = var.naming.tags.kubernetes

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Condition = { StringEquals = {
        "aws:SourceAccount"                         = var.naming.account
        "aws:RequestTag/eks-cluster-name"           = var.naming.prefix
        "aws:RequestTag/kubernetes-namespace"       = each.value.namespace
        "aws:RequestTag/kubernetes-service-account" = each.value.account
      } }
    }]
  })
}

resource "aws_iam_role_policy" "workload" {
  for_each = { for name, said in local.workloads : name => said if contains(keys(local.may), said.may) }

  name   = each.value.may
  role   = aws_iam_role.workload[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.may[each.value.may] })
}

resource "aws_iam_role_policy_attachment" "workload" {
  for_each = { for name, said in local.workloads : name => said if contains(keys(local.managed), said.may) }

  role       = aws_iam_role.workload[each.key].name
  policy_arn = local.managed[each.value.may]
}
