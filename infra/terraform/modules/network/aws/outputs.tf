output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}

output "subnet_ids" {
  description = "The subnets by segment."
  value = { for segment in local.segments : segment => [
    for key, subnet in local.subnets : aws_subnet.this[key].id if subnet.segment == segment
  ] }
}

output "security_group_ids" {
  description = "The security group of each segment."
  value       = { for segment, group in aws_security_group.this : segment => group.id }
}
