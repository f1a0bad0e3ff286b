# What no lent identity does to itself, whatever it gives itself: who may set the policy of a bucket, a key or a secret could
# let itself in. A refusal goes before everything that is allowed, and only the organisation's owner changes it:
# cloud.google.com/iam/docs/deny-overview.

resource "google_iam_deny_policy" "never" {
  parent       = urlencode("cloudresourcemanager.googleapis.com/projects/${var.naming.account}")
  name         = "${var.naming.prefix}-never"
  display_name = "What runs of ${var.naming.brief} never do"

  rules {
    description = "Whoever changes what keeps data reads none of it, and becomes nobody else."

    deny_rule {
      denied_principals = [for who in ["plan", "apply"] :
      "principal://iam.googleapis.com/projects/-/serviceAccounts/${google_service_account.this[who].email}"]
      denied_permissions = local.roles.never
    }
  }
}
