# Images come from a registry of our own: a tag means one image for ever, and every image is searched for known holes.

resource "aws_ecr_repository" "this" {
  region               = var.naming.region
  name                 = local.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = false
  tags                 = local.tags

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.key_arn
  }

  image_scanning_configuration {
    scan_on_push = true
  }
}
