package tallystick.rotation

import rego.v1

deny contains found if {
    some key in input.resources
    key.type == "aws_kms_key"
    not key.values.enable_key_rotation
    found := {"subject": key.address, "message": "it never rotates"}
}
