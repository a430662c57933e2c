"""Addresses of publishing, under /sebar/."""

from django.urls import path

from kentongan.publishing.views import (
    accounts,
    booking,
    deliveries,
    hooks,
    ledger,
    media,
    recalls,
    signing_in,
    staggering,
)

app_name = "publishing"
urlpatterns = [
    path("", ledger.index, name="index"),
    path("rekap/", ledger.lines, name="lines"),
    path("akan-datang/", ledger.coming, name="coming"),
    path("perlu-tindakan/", ledger.attention, name="attention"),
    path("penarikan/", recalls.index, name="recalls"),
    path("penarikan/<int:pk>/", recalls.task, name="recall_task"),
    path("penarikan/<int:pk>/batal/", recalls.call_off, name="recall_off"),
    path("tarik/materi/<int:pk>/", recalls.item, name="recall_item"),
    path("tarik/program/<int:pk>/", recalls.campaign, name="recall_campaign"),
    path("jadwalkan/<int:pk>/", deliveries.schedule, name="schedule"),
    path("jadwalkan/<int:pk>/bertahap/", staggering.stagger, name="stagger"),
    path("pesan/<int:pk>/", booking.book, name="book"),
    path("sebaran/<int:pk>/", deliveries.detail, name="delivery"),
    path("sebaran/<int:pk>/tarik/", deliveries.recall, name="recall"),
    path("sebaran/<int:pk>/lepas/", deliveries.release, name="release"),
    path("sebaran/<int:pk>/kirim-ulang/", deliveries.send_again, name="send_again"),
    path("sebaran/<int:pk>/lihat/", deliveries.view_now, name="view_now"),
    path("sebaran/<int:pk>/waktu/", deliveries.reschedule, name="reschedule"),
    path("sebaran/<int:pk>/selesaikan/", deliveries.resolve, name="resolve"),
    path("sebaran/<int:pk>/media/<int:number>/", media.sent, name="sent"),
    path("media/<str:token>.<slug:suffix>", media.media, name="media"),
    path("akun/", accounts.accounts, name="accounts"),
    path("akun/<int:pk>/sambungkan/", accounts.connect, name="connect"),
    path("akun/<int:pk>/masuk/", signing_in.sign_in, name="sign_in"),
    path("masuk/kembali/", signing_in.signed_in, name="signed_in"),
    path("aplikasi/", signing_in.apps, name="apps"),
    path("aplikasi/<slug:platform>/", signing_in.app, name="app"),
    path("aplikasi/<slug:platform>/diaudit/", signing_in.audited, name="audited"),
    path("aplikasi/<slug:platform>/hapus/", signing_in.forget, name="forget_app"),
    path("akun/<int:pk>/uji/", accounts.test, name="test"),
    path("akun/<int:pk>/putuskan/", accounts.disconnect, name="disconnect"),
    path("akun/<int:pk>/jeda/", accounts.pause_account, name="pause_account"),
    path("kait/<int:pk>/", hooks.hook, name="hook"),
    path("jeda/", accounts.pause, name="pause"),
    path("jeda/<int:pk>/akhiri/", accounts.resume, name="resume"),
]
