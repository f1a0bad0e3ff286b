resource "google_container_node_pool" "good" {
  cluster = "cluster"

  node_config {
    service_account = "nodes@books.iam.gserviceaccount.com"

    workload_metadata_config {
      mode = "GKE_METADATA"
    }

    shielded_instance_config {
      enable_secure_boot = true
    }
  }
}

resource "google_container_node_pool" "bad_account" {
  cluster = "cluster"

  node_config {

    workload_metadata_config {
      mode = "GKE_METADATA"
    }

    shielded_instance_config {
      enable_secure_boot = true
    }
  }
}

resource "google_container_node_pool" "bad_metadata" {
  cluster = "cluster"

  node_config {
    service_account = "nodes@books.iam.gserviceaccount.com"

    workload_metadata_config {
      mode = "GCE_METADATA"
    }

    shielded_instance_config {
      enable_secure_boot = true
    }
  }
}

resource "google_container_node_pool" "bad_boot" {
  cluster = "cluster"

  node_config {
    service_account = "nodes@books.iam.gserviceaccount.com"

    workload_metadata_config {
      mode = "GKE_METADATA"
    }

    shielded_instance_config {
      enable_secure_boot = false
    }
  }
}

resource "google_container_node_pool" "unknown_metadata" {
  cluster = "cluster"

  node_config {
    service_account = "nodes@books.iam.gserviceaccount.com"

    workload_metadata_config {
      mode = terraform_data.later.output
    }

    shielded_instance_config {
      enable_secure_boot = true
    }
  }
}

resource "terraform_data" "later" {
  input = "GKE_METADATA"
}

resource "google_container_node_pool" "bad_default" {
  cluster = "cluster"

  node_config {
    service_account = "default"

    workload_metadata_config {
      mode = "GKE_METADATA"
    }

    shielded_instance_config {
      enable_secure_boot = true
    }
  }
}
