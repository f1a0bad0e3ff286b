package tallystick.newer

# Rego since 1.0, without the import that brings it to older interpreters.
deny contains "there is a bucket" if {
	some resource in input.resources
	resource.type == "aws_s3_bucket"
}
