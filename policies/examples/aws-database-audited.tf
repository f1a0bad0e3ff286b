resource "aws_db_parameter_group" "good" {
  name   = "good-parameters"
  family = "postgres17"

  parameter {
    name         = "shared_preload_libraries"
    value        = "pgaudit,pg_stat_statements"
    apply_method = "pending-reboot"
  }

  parameter {
    name  = "log_connections"
    value = "1"
  }

  parameter {
    name  = "pgaudit.log"
    value = "ddl,role"
  }
}

resource "aws_db_instance" "good" {
  instance_class                  = "db.m7g.large"
  parameter_group_name            = aws_db_parameter_group.good.name
  enabled_cloudwatch_logs_exports = ["postgresql"]
}

resource "aws_db_parameter_group" "bad_stays" {
  name   = "bad_stays-parameters"
  family = "postgres17"

  parameter {
    name         = "shared_preload_libraries"
    value        = "pgaudit,pg_stat_statements"
    apply_method = "pending-reboot"
  }

  parameter {
    name  = "log_connections"
    value = "1"
  }

  parameter {
    name  = "pgaudit.log"
    value = "ddl,role"
  }
}

resource "aws_db_instance" "bad_stays" {
  instance_class                  = "db.m7g.large"
  parameter_group_name            = aws_db_parameter_group.bad_stays.name
  enabled_cloudwatch_logs_exports = ["upgrade"]
}

resource "aws_db_parameter_group" "bad_nameless" {
  name   = "bad_nameless-parameters"
  family = "postgres17"

  parameter {
    name         = "shared_preload_libraries"
    value        = "pgaudit,pg_stat_statements"
    apply_method = "pending-reboot"
  }

  parameter {
    name  = "log_connections"
    value = "0"
  }

  parameter {
    name  = "pgaudit.log"
    value = "ddl,role"
  }
}

resource "aws_db_instance" "bad_nameless" {
  instance_class                  = "db.m7g.large"
  parameter_group_name            = aws_db_parameter_group.bad_nameless.name
  enabled_cloudwatch_logs_exports = ["postgresql"]
}

resource "aws_db_parameter_group" "bad_unaudited" {
  name   = "bad_unaudited-parameters"
  family = "postgres17"

  parameter {
    name         = "shared_preload_libraries"
    value        = "pgaudit,pg_stat_statements"
    apply_method = "pending-reboot"
  }

  parameter {
    name  = "log_connections"
    value = "1"
  }

  parameter {
    name  = "log_statement"
    value = "ddl,role"
  }
}

resource "aws_db_instance" "bad_unaudited" {
  instance_class                  = "db.m7g.large"
  parameter_group_name            = aws_db_parameter_group.bad_unaudited.name
  enabled_cloudwatch_logs_exports = ["postgresql"]
}

resource "aws_db_parameter_group" "unknown_parameter" {
  name   = "unknown_parameter-parameters"
  family = "postgres17"

  parameter {
    name         = "shared_preload_libraries"
    value        = "pgaudit,pg_stat_statements"
    apply_method = "pending-reboot"
  }

  parameter {
    name  = "log_connections"
    value = terraform_data.later.output
  }

  parameter {
    name  = "pgaudit.log"
    value = "ddl,role"
  }
}

resource "aws_db_instance" "unknown_parameter" {
  instance_class                  = "db.m7g.large"
  parameter_group_name            = aws_db_parameter_group.unknown_parameter.name
  enabled_cloudwatch_logs_exports = ["postgresql"]
}

resource "terraform_data" "later" {
  input = "1"
}

resource "aws_db_parameter_group" "bad_none" {
  name   = "bad-none-parameters"
  family = "postgres17"

  parameter {
    name         = "shared_preload_libraries"
    value        = "pgaudit,pg_stat_statements"
    apply_method = "pending-reboot"
  }

  parameter {
    name  = "log_connections"
    value = "1"
  }

  parameter {
    name  = "pgaudit.log"
    value = "none"
  }
}

resource "aws_db_instance" "bad_none" {
  instance_class                  = "db.m7g.large"
  parameter_group_name            = aws_db_parameter_group.bad_none.name
  enabled_cloudwatch_logs_exports = ["postgresql"]
}

resource "aws_db_parameter_group" "bad_unloaded" {
  name   = "bad-unloaded-parameters"
  family = "postgres17"

  parameter {
    name         = "shared_preload_libraries"
    value        = "pg_stat_statements"
    apply_method = "pending-reboot"
  }

  parameter {
    name  = "log_connections"
    value = "1"
  }

  parameter {
    name  = "pgaudit.log"
    value = "ddl,role"
  }
}

resource "aws_db_instance" "bad_unloaded" {
  instance_class                  = "db.m7g.large"
  parameter_group_name            = aws_db_parameter_group.bad_unloaded.name
  enabled_cloudwatch_logs_exports = ["postgresql"]
}
