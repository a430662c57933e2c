"""What a delivery reposts is fixed, and is a post of the same version of the same item; a repost reposts no repost."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION publishing_repost_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'what a delivery reposts is fixed' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM publishing_delivery AS origin
        WHERE origin.id = NEW.repost_of_id AND origin.repost_of_id IS NULL
            AND origin.item_id = NEW.item_id AND origin.item_version = NEW.item_version
    ) THEN
        RAISE EXCEPTION 'this is no post that the delivery could repost' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER publishing_repost_insert_guard BEFORE INSERT ON publishing_delivery
    FOR EACH ROW WHEN (NEW.repost_of_id IS NOT NULL) EXECUTE FUNCTION publishing_repost_guard();
CREATE TRIGGER publishing_repost_update_guard BEFORE UPDATE ON publishing_delivery
    FOR EACH ROW WHEN (NEW.repost_of_id IS DISTINCT FROM OLD.repost_of_id)
    EXECUTE FUNCTION publishing_repost_guard();
"""

BACKWARD = """
DROP TRIGGER publishing_repost_update_guard ON publishing_delivery;
DROP TRIGGER publishing_repost_insert_guard ON publishing_delivery;
DROP FUNCTION publishing_repost_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("publishing", "0014_reposts")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
