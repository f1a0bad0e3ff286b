resource "azurerm_key_vault" "good" {
  name                          = "good-vault"
  location                      = "westeurope"
  resource_group_name           = "books"
  sku_name                      = "premium"
  tenant_id                     = "90000000-0000-4000-8000-000000000009"
  public_network_access_enabled = false
  rbac_authorization_enabled    = true

  network_acls {
    bypass         = "None"
    default_action = "Deny"
  }
}

resource "azurerm_key_vault" "good_old_name" {
  name                          = "good_old_name-vault"
  location                      = "westeurope"
  resource_group_name           = "books"
  sku_name                      = "premium"
  tenant_id                     = "90000000-0000-4000-8000-000000000009"
  public_network_access_enabled = false
  enable_rbac_authorization     = true

  network_acls {
    bypass         = "None"
    default_action = "Deny"
  }
}

resource "azurerm_key_vault" "bad_public" {
  name                          = "bad_public-vault"
  location                      = "westeurope"
  resource_group_name           = "books"
  sku_name                      = "premium"
  tenant_id                     = "90000000-0000-4000-8000-000000000009"
  public_network_access_enabled = true
  rbac_authorization_enabled    = true

  network_acls {
    bypass         = "None"
    default_action = "Deny"
  }
}

resource "azurerm_key_vault" "bad_default" {
  name                       = "bad_default-vault"
  location                   = "westeurope"
  resource_group_name        = "books"
  sku_name                   = "premium"
  tenant_id                  = "90000000-0000-4000-8000-000000000009"
  rbac_authorization_enabled = true

  network_acls {
    bypass         = "None"
    default_action = "Deny"
  }
}

resource "azurerm_key_vault" "bad_lists" {
  name                          = "bad_lists-vault"
  location                      = "westeurope"
  resource_group_name           = "books"
  sku_name                      = "premium"
  tenant_id                     = "90000000-0000-4000-8000-000000000009"
  public_network_access_enabled = false
  rbac_authorization_enabled    = false

  network_acls {
    bypass         = "None"
    default_action = "Deny"
  }
}

resource "azurerm_key_vault" "bad_any" {
  name                          = "bad_any-vault"
  location                      = "westeurope"
  resource_group_name           = "books"
  sku_name                      = "premium"
  tenant_id                     = "90000000-0000-4000-8000-000000000009"
  public_network_access_enabled = false
  rbac_authorization_enabled    = true

  network_acls {
    bypass         = "None"
    default_action = "Allow"
  }
}

resource "azurerm_key_vault" "unknown_public" {
  name                          = "unknown_public-vault"
  location                      = "westeurope"
  resource_group_name           = "books"
  sku_name                      = "premium"
  tenant_id                     = "90000000-0000-4000-8000-000000000009"
  public_network_access_enabled = terraform_data.later.output
  rbac_authorization_enabled    = true

  network_acls {
    bypass         = "None"
    default_action = "Deny"
  }
}

resource "terraform_data" "later" {
  input = false
}
