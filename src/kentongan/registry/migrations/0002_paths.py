"""`Unit.path` is kept by the database: made on insert, rewritten for the whole subtree when a unit moves."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION registry_unit_set_path() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE above ltree;
BEGIN
    IF NEW.parent_id IS NULL THEN
        NEW.path := NEW.id::text::ltree;
    ELSE
        SELECT path INTO above FROM registry_unit WHERE id = NEW.parent_id;
        IF TG_OP = 'UPDATE' AND above <@ OLD.path THEN
            RAISE EXCEPTION 'a unit cannot move below itself' USING ERRCODE = 'check_violation';
        END IF;
        NEW.path := above || NEW.id::text;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION registry_unit_move_subtree() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE registry_unit SET path = NEW.path || subpath(path, nlevel(OLD.path))
    WHERE path <@ OLD.path AND id <> NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER registry_unit_path BEFORE INSERT OR UPDATE OF parent_id ON registry_unit
    FOR EACH ROW EXECUTE FUNCTION registry_unit_set_path();
CREATE TRIGGER registry_unit_moved AFTER UPDATE OF parent_id ON registry_unit
    FOR EACH ROW WHEN (OLD.path IS DISTINCT FROM NEW.path) EXECUTE FUNCTION registry_unit_move_subtree();
"""

BACKWARD = """
DROP TRIGGER registry_unit_moved ON registry_unit;
DROP TRIGGER registry_unit_path ON registry_unit;
DROP FUNCTION registry_unit_move_subtree();
DROP FUNCTION registry_unit_set_path();
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
