# The cluster: its interface is inside the network, every call to it is logged, secrets are under a key of ours, and
# nobody is its administrator by having made it.

locals {
  name = var.naming.prefix
  tags = var.naming.tags.kubernetes
}

resource "aws_cloudwatch_log_group" "this" {
  region            = var.naming.region
  name              = "/aws/eks/${local.name}/cluster"
  kms_key_id        = var.logs_key_arn
  retention_in_days = var.log_days
  tags              = local.tags
}

resource "aws_eks_cluster" "this" {
  region                        = var.naming.region
  name                          = local.name
  role_arn                      = aws_iam_role.cluster.arn
  version                       = var.settings.version
  deletion_protection           = var.settings.deletion_protection
  bootstrap_self_managed_addons = false
  enabled_cluster_log_types     = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
  tags                          = local.tags

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = false
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = var.secrets_key_arn
    }
  }

  upgrade_policy {
    support_type = "STANDARD"
  }

  vpc_config {
    subnet_ids              = var.subnet_ids
    security_group_ids      = [var.security_group_id]
    endpoint_private_access = true
    endpoint_public_access  = false
  }

  zonal_shift_config {
    enabled = true
  }

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy_attachment.cluster]
}

# Nodes are not ready without these; names wait for nodes.
resource "aws_eks_addon" "this" {
  for_each = {
    vpc-cni                = jsonencode({ enableNetworkPolicy = "true", nodeAgent = { enablePolicyEventLogs = "true" } })
    kube-proxy             = null
    eks-pod-identity-agent = null
  }

  region                      = var.naming.region
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  configuration_values        = each.value
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = local.tags
}

# What runs on nodes: names, and the driver that makes the sequencer's disk.
resource "aws_eks_addon" "names" {
  for_each = toset(["coredns", "aws-ebs-csi-driver"])

  region                      = var.naming.region
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = local.tags

  depends_on = [aws_eks_node_group.this, aws_eks_pod_identity_association.this]
}

# Who may come in at all; what they may do is said inside, by groups. Break-glass is lent by the platform alone.
resource "aws_eks_access_entry" "this" {
  for_each = { operators = ["tallystick:operators"], break-glass = ["tallystick:break-glass"] }

  region            = var.naming.region
  cluster_name      = aws_eks_cluster.this.name
  principal_arn     = var.role_arns[each.key]
  kubernetes_groups = each.value
  type              = "STANDARD"
  tags              = local.tags
}

resource "aws_launch_template" "nodes" {
  region                 = var.naming.region
  name                   = "${local.name}-nodes"
  description            = "Nodes: no keys to sign in with, metadata by token only, disks under the key for data."
  update_default_version = true
  vpc_security_group_ids = [var.security_group_id]
  tags                   = local.tags

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "disabled"
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = var.settings.disk_gb
      volume_type           = "gp3"
      encrypted             = "true"
      kms_key_id            = var.key_arn
      delete_on_termination = "true"
    }
  }

  monitoring {
    enabled = true
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume", "network-interface"]

    content {
      resource_type = tag_specifications.value
      tags          = local.tags
    }
  }
}

resource "aws_eks_node_group" "this" {
  region          = var.naming.region
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = "${local.name}-nodes"
  node_role_arn   = aws_iam_role.nodes.arn
  subnet_ids      = var.subnet_ids
  instance_types  = [var.size]
  ami_type        = "BOTTLEROCKET_x86_64"
  tags            = local.tags

  launch_template {
    name    = aws_launch_template.nodes.name
    version = aws_launch_template.nodes.latest_version
  }

  scaling_config {
    min_size     = var.settings.nodes_min
    desired_size = var.settings.nodes_min
    max_size     = var.settings.nodes_max
  }

  update_config {
    max_unavailable = 1
  }

  node_repair_config {
    enabled = true
  }

  depends_on = [aws_iam_role_policy_attachment.nodes, aws_eks_addon.this]
}
