package tallystick.regions

import rego.v1

# Helpers, defaults and functions, over a set of texts.
allowed := {"eu-central-1", "eu-west-1"}

region(resource) := resource.values.region if resource.values.region

deny contains sprintf("%s is in %s", [resource.address, region(resource)]) if {
	some resource in input.resources
	not region(resource) in allowed
}
