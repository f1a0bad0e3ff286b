# The cluster: its interface is inside the network, every call to it is logged, secrets are under a key of ours, nodes
# prove what they booted, and only images of our own registry start.

locals {
  name = var.naming.prefix
  tags = var.naming.tags.kubernetes
}

resource "google_container_cluster" "this" {
  project                     = var.naming.account
  name                        = local.name
  description                 = "Services of ${local.name}."
  location                    = var.naming.region
  node_locations              = var.zones
  min_master_version          = var.settings.version
  network                     = var.network_id
  subnetwork                  = var.subnet_id
  networking_mode             = "VPC_NATIVE"
  datapath_provider           = "ADVANCED_DATAPATH"
  deletion_protection         = var.settings.deletion_protection
  remove_default_node_pool    = true
  initial_node_count          = 1
  enable_shielded_nodes       = true
  enable_legacy_abac          = false
  enable_kubernetes_alpha     = false
  enable_intranode_visibility = true
  resource_labels             = local.tags

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = true
    master_ipv4_cidr_block  = var.masters

    master_global_access_config {
      enabled = false
    }
  }

  master_authorized_networks_config {
    gcp_public_cidrs_access_enabled = false

    cidr_blocks {
      display_name = "services"
      cidr_block   = var.services_cidr
    }
  }

  master_auth {
    client_certificate_config {
      issue_client_certificate = false
    }
  }

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "cluster"
  }

  workload_identity_config {
    workload_pool = "${var.naming.account}.svc.id.goog"
  }

  database_encryption {
    state    = "ENCRYPTED"
    key_name = var.secrets_key_id
  }

  release_channel {
    channel = "STABLE"
  }

  binary_authorization {
    evaluation_mode = "PROJECT_SINGLETON_POLICY_ENFORCE"
  }

  # The pool that the cluster begins with: it goes at once, and nothing of it is compared afterwards.
  node_config {
    service_account   = var.nodes.email
    oauth_scopes      = ["https://www.googleapis.com/auth/cloud-platform"]
    boot_disk_kms_key = var.key_id
    tags              = ["services"]

    workload_metadata_config {
      mode = "GKE_METADATA"
    }

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }
  }

  logging_config {
    enable_components = ["SYSTEM_COMPONENTS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER", "WORKLOADS"]
  }

  monitoring_config {
    enable_components = ["SYSTEM_COMPONENTS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"]
  }

  # The cloud looks no more for weak images in a cluster; the registry does, for every image that comes in:
  # cloud.google.com/kubernetes-engine/docs/deprecations/posture-management-deprecation.
  security_posture_config {
    mode               = "BASIC"
    vulnerability_mode = "VULNERABILITY_DISABLED"
  }

  cost_management_config {
    enabled = true
  }

  maintenance_policy {
    recurring_window {
      start_time = "2026-11-29T02:00:00Z"
      end_time   = "2026-11-29T06:00:00Z"
      recurrence = "FREQ=WEEKLY;BYDAY=SA,SU"
    }
  }

  lifecycle {
    ignore_changes = [node_config]
  }
}

resource "google_container_node_pool" "services" {
  project        = var.naming.account
  name           = "${local.name}-services"
  location       = var.naming.region
  cluster        = google_container_cluster.this.name
  node_locations = var.zones

  autoscaling {
    total_min_node_count = var.settings.nodes_min
    total_max_node_count = var.settings.nodes_max
    location_policy      = "BALANCED"
  }

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  upgrade_settings {
    strategy        = "SURGE"
    max_surge       = 1
    max_unavailable = 0
  }

  network_config {
    enable_private_nodes = true
  }

  node_config {
    machine_type      = var.size
    image_type        = "COS_CONTAINERD"
    disk_type         = "pd-balanced"
    disk_size_gb      = var.settings.disk_gb
    boot_disk_kms_key = var.key_id
    service_account   = var.nodes.email
    oauth_scopes      = ["https://www.googleapis.com/auth/cloud-platform"]
    tags              = ["services"]
    resource_labels   = local.tags
    metadata          = { disable-legacy-endpoints = "true" }

    workload_metadata_config {
      mode = "GKE_METADATA"
    }

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }

    kubelet_config {
      insecure_kubelet_readonly_port_enabled = "FALSE"
    }
  }
}
