-- Roles, made where they are missing: an owner without login, an operator who reads, a sequencer who follows the record,
-- one per context.
-- The login that runs this becomes able to SET each of them, and inherits nothing from them.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY
        ARRAY['tallystick_owner', 'tallystick_operator', 'tallystick_sequencer']
        || (SELECT array_agg('tallystick_' || context)
            FROM unnest(string_to_array(current_setting('tallystick.contexts'), ',')) AS context)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT', role_name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of the same cluster made it in this moment
            END;
        END IF;
        IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
           AND NOT pg_has_role(current_user, role_name, 'SET') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER WITH INHERIT FALSE, SET TRUE', role_name);
        END IF;
    END LOOP;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO tallystick_owner', current_database());
END
$$;
