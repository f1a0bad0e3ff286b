resource "aws_kms_key" "good" {
  enable_key_rotation = true
}

resource "aws_eks_cluster" "good" {
  name     = "good-cluster"
  role_arn = "arn:aws:iam::111111111111:role/cluster"

  vpc_config {
    subnet_ids = ["subnet-1"]
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = aws_kms_key.good.arn
    }
  }
}

resource "aws_kms_key" "bad_others" {
  enable_key_rotation = true
}

resource "aws_eks_cluster" "bad_others" {
  name     = "bad_others-cluster"
  role_arn = "arn:aws:iam::111111111111:role/cluster"

  vpc_config {
    subnet_ids = ["subnet-1"]
  }

  encryption_config {
    resources = []

    provider {
      key_arn = aws_kms_key.bad_others.arn
    }
  }
}

resource "aws_kms_key" "bad_cloud_key" {
  enable_key_rotation = true
}

resource "aws_eks_cluster" "bad_cloud_key" {
  name     = "bad_cloud_key-cluster"
  role_arn = "arn:aws:iam::111111111111:role/cluster"

  vpc_config {
    subnet_ids = ["subnet-1"]
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = "alias/aws/eks"
    }
  }
}

resource "aws_kms_key" "unknown_what" {
  enable_key_rotation = true
}

resource "aws_eks_cluster" "unknown_what" {
  name     = "unknown_what-cluster"
  role_arn = "arn:aws:iam::111111111111:role/cluster"

  vpc_config {
    subnet_ids = ["subnet-1"]
  }

  encryption_config {
    resources = terraform_data.later.output

    provider {
      key_arn = aws_kms_key.unknown_what.arn
    }
  }
}

resource "terraform_data" "later" {
  input = ["secrets"]
}
