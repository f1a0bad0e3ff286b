resource "google_container_cluster" "good" {
  name = "good-cluster"

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = true
  }
}

resource "google_container_cluster" "bad_nodes" {
  name = "bad_nodes-cluster"

  private_cluster_config {
    enable_private_nodes    = false
    enable_private_endpoint = true
  }
}

resource "google_container_cluster" "bad_public" {
  name = "bad_public-cluster"

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = false
  }
}

resource "google_container_cluster" "bad_default" {
  name = "bad-default-cluster"
}

resource "google_container_cluster" "unknown_nodes" {
  name = "unknown_nodes-cluster"

  private_cluster_config {
    enable_private_nodes    = terraform_data.later.output
    enable_private_endpoint = true
  }
}

resource "terraform_data" "later" {
  input = true
}

resource "google_container_cluster" "bad_named" {
  name = "bad-named-cluster"

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = true
  }

  control_plane_endpoints_config {
    dns_endpoint_config {
      allow_external_traffic = true
    }
  }
}
