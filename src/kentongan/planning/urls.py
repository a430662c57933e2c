"""Addresses of planning, under /rancang/."""

from django.urls import path

from kentongan.planning.views import briefs, calendar, campaigns, feeds, items, overview, reviews

app_name = "planning"
urlpatterns = [
    path("", overview.index, name="index"),
    path("kalender/", calendar.show, name="calendar"),
    path("kalender/langganan/", feeds.feed, name="calendar_feed"),
    path("kalender/langganan/akhiri/", feeds.end, name="calendar_feed_end"),
    path("kalender/berkas/<str:secret>.ics", feeds.file, name="calendar_file"),
    path("kalender/pindah/", calendar.move, name="calendar_move"),
    path("kampanye/", overview.electioneering, name="electioneering"),
    path("hitung/", overview.count, name="count"),
    path("program/", campaigns.index, name="campaigns"),
    path("program/baru/", campaigns.create, name="campaign_create"),
    path("program/<int:pk>/", campaigns.detail, name="campaign"),
    path("program/<int:pk>/ubah/", campaigns.edit, name="campaign_edit"),
    path("program/<int:pk>/tutup/", campaigns.close, name="campaign_close"),
    path("program/<int:pk>/buka-lagi/", campaigns.reopen, name="campaign_reopen"),
    path("brief/", briefs.index, name="briefs"),
    path("brief/baru/", briefs.create, name="brief_create"),
    path("brief/<int:pk>/", briefs.detail, name="brief"),
    path("brief/<int:pk>/ubah/", briefs.edit, name="brief_edit"),
    path("materi/", items.index, name="items"),
    path("materi/periksa/", reviews.many, name="look"),
    path("materi/baru/", items.create, name="item_create"),
    path("materi/<int:pk>/", items.detail, name="item"),
    path("materi/<int:pk>/ubah/", items.edit, name="item_edit"),
    path("materi/<int:pk>/kartu/", items.fetch_cards, name="item_cards"),
    path("materi/<int:pk>/gambar/", items.add_asset, name="asset_add"),
    path("materi/<int:pk>/gambar/<int:asset>/hapus/", items.remove_asset, name="asset_remove"),
    path("materi/<int:pk>/gambar/ubah-format/", items.convert, name="item_convert"),
    path("materi/<int:pk>/ajukan/", reviews.submit, name="item_submit"),
    path("materi/<int:pk>/setujui/", reviews.approve, name="item_approve"),
    path("materi/<int:pk>/minta-perubahan/", reviews.request_changes, name="item_request_changes"),
    path("materi/<int:pk>/komentar/", reviews.comment, name="item_comment"),
    path("materi/<int:pk>/tarik/", reviews.withdraw, name="item_withdraw"),
    path("materi/<int:pk>/buka-lagi/", reviews.reopen, name="item_reopen"),
]
