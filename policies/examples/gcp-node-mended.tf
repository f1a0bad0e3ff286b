resource "google_container_node_pool" "good" {
  cluster = "cluster"

  management {
    auto_upgrade = true
    auto_repair  = true
  }

  node_config {
    boot_disk_kms_key = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/data"
  }
}

resource "google_container_node_pool" "bad_old" {
  cluster = "cluster"

  management {
    auto_upgrade = false
    auto_repair  = true
  }

  node_config {
    boot_disk_kms_key = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/data"
  }
}

resource "google_container_node_pool" "bad_broken" {
  cluster = "cluster"

  management {
    auto_upgrade = true
    auto_repair  = false
  }

  node_config {
    boot_disk_kms_key = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/data"
  }
}

resource "google_container_node_pool" "bad_cloud_key" {
  cluster = "cluster"

  management {
    auto_upgrade = true
    auto_repair  = true
  }

  node_config {
  }
}

resource "google_container_node_pool" "unknown_upgrade" {
  cluster = "cluster"

  management {
    auto_upgrade = terraform_data.later.output
    auto_repair  = true
  }

  node_config {
    boot_disk_kms_key = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/data"
  }
}

resource "terraform_data" "later" {
  input = true
}
