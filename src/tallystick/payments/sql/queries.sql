-- name: insert_file
INSERT INTO payments.payment_file (
    tenant_id, file_id, report_id, sha256, fingerprint, message, message_id, initiating_party, original_created_at,
    stated_count, stated_sum, reason_code, reason_text, total, accepted, rejected, decision, caps,
    debit_addresses, finished_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18::jsonb, $19,
        CASE WHEN $15 = 0 THEN clock_timestamp() END)
ON CONFLICT DO NOTHING
RETURNING received_at

-- name: use_message_id
INSERT INTO payments.used_message_id (tenant_id, message_id, debtor, file_id)
SELECT $1, $2, given.debtor, $3 FROM unnest($4::text[]) AS given (debtor)
ON CONFLICT ON CONSTRAINT message_id_is_used_once DO NOTHING
RETURNING debtor

-- name: is_message_id_used
SELECT EXISTS (
    SELECT 1 FROM payments.used_message_id
    WHERE tenant_id = $1 AND message_id = $2 AND debtor = ANY ($3::text[])
)

-- name: insert_blocks
INSERT INTO payments.payment_block (
    tenant_id, file_id, position, payment_information_id, stated_count, stated_sum, reason_code, reason_text
)
SELECT $1, $2, given.position, given.payment_information_id, given.stated_count, given.stated_sum, given.reason_code,
       given.reason_text
FROM unnest($3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
     AS given (position, payment_information_id, stated_count, stated_sum, reason_code, reason_text)

-- name: insert_payments
INSERT INTO payments.payment (
    tenant_id, file_id, payment_id, block, payment_information_id, rail, state, end_to_end_id, instruction_id, uetr,
    instructed_amount, currency, amount, debtor_name, debtor_iban, creditor_name, creditor_iban, remittance, ledger,
    debit_address, credit_address, reason_code, reason_text, decided_at
)
SELECT $1, $2, given.payment_id, given.block, given.payment_information_id, given.rail, given.state,
       given.end_to_end_id, given.instruction_id, given.uetr, given.instructed_amount, given.currency, given.amount,
       given.debtor_name, given.debtor_iban, given.creditor_name, given.creditor_iban, given.remittance,
       given.ledger, given.debit_address, given.credit_address, given.reason_code, given.reason_text,
       CASE WHEN given.state <> 'accepted' THEN clock_timestamp() END
FROM unnest(
    $3::text[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
    $12::text[], $13::numeric[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[],
    $20::text[], $21::text[], $22::text[], $23::text[]
) AS given (
    payment_id, block, payment_information_id, rail, state, end_to_end_id, instruction_id, uetr, instructed_amount,
    currency, amount, debtor_name, debtor_iban, creditor_name, creditor_iban, remittance, ledger, debit_address,
    credit_address, reason_code, reason_text
)

-- name: first_events
INSERT INTO payments.payment_event (
    tenant_id, payment_id, number, actor, event, state_before, state_after, reason_code
)
SELECT $1, given.payment_id, 1, $2, given.event, $3, given.state, given.reason_code
FROM unnest($4::text[], $5::text[], $6::text[], $7::text[]) AS given (payment_id, event, state, reason_code)
RETURNING payment_id, recorded_at

-- name: lock_file
SELECT accepted FROM payments.payment_file WHERE tenant_id = $1 AND file_id = $2 FOR UPDATE

-- name: decide
-- The ids of a batch lie side by side, so the range keeps every plan a short walk, whatever the planner believes.
WITH given AS (
    SELECT outcome.payment_id, outcome.event, outcome.state, outcome.reason_code, outcome.reason_text
    FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
         AS outcome (payment_id, event, state, reason_code, reason_text)
), moved AS (
    UPDATE payments.payment
    SET state = given.state, reason_code = given.reason_code, reason_text = given.reason_text,
        decided_at = clock_timestamp()
    FROM given
    WHERE payment.tenant_id = $1 AND payment.payment_id BETWEEN $8 AND $9
      AND payment.payment_id = given.payment_id AND payment.state = 'accepted'
    RETURNING payment.payment_id, given.event, payment.state, payment.reason_code
), noted AS (
    INSERT INTO payments.payment_event (
        tenant_id, payment_id, number, actor, event, state_before, state_after, reason_code
    )
    SELECT $1, moved.payment_id, 2, $10, moved.event, 'accepted', moved.state, moved.reason_code FROM moved
    RETURNING payment_id, recorded_at
), counted AS (
    SELECT count(1) AS moved, count(1) FILTER (WHERE moved.state = 'settled') AS settled,
           count(1) FILTER (WHERE moved.state = 'rejected') AS rejected
    FROM moved
)
UPDATE payments.payment_file
SET accepted = payment_file.accepted - counted.moved, settled = payment_file.settled + counted.settled,
    rejected = payment_file.rejected + counted.rejected, tried_at = clock_timestamp(),
    finished_at = CASE
        WHEN payment_file.accepted > counted.moved THEN NULL
        ELSE coalesce(payment_file.finished_at, clock_timestamp())
    END
FROM counted
WHERE payment_file.tenant_id = $1 AND payment_file.file_id = $2
RETURNING counted.moved, array(SELECT noted.payment_id FROM noted ORDER BY noted.payment_id) AS payment_ids,
          array(SELECT noted.recorded_at FROM noted ORDER BY noted.payment_id) AS recorded_at

-- name: file
SELECT file_id, report_id, fingerprint, message, message_id, initiating_party, original_created_at, stated_count,
       stated_sum, reason_code, reason_text, total, accepted, settled, rejected, received_at, finished_at,
       debit_addresses
FROM payments.payment_file WHERE tenant_id = $1 AND file_id = $2

-- name: file_by_bytes
SELECT file_id, report_id, fingerprint, message, message_id, initiating_party, original_created_at, stated_count,
       stated_sum, reason_code, reason_text, total, accepted, settled, rejected, received_at, finished_at,
       debit_addresses
FROM payments.payment_file WHERE tenant_id = $1 AND sha256 = $2

-- name: file_by_content
SELECT file_id, report_id, fingerprint, message, message_id, initiating_party, original_created_at, stated_count,
       stated_sum, reason_code, reason_text, total, accepted, settled, rejected, received_at, finished_at,
       debit_addresses
FROM payments.payment_file WHERE tenant_id = $1 AND fingerprint = $2

-- name: files
SELECT file_id, report_id, fingerprint, message, message_id, initiating_party, original_created_at, stated_count,
       stated_sum, reason_code, reason_text, total, accepted, settled, rejected, received_at, finished_at,
       debit_addresses
FROM payments.payment_file WHERE tenant_id = $1 AND file_id < $2
ORDER BY file_id DESC
LIMIT $3

-- name: blocks
SELECT position, payment_information_id, stated_count, stated_sum, reason_code, reason_text
FROM payments.payment_block WHERE tenant_id = $1 AND file_id = $2 ORDER BY position

-- name: payment
SELECT payment.payment_id, payment.file_id, payment.block, payment.payment_information_id, payment.rail, payment.state,
       payment.end_to_end_id, payment.instruction_id, payment.uetr, payment.instructed_amount, payment.currency,
       payment.amount, payment.debtor_name, payment.debtor_iban, payment.creditor_name, payment.creditor_iban,
       payment.remittance, payment.ledger, payment.debit_address, payment.credit_address, payment.reason_code,
       payment.reason_text, payment.received_at, payment.decided_at
FROM payments.payment WHERE payment.tenant_id = $1 AND payment.payment_id = $2

-- name: events
SELECT number, recorded_at, actor, event, state_before, state_after, reason_code
FROM payments.payment_event WHERE tenant_id = $1 AND payment_id = $2 ORDER BY number

-- name: lock_payer
-- Whoever pays twice at once from an account does it one after the other, so that the second sees the first.
SELECT pg_advisory_xact_lock(hashtextextended('payments.like ' || $2::text, $1))

-- name: like_payment
SELECT payment.payment_id
FROM payments.payment
JOIN payments.payment_event AS first
  ON first.tenant_id = payment.tenant_id AND first.payment_id = payment.payment_id AND first.number = 1
WHERE payment.tenant_id = $1 AND payment.payment_id >= $2 AND payment.debit_address = ANY ($4::text[])
  AND payment.state <> 'rejected' AND first.actor = $3
  AND (payment.debit_address, payment.creditor_iban, payment.amount)
      IN (SELECT wanted.debit_address, wanted.creditor_iban, wanted.amount
          FROM unnest($4::text[], $5::text[], $6::numeric[]) AS wanted (debit_address, creditor_iban, amount))
ORDER BY payment.payment_id DESC
LIMIT 1

-- name: open_payments
SELECT payment.payment_id, payment.file_id, payment.block, payment.payment_information_id, payment.rail, payment.state,
       payment.end_to_end_id, payment.instruction_id, payment.uetr, payment.instructed_amount, payment.currency,
       payment.amount, payment.debtor_name, payment.debtor_iban, payment.creditor_name, payment.creditor_iban,
       payment.remittance, payment.ledger, payment.debit_address, payment.credit_address, payment.reason_code,
       payment.reason_text, payment.received_at, payment.decided_at
FROM payments.payment
WHERE payment.tenant_id = $1 AND payment.file_id = $2 AND payment.payment_id > $3 AND payment.state = 'accepted'
ORDER BY payment.payment_id
LIMIT $4

-- name: payments_in_order
SELECT payment.payment_id, payment.file_id, payment.block, payment.payment_information_id, payment.rail, payment.state,
       payment.end_to_end_id, payment.instruction_id, payment.uetr, payment.instructed_amount, payment.currency,
       payment.amount, payment.debtor_name, payment.debtor_iban, payment.creditor_name, payment.creditor_iban,
       payment.remittance, payment.ledger, payment.debit_address, payment.credit_address, payment.reason_code,
       payment.reason_text, payment.received_at, payment.decided_at
FROM payments.payment
WHERE payment.tenant_id = $1 AND payment.file_id = $2 AND payment.payment_id > $3
ORDER BY payment.payment_id
LIMIT $4

-- name: payments_of_file
SELECT payment.payment_id, payment.file_id, payment.block, payment.payment_information_id, payment.rail, payment.state,
       payment.end_to_end_id, payment.instruction_id, payment.uetr, payment.instructed_amount, payment.currency,
       payment.amount, payment.debtor_name, payment.debtor_iban, payment.creditor_name, payment.creditor_iban,
       payment.remittance, payment.ledger, payment.debit_address, payment.credit_address, payment.reason_code,
       payment.reason_text, payment.received_at, payment.decided_at
FROM payments.payment
WHERE payment.tenant_id = $1 AND payment.payment_id < $2 AND payment.payment_id >= $7 AND payment.file_id = $3
  AND ($4::text IS NULL OR payment.state = $4) AND ($5::text IS NULL OR payment.end_to_end_id = $5)
ORDER BY payment.payment_id DESC
LIMIT $6

-- name: payments_by_end_to_end_id
SELECT payment.payment_id, payment.file_id, payment.block, payment.payment_information_id, payment.rail, payment.state,
       payment.end_to_end_id, payment.instruction_id, payment.uetr, payment.instructed_amount, payment.currency,
       payment.amount, payment.debtor_name, payment.debtor_iban, payment.creditor_name, payment.creditor_iban,
       payment.remittance, payment.ledger, payment.debit_address, payment.credit_address, payment.reason_code,
       payment.reason_text, payment.received_at, payment.decided_at
FROM payments.payment
WHERE payment.tenant_id = $1 AND payment.payment_id < $2 AND payment.payment_id >= $6 AND payment.end_to_end_id = $3
  AND ($4::text IS NULL OR payment.state = $4)
ORDER BY payment.payment_id DESC
LIMIT $5

-- name: payments_by_state
SELECT payment.payment_id, payment.file_id, payment.block, payment.payment_information_id, payment.rail, payment.state,
       payment.end_to_end_id, payment.instruction_id, payment.uetr, payment.instructed_amount, payment.currency,
       payment.amount, payment.debtor_name, payment.debtor_iban, payment.creditor_name, payment.creditor_iban,
       payment.remittance, payment.ledger, payment.debit_address, payment.credit_address, payment.reason_code,
       payment.reason_text, payment.received_at, payment.decided_at
FROM payments.payment
WHERE payment.tenant_id = $1 AND payment.payment_id < $2 AND payment.payment_id >= $5 AND payment.state = $3
ORDER BY payment.payment_id DESC
LIMIT $4

-- name: payments
SELECT payment.payment_id, payment.file_id, payment.block, payment.payment_information_id, payment.rail, payment.state,
       payment.end_to_end_id, payment.instruction_id, payment.uetr, payment.instructed_amount, payment.currency,
       payment.amount, payment.debtor_name, payment.debtor_iban, payment.creditor_name, payment.creditor_iban,
       payment.remittance, payment.ledger, payment.debit_address, payment.credit_address, payment.reason_code,
       payment.reason_text, payment.received_at, payment.decided_at
FROM payments.payment
WHERE payment.tenant_id = $1 AND payment.payment_id < $2 AND payment.payment_id >= $4
ORDER BY payment.payment_id DESC
LIMIT $3

-- name: debtors
-- The accounts that pay, each looked up after the one before it: as many steps as there are accounts, not payments.
WITH RECURSIVE walked AS (
    SELECT seen.beyond, first.debit_address
    FROM unnest($2::text[], $3::text[]) AS seen (first, beyond) CROSS JOIN LATERAL (
        SELECT payment.debit_address FROM payments.payment
        WHERE payment.tenant_id = $1 AND payment.debit_address >= seen.first AND payment.debit_address < seen.beyond
        ORDER BY payment.debit_address
        LIMIT 1
    ) AS first
    UNION ALL
    SELECT walked.beyond, next.debit_address
    FROM walked CROSS JOIN LATERAL (
        SELECT payment.debit_address FROM payments.payment
        WHERE payment.tenant_id = $1
          AND payment.debit_address > walked.debit_address AND payment.debit_address < walked.beyond
        ORDER BY payment.debit_address
        LIMIT 1
    ) AS next
)
SELECT walked.debit_address FROM walked LIMIT $4

-- name: payments_of_debtors
SELECT payment.payment_id, payment.file_id, payment.block, payment.payment_information_id, payment.rail, payment.state,
       payment.end_to_end_id, payment.instruction_id, payment.uetr, payment.instructed_amount, payment.currency,
       payment.amount, payment.debtor_name, payment.debtor_iban, payment.creditor_name, payment.creditor_iban,
       payment.remittance, payment.ledger, payment.debit_address, payment.credit_address, payment.reason_code,
       payment.reason_text, payment.received_at, payment.decided_at
FROM unnest($3::text[]) AS chosen (debit_address) CROSS JOIN LATERAL (
    SELECT payment.payment_id, payment.file_id, payment.block, payment.payment_information_id, payment.rail,
           payment.state,
           payment.end_to_end_id, payment.instruction_id, payment.uetr, payment.instructed_amount, payment.currency,
           payment.amount, payment.debtor_name, payment.debtor_iban, payment.creditor_name, payment.creditor_iban,
           payment.remittance, payment.ledger, payment.debit_address, payment.credit_address, payment.reason_code,
           payment.reason_text, payment.received_at, payment.decided_at
    FROM payments.payment
    WHERE payment.tenant_id = $1 AND payment.payment_id < $2 AND payment.payment_id >= $10
      AND payment.debit_address >= chosen.debit_address AND payment.debit_address <= chosen.debit_address
      AND ($4::text IS NULL OR payment.file_id = $4) AND ($5::text IS NULL OR payment.end_to_end_id = $5)
      AND ($6::text IS NULL OR payment.state = $6) AND ($7::text IS NULL OR payment.creditor_iban = $7)
      AND ($8::numeric IS NULL OR payment.amount = $8)
    ORDER BY payment.debit_address DESC, payment.payment_id DESC
    LIMIT $9
) AS payment
ORDER BY payment.payment_id DESC
LIMIT $9

-- name: unfinished_tenants
SELECT tenant_id FROM payments.unfinished_v1(make_interval(secs => $1::integer), $2)

-- name: take_unfinished
UPDATE payments.payment_file SET tried_at = clock_timestamp()
WHERE tenant_id = $1 AND file_id IN (
    SELECT waiting.file_id FROM payments.payment_file AS waiting
    WHERE waiting.tenant_id = $1 AND waiting.accepted > 0
      AND waiting.tried_at <= clock_timestamp() - make_interval(secs => $2::integer)
    ORDER BY waiting.tried_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED
)
RETURNING file_id, decision, caps
