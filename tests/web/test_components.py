"""Each component as HTML: what it says, and that it keeps the content security policy."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import translation

from kentongan.web.states import STATE_LOOKS


@pytest.fixture(autouse=True)
def _indonesian() -> Iterator[None]:
    with translation.override("id"):
        yield


def draw(source: str, path: str = "/simak/", **context: Any) -> str:
    request = RequestFactory().get(path)
    page = Template("{% load kentongan %}" + source)
    return page.render(Context({"request": request, **context}))


class Form(forms.Form):
    title = forms.CharField(label="Judul", help_text="Kata warga sendiri.")
    kind = forms.ChoiceField(label="Jenis", choices=[("a", "Layanan"), ("b", "Kampanye")], widget=forms.RadioSelect)
    sure = forms.BooleanField(label="Setuju", required=False)


EVERY_TAG = """
{% icon "search" %}{% icon "x" label="Tutup" %}{% chip "Jalan" tone="amber" href="/simak/1/" %}
{% state_chip "published" "Terbit" %}
{% number 1284 %}{% number None %}{% delta 6 1 good="down" period="pekan lalu" %}{% sparkline values label="naik" %}
{% chart "Keluhan naik" labels series kind="area" %}{% bars rows %}
{% tile_map tiles %}{% stat "Pos" 12 %}{% stat "Jangkauan" None %}
{% empty_state "Kosong" "Impor dulu" action_url="/impor/" action_label="Impor" %}{% paginator page %}
{% filter_chips "days" days default="7" %}{% filter_menu "topic" days "Semua topik" %}{% tab "/simak/" "Isu" count=3 %}
{% form_fields form %}{% confirm url="/x/" button="Tarik" tone="signal" %}<p>Ditarik dari 3 kanal.</p>{% endconfirm %}
"""


@pytest.fixture
def everything() -> str:
    return draw(
        EVERY_TAG,
        values=[1, None, 4],
        labels=["Sen", "Sel"],
        series=[{"name": "Keluhan", "values": [3, None]}],
        rows=[("Jalan", 12, "/simak/?topic=jalan"), ("Banjir", None)],
        tiles=[{"code": "CKP", "label": "Cikarang Pusat", "value": 9, "url": "/simak/?area=1"}],
        page=Paginator(range(100), 10).page(3),
        days=[("7", "7 hari"), ("1", "24 jam")],
        form=Form({"title": "", "kind": "a"}),
    )


def test_nothing_inline_that_the_policy_forbids(everything: str) -> None:
    assert not re.search(r"\sstyle=", everything)
    assert not re.search(r"\son[a-z]+=", everything)
    scripts = re.findall(r"<script([^>]*)>", everything)
    assert scripts, "the chart brings its data"
    assert all('type="application/json"' in attributes for attributes in scripts)


def test_a_chart_brings_its_table_with_what_is_missing(everything: str) -> None:
    table = everything[everything.index("k-chart-table") :]
    assert "Sen" in table
    assert "belum dilaporkan" in table


def test_errors_are_tied_to_their_field(everything: str) -> None:
    wrong = re.search(r'<input[^>]*name="title"[^>]*>', everything)
    assert wrong is not None
    assert 'aria-invalid="true"' in wrong[0]
    described = re.search(r'aria-describedby="([^"]+)"', wrong[0])
    assert described is not None
    assert all(f'id="{name}"' in everything for name in described[1].split())


def test_every_input_has_a_label(everything: str) -> None:
    ids = re.findall(r'<input[^>]*\sid="([^"]+)"', everything)
    assert len(ids) >= 4
    assert all(f'for="{name}"' in everything for name in ids)


def test_ids_are_unique(everything: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', everything)
    assert len(ids) == len(set(ids))


def test_an_act_says_what_it_does_and_carries_the_token() -> None:
    source = '{% confirm url="/x/" button="Tarik" %}<p>Ditarik dari 3 kanal.</p>{% endconfirm %}'
    html = draw(source, csrf_token="abc")
    assert "Ditarik dari 3 kanal." in html
    assert 'name="csrfmiddlewaretoken" value="abc"' in html
    with pytest.raises(TemplateSyntaxError):
        draw('{% confirm button="Tarik" %}{% endconfirm %}')


def test_filters_keep_the_others_and_go_back_to_the_first_page() -> None:
    html = draw(
        '{% filter_chips "days" days default="7" %}', "/simak/?topic=jalan&page=4", days=[("7", "a"), ("1", "b")]
    )
    assert 'href="/simak/?topic=jalan"' in html
    assert 'href="/simak/?topic=jalan&amp;days=1"' in html


def test_pages_keep_the_filters() -> None:
    html = draw("{% paginator page %}", "/simak/?topic=jalan", page=Paginator(range(100), 10).page(2))
    assert 'href="/simak/?topic=jalan&amp;page=3"' in html
    assert "11–20 dari 100" in html


def test_an_empty_list_has_no_pages() -> None:
    assert draw("{% paginator page %}", page=Paginator([], 10).page(1)).strip() == ""


TABLE = """
{% table name, value in rows page=page noun="isu" export=True %}
  {% column "Isu" sort="title" %}<a href="/simak/1/">{{ name }}</a>
  {% column "Pos" number=True sort="posts" %}{{ value }}
  {% column "Rahasia" show=may_see %}rahasia
  {% column "Tindakan" acts=True %}{% if value > 1 %}<button>Tarik</button>{% endif %}
  {% empty %}{% empty_state "Belum ada isu" "Impor dulu" action_url="/impor/" action_label="Impor" %}
{% endtable %}"""
ROWS = [("Banjir", 3), ("Jalan", 1)]


def test_a_table_names_each_cell_by_its_column() -> None:
    html = draw(TABLE, rows=ROWS, page=Paginator(ROWS, 10).page(1))
    assert '<th scope="row"><div><a href="/simak/1/">Banjir</a></div></th>' in html
    assert '<td class="k-right" data-label="Pos"><div>3</div></td>' in html
    assert html.count("<button>Tarik</button>") == 1
    assert "Isu: 2" in html
    assert "Rahasia" not in html
    assert "Rahasia" in draw(TABLE, rows=ROWS, may_see=True)
    assert "<script" not in draw(TABLE, rows=[("<script>", 1)])


def test_a_table_sorts_and_turns_round_and_keeps_the_filters() -> None:
    html = draw(TABLE, "/simak/?topic=jalan&page=4&sort=title", rows=ROWS)
    assert 'aria-sort="ascending"' in html
    assert 'href="/simak/?topic=jalan&amp;sort=-title"' in html
    assert 'href="/simak/?topic=jalan&amp;sort=-posts"' in html, "numbers begin with the largest"


def test_downloads_keep_the_filters_and_are_not_offered_for_nothing() -> None:
    html = draw(TABLE, "/simak/?topic=jalan&page=4", rows=ROWS)
    assert 'href="/simak/?topic=jalan&amp;format=csv"' in html
    assert 'href="/simak/?topic=jalan&amp;format=xlsx"' in html
    assert "format=csv" not in draw(TABLE, rows=[])
    assert 'href="/lain/?format=csv"' in draw(TABLE.replace("export=True", 'export="/lain/"'), rows=ROWS)


def test_a_list_of_nothing_says_what_to_do() -> None:
    html = draw(TABLE, rows=[], page=Paginator([], 10).page(1))
    assert "Belum ada isu" in html
    assert 'href="/impor/"' in html
    assert "<table" not in html
    assert "Lepas semua penyaring" not in html
    assert "Lepas semua penyaring" in draw(TABLE, "/simak/?topic=jalan", rows=[])
    assert "Belum ada apa-apa di sini." in draw('{% table one in rows %}{% column "Isu" %}{% endtable %}', rows=[])


def test_a_listing_draws_its_body_as_it_is() -> None:
    body = "<ol>{% for one in page %}<li>{{ one }}</li>{% endfor %}</ol>"
    source = "{% listing page noun='isu' %}" + body + "{% empty %}Kosong{% endlisting %}"
    html = draw(source, page=Paginator(range(30), 10).page(2))
    assert html.count("<li>1") == 10
    assert "11–20 dari 30 isu" in html
    assert "Kosong" in draw(source, page=Paginator([], 10).page(1))


@pytest.mark.parametrize(
    "source",
    [
        "{% table rows %}{% column 'Isu' %}{% endtable %}",
        "{% table one in rows %}{% endtable %}",
        "{% table one in rows colour=1 %}{% column 'Isu' %}{% endtable %}",
        "{% table one in rows %}{% column 'Isu' wide=True %}{% endtable %}",
        "{% listing rows %}",
    ],
)
def test_a_table_that_is_written_wrong_is_refused(source: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        draw(source, rows=[])


def test_crumbs_lead_back_and_leave_out_what_is_not_there() -> None:
    html = draw('{% crumbs "listening:index" "Simak" missing.url missing.title "/lain/" "Lain" "" "Ini" %}')
    assert re.findall(r'<a href="(.*?)">(.*?)</a>', html) == [("/simak/", "Simak"), ("/lain/", "Lain")]
    assert '<li aria-current="page">Ini</li>' in html


def test_a_search_keeps_the_other_choices() -> None:
    html = draw('{% search_box "Cari isu" %}', "/simak/?topic=jalan&page=4&q=banjir")
    assert '<input type="hidden" name="topic" value="jalan">' in html
    assert 'name="q" value="banjir"' in html
    assert 'name="page"' not in html


def test_a_state_is_never_shown_by_colour_alone() -> None:
    for state in STATE_LOOKS:
        html = draw("{% state_chip state 'Terbit' %}", state=state)
        assert "Terbit" in html
        assert "<use" in html


def test_every_state_that_is_stored_has_its_look() -> None:
    stored = {
        (model._meta.label, str(value))
        for model in apps.get_models()
        if model.__module__.startswith("kentongan.")
        for column in model._meta.fields
        if column.name == "state"
        for value, _label in column.choices or ()
    }
    assert len(stored) > 30
    assert not sorted(pair for pair in stored if pair[1] not in STATE_LOOKS)


def test_words_of_others_are_escaped() -> None:
    evil = "<script>alert(1)</script>"
    html = draw(
        "{% chip text %}{% chart text labels series %}",
        text=evil,
        labels=[evil],
        series=[{"name": evil, "values": [1]}],
    )
    assert "<script>alert" not in html


def test_a_phone_sorts_by_a_menu_since_its_rows_have_no_headings() -> None:
    source = """{% table one in rows %}{% column "Nama" sort="name" %}{{ one }}
    {% column "Jumlah" sort="n" number=True %}1{% column "Catatan" %}x{% endtable %}"""
    page = draw(source, "/simak/?sort=-n&q=jalan", rows=["a"])
    menu = page.partition("<details")[2].partition("</details>")[0]
    assert menu.count("<li>") == 2
    assert "?sort=name&amp;q=jalan" in menu or "q=jalan&amp;sort=name" in menu
    assert menu.count('aria-current="true"') == 2  # the menu itself, and what it sorts by
    assert "Catatan" not in menu
    assert "<details" not in draw('{% table one in rows %}{% column "Nama" %}{{ one }}{% endtable %}', rows=["a"])
