package tallystick.broken

import rego.v1

deny contains "a" if {
	input.cloud ==
}
