"""What was held, missed, given up or put back becomes published by the late answer of an attempt."""

from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION publishing_delivery_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('draft', 'ready', 'held') THEN
            RAISE EXCEPTION 'a delivery cannot begin as %', NEW.state USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'ready'), ('draft', 'recalled'),
        ('ready', 'claimed'), ('ready', 'published'), ('ready', 'held'), ('ready', 'missed'), ('ready', 'recalled'),
        ('claimed', 'ready'), ('claimed', 'sending'), ('claimed', 'held'), ('claimed', 'missed'),
        ('sending', 'published'), ('sending', 'rejected'), ('sending', 'ready'), ('sending', 'held'),
        ('sending', 'unknown'),
        ('published', 'recalled'),
        ('rejected', 'ready'), ('rejected', 'published'), ('rejected', 'recalled'),
        ('unknown', 'published'), ('unknown', 'ready'), ('unknown', 'rejected'),
        ('held', 'ready'), ('held', 'published'), ('held', 'missed'), ('held', 'recalled'),
        ('missed', 'ready'), ('missed', 'published'), ('missed', 'recalled')
    ) THEN
        RAISE EXCEPTION 'a delivery cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.rendition_id, NEW.account_id, NEW.item_id, NEW.key, NEW.content)
        IS DISTINCT FROM (OLD.rendition_id, OLD.account_id, OLD.item_id, OLD.key, OLD.content) THEN
        RAISE EXCEPTION 'what a delivery sends is fixed' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.due_at <> OLD.due_at
        AND EXISTS (SELECT 1 FROM publishing_attempt WHERE delivery_id = OLD.id AND kind = 'publish') THEN
        RAISE EXCEPTION 'the time of a delivery that was tried is fixed' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'sending' AND OLD.state = 'claimed' AND NEW.claim_token <> OLD.claim_token THEN
        RAISE EXCEPTION 'this claim belongs to somebody else' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""

BACKWARD = """
CREATE OR REPLACE FUNCTION publishing_delivery_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('draft', 'ready', 'held') THEN
            RAISE EXCEPTION 'a delivery cannot begin as %', NEW.state USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'ready'), ('draft', 'recalled'),
        ('ready', 'claimed'), ('ready', 'held'), ('ready', 'missed'), ('ready', 'recalled'),
        ('claimed', 'ready'), ('claimed', 'sending'), ('claimed', 'held'), ('claimed', 'missed'),
        ('sending', 'published'), ('sending', 'rejected'), ('sending', 'ready'), ('sending', 'held'),
        ('sending', 'unknown'),
        ('published', 'recalled'),
        ('rejected', 'ready'), ('rejected', 'recalled'),
        ('unknown', 'published'), ('unknown', 'ready'), ('unknown', 'rejected'),
        ('held', 'ready'), ('held', 'missed'), ('held', 'recalled'),
        ('missed', 'ready'), ('missed', 'recalled')
    ) THEN
        RAISE EXCEPTION 'a delivery cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.rendition_id, NEW.account_id, NEW.item_id, NEW.key, NEW.content)
        IS DISTINCT FROM (OLD.rendition_id, OLD.account_id, OLD.item_id, OLD.key, OLD.content) THEN
        RAISE EXCEPTION 'what a delivery sends is fixed' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.due_at <> OLD.due_at
        AND EXISTS (SELECT 1 FROM publishing_attempt WHERE delivery_id = OLD.id AND kind = 'publish') THEN
        RAISE EXCEPTION 'the time of a delivery that was tried is fixed' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'sending' AND OLD.state = 'claimed' AND NEW.claim_token <> OLD.claim_token THEN
        RAISE EXCEPTION 'this claim belongs to somebody else' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("publishing", "0012_ledger_at_size")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
