package tallystick.later

import rego.v1

# What is known after apply alone is null, and named apart.
deny contains {"subject": resource.address, "message": sprintf("%s is not known yet", [path])} if {
	some resource in input.resources
	some path in resource.unknown
}
