# The database: a synchronous standby in another zone, the customer's key, TLS only, no address outside, backups to any
# second, a replica and copies of the backups in the recovery region.

locals {
  # No statement is logged but those that change tables: others carry values of customers.
  parameters = {
    "rds.force_ssl"              = "1"
    "ssl_min_protocol_version"   = "TLSv1.2"
    "log_connections"            = "1"
    "log_disconnections"         = "1"
    "log_statement"              = "ddl"
    "log_min_duration_statement" = "-1"
    "pgaudit.log"                = "ddl,role"
    "shared_preload_libraries"   = "pgaudit,pg_stat_statements"
  }
  delayed = ["shared_preload_libraries"]
  regions = var.settings.replica ? { here = var.naming.region, recovery = var.naming.recovery_region } : { here = var.naming.region }
  servers = { here = var.naming.prefix, recovery = "${var.naming.prefix}-recovery" }
  logs    = ["postgresql", "upgrade", "iam-db-auth-error"]
  tags    = var.naming.tags.database
}

resource "aws_db_parameter_group" "this" {
  for_each = local.regions

  region      = each.value
  name        = "${var.naming.prefix}-${each.key}"
  description = "TLS only, and what an auditor asks for is logged."
  family      = "postgres${var.settings.version}"
  tags        = local.tags

  dynamic "parameter" {
    for_each = local.parameters

    content {
      name         = parameter.key
      value        = parameter.value
      apply_method = contains(local.delayed, parameter.key) ? "pending-reboot" : "immediate"
    }
  }
}

resource "aws_db_subnet_group" "this" {
  for_each = local.regions

  region      = each.value
  name        = "${var.naming.prefix}-${each.key}"
  description = "The data segment."
  subnet_ids  = each.key == "here" ? var.subnet_ids : var.recovery_subnet_ids
  tags        = local.tags
}

resource "aws_db_instance" "this" {
  region         = var.naming.region
  identifier     = local.servers.here
  engine         = "postgres"
  engine_version = var.settings.version
  instance_class = var.size
  db_name        = "tallystick"
  username       = "tallystick_owner"
  port           = 5432

  # A secret of the cloud's own for the owner would be refused with a replica. So the owner's password is made as it is set,
  # is written to neither plan nor state, and nobody knows it: services and people sign in by identity. The next number
  # makes the next password.
  password_wo                         = "${uuid()}-${uuid()}"
  password_wo_version                 = var.settings.owner_password
  iam_database_authentication_enabled = true

  storage_type          = "gp3"
  allocated_storage     = var.settings.storage_gb
  max_allocated_storage = 4 * var.settings.storage_gb
  storage_encrypted     = true
  kms_key_id            = var.key_arn

  multi_az               = var.settings.synchronous
  db_subnet_group_name   = aws_db_subnet_group.this["here"].name
  vpc_security_group_ids = [var.security_group_id]
  publicly_accessible    = false
  parameter_group_name   = aws_db_parameter_group.this["here"].name
  ca_cert_identifier     = "rds-ca-ecc384-g1"

  backup_retention_period   = var.settings.backup_days
  backup_window             = "01:00-02:00"
  maintenance_window        = "sun:02:30-sun:03:30"
  copy_tags_to_snapshot     = true
  delete_automated_backups  = false
  deletion_protection       = var.settings.deletion_protection
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.naming.prefix}-final"

  auto_minor_version_upgrade      = true
  apply_immediately               = false
  enabled_cloudwatch_logs_exports = local.logs

  performance_insights_enabled          = true
  performance_insights_kms_key_id       = var.key_arn
  performance_insights_retention_period = var.settings.insights_days
  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.monitoring.arn

  tags = local.tags

  # Otherwise the server makes its groups by itself, without our key and for ever.
  depends_on = [aws_cloudwatch_log_group.this]
}

resource "aws_db_instance" "replica" {
  count = var.settings.replica ? 1 : 0

  region              = var.naming.recovery_region
  identifier          = local.servers.recovery
  replicate_source_db = aws_db_instance.this.arn
  instance_class      = var.size

  iam_database_authentication_enabled = true

  storage_encrypted = true
  kms_key_id        = var.recovery_key_arn

  multi_az               = var.settings.synchronous
  db_subnet_group_name   = aws_db_subnet_group.this["recovery"].name
  vpc_security_group_ids = [var.recovery_security_group_id]
  publicly_accessible    = false
  parameter_group_name   = aws_db_parameter_group.this["recovery"].name
  ca_cert_identifier     = "rds-ca-ecc384-g1"

  backup_retention_period  = var.settings.backup_days
  copy_tags_to_snapshot    = true
  delete_automated_backups = false
  deletion_protection      = var.settings.deletion_protection

  # A replica is deleted without one: the cloud refuses a last snapshot of it.
  skip_final_snapshot = true

  auto_minor_version_upgrade      = true
  enabled_cloudwatch_logs_exports = local.logs

  performance_insights_enabled          = true
  performance_insights_kms_key_id       = var.recovery_key_arn
  performance_insights_retention_period = var.settings.insights_days
  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.monitoring.arn

  tags = local.tags

  # Otherwise the server makes its groups by itself, without our key and for ever.
  depends_on = [aws_cloudwatch_log_group.this]
}

resource "aws_db_instance_automated_backups_replication" "this" {
  count = var.settings.replica ? 1 : 0

  region                 = var.naming.recovery_region
  source_db_instance_arn = aws_db_instance.this.arn
  kms_key_id             = var.recovery_key_arn
  retention_period       = var.settings.backup_days
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = merge([for key, region in local.regions : {
    for log in local.logs : "${key}-${log}" => { region = region, server = local.servers[key], log = log }
  }]...)

  region            = each.value.region
  name              = "/aws/rds/instance/${each.value.server}/${each.value.log}"
  kms_key_id        = startswith(each.key, "here-") ? var.logs_key_arn : var.recovery_logs_key_arn
  retention_in_days = var.log_days
  tags              = var.naming.tags.database
}

resource "aws_iam_role" "monitoring" {
  name                 = "${var.naming.prefix}-database-monitoring"
  permissions_boundary = var.boundary_arn
  tags                 = var.naming.tags.database

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.naming.account } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}
