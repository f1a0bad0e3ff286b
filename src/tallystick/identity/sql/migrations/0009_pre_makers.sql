-- Who made a key or a client: nobody gets a second voice by them, and they end with their makers.
-- ``made_by`` is who is behind it, through every key in between; ``made_with`` the key or client that made it, if one did;
-- ``inherits`` when its roles are those of its maker, and no more than that one still holds.
ALTER TABLE identity.api_key ADD COLUMN made_by text;
ALTER TABLE identity.api_key ADD COLUMN made_with text;
ALTER TABLE identity.api_key ADD COLUMN inherits boolean NOT NULL DEFAULT false;
ALTER TABLE identity.api_key ADD CONSTRAINT api_key_maker_is_short CHECK (length(made_by) BETWEEN 1 AND 100);
ALTER TABLE identity.api_key ADD CONSTRAINT api_key_is_made_with_another CHECK (made_with <> key_id AND length(made_with) <= 100);
ALTER TABLE identity.client ADD COLUMN made_by text;
ALTER TABLE identity.client ADD CONSTRAINT client_maker_is_short CHECK (length(made_by) BETWEEN 1 AND 100);

-- Operators' jobs compare who made a key with the record.
GRANT SELECT (made_by, made_with, inherits) ON identity.api_key TO tallystick_operator;

-- Refuses the word of whoever made the key or client that asks, or that it is about: a second identity is no second person.
CREATE FUNCTION identity.refuse_own_vote_v1() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    about text;
BEGIN
    SELECT a.asked::jsonb ->> 'on' INTO about
    FROM identity.approval AS a WHERE a.tenant_id = NEW.tenant_id AND a.approval_id = NEW.approval_id;
    IF EXISTS (
        SELECT FROM identity.api_key AS k
        WHERE k.tenant_id = NEW.tenant_id AND k.key_id IN (NEW.maker, about) AND k.made_by = NEW.person_id
    ) OR EXISTS (
        SELECT FROM identity.client AS c
        WHERE c.tenant_id = NEW.tenant_id AND c.client_id IN (NEW.maker, about) AND c.made_by = NEW.person_id
    ) THEN
        RAISE EXCEPTION 'nobody_approves_their_own: this person made what asks, or what it is about'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'nobody_approves_their_own', SCHEMA = 'identity',
                TABLE = 'approval_vote';
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION identity.refuse_own_vote_v1() FROM PUBLIC;
CREATE TRIGGER nobody_approves_their_own BEFORE INSERT ON identity.approval_vote
    FOR EACH ROW EXECUTE FUNCTION identity.refuse_own_vote_v1();
ALTER TABLE identity.approval_vote ENABLE ALWAYS TRIGGER nobody_approves_their_own;
