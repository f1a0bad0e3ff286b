resource "google_container_cluster" "good" {
  name = "good-cluster"

  logging_config {
    enable_components = ["SYSTEM_COMPONENTS", "APISERVER", "WORKLOADS"]
  }
}

resource "google_container_cluster" "bad_interface" {
  name = "bad_interface-cluster"

  logging_config {
    enable_components = ["SYSTEM_COMPONENTS", "WORKLOADS"]
  }
}

resource "google_container_cluster" "bad_workloads" {
  name = "bad_workloads-cluster"

  logging_config {
    enable_components = ["SYSTEM_COMPONENTS", "APISERVER"]
  }
}

resource "google_container_cluster" "unknown_components" {
  name = "unknown_components-cluster"

  logging_config {
    enable_components = terraform_data.later.output
  }
}

resource "terraform_data" "later" {
  input = ["SYSTEM_COMPONENTS", "APISERVER", "WORKLOADS"]
}
