-- In milliseconds, for this transaction alone: the first is for us who do not go on, the second for a lock that waits.
SELECT
    set_config('idle_in_transaction_session_timeout', $1::text, true),
    set_config('statement_timeout', $1::text, true);
