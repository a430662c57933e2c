"""Addresses of listening."""

from django.urls import path

from kentongan.listening.views import alerts, complaints, issues, sources

app_name = "listening"
urlpatterns = [
    path("", issues.index, name="index"),
    path("isu/<int:pk>/", issues.issue, name="issue"),
    path("isu/<int:pk>/ikuti/", issues.follow, name="follow"),
    path("isu/<int:pk>/judul/", issues.rename, name="rename"),
    path("isu/<int:pk>/serahkan/", issues.assign, name="assign"),
    path("isu/<int:pk>/tutup/", issues.close, name="close"),
    path("isu/<int:pk>/buka/", issues.reopen, name="reopen"),
    path("isu/<int:pk>/gabung/", issues.merge, name="merge"),
    path("unggahan/<int:pk>/asli/", issues.open_original, name="open"),
    path("unggahan/<int:pk>/hapus/", issues.forget, name="forget"),
    path("sumber/", sources.index, name="sources"),
    path("sumber/baru/", sources.add, name="source_new"),
    path("sumber/<int:pk>/", sources.source, name="source"),
    path("sumber/<int:pk>/baca/", sources.read, name="source_read"),
    path("sumber/<int:pk>/jeda/", sources.pause, name="source_pause"),
    path("sumber/<int:pk>/hapus/", sources.remove, name="source_remove"),
    path("sumber/<int:pk>/tautan/", complaints.renew, name="source_link"),
    path("sumber/<int:pk>/keluhan/", complaints.bring, name="complaint"),
    path("keluhan/<str:token>/", complaints.door, name="complaint_door"),
    path("karantina/<int:pk>/", sources.item, name="item"),
    path("karantina/<int:pk>/ulang/", sources.retry, name="item_retry"),
    path("karantina/<int:pk>/buang/", sources.discard, name="item_discard"),
    path("peringatan/", alerts.index, name="alerts"),
    path("peringatan/<int:pk>/nilai/", alerts.judge, name="alert_judge"),
    path("peringatan/aturan/", alerts.rules, name="alert_rules"),
    path("peringatan/aturan/baru/", alerts.new_rule, name="alert_rule_new"),
    path("peringatan/aturan/<int:pk>/", alerts.change_rule, name="alert_rule"),
    path("peringatan/aturan/<int:pk>/keadaan/", alerts.rule_state, name="alert_rule_state"),
    path("cari/", issues.search, name="search"),
    path("impor/", issues.import_posts, name="import"),
]
