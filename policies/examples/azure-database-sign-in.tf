resource "azurerm_postgresql_flexible_server" "good" {
  name                = "good-server"
  location            = "westeurope"
  resource_group_name = "books"

  authentication {
    active_directory_auth_enabled = true
    password_auth_enabled         = false
  }
}

resource "azurerm_postgresql_flexible_server" "bad_no_identity" {
  name                = "bad_no_identity-server"
  location            = "westeurope"
  resource_group_name = "books"

  authentication {
    active_directory_auth_enabled = false
    password_auth_enabled         = false
  }
}

resource "azurerm_postgresql_flexible_server" "bad_passwords" {
  name                = "bad_passwords-server"
  location            = "westeurope"
  resource_group_name = "books"

  authentication {
    active_directory_auth_enabled = true
    password_auth_enabled         = true
  }
}

resource "azurerm_postgresql_flexible_server" "bad_default" {
  name                = "bad_default-server"
  location            = "westeurope"
  resource_group_name = "books"

  authentication {
    active_directory_auth_enabled = true
  }
}

resource "azurerm_postgresql_flexible_server" "bad_written" {
  name                   = "bad_written-server"
  location               = "westeurope"
  resource_group_name    = "books"
  administrator_password = "correct horse"

  authentication {
    active_directory_auth_enabled = true
    password_auth_enabled         = false
  }
}

resource "azurerm_postgresql_flexible_server" "unknown_identity" {
  name                = "unknown_identity-server"
  location            = "westeurope"
  resource_group_name = "books"

  authentication {
    active_directory_auth_enabled = terraform_data.later.output
    password_auth_enabled         = false
  }
}

resource "terraform_data" "later" {
  input = true
}
