-- The login that OpenBao makes others with. It may hand on the roles of contexts, and can take none of them on itself.
-- Run it with the login that migrated the database, then give it a password that OpenBao alone has:
-- `bao write -force database/rotate-root/tallystick`.
CREATE ROLE openbao LOGIN CREATEROLE PASSWORD '…';
GRANT tallystick_audit, tallystick_identity, tallystick_ledger, tallystick_wallets, tallystick_payments,
    tallystick_governance, tallystick_operator, tallystick_sequencer
    TO openbao WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
