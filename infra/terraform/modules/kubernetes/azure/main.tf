# The cluster: its interface is inside the network, every call to it is logged, secrets are under a key of ours, people
# come in by the directory alone, and there is no account of the cluster's own.

locals {
  name = var.naming.prefix
  tags = var.naming.tags.kubernetes
}

resource "azurerm_user_assigned_identity" "this" {
  for_each = toset(["cluster", "nodes"])

  name                = "${local.name}-${each.key}"
  location            = var.naming.region
  resource_group_name = var.resource_group
  tags                = local.tags
}

resource "azurerm_disk_encryption_set" "this" {
  name                      = "${local.name}-nodes"
  location                  = var.naming.region
  resource_group_name       = var.resource_group
  key_vault_key_id          = var.key.key_id
  encryption_type           = "EncryptionAtRestWithPlatformAndCustomerKeys"
  auto_key_rotation_enabled = true
  tags                      = local.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [var.key.identity_id]
  }
}

# To encrypt by a key in a closed vault the cluster makes a private link of its own to the vault.
resource "azurerm_role_assignment" "cluster" {
  for_each = {
    network = { scope = var.subnet_id, role = "Network Contributor" }
    masters = { scope = var.masters_subnet_id, role = "Network Contributor" }
    secrets = { scope = var.secrets_key.scope, role = "Key Vault Crypto User" }
    vault   = { scope = var.keys_vault_id, role = "Key Vault Contributor" }
    disks   = { scope = azurerm_disk_encryption_set.this.id, role = "Reader" }
    nodes   = { scope = azurerm_user_assigned_identity.this["nodes"].id, role = "Managed Identity Operator" }
  }

  scope                = each.value.scope
  role_definition_name = each.value.role
  principal_id         = azurerm_user_assigned_identity.this["cluster"].principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_kubernetes_cluster" "this" {
  name                                = local.name
  location                            = var.naming.region
  resource_group_name                 = var.resource_group
  dns_prefix                          = local.name
  kubernetes_version                  = var.settings.version
  sku_tier                            = var.tier
  automatic_upgrade_channel           = "patch"
  node_os_upgrade_channel             = "NodeImage"
  private_cluster_enabled             = true
  private_cluster_public_fqdn_enabled = false
  run_command_enabled                 = false
  local_account_disabled              = true
  role_based_access_control_enabled   = true
  oidc_issuer_enabled                 = true
  workload_identity_enabled           = true
  azure_policy_enabled                = true
  image_cleaner_enabled               = true
  image_cleaner_interval_hours        = 48
  disk_encryption_set_id              = azurerm_disk_encryption_set.this.id
  tags                                = local.tags

  default_node_pool {
    name                         = "system"
    vm_size                      = var.size
    vnet_subnet_id               = var.subnet_id
    zones                        = var.zones
    auto_scaling_enabled         = true
    min_count                    = var.settings.nodes_min
    max_count                    = var.settings.nodes_max
    max_pods                     = 60
    os_sku                       = "AzureLinux"
    os_disk_type                 = "Managed"
    os_disk_size_gb              = var.settings.disk_gb
    host_encryption_enabled      = true
    node_public_ip_enabled       = false
    only_critical_addons_enabled = true
    temporary_name_for_rotation  = "rotating"
    tags                         = local.tags

    upgrade_settings {
      max_surge = "33%"
    }
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this["cluster"].id]
  }

  kubelet_identity {
    client_id                 = azurerm_user_assigned_identity.this["nodes"].client_id
    object_id                 = azurerm_user_assigned_identity.this["nodes"].principal_id
    user_assigned_identity_id = azurerm_user_assigned_identity.this["nodes"].id
  }

  azure_active_directory_role_based_access_control {
    azure_rbac_enabled = true
    tenant_id          = var.directory
  }

  api_server_access_profile {
    virtual_network_integration_enabled = true
    subnet_id                           = var.masters_subnet_id
  }

  key_management_service {
    key_vault_key_id         = var.secrets_key.version_id
    key_vault_network_access = "Private"
  }

  network_profile {
    network_plugin      = "azure"
    network_plugin_mode = "overlay"
    network_data_plane  = "cilium"
    network_policy      = "cilium"
    outbound_type       = "userAssignedNATGateway"
    load_balancer_sku   = "standard"
    pod_cidr            = "192.168.0.0/16"
    service_cidr        = "172.20.0.0/16"
    dns_service_ip      = "172.20.0.10"
  }

  oms_agent {
    log_analytics_workspace_id      = var.workspace_id
    msi_auth_for_monitoring_enabled = true
  }

  dynamic "microsoft_defender" {
    for_each = var.settings.defender ? [var.workspace_id] : []

    content {
      log_analytics_workspace_id = microsoft_defender.value
    }
  }

  maintenance_window_auto_upgrade {
    frequency   = "Weekly"
    interval    = 1
    duration    = 4
    day_of_week = "Sunday"
    start_time  = "02:00"
    utc_offset  = "+00:00"
  }

  depends_on = [azurerm_role_assignment.cluster]
}

resource "azurerm_kubernetes_cluster_node_pool" "services" {
  name                    = "services"
  kubernetes_cluster_id   = azurerm_kubernetes_cluster.this.id
  mode                    = "User"
  vm_size                 = var.size
  vnet_subnet_id          = var.subnet_id
  zones                   = var.zones
  auto_scaling_enabled    = true
  min_count               = var.settings.nodes_min
  max_count               = var.settings.nodes_max
  max_pods                = 60
  os_sku                  = "AzureLinux"
  os_disk_type            = "Managed"
  os_disk_size_gb         = var.settings.disk_gb
  host_encryption_enabled = true
  node_public_ip_enabled  = false
  tags                    = local.tags

  upgrade_settings {
    max_surge = "33%"
  }
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name                       = "audit"
  target_resource_id         = azurerm_kubernetes_cluster.this.id
  log_analytics_workspace_id = var.workspace_id

  dynamic "enabled_log" {
    for_each = ["kube-apiserver", "kube-audit", "kube-audit-admin", "kube-controller-manager", "kube-scheduler", "guard"]

    content {
      category = enabled_log.value
    }
  }
}

resource "azurerm_management_lock" "this" {
  count = var.settings.deletion_protection ? 1 : 0

  name       = "keep"
  scope      = azurerm_kubernetes_cluster.this.id
  lock_level = "CanNotDelete"
  notes      = "Services run in it."
}
