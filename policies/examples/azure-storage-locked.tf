resource "azurerm_storage_account" "good" {
  name                     = "books"
  location                 = "westeurope"
  resource_group_name      = "books"
  account_tier             = "Standard"
  account_replication_type = "ZRS"
  tags                     = { purpose = "record" }

  immutability_policy {
    state                         = "Locked"
    period_since_creation_in_days = 3653
    allow_protected_append_writes = true
  }
}

resource "azurerm_storage_account" "good_container" {
  name                     = "books"
  location                 = "westeurope"
  resource_group_name      = "books"
  account_tier             = "Standard"
  account_replication_type = "ZRS"
  tags                     = { purpose = "record" }
}

resource "azurerm_storage_container" "good_container" {
  name               = "record"
  storage_account_id = azurerm_storage_account.good_container.id
}

resource "azurerm_storage_container_immutability_policy" "good_container" {
  storage_container_resource_manager_id = azurerm_storage_container.good_container.id
  immutability_period_in_days           = 3653
  locked                                = true
}

resource "azurerm_storage_account" "bad_liftable" {
  name                     = "books"
  location                 = "westeurope"
  resource_group_name      = "books"
  account_tier             = "Standard"
  account_replication_type = "ZRS"
  tags                     = { purpose = "record" }

  immutability_policy {
    state                         = "Unlocked"
    period_since_creation_in_days = 3653
    allow_protected_append_writes = true
  }
}

resource "azurerm_storage_account" "bad_bare" {
  name                     = "books"
  location                 = "westeurope"
  resource_group_name      = "books"
  account_tier             = "Standard"
  account_replication_type = "ZRS"
  tags                     = { purpose = "backups" }
}

resource "azurerm_storage_account" "other_pages" {
  name                     = "books"
  location                 = "westeurope"
  resource_group_name      = "books"
  account_tier             = "Standard"
  account_replication_type = "ZRS"
  tags                     = { purpose = "pages" }
}

resource "azurerm_storage_account" "unknown_lock" {
  name                     = "books"
  location                 = "westeurope"
  resource_group_name      = "books"
  account_tier             = "Standard"
  account_replication_type = "ZRS"
  tags                     = { purpose = "record" }

  immutability_policy {
    state                         = terraform_data.later.output
    period_since_creation_in_days = 3653
    allow_protected_append_writes = true
  }
}

resource "terraform_data" "later" {
  input = "Locked"
}

resource "azurerm_storage_account" "bad_one_of_two" {
  name                     = "books"
  location                 = "westeurope"
  resource_group_name      = "books"
  account_tier             = "Standard"
  account_replication_type = "ZRS"
  tags                     = { purpose = "record" }
}

resource "azurerm_storage_container" "bad_one_of_two" {
  name               = "record"
  storage_account_id = azurerm_storage_account.bad_one_of_two.id
}

resource "azurerm_storage_container_immutability_policy" "bad_one_of_two" {
  storage_container_resource_manager_id = azurerm_storage_container.bad_one_of_two.id
  immutability_period_in_days           = 3653
  locked                                = true
}

resource "azurerm_storage_container" "bad_one_of_two__open" {
  name               = "open"
  storage_account_id = azurerm_storage_account.bad_one_of_two.id
}
