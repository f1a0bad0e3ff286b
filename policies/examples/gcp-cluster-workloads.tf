resource "google_container_cluster" "good" {
  name = "good-cluster"

  workload_identity_config {
    workload_pool = "books.svc.id.goog"
  }
}

resource "google_container_cluster" "bad_nodes" {
  name = "bad-nodes-cluster"
}

resource "google_container_cluster" "unknown_pool" {
  name = "unknown_pool-cluster"

  workload_identity_config {
    workload_pool = terraform_data.later.output
  }
}

resource "terraform_data" "later" {
  input = "books.svc.id.goog"
}
