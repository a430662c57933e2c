"""What is of unknown fate can be recalled; what was recalled and is there after all is published until it is deleted."""

from django.db import migrations

KNOWN = "('published', 'recalled'),"
MORE = "('unknown', 'recalled'), ('recalled', 'published'), ('recalled', 'held'),"
EXCHANGE = """
DO $do$
BEGIN
    EXECUTE replace(pg_get_functiondef('publishing_delivery_guard()'::regprocedure), $was${}$was$, $new${}$new$);
END $do$;
"""


class Migration(migrations.Migration):
    dependencies = [("publishing", "0018_recall_links")]
    operations = [
        migrations.RunSQL(EXCHANGE.format(KNOWN, f"{KNOWN} {MORE}"), EXCHANGE.format(f"{KNOWN} {MORE}", KNOWN)),
    ]
