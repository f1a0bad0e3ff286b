output "budget" {
  description = "The name of the budget."
  value       = azurerm_consumption_budget_subscription.this.name
}
