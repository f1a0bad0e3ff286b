terraform {
  required_version = ">= 1.9"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "4.55.0"
    }
  }

  # Address and password are lent to a run that was approved; without them there is no state.
  backend "http" {}
}

provider "azurerm" {
  subscription_id     = local.here.account
  tenant_id           = local.here.directory
  storage_use_azuread = true

  features {
    key_vault {
      purge_soft_delete_on_destroy = false
    }

    resource_group {
      prevent_deletion_if_contains_resources = true
    }

    # The accounts are closed from their first moment: nobody waits for doors that only the network inside reaches.
    storage {
      data_plane_available = false
    }
  }
}
