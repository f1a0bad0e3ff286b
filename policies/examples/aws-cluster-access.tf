resource "aws_eks_cluster" "good" {
  name     = "good-cluster"
  role_arn = "arn:aws:iam::111111111111:role/cluster"

  vpc_config {
    subnet_ids = ["subnet-1"]
  }

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = false
  }
}

resource "aws_eks_cluster" "bad_map" {
  name     = "bad_map-cluster"
  role_arn = "arn:aws:iam::111111111111:role/cluster"

  vpc_config {
    subnet_ids = ["subnet-1"]
  }

  access_config {
    authentication_mode                         = "API_AND_CONFIG_MAP"
    bootstrap_cluster_creator_admin_permissions = false
  }
}

resource "aws_eks_cluster" "bad_maker" {
  name     = "bad_maker-cluster"
  role_arn = "arn:aws:iam::111111111111:role/cluster"

  vpc_config {
    subnet_ids = ["subnet-1"]
  }

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = true
  }
}

resource "aws_eks_cluster" "unknown_mode" {
  name     = "unknown_mode-cluster"
  role_arn = "arn:aws:iam::111111111111:role/cluster"

  vpc_config {
    subnet_ids = ["subnet-1"]
  }

  access_config {
    authentication_mode                         = terraform_data.later.output
    bootstrap_cluster_creator_admin_permissions = false
  }
}

resource "terraform_data" "later" {
  input = "API"
}
