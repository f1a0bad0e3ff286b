-- Writes a decided batch: its transactions, their entries, and the balances they leave, in one statement.
-- Answers how many balances were at the version they were decided on; any other number than asked for means that
-- somebody else was faster, and the caller rolls back.
WITH transactions AS (
    INSERT INTO ledger.transaction (
        tenant_id, ledger_id, recorded_at, effective_at, id, kind, fingerprint, account_ids, amounts,
        target_at, expires_at, reference, metadata, refusal, refusal_fields
    )
    SELECT $1, $2, given.recorded_at, given.effective_at, given.id, given.kind, given.fingerprint,
           given.account_ids::bigint[], given.amounts::numeric[], given.target_at, given.expires_at,
           given.reference, given.metadata::jsonb, given.refusal, given.refusal_fields::jsonb
    FROM unnest(
        $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::text[],
        $10::timestamptz[], $11::timestamptz[], $12::text[], $13::text[], $14::text[], $15::text[]
    ) AS given (
        recorded_at, effective_at, id, kind, fingerprint, account_ids, amounts,
        target_at, expires_at, reference, metadata, refusal, refusal_fields
    )
), entries AS (
    INSERT INTO ledger.entry (
        tenant_id, ledger_id, account_id, recorded_at, effective_at, layer, line, displaced, is_debit,
        amount, debits, credits
    )
    SELECT $1, $2, given.account_id, given.recorded_at, given.effective_at, given.layer, given.line,
           given.displaced, given.is_debit, given.amount, given.debits, given.credits
    FROM unnest(
        $16::bigint[], $17::timestamptz[], $18::timestamptz[], $19::smallint[], $20::smallint[],
        $21::smallint[], $22::boolean[], $23::numeric[], $24::numeric[], $25::numeric[]
    ) AS given (
        account_id, recorded_at, effective_at, layer, line, displaced, is_debit, amount, debits, credits
    )
), moved AS (
    UPDATE ledger.balance
    SET version = balance.version + 1,
        recorded_at = given.recorded_at,
        displaced = given.displaced,
        debits_posted = given.debits_posted,
        credits_posted = given.credits_posted,
        debits_pending = given.debits_pending,
        credits_pending = given.credits_pending,
        debits_released = given.debits_released,
        credits_released = given.credits_released
    FROM unnest(
        $26::bigint[], $27::bigint[], $28::timestamptz[], $29::bigint[], $30::numeric[], $31::numeric[],
        $32::numeric[], $33::numeric[], $34::numeric[], $35::numeric[]
    ) AS given (
        account_id, version, recorded_at, displaced, debits_posted, credits_posted,
        debits_pending, credits_pending, debits_released, credits_released
    )
    WHERE balance.tenant_id = $1 AND balance.ledger_id = $2 AND balance.account_id = given.account_id
      AND balance.version = given.version AND balance.recorded_at < given.recorded_at
    RETURNING 1
)
SELECT count(1) FROM moved
