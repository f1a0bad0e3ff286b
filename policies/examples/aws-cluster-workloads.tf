resource "aws_eks_cluster" "good" {
  name     = "good-cluster"
  role_arn = "arn:aws:iam::111111111111:role/cluster"

  vpc_config {
    subnet_ids = ["subnet-1"]
  }
}

resource "aws_eks_pod_identity_association" "good" {
  cluster_name    = aws_eks_cluster.good.name
  namespace       = "tallystick"
  service_account = "ledger"
  role_arn        = "arn:aws:iam::111111111111:role/ledger"
}

resource "aws_eks_cluster" "good_issuer" {
  name     = "good-issuer-cluster"
  role_arn = "arn:aws:iam::111111111111:role/cluster"

  vpc_config {
    subnet_ids = ["subnet-1"]
  }
}

resource "aws_iam_openid_connect_provider" "good_issuer" {
  url            = aws_eks_cluster.good_issuer.identity[0].oidc[0].issuer
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_eks_cluster" "bad_nodes" {
  name     = "bad-nodes-cluster"
  role_arn = "arn:aws:iam::111111111111:role/cluster"

  vpc_config {
    subnet_ids = ["subnet-1"]
  }
}
