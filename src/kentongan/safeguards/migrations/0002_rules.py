"""Loads the shipped rules, and keeps releases as they were written."""

from django.db import migrations

from kentongan.safeguards.loading import load


def load_rules(apps, schema_editor):
    load(lambda name: apps.get_model("safeguards", name))


FORWARD = """
CREATE FUNCTION safeguards_release_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a release is never changed afterwards' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER safeguards_release_fixed BEFORE UPDATE ON safeguards_release
    FOR EACH ROW EXECUTE FUNCTION safeguards_release_refuse();
"""

BACKWARD = """
DROP TRIGGER safeguards_release_fixed ON safeguards_release;
DROP FUNCTION safeguards_release_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("safeguards", "0001_initial")]
    operations = [
        migrations.RunPython(load_rules, migrations.RunPython.noop, elidable=False),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
