# Who workloads and people are. A workload has an identity of its own that only its account in the cluster can take; people
# come in for as long as the platform lends it to them. What break-glass may do inside is given by modules/access.

locals {
  workloads = jsondecode(file("${path.module}/../workloads.json"))
  may = {
    record  = { scope = var.record_container_id, role = "Storage Blob Data Contributor" }
    secrets = { scope = var.secrets_vault_id, role = "Key Vault Secrets User" }
  }
  people = {
    operators   = { can-find = "Azure Kubernetes Service Cluster User Role", can-look = "Azure Kubernetes Service RBAC Reader" }
    break-glass = { can-find = "Azure Kubernetes Service Cluster User Role" }
  }
  lent = merge([for person, roles in local.people : {
    for key, role in roles : "${person}-${key}" => { person = person, role = role }
  }]...)
}

resource "azurerm_user_assigned_identity" "workload" {
  for_each = local.workloads

  name                = "${local.name}-workload-${each.key}"
  location            = var.naming.region
  resource_group_name = var.resource_group
  tags                = local.tags
}

resource "azurerm_federated_identity_credential" "workload" {
  for_each = local.workloads

  name                = "${local.name}-workload-${each.key}"
  resource_group_name = var.resource_group
  parent_id           = azurerm_user_assigned_identity.workload[each.key].id
  issuer              = azurerm_kubernetes_cluster.this.oidc_issuer_url
  audience            = ["api://AzureADTokenExchange"]
  subject             = "system:serviceaccount:${each.value.namespace}:${each.value.account}"
}

resource "azurerm_role_assignment" "workload" {
  for_each = local.workloads

  scope                = local.may[each.value.may].scope
  role_definition_name = local.may[each.value.may].role
  principal_id         = azurerm_user_assigned_identity.workload[each.key].principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "people" {
  for_each = local.lent

  scope                = azurerm_kubernetes_cluster.this.id
  role_definition_name = each.value.role
  principal_id         = var.principal_ids[each.value.person]
  principal_type       = "ServicePrincipal"
}
