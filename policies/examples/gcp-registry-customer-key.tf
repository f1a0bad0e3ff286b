resource "google_artifact_registry_repository" "good" {
  repository_id = "good-images"
  format        = "DOCKER"
  kms_key_name  = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/data"

  docker_config {
    immutable_tags = true
  }
}

resource "google_artifact_registry_repository" "bad_cloud_key" {
  repository_id = "bad_cloud_key-images"
  format        = "DOCKER"

  docker_config {
    immutable_tags = true
  }
}

resource "google_artifact_registry_repository" "bad_moving" {
  repository_id = "bad_moving-images"
  format        = "DOCKER"
  kms_key_name  = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/data"

  docker_config {
    immutable_tags = false
  }
}

resource "google_artifact_registry_repository" "unknown_tags" {
  repository_id = "unknown_tags-images"
  format        = "DOCKER"
  kms_key_name  = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/data"

  docker_config {
    immutable_tags = terraform_data.later.output
  }
}

resource "terraform_data" "later" {
  input = true
}
