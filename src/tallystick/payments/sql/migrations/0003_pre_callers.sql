-- Who sent a file bounds what is paid of it, also when a job goes on after a crash; and whoever may see only some accounts sees
-- what they pay.

-- What its sender may move, and the decision that let them send it; and the accounts that pay in it, by their addresses.
ALTER TABLE payments.payment_file
    ADD COLUMN decision        text COLLATE "C",
    ADD COLUMN caps            jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN debit_addresses text[] COLLATE "C" NOT NULL DEFAULT '{}';

-- Finds payments by the account that pays, newest last, for who may see only some.
CREATE INDEX payment_by_debtor ON payments.payment (tenant_id, debit_address, payment_id)
    WHERE debit_address IS NOT NULL;
