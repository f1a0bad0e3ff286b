# Who the cluster and its nodes are, and which workload has which of the roles that `access` made: nodes can fetch images
# and nothing else.

locals {
  workloads = merge(jsondecode(file("${path.module}/../workloads.json")), jsondecode(file("${path.module}/workloads.json")))
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

resource "aws_eks_pod_identity_association" "this" {
  for_each = local.workloads

  region          = var.naming.region
  cluster_name    = aws_eks_cluster.this.name
  namespace       = each.value.namespace
  service_account = each.value.account
  role_arn        = "arn:aws:iam::${var.naming.account}:role/${local.name}-workload-${each.key}"
  tags            = local.tags
}
