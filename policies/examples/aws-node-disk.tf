resource "aws_kms_key" "good" {
  enable_key_rotation = true
}

resource "aws_launch_template" "good" {
  name = "good-nodes"

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      encrypted  = true
      kms_key_id = "alias/tallystick-data"
    }
  }
}

resource "aws_kms_key" "bad_plain" {
  enable_key_rotation = true
}

resource "aws_launch_template" "bad_plain" {
  name = "bad_plain-nodes"

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      encrypted  = false
      kms_key_id = "alias/tallystick-data"
    }
  }
}

resource "aws_kms_key" "bad_cloud_key" {
  enable_key_rotation = true
}

resource "aws_launch_template" "bad_cloud_key" {
  name = "bad_cloud_key-nodes"

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      encrypted = true
    }
  }
}

resource "aws_kms_key" "unknown_disk" {
  enable_key_rotation = true
}

resource "aws_launch_template" "unknown_disk" {
  name = "unknown_disk-nodes"

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      encrypted  = terraform_data.later.output
      kms_key_id = "alias/tallystick-data"
    }
  }
}

resource "terraform_data" "later" {
  input = true
}

resource "aws_kms_key" "good_taken_away" {
  enable_key_rotation = true
}

resource "aws_launch_template" "good_taken_away" {
  name = "good-taken-away-nodes"

  block_device_mappings {
    device_name = "/dev/sdb"
    no_device   = "true"
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      encrypted  = true
      kms_key_id = "alias/tallystick-data"
    }
  }
}
