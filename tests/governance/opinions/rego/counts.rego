package tallystick.counts

import rego.v1

# Comprehensions, aggregates and every.
buckets := [each | some each in input.resources; each.type == "aws_s3_bucket"]

deny contains "more than one bucket" if count(buckets) > 1

deny contains "a bucket has no name" if {
	not named
}

named if {
	every bucket in buckets {
		bucket.values.bucket != null
	}
}
