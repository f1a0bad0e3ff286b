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

resource "google_compute_network" "bad_none" {
  name = "bad-none-network"
}
