"""Every write that may change a unit's own numbers marks the unit for a recount, whoever writes: `registry.counting`.

One row a unit and statement; nothing is locked, so that a write never waits for a counter.
"""

from django.db import migrations

ACCOUNT_CHANGED = """
    SELECT n.* FROM new_rows n JOIN old_rows o USING (id)
    WHERE (n.state, n.platform, n.unit_id, n.kind, n.person_id, n.last_posted_at IS NULL)
        IS DISTINCT FROM (o.state, o.platform, o.unit_id, o.kind, o.person_id, o.last_posted_at IS NULL)
    UNION ALL
    SELECT o.* FROM old_rows o JOIN new_rows n USING (id)
    WHERE (n.unit_id, n.person_id) IS DISTINCT FROM (o.unit_id, o.person_id)
"""

# What is marked when rows of a table come, change and go: `rows` stands for the rows in question.
MARKS = {
    "registry_unit": "SELECT id AS unit_id FROM rows",
    "registry_membership": "SELECT unit_id FROM rows",
    "registry_person": "SELECT m.unit_id FROM rows JOIN registry_membership m ON m.person_id = rows.id",
    "registry_consent": (
        "SELECT m.unit_id FROM rows JOIN registry_membership m USING (person_id) WHERE rows.purpose = 'accounts'"
    ),
    "registry_account": (
        "SELECT unit_id FROM rows WHERE kind = 'official' UNION "
        "SELECT m.unit_id FROM rows JOIN registry_membership m USING (person_id)"
    ),
    "registry_connection": "SELECT a.unit_id FROM rows JOIN registry_account a ON a.id = rows.account_id",
}
CHANGED = {
    "registry_unit": """
        SELECT n.* FROM new_rows n JOIN old_rows o USING (id)
        WHERE (n.path, n.level, n.kind, n.closed_at IS NULL) IS DISTINCT FROM (o.path, o.level, o.kind, o.closed_at IS NULL)
    """,
    "registry_membership": "SELECT * FROM new_rows UNION ALL SELECT * FROM old_rows",
    "registry_person": "SELECT n.* FROM new_rows n JOIN old_rows o USING (id) WHERE n.state <> o.state",
    "registry_consent": "SELECT * FROM new_rows UNION ALL SELECT * FROM old_rows",
    "registry_account": ACCOUNT_CHANGED,
}
EVENTS = {
    "insert": ("NEW TABLE AS new_rows", "SELECT * FROM new_rows"),
    "delete": ("OLD TABLE AS old_rows", "SELECT * FROM old_rows"),
    "update": ("OLD TABLE AS old_rows NEW TABLE AS new_rows", ""),
}


def _sql() -> tuple[str, str]:
    forward, backward = [], []
    for table, marked in MARKS.items():
        for event, (tables, rows) in EVENTS.items():
            chosen = rows or CHANGED.get(table)
            if chosen is None:
                continue
            name = f"{table}_{event}_recount"
            forward.append(f"""
                CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    INSERT INTO registry_recount (unit_id)
                    WITH rows AS ({chosen}) SELECT DISTINCT unit_id FROM ({marked}) AS marked;
                    RETURN NULL;
                END $$;
                CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {tables}
                    FOR EACH STATEMENT EXECUTE FUNCTION {name}();
            """)
            backward.append(f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();")
    return "".join(forward), "".join(backward)


FORWARD, BACKWARD = _sql()
# What is there already is counted once, by the next fold.
FIRST = "INSERT INTO registry_recount (unit_id) SELECT id FROM registry_unit;"


class Migration(migrations.Migration):
    dependencies = [("registry", "0010_mandates_and_tallies")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD), migrations.RunSQL(FIRST, migrations.RunSQL.noop)]
