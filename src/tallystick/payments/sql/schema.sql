-- Payments: the files that customers sent, every transfer in them, and what became of it. The money itself is in the books.

CREATE SCHEMA payments AUTHORIZATION tallystick_owner;
GRANT USAGE ON SCHEMA payments TO tallystick_payments, tallystick_operator;

-- Refuses to change or remove a row: history is written once. Grants say so first, this says it to the owner.
CREATE FUNCTION payments.refuse_change_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: history is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'history_is_append_only';
END
$$;

-- A file that was read. Neither the same bytes nor the same content can be stored twice, so neither is paid twice. What it
-- stated is kept as text, to be echoed. The counts say how far its payments are; ``tried_at`` is when they last moved on,
-- or were last taken up by the job. ``report_id`` is the message id of its report. ``caps`` bound what its sender may move, and
-- ``decision`` let them send it: both hold also when a job goes on with it. ``debit_addresses`` are the accounts that pay in it.
CREATE TABLE payments.payment_file (
    tenant_id           bigint NOT NULL,
    file_id             text COLLATE "C" NOT NULL,
    report_id           text COLLATE "C" NOT NULL,
    sha256              bytea NOT NULL,
    fingerprint         bytea NOT NULL,
    message             text COLLATE "C" NOT NULL,
    message_id          text COLLATE "C" NOT NULL,
    initiating_party    text,
    original_created_at text NOT NULL,
    stated_count        text NOT NULL,
    stated_sum          text,
    reason_code         text,
    reason_text         text,
    total               integer NOT NULL,
    accepted            integer NOT NULL,
    settled             integer NOT NULL DEFAULT 0,
    rejected            integer NOT NULL,
    received_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    tried_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at         timestamptz,
    decision            text COLLATE "C",
    caps                jsonb NOT NULL DEFAULT '[]',
    debit_addresses     text[] COLLATE "C" NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, file_id),
    CONSTRAINT file_bytes_are_read_once UNIQUE (tenant_id, sha256),
    CONSTRAINT file_content_is_read_once UNIQUE (tenant_id, fingerprint),
    CONSTRAINT file_counts_add_up CHECK (
        accepted >= 0 AND settled >= 0 AND rejected >= 0 AND accepted + settled + rejected = total
    ),
    CONSTRAINT file_is_finished_when_nothing_is_open CHECK ((accepted = 0) = (finished_at IS NOT NULL)),
    CONSTRAINT file_reason_is_whole CHECK ((reason_code IS NULL) = (reason_text IS NULL))
);

-- Finds the files whose payments were not all booked, of all tenants: the job that finishes them walks it.
CREATE INDEX payment_file_unfinished ON payments.payment_file (tried_at, tenant_id) WHERE accepted > 0;

-- Which file used a message id for which debtor account. The primary key is what makes a message id one: another file
-- with it, for the same account, is told so and pays nothing. Append-only.
CREATE TABLE payments.used_message_id (
    tenant_id  bigint NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    debtor     text COLLATE "C" NOT NULL,
    file_id    text COLLATE "C" NOT NULL,
    CONSTRAINT message_id_is_used_once PRIMARY KEY (tenant_id, message_id, debtor),
    CONSTRAINT message_id_is_of_a_file FOREIGN KEY (tenant_id, file_id) REFERENCES payments.payment_file
);

-- A block of a file: transfers from one debtor account on one day. With a reason it was rejected whole. Append-only.
CREATE TABLE payments.payment_block (
    tenant_id              bigint NOT NULL,
    file_id                text COLLATE "C" NOT NULL,
    position               integer NOT NULL,
    payment_information_id text NOT NULL,
    stated_count           text,
    stated_sum             text,
    reason_code            text,
    reason_text            text,
    PRIMARY KEY (tenant_id, file_id, position),
    CONSTRAINT block_is_of_a_file FOREIGN KEY (tenant_id, file_id) REFERENCES payments.payment_file,
    CONSTRAINT block_reason_is_whole CHECK ((reason_code IS NULL) = (reason_text IS NULL))
);

-- A payment: one transfer of a file. Ids sort by time and, within a file, by place. Rejected ones carry the address of their
-- payer's account too, where there is one, for who may see it. Accepted ones carry all that the books
-- must be told, so that whoever finishes them tells the books the same. ``amount`` is in minor units; what it was written
-- as stands beside it.
CREATE TABLE payments.payment (
    tenant_id              bigint NOT NULL,
    payment_id             text COLLATE "C" NOT NULL,
    file_id                text COLLATE "C" NOT NULL,
    block                  integer NOT NULL,
    payment_information_id text NOT NULL,
    rail                   text NOT NULL,
    state                  text NOT NULL,
    end_to_end_id          text COLLATE "C" NOT NULL,
    instruction_id         text,
    uetr                   text,
    instructed_amount      text NOT NULL,
    currency               text NOT NULL,
    amount                 numeric(38, 0),
    debtor_name            text,
    debtor_iban            text,
    creditor_name          text,
    creditor_iban          text,
    remittance             text,
    ledger                 text COLLATE "C",
    debit_address          text COLLATE "C",
    credit_address         text COLLATE "C",
    reason_code            text,
    reason_text            text,
    received_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    decided_at             timestamptz,
    PRIMARY KEY (tenant_id, payment_id),
    CONSTRAINT payment_is_of_a_block FOREIGN KEY (tenant_id, file_id, block) REFERENCES payments.payment_block,
    CONSTRAINT payment_rail_is_known CHECK (rail IN ('book')),
    CONSTRAINT payment_state_is_known CHECK (state IN ('accepted', 'settled', 'rejected')),
    CONSTRAINT payment_is_bookable_unless_rejected CHECK (
        state = 'rejected' OR (amount > 0) IS TRUE AND ledger IS NOT NULL AND debit_address IS NOT NULL
        AND credit_address IS NOT NULL
    ),
    CONSTRAINT payment_is_rejected_for_a_reason CHECK (
        (state = 'rejected') = (reason_code IS NOT NULL) AND (reason_code IS NULL) = (reason_text IS NULL)
    ),
    CONSTRAINT payment_is_decided_when_final CHECK ((state = 'accepted') = (decided_at IS NULL))
);

-- Finds the payments of a file in its order, for its page and its report.
CREATE INDEX payment_by_file ON payments.payment (tenant_id, file_id, payment_id);

-- Finds those payments of a file that the books have not answered for.
CREATE INDEX payment_open ON payments.payment (tenant_id, file_id, payment_id) WHERE state = 'accepted';

-- Finds payments by the id their payers gave them, newest last.
CREATE INDEX payment_by_end_to_end_id ON payments.payment (tenant_id, end_to_end_id, payment_id);

-- Finds payments by where they stand, newest last.
CREATE INDEX payment_by_state ON payments.payment (tenant_id, state, payment_id);

-- Finds payments by the account that pays, newest last, for who may see only some.
CREATE INDEX payment_by_debtor ON payments.payment (tenant_id, debit_address, payment_id)
    WHERE debit_address IS NOT NULL;

-- Every move of every payment: who, when, from which state to which, and the code when it was rejected. The number counts
-- the moves of its payment, so that each is written once. Append-only.
CREATE TABLE payments.payment_event (
    tenant_id    bigint NOT NULL,
    payment_id   text COLLATE "C" NOT NULL,
    number       smallint NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor        text NOT NULL,
    event        text NOT NULL,
    state_before text NOT NULL,
    state_after  text NOT NULL,
    reason_code  text,
    PRIMARY KEY (tenant_id, payment_id, number),
    CONSTRAINT event_is_of_a_payment FOREIGN KEY (tenant_id, payment_id) REFERENCES payments.payment,
    CONSTRAINT event_is_known CHECK (event IN ('accept', 'settle', 'reject'))
);

-- Each table shows and takes only rows of the tenant that the transaction has set; an unset tenant is an error.
ALTER TABLE payments.payment_file ENABLE ROW LEVEL SECURITY;
ALTER TABLE payments.payment_file FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON payments.payment_file
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE payments.used_message_id ENABLE ROW LEVEL SECURITY;
ALTER TABLE payments.used_message_id FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON payments.used_message_id
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE payments.payment_block ENABLE ROW LEVEL SECURITY;
ALTER TABLE payments.payment_block FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON payments.payment_block
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE payments.payment ENABLE ROW LEVEL SECURITY;
ALTER TABLE payments.payment FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON payments.payment
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE payments.payment_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE payments.payment_event FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON payments.payment_event
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);

-- History is append-only by trigger too, for whoever has more rights than the service.
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payments.used_message_id
    FOR EACH STATEMENT EXECUTE FUNCTION payments.refuse_change_v1();
ALTER TABLE payments.used_message_id ENABLE ALWAYS TRIGGER history_is_append_only;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payments.payment_block
    FOR EACH STATEMENT EXECUTE FUNCTION payments.refuse_change_v1();
ALTER TABLE payments.payment_block ENABLE ALWAYS TRIGGER history_is_append_only;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payments.payment_event
    FOR EACH STATEMENT EXECUTE FUNCTION payments.refuse_change_v1();
ALTER TABLE payments.payment_event ENABLE ALWAYS TRIGGER history_is_append_only;

-- The service reads and adds; it changes only what has to change, and deletes nothing. Operators see what was done, not whose it is.
GRANT SELECT, INSERT ON payments.payment_file, payments.used_message_id, payments.payment_block, payments.payment, payments.payment_event TO tallystick_payments;
GRANT UPDATE (accepted, settled, rejected, tried_at, finished_at) ON payments.payment_file TO tallystick_payments;
GRANT UPDATE (state, reason_code, reason_text, decided_at) ON payments.payment TO tallystick_payments;
GRANT SELECT ON payments.payment_event TO tallystick_operator;

-- The tenants with files whose payments did not move on for so long, those that waited longest first, for the job that
-- finishes them: it walks across tenants, so it answers numbers only.
CREATE POLICY owner_walks ON payments.payment_file FOR SELECT TO tallystick_owner USING (true);
CREATE FUNCTION payments.unfinished_v1(waiting interval, most integer) RETURNS TABLE (tenant_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT payment_file.tenant_id FROM payments.payment_file
    WHERE payment_file.accepted > 0 AND payment_file.tried_at <= clock_timestamp() - waiting
    GROUP BY payment_file.tenant_id ORDER BY min(payment_file.tried_at) LIMIT most
$$;
REVOKE ALL ON FUNCTION payments.unfinished_v1 FROM PUBLIC;
GRANT EXECUTE ON FUNCTION payments.unfinished_v1 TO tallystick_payments;

-- Numbers the leaves.
CREATE SEQUENCE payments.leaf_number;

-- The record's part of this context: entries of what it did, packed as in a bundle of the log, up to 256 a row, written in the
-- transaction that did it. ``xid`` is that transaction's number, by which the sequencer knows what can no longer be overtaken.
-- Append-only.
CREATE TABLE payments.leaf (
    tenant_id bigint NOT NULL,
    number    bigint NOT NULL,
    xid       xid8 NOT NULL DEFAULT pg_current_xact_id(),
    first_at  timestamptz NOT NULL,
    last_at   timestamptz NOT NULL,
    length    integer NOT NULL,
    entries   bytea STORAGE EXTERNAL NOT NULL,
    PRIMARY KEY (tenant_id, number),
    CONSTRAINT leaf_holds_1_to_256_entries CHECK (length BETWEEN 1 AND 256)
);

-- The order in which the sequencer follows: no commit gets in before what has passed.
CREATE INDEX leaf_in_order ON payments.leaf (xid, number);

-- What the seals of a leaf's entries were made with: 16 bytes of salt each, and the network address each came from, a line
-- each. Without it a seal says nothing about what it hides, so removing it removes the person and keeps the proof.
CREATE TABLE payments.leaf_secret (
    tenant_id bigint NOT NULL,
    number    bigint NOT NULL,
    salts     bytea STORAGE EXTERNAL NOT NULL,
    origins   text NOT NULL,
    PRIMARY KEY (tenant_id, number)
);

-- A tenant's leaves are written and compared as that tenant; the sequencer alone reads those of all, and no secret.
ALTER TABLE payments.leaf ENABLE ROW LEVEL SECURITY;
ALTER TABLE payments.leaf FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON payments.leaf TO tallystick_payments, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
CREATE POLICY sequencer_follows ON payments.leaf FOR SELECT TO tallystick_sequencer USING (true);
ALTER TABLE payments.leaf_secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE payments.leaf_secret FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON payments.leaf_secret TO tallystick_payments, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);

-- What went into the record stays as it was written.
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payments.leaf
    FOR EACH STATEMENT EXECUTE FUNCTION payments.refuse_change_v1();
ALTER TABLE payments.leaf ENABLE ALWAYS TRIGGER history_is_append_only;

GRANT USAGE ON SCHEMA payments TO tallystick_sequencer;
GRANT SELECT ON payments.leaf TO tallystick_sequencer;
-- Which transaction a leaf is of is not for the writer to say: one that chose it would be passed over, or hold up all others.
GRANT INSERT (tenant_id, number, first_at, last_at, length, entries) ON payments.leaf TO tallystick_payments;
GRANT INSERT ON payments.leaf_secret TO tallystick_payments;
GRANT USAGE ON SEQUENCE payments.leaf_number TO tallystick_payments;
GRANT SELECT ON payments.leaf, payments.leaf_secret TO tallystick_operator;

-- Whoever compares the record with the tables sees which files came, and nothing of what people wrote in them.
GRANT SELECT (tenant_id, file_id, message, reason_code, total, received_at) ON payments.payment_file TO tallystick_operator;

-- Doors between processes.

-- What other processes signed to be let in at a door of this context, as hashes: each is good once, for all processes, and is
-- forgotten when its signature would be refused for its age. It is of no tenant.
CREATE TABLE payments.knock (
    hash     bytea NOT NULL,
    until_at timestamptz NOT NULL,
    PRIMARY KEY (hash),
    CONSTRAINT knock_hash_is_sha256 CHECK (length(hash) = 32)
);

-- What may be forgotten comes first.
CREATE INDEX knock_until ON payments.knock (until_at);
GRANT SELECT, INSERT, DELETE ON payments.knock TO tallystick_payments;
