"""What the database itself refuses: campaign content of a neutral organisation, and a silent change of what is approved."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION planning_refuse_campaign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The kinds that may campaign are those of kentongan.safeguards.neutrality; a test holds the two together.
    IF NEW.purpose <> 'service' AND NOT EXISTS (SELECT 1 FROM registry_organisation WHERE kind IN ('party')) THEN
        RAISE EXCEPTION 'a neutral organisation has no campaign content' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER planning_item_neutral BEFORE INSERT OR UPDATE OF purpose ON planning_contentitem
    FOR EACH ROW EXECUTE FUNCTION planning_refuse_campaign();

CREATE FUNCTION planning_refuse_silent_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.title, OLD.text, OLD.purpose, OLD.language, OLD.version)
        IS DISTINCT FROM (NEW.title, NEW.text, NEW.purpose, NEW.language, NEW.version) THEN
        RAISE EXCEPTION 'approved content changes only together with its state' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER planning_item_approved BEFORE UPDATE ON planning_contentitem
    FOR EACH ROW WHEN (OLD.state = 'approved' AND NEW.state = 'approved')
    EXECUTE FUNCTION planning_refuse_silent_change();

CREATE FUNCTION planning_refuse_part_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE owner bigint := CASE TG_OP WHEN 'DELETE' THEN OLD.item_id ELSE NEW.item_id END;
BEGIN
    IF EXISTS (SELECT 1 FROM planning_contentitem WHERE id = owner AND state = 'approved') THEN
        RAISE EXCEPTION 'a part of approved content changes only after its approval is taken away'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER planning_rendition_approved BEFORE INSERT OR UPDATE OR DELETE ON planning_rendition
    FOR EACH ROW EXECUTE FUNCTION planning_refuse_part_change();
CREATE TRIGGER planning_asset_approved BEFORE INSERT OR UPDATE OR DELETE ON planning_itemasset
    FOR EACH ROW EXECUTE FUNCTION planning_refuse_part_change();

CREATE FUNCTION planning_review_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a review is never changed afterwards' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER planning_review_fixed BEFORE UPDATE ON planning_review
    FOR EACH ROW EXECUTE FUNCTION planning_review_refuse();
"""

BACKWARD = """
DROP TRIGGER planning_review_fixed ON planning_review;
DROP TRIGGER planning_asset_approved ON planning_itemasset;
DROP TRIGGER planning_rendition_approved ON planning_rendition;
DROP TRIGGER planning_item_approved ON planning_contentitem;
DROP TRIGGER planning_item_neutral ON planning_contentitem;
DROP FUNCTION planning_review_refuse();
DROP FUNCTION planning_refuse_part_change();
DROP FUNCTION planning_refuse_silent_change();
DROP FUNCTION planning_refuse_campaign();
"""


class Migration(migrations.Migration):
    dependencies = [("planning", "0001_initial"), ("registry", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
