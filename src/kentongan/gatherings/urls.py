"""Addresses of the room Temu."""

from django.urls import path

from kentongan.gatherings.views import gatherings as views
from kentongan.gatherings.views import trainings, waves

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
    path("pelatihan/", trainings.index, name="trainings"),
    path("pelatihan/baru/", trainings.new, name="training_new"),
    path("pelatihan/<int:training_id>/", trainings.training, name="training"),
    path("pelatihan/<int:training_id>/ubah/", trainings.change, name="training_change"),
    path("pelatihan/<int:training_id>/tutup/", trainings.close, name="training_close"),
    path("pelatihan/<int:training_id>/belum/", trainings.lacking, name="lacking"),
    path("pelatihan/<int:training_id>/belum/cetak/", trainings.lacking_paper, name="lacking_paper"),
    path("pelatihan/<int:training_id>/ingatkan/", trainings.remind, name="training_remind"),
    path("pelatihan/<int:training_id>/gelombang/", trainings.new_wave, name="wave_new"),
    path("<int:gathering_id>/gelombang/", waves.change, name="wave_change"),
    path("<int:gathering_id>/isi/", waves.fill, name="wave_fill"),
    path("<int:gathering_id>/hasil/", waves.results, name="results"),
    path("<int:gathering_id>/cetak/", waves.attendance_paper, name="attendance_paper"),
    path("pindai/<str:token>/", views.scan, name="scan"),
]
