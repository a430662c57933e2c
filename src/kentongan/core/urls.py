"""Addresses of the core's own screens."""

from django.urls import path

from kentongan.core.views import files, imports, jobs, messages

app_name = "core"
urlpatterns = [
    path("berkas/<slug:public_id>/", files.show, name="file"),
    path("berkas/<slug:public_id>/kecil/", files.show_small, name="file_small"),
    path("pekerjaan/", jobs.index, name="jobs"),
    path("pekerjaan/<int:pk>/", jobs.show, name="job"),
    path("pekerjaan/<int:pk>/kemajuan/", jobs.progress, name="job_progress"),
    path("pekerjaan/<int:pk>/hentikan/", jobs.stop, name="job_stop"),
    path("impor/", imports.index, name="imports"),
    path("impor/baru/", imports.upload, name="import_upload"),
    path("impor/<int:pk>/", imports.show, name="import"),
    path("impor/<int:pk>/pratinjau/", imports.preview, name="import_preview"),
    path("impor/<int:pk>/lembar/", imports.choose_sheet, name="import_sheet"),
    path("impor/<int:pk>/terima/", imports.confirm, name="import_confirm"),
    path("impor/<int:pk>/putuskan/", imports.answer, name="import_answer"),
    path("impor/<int:pk>/lanjutkan/", imports.resume, name="import_resume"),
    path("impor/<int:pk>/batalkan/", imports.undo, name="import_undo"),
    path("impor/<int:pk>/buang/", imports.discard, name="import_discard"),
    path("impor/<int:pk>/ditolak/", imports.rejects, name="import_rejects"),
    path("pesan/", messages.index, name="messages"),
    path("pesan/serah/", messages.hand_over_list, name="hand_over_list"),
    path("pesan/<int:pk>/serah/", messages.hand_over, name="hand_over"),
    path("pesan/<int:pk>/batal-serah/", messages.take_back, name="take_back"),
    path("pesan/<int:pk>/kirim-ulang/", messages.send_again, name="message_again"),
    path("pesan/<int:pk>/pastikan/", messages.settle, name="message_settle"),
    path("pesan/berhenti/<str:token>/", messages.opt_out, name="opt_out"),
]
