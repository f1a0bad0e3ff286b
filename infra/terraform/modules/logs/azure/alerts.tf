# What rings. The same alerts on every cloud; what they look for is this cloud's own. Its root is the directory's; its
# sign-ins are watched there, and here by what they do.

locals {
  alerts = jsondecode(file("${path.module}/../alerts.json"))
  operations = {
    keys    = ["Microsoft.KeyVault/vaults/delete", "Microsoft.KeyVault/vaults/write", "Microsoft.KeyVault/vaults/keys/write"]
    trail   = ["Microsoft.Insights/diagnosticSettings/delete", "Microsoft.Insights/diagnosticSettings/write"]
    network = ["Microsoft.Network/networkSecurityGroups/securityRules/write", "Microsoft.Network/networkSecurityGroups/securityRules/delete", "Microsoft.Network/routeTables/routes/write"]
    access  = ["Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleDefinitions/write", "Microsoft.Authorization/locks/delete"]
    objects = ["Microsoft.Storage/storageAccounts/write", "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies/delete"]
  }
  rules = merge([for alert, operations in local.operations : {
    for operation in operations : "${alert}-${lower(replace(trimprefix(operation, "Microsoft."), "/", "-"))}" => { alert = alert, operation = operation }
  }]...)
  queries = {
    root     = "AzureActivity | where Authorization has 'Microsoft.Authorization/elevateAccess/action'"
    unsigned = "SigninLogs | where ResultType == 0 and AuthenticationRequirement == 'singleFactorAuthentication' and AppDisplayName == 'Azure Portal'"
    denied   = "AzureActivity | where ActivityStatusValue == 'Failure' and ActivitySubstatusValue == 'Forbidden'"
  }
  many = { denied = 20 }
}

resource "azurerm_monitor_action_group" "this" {
  name                = "${var.naming.prefix}-alerts"
  resource_group_name = var.resource_group
  short_name          = "alerts"
  tags                = local.tags

  email_receiver {
    name                    = "owner"
    email_address           = var.contact
    use_common_alert_schema = true
  }
}

resource "azurerm_monitor_activity_log_alert" "this" {
  for_each = local.rules

  name                = "${var.naming.prefix}-${each.key}"
  location            = "global"
  resource_group_name = var.resource_group
  scopes              = ["/subscriptions/${var.naming.account}"]
  description         = "Rings when ${local.alerts[each.value.alert].what}."
  enabled             = true
  tags                = local.tags

  criteria {
    category       = "Administrative"
    operation_name = each.value.operation
  }

  action {
    action_group_id = azurerm_monitor_action_group.this.id
  }
}

resource "azurerm_monitor_scheduled_query_rules_alert_v2" "this" {
  for_each = local.queries

  name                 = "${var.naming.prefix}-${each.key}"
  location             = var.naming.region
  resource_group_name  = var.resource_group
  scopes               = [azurerm_log_analytics_workspace.this.id]
  description          = "Rings when ${local.alerts[each.key].what}."
  severity             = 1
  evaluation_frequency = "PT5M"
  window_duration      = "PT5M"
  enabled              = true
  tags                 = local.tags

  # A table of the directory is there once it sends its sign-ins here, which its own set-up says.
  skip_query_validation = true

  criteria {
    query                   = each.value
    time_aggregation_method = "Count"
    operator                = "GreaterThanOrEqual"
    threshold               = lookup(local.many, each.key, 1)
  }

  action {
    action_groups = [azurerm_monitor_action_group.this.id]
  }
}

# The cloud's own watch over servers of databases, vaults, accounts of storage, clusters and the control plane.
resource "azurerm_security_center_subscription_pricing" "this" {
  for_each = toset(var.settings.threats ? ["Arm", "Containers", "KeyVaults", "OpenSourceRelationalDatabases", "StorageAccounts"] : [])

  tier          = "Standard"
  resource_type = each.key
}

resource "azurerm_security_center_contact" "this" {
  name                = "owner"
  email               = var.contact
  alert_notifications = true
  alerts_to_admins    = true
}
