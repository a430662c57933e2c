
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


FORWARD = """
-- A delivery is of the campaign of its item, always. Who schedules has locked the item, and so has who moves it to
-- another campaign: neither misses the other.
CREATE FUNCTION publishing_take_campaign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.campaign_id := (SELECT campaign_id FROM planning_contentitem WHERE id = NEW.item_id);
    RETURN NEW;
END $$;
CREATE TRIGGER publishing_delivery_campaign BEFORE INSERT OR UPDATE OF campaign_id ON publishing_delivery
    FOR EACH ROW EXECUTE FUNCTION publishing_take_campaign();

CREATE FUNCTION publishing_follow_campaign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE publishing_delivery SET campaign_id = NEW.campaign_id WHERE item_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER publishing_item_campaign AFTER UPDATE OF campaign_id ON planning_contentitem
    FOR EACH ROW WHEN (OLD.campaign_id IS DISTINCT FROM NEW.campaign_id)
    EXECUTE FUNCTION publishing_follow_campaign();
"""

BACKWARD = """
-- Without its campaign such a pause would stop everything at its unit.
UPDATE publishing_pause SET ended_at = now() WHERE campaign_id IS NOT NULL AND ended_at IS NULL;
DROP TRIGGER publishing_item_campaign ON planning_contentitem;
DROP FUNCTION publishing_follow_campaign();
DROP TRIGGER publishing_delivery_campaign ON publishing_delivery;
DROP FUNCTION publishing_take_campaign();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('planning', '0006_campaigns'),
        ('publishing', '0008_budgets'),
        ('registry', '0025_own_handles_in_small_letters'),
        ('safeguards', '0003_electioneering'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='pause',
            name='pause_of_account_or_platform',
        ),
        migrations.RemoveConstraint(
            model_name='pause',
            name='pause_once',
        ),
        migrations.AddField(
            model_name='delivery',
            name='campaign',
            field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='planning.campaign', verbose_name='campaign'),
        ),
        migrations.AddField(
            model_name='pause',
            name='campaign',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='planning.campaign', verbose_name='campaign'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('campaign__isnull', False)), fields=['campaign', 'due_at'], include=('state', 'unit'), name='delivery_campaign'),
        ),
        migrations.AddConstraint(
            model_name='pause',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('account', None), ('platform', '')), models.Q(('account', None), ('campaign', None)), models.Q(('campaign', None), ('platform', '')), _connector='OR'), name='pause_of_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='pause',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('unit', 'account', 'platform', 'campaign'), name='pause_once', nulls_distinct=False),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
