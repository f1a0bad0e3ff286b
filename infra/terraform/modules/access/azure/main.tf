# Who may come in to change or look: nobody for ever. The platform signs who runs what, and this subscription believes only
# it, for one environment and one purpose each. There are no passwords of applications.

locals {
  scope   = "/subscriptions/${var.naming.account}"
  tags    = var.naming.tags.lending
  actions = jsondecode(file("${path.module}/actions.json"))
  reads   = jsondecode(file("${path.module}/reads.json"))
  roles   = toset(["plan", "apply", "operators", "break-glass"])

  # Roles that a run may give, by id, so that it cannot make itself an owner.
  given = join(", ", values(local.actions.roles))
}

# What is lent stands apart from the estate: a run may change identities there, and none here.
resource "azurerm_resource_group" "this" {
  name     = "${var.naming.prefix}-access"
  location = var.naming.region
  tags     = local.tags
}

resource "azurerm_user_assigned_identity" "this" {
  for_each = local.roles

  name                = "${var.naming.prefix}-${each.key}"
  location            = var.naming.region
  resource_group_name = azurerm_resource_group.this.name
  tags                = local.tags
}

resource "azurerm_federated_identity_credential" "this" {
  for_each = local.roles

  name                = "${var.naming.prefix}-${each.key}"
  resource_group_name = azurerm_resource_group.this.name
  parent_id           = azurerm_user_assigned_identity.this[each.key].id
  issuer              = var.issuer
  audience            = [var.audience]
  subject             = "cloud/${var.naming.environment}/azure/${each.key}"
}

# What the provider asks for when it compares a type with the code, by type. It reads settings and never what is kept: no
# blob, no secret, no row. Of vaults it reads what keys and certificates are called; of the cluster where it is, which
# opens nothing, since the cluster has no accounts of its own.
resource "azurerm_role_assignment" "reads" {
  for_each = { for pair in setproduct(["plan", "apply"], distinct(flatten(values(local.reads)))) :
  "${pair[0]}-${pair[1]}" => { who = pair[0], role = pair[1] } }

  scope                = local.scope
  role_definition_name = each.value.role
  principal_id         = azurerm_user_assigned_identity.this[each.value.who].principal_id
  principal_type       = "ServicePrincipal"
}

# Who mends a cluster when all else fails stands here, so that no run needs the right to make masters of clusters.
resource "azurerm_role_assignment" "mends" {
  for_each = var.resource_group_ids

  scope                = each.value
  role_definition_name = "Azure Kubernetes Service RBAC Cluster Admin"
  principal_id         = azurerm_user_assigned_identity.this["break-glass"].principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_definition" "apply" {
  name              = "${var.naming.prefix}-apply"
  scope             = local.scope
  description       = "What the modules need to be made, changed and removed; no data, no other roles."
  assignable_scopes = [local.scope]

  permissions {
    actions = sort(concat(
      [for pair in setproduct(local.actions.types, ["delete", "read", "write"]) : "${pair[0]}/${pair[1]}"],
      local.actions.more,
    ))
    not_actions = []
  }
}

resource "azurerm_role_assignment" "apply" {
  scope              = local.scope
  role_definition_id = azurerm_role_definition.apply.role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.this["apply"].principal_id
  principal_type     = "ServicePrincipal"
}

resource "azurerm_role_definition" "identities" {
  name              = "${var.naming.prefix}-apply-identities"
  scope             = local.scope
  description       = "Identities of services and workloads, within the estate's own groups."
  assignable_scopes = [local.scope]

  permissions {
    actions = sort(concat(
      [for pair in setproduct(local.actions.identities, ["delete", "read", "write"]) : "${pair[0]}/${pair[1]}"],
      ["Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"],
    ))
    not_actions = []
  }
}

resource "azurerm_role_assignment" "identities" {
  for_each = var.resource_group_ids

  scope              = each.value
  role_definition_id = azurerm_role_definition.identities.role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.this["apply"].principal_id
  principal_type     = "ServicePrincipal"
}

# Keys and certificates are objects of a vault's inside: two roles that make them and read no secret.
resource "azurerm_role_assignment" "vaults" {
  for_each = toset(["Key Vault Crypto Officer", "Key Vault Certificates Officer"])

  scope                = local.scope
  role_definition_name = each.key
  principal_id         = azurerm_user_assigned_identity.this["apply"].principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "gives" {
  scope                = local.scope
  role_definition_name = "Role Based Access Control Administrator"
  principal_id         = azurerm_user_assigned_identity.this["apply"].principal_id
  principal_type       = "ServicePrincipal"
  description          = "Gives the roles that the modules give, and no other."
  condition_version    = "2.0"
  condition = format(
    "((!(ActionMatches{'%s/write'})) OR (@Request[%s:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {%s})) AND ((!(ActionMatches{'%s/delete'})) OR (@Resource[%s:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {%s}))",
    local.assignments, local.assignments, local.given, local.assignments, local.assignments, local.given,
  )
}

locals {
  assignments = "Microsoft.Authorization/roleAssignments"
}
