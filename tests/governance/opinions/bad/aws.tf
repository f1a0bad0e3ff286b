# Misconfigurations that every list of them begins with. Each resource is one case, and a control of ours must fail it.

resource "aws_security_group" "bad_ssh_to_all" {
  name = "shell"
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_vpc_security_group_ingress_rule" "bad_everything_to_all" {
  security_group_id = "sg-0a1b2c3d"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_s3_bucket" "bad_bare_bucket" {
  bucket = "payslips"
}

resource "aws_db_instance" "bad_database" {
  identifier          = "salaries"
  engine              = "postgres"
  instance_class      = "db.t3.micro"
  allocated_storage   = 20
  username            = "owner"
  password            = "not-a-secret-any-more"
  publicly_accessible = true
  skip_final_snapshot = true
}

resource "aws_iam_policy" "bad_all_on_all" {
  name = "whatever"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }]
  })
}

resource "aws_iam_role" "bad_taken_by_anybody" {
  name = "open"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "*" } }]
  })
}

resource "aws_lb_listener" "bad_plain_http" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/shop/0a1b2c3d4e5f6071"
  port              = 80
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/shop/0a1b2c3d4e5f6071"
  }
}

resource "aws_eks_cluster" "bad_public_cluster" {
  name     = "shop"
  role_arn = "arn:aws:iam::111122223333:role/shop"
  vpc_config {
    subnet_ids             = ["subnet-0a1b2c3d", "subnet-1a2b3c4d"]
    endpoint_public_access = true
  }
}

resource "aws_cloudtrail" "bad_half_a_trail" {
  name           = "trail"
  s3_bucket_name = "trail"
}

resource "aws_instance" "bad_metadata" {
  ami           = "ami-0a1b2c3d"
  instance_type = "t3.micro"
}

resource "aws_kms_key" "bad_key_for_ever" {
  description = "never rotated"
}
