-- Writes a decided batch: its transactions, their entries, and the balances they leave, in one statement.
-- Answers how many balances were at the version they were decided on; any other number than asked for means that
-- somebody else was faster, and the caller rolls back.
--
-- Columns of numbers come as array literals, and a column in which nothing differs from its default comes as NULL: both
-- halve what it costs to send a batch. Steps and balances name their act by its place in the batch.
WITH transactions AS (
    INSERT INTO ledger.transaction (
        tenant_id, ledger_id, recorded_at, effective_at, id, kind, fingerprint, account_ids, amounts,
        target_at, expires_at, reference, metadata, refusal, refusal_fields
    )
    SELECT $1, $2, given.recorded_at, coalesce(given.effective_at, given.recorded_at), given.id,
           coalesce(given.kind, 'post'), given.fingerprint, given.account_ids::bigint[], given.amounts::numeric[],
           given.target_at, given.expires_at, given.reference, given.metadata::jsonb, given.refusal,
           given.refusal_fields::jsonb
    FROM unnest(
        $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::text[],
        $10::timestamptz[], $11::timestamptz[], $12::text[], $13::text[], $14::text[], $15::text[]
    ) AS given (
        recorded_at, effective_at, id, kind, fingerprint, account_ids, amounts,
        target_at, expires_at, reference, metadata, refusal, refusal_fields
    )
), step AS MATERIALIZED (
    SELECT given.act, given.debit_account_id, given.credit_account_id, coalesce(given.layer, 0) AS layer,
           coalesce(given.line, 0) AS line, given.amount,
           coalesce(given.debit_debits, 0) AS debit_debits, coalesce(given.debit_credits, 0) AS debit_credits,
           coalesce(given.credit_debits, 0) AS credit_debits, coalesce(given.credit_credits, 0) AS credit_credits
    FROM unnest(
        $16::text::integer[], $17::text::bigint[], $18::text::bigint[], $19::text::smallint[],
        $20::text::smallint[], $21::text::numeric[], $22::text::numeric[], $23::text::numeric[],
        $24::text::numeric[], $25::text::numeric[]
    ) AS given (
        act, debit_account_id, credit_account_id, layer, line, amount,
        debit_debits, debit_credits, credit_debits, credit_credits
    )
), entries AS (
    INSERT INTO ledger.entry (
        tenant_id, ledger_id, account_id, recorded_at, effective_at, layer, line, is_debit,
        amount, debits, credits
    )
    SELECT $1, $2, step.debit_account_id, ($3::timestamptz[])[step.act],
           coalesce(($4::timestamptz[])[step.act], ($3::timestamptz[])[step.act]), step.layer, step.line,
           true, step.amount, step.debit_debits, step.debit_credits
    FROM step
    UNION ALL
    SELECT $1, $2, step.credit_account_id, ($3::timestamptz[])[step.act],
           coalesce(($4::timestamptz[])[step.act], ($3::timestamptz[])[step.act]), step.layer,
           (step.line + 1)::smallint, false, step.amount, step.credit_debits,
           step.credit_credits
    FROM step
), moved AS (
    UPDATE ledger.balance
    SET version = balance.version + 1,
        recorded_at = ($3::timestamptz[])[given.act],
        debits_posted = coalesce(given.debits_posted, 0),
        credits_posted = coalesce(given.credits_posted, 0),
        debits_pending = coalesce(given.debits_pending, 0),
        credits_pending = coalesce(given.credits_pending, 0),
        debits_released = coalesce(given.debits_released, 0),
        credits_released = coalesce(given.credits_released, 0)
    FROM unnest(
        $26::text::bigint[], $27::text::integer[], $28::text::bigint[], $29::text::numeric[],
        $30::text::numeric[], $31::text::numeric[], $32::text::numeric[], $33::text::numeric[],
        $34::text::numeric[]
    ) AS given (
        account_id, act, version, debits_posted, credits_posted,
        debits_pending, credits_pending, debits_released, credits_released
    )
    WHERE balance.tenant_id = $1 AND balance.ledger_id = $2 AND balance.account_id = given.account_id
      AND balance.version = coalesce(given.version, 0)
      AND balance.recorded_at < ($3::timestamptz[])[given.act]
    RETURNING 1
)
SELECT count(1) FROM moved
