package tallystick.silent

import rego.v1

# Nobody asks for this name.
allow := true
