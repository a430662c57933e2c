"""Addresses of the room Temu."""

from django.urls import path

from kentongan.gatherings.views import gatherings as views

app_name = "gatherings"
urlpatterns = [
    path("", views.index, name="index"),
    path("baru/", views.new, name="new"),
    path("<int:gathering_id>/", views.gathering, name="gathering"),
    path("<int:gathering_id>/ubah/", views.change, name="change"),
    path("<int:gathering_id>/orang/", views.candidates, name="candidates"),
    path("<int:gathering_id>/orang/tambah/", views.add_person, name="add_person"),
    path("<int:gathering_id>/tamu/", views.add_guest, name="add_guest"),
    path("<int:gathering_id>/undang/", views.invite, name="invite"),
    path("<int:gathering_id>/hadir/", views.attendance, name="attendance"),
    path("<int:gathering_id>/tanya/", views.ask, name="ask"),
    path("<int:gathering_id>/catat/", views.record, name="record"),
    path("<int:gathering_id>/batal/", views.cancel, name="cancel"),
    path("<int:gathering_id>/unduh/", views.export, name="export"),
    path("peserta/<int:participant_id>/hadir/", views.check_in, name="check_in"),
    path("peserta/<int:participant_id>/hapus/", views.remove, name="remove"),
    path("pertanyaan/<int:question_id>/", views.question, name="question"),
    path("pindai/<str:token>/", views.scan, name="scan"),
]
