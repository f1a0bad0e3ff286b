resource "aws_budgets_budget" "good" {
  name         = "good-budget"
  budget_type  = "COST"
  limit_amount = "1000"
  limit_unit   = "USD"
  time_unit    = "MONTHLY"
}

resource "aws_s3_bucket" "bad_none" {
  bucket = "bad-none-bucket"
}

resource "aws_budgets_budget" "unknown_limit" {
  name         = "unknown_limit-budget"
  budget_type  = "COST"
  limit_amount = terraform_data.later.output
  limit_unit   = "USD"
  time_unit    = "MONTHLY"
}

resource "terraform_data" "later" {
  input = "1000"
}

resource "aws_budgets_budget" "good_cents" {
  name         = "good-cents-budget"
  budget_type  = "COST"
  limit_amount = "1000.00"
  limit_unit   = "USD"
  time_unit    = "MONTHLY"
}
