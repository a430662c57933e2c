"""Addresses of the room Gerak."""

from django.urls import path

from kentongan.missions.views import instructions, invited, mine, missions

app_name = "missions"
urlpatterns = [
    path("", instructions.index, name="index"),
    path("instruksi/baru/", instructions.new, name="instruction_new"),
    path("instruksi/<int:instruction_id>/", instructions.instruction, name="instruction"),
    path("instruksi/<int:instruction_id>/kirim/", instructions.send, name="instruction_send"),
    path("instruksi/<int:instruction_id>/ingatkan/", instructions.remind, name="instruction_remind"),
    path("instruksi/<int:instruction_id>/tutup/", instructions.close, name="instruction_close"),
    path("instruksi/<int:instruction_id>/tarik/", instructions.recall, name="instruction_recall"),
    path("instruksi/<int:instruction_id>/penerima/", instructions.receipts, name="receipts"),
    path("instruksi/<int:instruction_id>/penerima/unduh/", instructions.export, name="receipts_export"),
    path(
        "instruksi/<int:instruction_id>/penerima/<int:receipt_id>/tautan/", instructions.relink, name="receipt_relink"
    ),
    path("untuk-saya/", mine.mine, name="mine"),
    path("untuk-saya/<int:receipt_id>/", mine.receipt, name="receipt"),
    path("untuk-saya/misi/<int:invitation_id>/", invited.invited, name="invited"),
    path("untuk-saya/misi/<int:invitation_id>/data/", invited.data, name="invited_data"),
    path("untuk-saya/misi/<int:invitation_id>/gambar/", invited.picture, name="invited_picture"),
    path("misi/", missions.index, name="missions"),
    path("misi/baru/", missions.new, name="mission_new"),
    path("misi/<int:mission_id>/", missions.mission, name="mission"),
    path("misi/<int:mission_id>/buka/", missions.open_mission, name="mission_open"),
    path("misi/<int:mission_id>/tutup/", missions.close, name="mission_close"),
    path("misi/<int:mission_id>/undangan/", missions.invitations, name="invitations"),
    path("misi/<int:mission_id>/undangan/<int:invitation_id>/tautan/", missions.relink, name="invitation_relink"),
    path("misi/<int:mission_id>/unduh/", missions.export, name="mission_export"),
]
