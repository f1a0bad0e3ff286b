output "network_id" {
  description = "The network."
  value       = azurerm_virtual_network.this.id
}

output "subnet_ids" {
  description = "The subnet of each segment."
  value       = { for segment, subnet in azurerm_subnet.this : segment => subnet.id }

  # Whoever stands in a subnet finds its way out and its walls there already.
  depends_on = [azurerm_subnet_nat_gateway_association.services, azurerm_network_security_rule.flow]
}

output "dns_zone_ids" {
  description = "The private names by what they lead to: vaults, objects, database, and the four of monitoring."
  value       = { for purpose, zone in azurerm_private_dns_zone.this : purpose => zone.id }

  # A name can be found before anything is called by it, and a replica finds its way to what it follows.
  depends_on = [
    azurerm_private_dns_zone_virtual_network_link.this, azurerm_private_dns_zone_virtual_network_link.peer,
    azurerm_virtual_network_peering.this, azurerm_network_security_rule.across,
  ]
}

output "ranges" {
  description = "The range of each segment."
  value       = local.ranges
}

output "ddos_plan_id" {
  description = "The plan that protects from floods; null where the cloud's own protection is enough."
  value       = try(azurerm_network_ddos_protection_plan.this[0].id, null)
}
