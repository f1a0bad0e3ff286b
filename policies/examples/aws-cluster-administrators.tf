resource "aws_eks_access_policy_association" "good" {
  cluster_name  = "books"
  principal_arn = "arn:aws:iam::333333333333:role/operators"
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"

  access_scope {
    type = "cluster"
  }
}

resource "aws_eks_access_policy_association" "bad_administrator" {
  cluster_name  = "books"
  principal_arn = "arn:aws:iam::333333333333:role/operators"
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"

  access_scope {
    type = "cluster"
  }
}

resource "aws_eks_access_policy_association" "unknown_policy" {
  cluster_name  = "books"
  principal_arn = "arn:aws:iam::333333333333:role/operators"
  policy_arn    = terraform_data.later.output

  access_scope {
    type = "cluster"
  }
}

resource "aws_eks_access_entry" "good_group" {
  cluster_name      = "books"
  principal_arn     = "arn:aws:iam::333333333333:role/operators"
  kubernetes_groups = ["operators"]
}

resource "aws_eks_access_entry" "bad_masters" {
  cluster_name      = "books"
  principal_arn     = "arn:aws:iam::333333333333:role/operators"
  kubernetes_groups = ["system:masters"]
}

resource "terraform_data" "later" {
  input = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
}
