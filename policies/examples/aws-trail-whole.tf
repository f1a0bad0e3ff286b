resource "aws_kms_key" "good" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "good" {
  name                          = "good-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true
  kms_key_id                    = aws_kms_key.good.arn
}

resource "aws_kms_key" "bad_region" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "bad_region" {
  name                          = "bad_region-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = false
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true
  kms_key_id                    = aws_kms_key.bad_region.arn
}

resource "aws_kms_key" "bad_global" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "bad_global" {
  name                          = "bad_global-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = true
  include_global_service_events = false
  enable_log_file_validation    = true
  enable_logging                = true
  kms_key_id                    = aws_kms_key.bad_global.arn
}

resource "aws_kms_key" "bad_unproven" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "bad_unproven" {
  name                          = "bad_unproven-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = false
  enable_logging                = true
  kms_key_id                    = aws_kms_key.bad_unproven.arn
}

resource "aws_kms_key" "bad_off" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "bad_off" {
  name                          = "bad_off-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = false
  kms_key_id                    = aws_kms_key.bad_off.arn
}

resource "aws_kms_key" "bad_cloud_key" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "bad_cloud_key" {
  name                          = "bad_cloud_key-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true
  kms_key_id                    = ""
}

resource "aws_kms_key" "unknown_regions" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "unknown_regions" {
  name                          = "unknown_regions-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = terraform_data.later.output
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true
  kms_key_id                    = aws_kms_key.unknown_regions.arn
}

resource "terraform_data" "later" {
  input = true
}

resource "aws_kms_key" "bad_blind" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "bad_blind" {
  name                          = "bad-blind-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true

  event_selector {
    include_management_events = false
    read_write_type           = "All"
  }

  kms_key_id = aws_kms_key.bad_blind.arn
}

resource "aws_kms_key" "bad_reads" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "bad_reads" {
  name                          = "bad-reads-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true

  event_selector {
    include_management_events = true
    read_write_type           = "ReadOnly"
  }

  kms_key_id = aws_kms_key.bad_reads.arn
}

resource "aws_kms_key" "good_selected" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "good_selected" {
  name                          = "good-selected-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true

  event_selector {
    include_management_events = true
    read_write_type           = "All"
  }

  kms_key_id = aws_kms_key.good_selected.arn
}

resource "aws_kms_key" "good_advanced" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "good_advanced" {
  name                          = "good-advanced-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true

  advanced_event_selector {
    name = "what"

    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
  }

  kms_key_id = aws_kms_key.good_advanced.arn
}

resource "aws_kms_key" "bad_data" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "bad_data" {
  name                          = "bad-data-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true

  advanced_event_selector {
    name = "what"

    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }
  }

  kms_key_id = aws_kms_key.bad_data.arn
}

resource "aws_kms_key" "bad_writes" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "bad_writes" {
  name                          = "bad-writes-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true

  advanced_event_selector {
    name = "what"

    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }

    field_selector {
      field  = "readOnly"
      equals = ["false"]
    }
  }

  kms_key_id = aws_kms_key.bad_writes.arn
}
