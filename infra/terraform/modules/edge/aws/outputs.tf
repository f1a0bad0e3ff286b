output "address" {
  description = "What the domain leads to."
  value       = aws_lb.this.dns_name
}

output "target_group_arn" {
  description = "Where the gateway of the cluster registers its pods."
  value       = aws_lb_target_group.this.arn
}
