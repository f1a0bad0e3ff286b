resource "aws_eks_cluster" "good" {
  name                      = "good-cluster"
  role_arn                  = "arn:aws:iam::111111111111:role/cluster"
  enabled_cluster_log_types = ["api", "audit", "authenticator"]

  vpc_config {
    subnet_ids = ["subnet-1"]
  }
}

resource "aws_eks_cluster" "bad_nobody" {
  name                      = "bad_nobody-cluster"
  role_arn                  = "arn:aws:iam::111111111111:role/cluster"
  enabled_cluster_log_types = ["api", "authenticator"]

  vpc_config {
    subnet_ids = ["subnet-1"]
  }
}

resource "aws_eks_cluster" "bad_sign_in" {
  name                      = "bad_sign_in-cluster"
  role_arn                  = "arn:aws:iam::111111111111:role/cluster"
  enabled_cluster_log_types = ["api", "audit"]

  vpc_config {
    subnet_ids = ["subnet-1"]
  }
}

resource "aws_eks_cluster" "bad_interface" {
  name                      = "bad_interface-cluster"
  role_arn                  = "arn:aws:iam::111111111111:role/cluster"
  enabled_cluster_log_types = ["audit", "authenticator"]

  vpc_config {
    subnet_ids = ["subnet-1"]
  }
}

resource "aws_eks_cluster" "unknown_kinds" {
  name                      = "unknown_kinds-cluster"
  role_arn                  = "arn:aws:iam::111111111111:role/cluster"
  enabled_cluster_log_types = terraform_data.later.output

  vpc_config {
    subnet_ids = ["subnet-1"]
  }
}

resource "terraform_data" "later" {
  input = ["api", "audit", "authenticator"]
}
