# Who the cluster, its nodes and its workloads are. A workload has a role of its own that only its account in the cluster
# can take; nodes can fetch images and nothing else.

locals {
  workloads = jsondecode(file("${path.module}/../workloads.json"))

  may = {
    record = [
      {
        Sid      = "WriteTheRecord"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "${var.bucket_arns.record}/*"
      },
      {
        Sid      = "FindTheRecord"
        Effect   = "Allow"
        Action   = "s3:ListBucket"
        Resource = var.bucket_arns.record
      },
      {
        Sid      = "UseItsKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = var.record_key_arn
      },
    ]
    secrets = [
      {
        Sid      = "ReadSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
        Resource = "arn:aws:secretsmanager:${var.naming.region}:${var.naming.account}:secret:${var.naming.platform}/${var.naming.environment}/*"
      },
      {
        Sid      = "UseTheirKey"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.secrets_key_arn
      },
    ]
  }
}

resource "aws_iam_role" "cluster" {
  name                 = "${local.name}-cluster"
  permissions_boundary = var.boundary_arn
  tags                 = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Condition = { StringEquals = { "aws:SourceAccount" = var.naming.account } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "cluster" {
  role       = aws_iam_role.cluster.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
}

resource "aws_iam_role" "nodes" {
  name                 = "${local.name}-nodes"
  permissions_boundary = var.boundary_arn
  tags                 = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "nodes" {
  for_each = toset(["AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonEKS_CNI_Policy"])

  role       = aws_iam_role.nodes.name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

resource "aws_iam_role" "workload" {
  for_each = local.workloads

  name                 = "${local.name}-workload-${each.key}"
  permissions_boundary = var.boundary_arn
  tags                 = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Condition = { StringEquals = {
        "aws:SourceAccount"                         = var.naming.account
        "aws:RequestTag/eks-cluster-name"           = local.name
        "aws:RequestTag/kubernetes-namespace"       = each.value.namespace
        "aws:RequestTag/kubernetes-service-account" = each.value.account
      } }
    }]
  })
}

resource "aws_iam_role_policy" "workload" {
  for_each = local.workloads

  name   = each.value.may
  role   = aws_iam_role.workload[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.may[each.value.may] })
}

resource "aws_eks_pod_identity_association" "this" {
  for_each = local.workloads

  region          = var.naming.region
  cluster_name    = aws_eks_cluster.this.name
  namespace       = each.value.namespace
  service_account = each.value.account
  role_arn        = aws_iam_role.workload[each.key].arn
  tags            = local.tags
}
