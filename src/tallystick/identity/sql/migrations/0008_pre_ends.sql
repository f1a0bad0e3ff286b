-- What was taken stays taken: a role, a delegation, a role of the tenant's own, and a login. Giving it again is another row.
CREATE TRIGGER membership_stays_ended BEFORE UPDATE ON identity.membership
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION identity.keep_end_v1();
ALTER TABLE identity.membership ENABLE ALWAYS TRIGGER membership_stays_ended;
CREATE TRIGGER delegation_stays_ended BEFORE UPDATE ON identity.delegation
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION identity.keep_end_v1();
ALTER TABLE identity.delegation ENABLE ALWAYS TRIGGER delegation_stays_ended;
CREATE TRIGGER role_stays_ended BEFORE UPDATE ON identity.role
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION identity.keep_end_v1();
ALTER TABLE identity.role ENABLE ALWAYS TRIGGER role_stays_ended;
CREATE TRIGGER login_stays_ended BEFORE UPDATE ON identity.login
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION identity.keep_end_v1();
ALTER TABLE identity.login ENABLE ALWAYS TRIGGER login_stays_ended;
