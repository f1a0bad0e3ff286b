resource "google_container_cluster" "good" {
  name = "good-cluster"

  deletion_protection = true

  release_channel {
    channel = "REGULAR"
  }
}

resource "google_container_cluster" "good_default" {
  name = "good_default-cluster"

  release_channel {
    channel = "REGULAR"
  }
}

resource "google_container_cluster" "bad_rapid" {
  name = "bad_rapid-cluster"

  deletion_protection = true

  release_channel {
    channel = "RAPID"
  }
}

resource "google_container_cluster" "bad_deleted" {
  name = "bad_deleted-cluster"

  deletion_protection = false

  release_channel {
    channel = "REGULAR"
  }
}

resource "google_container_cluster" "unknown_channel" {
  name = "unknown_channel-cluster"

  deletion_protection = true

  release_channel {
    channel = terraform_data.later.output
  }
}

resource "google_container_cluster" "bad_bare" {
  name = "bad-bare-cluster"
}

resource "terraform_data" "later" {
  input = "REGULAR"
}
