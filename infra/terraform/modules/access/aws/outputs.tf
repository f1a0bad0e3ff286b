output "role_arns" {
  description = "The roles that the platform lends: plan, apply, operators, break-glass."
  value       = { for purpose, role in aws_iam_role.this : purpose => role.arn }
}

output "boundary_arn" {
  description = "The most that a role made by a run may do."
  value       = aws_iam_policy.boundary.arn
}
