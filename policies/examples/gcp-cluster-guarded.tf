resource "google_container_cluster" "good" {
  name = "good-cluster"

  datapath_provider     = "ADVANCED_DATAPATH"
  enable_shielded_nodes = true

  binary_authorization {
    evaluation_mode = "PROJECT_SINGLETON_POLICY_ENFORCE"
  }
}

resource "google_container_cluster" "good_policies" {
  name = "good_policies-cluster"

  datapath_provider     = "LEGACY_DATAPATH"
  enable_shielded_nodes = true

  network_policy {
    enabled = true
  }

  binary_authorization {
    evaluation_mode = "PROJECT_SINGLETON_POLICY_ENFORCE"
  }
}

resource "google_container_cluster" "bad_unjudged" {
  name = "bad_unjudged-cluster"

  datapath_provider     = "ADVANCED_DATAPATH"
  enable_shielded_nodes = true

  binary_authorization {
    evaluation_mode = "DISABLED"
  }
}

resource "google_container_cluster" "bad_together" {
  name = "bad_together-cluster"

  datapath_provider     = "LEGACY_DATAPATH"
  enable_shielded_nodes = true

  binary_authorization {
    evaluation_mode = "PROJECT_SINGLETON_POLICY_ENFORCE"
  }
}

resource "google_container_cluster" "bad_unshielded" {
  name = "bad_unshielded-cluster"

  datapath_provider     = "ADVANCED_DATAPATH"
  enable_shielded_nodes = false

  binary_authorization {
    evaluation_mode = "PROJECT_SINGLETON_POLICY_ENFORCE"
  }
}

resource "google_container_cluster" "unknown_datapath" {
  name = "unknown_datapath-cluster"

  datapath_provider     = terraform_data.later.output
  enable_shielded_nodes = true

  binary_authorization {
    evaluation_mode = "PROJECT_SINGLETON_POLICY_ENFORCE"
  }
}

resource "terraform_data" "later" {
  input = "ADVANCED_DATAPATH"
}
