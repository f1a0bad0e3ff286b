resource "aws_secretsmanager_secret_version" "good" {
  secret_id                = "books"
  secret_string_wo         = "never kept"
  secret_string_wo_version = 1
}

resource "aws_secretsmanager_secret_version" "bad_text" {
  secret_id     = "books"
  secret_string = "hunter2"
}

resource "aws_secretsmanager_secret_version" "bad_bytes" {
  secret_id     = "books"
  secret_binary = "aHVudGVyMg=="
}
