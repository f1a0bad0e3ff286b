resource "aws_eks_cluster" "good" {
  name     = "good-cluster"
  role_arn = "arn:aws:iam::111111111111:role/cluster"

  vpc_config {
    subnet_ids              = ["subnet-1"]
    endpoint_public_access  = false
    endpoint_private_access = true
  }
}

resource "aws_eks_cluster" "bad_public" {
  name     = "bad_public-cluster"
  role_arn = "arn:aws:iam::111111111111:role/cluster"

  vpc_config {
    subnet_ids              = ["subnet-1"]
    endpoint_public_access  = true
    endpoint_private_access = true
  }
}

resource "aws_eks_cluster" "bad_default" {
  name     = "bad_default-cluster"
  role_arn = "arn:aws:iam::111111111111:role/cluster"

  vpc_config {
    subnet_ids              = ["subnet-1"]
    endpoint_private_access = true
  }
}

resource "aws_eks_cluster" "bad_outside" {
  name     = "bad_outside-cluster"
  role_arn = "arn:aws:iam::111111111111:role/cluster"

  vpc_config {
    subnet_ids              = ["subnet-1"]
    endpoint_public_access  = false
    endpoint_private_access = false
  }
}

resource "aws_eks_cluster" "unknown_public" {
  name     = "unknown_public-cluster"
  role_arn = "arn:aws:iam::111111111111:role/cluster"

  vpc_config {
    subnet_ids              = ["subnet-1"]
    endpoint_public_access  = terraform_data.later.output
    endpoint_private_access = true
  }
}

resource "terraform_data" "later" {
  input = false
}
