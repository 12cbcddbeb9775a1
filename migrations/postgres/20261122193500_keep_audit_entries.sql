-- An entry of the audit log stays as it was written. Whoever must remove some, by law or by order, has to disable the trigger
-- knowingly (`ALTER TABLE audit_entries DISABLE TRIGGER audit_entries_stay`); the service never does.
CREATE FUNCTION refuse_to_change_audit_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit entries are append-only';
END
$$;
CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_audit_entries();

-- By the bytes of the id, in whose order nothing but this index has the entries: an environment with few of them is then never looked
-- for along the primary key, through those of all others.
DROP INDEX audit_entries_by_environment;
CREATE INDEX audit_entries_by_environment ON audit_entries (environment_id, uuid_send(id));
