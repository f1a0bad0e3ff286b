output "endpoint" {
  description = "Where the cluster's interface is, inside the network."
  value       = aws_eks_cluster.this.endpoint
}

output "registry" {
  description = "Where images come from."
  value       = aws_ecr_repository.this.repository_url
}
