resource "google_project_iam_custom_role" "good" {
  role_id     = "good"
  title       = "good"
  permissions = ["cloudsql.instances.connect"]
}

resource "google_project_iam_custom_role" "bad_gives" {
  role_id     = "bad_gives"
  title       = "bad_gives"
  permissions = ["resourcemanager.projects.setIamPolicy"]
}

resource "google_project_iam_custom_role" "bad_acts" {
  role_id     = "bad_acts"
  title       = "bad_acts"
  permissions = ["iam.serviceAccounts.getAccessToken"]
}
