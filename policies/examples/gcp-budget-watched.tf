resource "google_billing_budget" "good" {
  billing_account = "0A0A0A-0B0B0B-0C0C0C"

  amount {
    specified_amount {
      currency_code = "EUR"
      units         = "1000"
    }
  }

  threshold_rules {
    threshold_percent = 0.8
  }

  all_updates_rule {
    pubsub_topic = "projects/books/topics/money"
  }
}

resource "google_billing_budget" "good_channel" {
  billing_account = "0A0A0A-0B0B0B-0C0C0C"

  amount {
    specified_amount {
      currency_code = "EUR"
      units         = "1000"
    }
  }

  threshold_rules {
    threshold_percent = 0.8
  }

  all_updates_rule {
    monitoring_notification_channels = ["channel"]
  }
}

resource "google_billing_budget" "bad_late" {
  billing_account = "0A0A0A-0B0B0B-0C0C0C"

  amount {
    specified_amount {
      currency_code = "EUR"
      units         = "1000"
    }
  }

  threshold_rules {
    threshold_percent = 1.5
  }

  all_updates_rule {
    pubsub_topic = "projects/books/topics/money"
  }
}

resource "google_billing_budget" "bad_never" {
  billing_account = "0A0A0A-0B0B0B-0C0C0C"

  amount {
    specified_amount {
      currency_code = "EUR"
      units         = "1000"
    }
  }

  all_updates_rule {
    pubsub_topic = "projects/books/topics/money"
  }
}

resource "google_billing_budget" "bad_unheard" {
  billing_account = "0A0A0A-0B0B0B-0C0C0C"

  amount {
    specified_amount {
      currency_code = "EUR"
      units         = "1000"
    }
  }

  threshold_rules {
    threshold_percent = 0.8
  }
}

resource "google_billing_budget" "unknown_threshold" {
  billing_account = "0A0A0A-0B0B0B-0C0C0C"

  amount {
    specified_amount {
      currency_code = "EUR"
      units         = "1000"
    }
  }

  threshold_rules {
    threshold_percent = terraform_data.later.output
  }

  all_updates_rule {
    pubsub_topic = "projects/books/topics/money"
  }
}

resource "terraform_data" "later" {
  input = 0.8
}

resource "google_billing_budget" "good_after" {
  billing_account = "0A0A0A-0B0B0B-0C0C0C"

  amount {
    specified_amount {
      currency_code = "EUR"
      units         = "1000"
    }
  }

  threshold_rules {
    threshold_percent = 0.8
  }

  threshold_rules {
    threshold_percent = 1.2
  }

  all_updates_rule {
    pubsub_topic = "projects/books/topics/money"
  }
}
