-- What was applied, when, and the checksum of what it said then.
CREATE SCHEMA IF NOT EXISTS runtime AUTHORIZATION tallystick_owner;
CREATE TABLE IF NOT EXISTS runtime.migration (
    context    text NOT NULL,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (context, name)
);
