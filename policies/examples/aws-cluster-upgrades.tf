resource "aws_eks_cluster" "good" {
  name                = "good-cluster"
  role_arn            = "arn:aws:iam::111111111111:role/cluster"
  deletion_protection = true

  vpc_config {
    subnet_ids = ["subnet-1"]
  }

  upgrade_policy {
    support_type = "STANDARD"
  }
}

resource "aws_eks_cluster" "bad_old" {
  name                = "bad_old-cluster"
  role_arn            = "arn:aws:iam::111111111111:role/cluster"
  deletion_protection = true

  vpc_config {
    subnet_ids = ["subnet-1"]
  }

  upgrade_policy {
    support_type = "EXTENDED"
  }
}

resource "aws_eks_cluster" "bad_deleted" {
  name                = "bad_deleted-cluster"
  role_arn            = "arn:aws:iam::111111111111:role/cluster"
  deletion_protection = false

  vpc_config {
    subnet_ids = ["subnet-1"]
  }

  upgrade_policy {
    support_type = "STANDARD"
  }
}

resource "aws_eks_cluster" "unknown_protection" {
  name                = "unknown_protection-cluster"
  role_arn            = "arn:aws:iam::111111111111:role/cluster"
  deletion_protection = terraform_data.later.output

  vpc_config {
    subnet_ids = ["subnet-1"]
  }

  upgrade_policy {
    support_type = "STANDARD"
  }
}

resource "terraform_data" "later" {
  input = true
}
