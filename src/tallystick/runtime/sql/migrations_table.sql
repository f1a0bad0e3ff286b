-- What was applied, when, and the checksum of what it said then.
CREATE SCHEMA IF NOT EXISTS runtime AUTHORIZATION tallystick_owner;
CREATE TABLE IF NOT EXISTS runtime.migration (
    context    text NOT NULL,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (context, name)
);
-- Operators' jobs see since when a database can what it can.
GRANT USAGE ON SCHEMA runtime TO tallystick_operator;
GRANT SELECT ON runtime.migration TO tallystick_operator;
