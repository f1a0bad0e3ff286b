package tallystick.older

# Rego before 1.0: no `if`, no `contains`.
deny[message] {
	input.resources[_].type == "aws_s3_bucket"
	message := "there is a bucket"
}
