package tallystick.texts

import rego.v1

# Built-in functions on texts, numbers and times.
deny contains message if {
	some resource in input.resources
	regex.match(`^aws_`, resource.type)
	parts := split(resource.address, ".")
	message := concat(" ", [upper(parts[0]), lower(parts[1]), format_int(count(parts), 10)])
}
