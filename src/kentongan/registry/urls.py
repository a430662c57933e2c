"""Addresses of the registry, below /daftar/."""

from django.urls import path

from kentongan.registry.views import adding, badges, custody, impostors, lists, mandates, tree
from kentongan.registry.views import adding, custody, lists, mandates, tree
from kentongan.registry.views import adding, custody, lists, people, tree
from kentongan.registry.views import adding, custody, lists, mandates, people, tree

app_name = "registry"
urlpatterns = [
    path("", lists.index, name="index"),
    path("akun/", lists.accounts, name="accounts"),
    path("orang/", lists.people, name="people"),
    path("orang/<int:pk>/", people.show, name="person"),
    path("orang/<int:pk>/perbaiki/", people.correct, name="person_correct"),
    path("orang/<int:pk>/hapus/", people.remove, name="person_remove"),
    path("orang/<int:pk>/jabatan/tambah/", people.post_add, name="post_add"),
    path("orang/<int:pk>/gabung/<int:other>/", people.merge, name="person_merge"),
    path("orang/<int:pk>/beda/<int:other>/", people.apart, name="person_apart"),
    path("jabatan/<int:pk>/perbaiki/", people.post_correct, name="post_correct"),
    path("jabatan/<int:pk>/akhiri/", people.post_end, name="post_end"),
    path("unit/<int:pk>/ganda/", people.duplicates, name="duplicates"),
    path("peran/", lists.roles, name="roles"),
    path("akun/<int:pk>/", lists.account, name="account"),
    path("akun/<int:pk>/perbaiki/", custody.correct, name="account_correct"),
    path("akun/<int:pk>/status/<slug:address>/", custody.move, name="account_move"),
    path("peran/<int:pk>/cabut/", lists.role_revoke, name="role_revoke"),
    path("unit/<int:pk>/", lists.index, name="unit"),
    path("unit/<int:pk>/akun/", lists.accounts, name="unit_accounts"),
    path("unit/<int:pk>/akun/tambah/", adding.account_add, name="account_add"),
    path("unit/<int:pk>/orang/", lists.people, name="unit_people"),
    path("unit/<int:pk>/orang/tambah/", adding.person_add, name="person_add"),
    path("unit/<int:pk>/peran/", lists.roles, name="unit_roles"),
    path("unit/<int:pk>/peran/tambah/", adding.colleague_add, name="colleague_add"),
    path("unit/<int:pk>/tambah/", adding.unit_add, name="unit_add"),
    path("unit/<int:pk>/nama/", tree.rename, name="rename"),
    path("unit/<int:pk>/pindah/", tree.move, name="move"),
    path("unit/<int:pk>/gabung/", tree.merge, name="merge"),
    path("unit/<int:pk>/pecah/", tree.split, name="split"),
    path("unit/<int:pk>/tutup/", tree.close, name="close"),
    path("unit/<int:pk>/riwayat/", tree.history, name="history"),
    path("perubahan/<int:pk>/batal/", tree.undo, name="undo"),
    path("unit/cari/", tree.suggest, name="suggest"),
    path("wajib/", mandates.index, name="mandates"),
    path("wajib/<int:pk>/", mandates.show, name="mandate"),
    path("wajib/<int:pk>/nama/", mandates.names, name="mandate_names"),
    path("wajib/<int:pk>/lembar/", mandates.sheet, name="mandate_sheet"),
    path("wajib/<int:pk>/ubah/", mandates.change, name="mandate_change"),
    path("wajib/<int:pk>/akhiri/", mandates.end, name="mandate_end"),
    path("wajib/<int:pk>/ingatkan/", mandates.remind, name="mandate_remind"),
    path("unit/<int:pk>/wajib/", mandates.index, name="unit_mandates"),
    path("unit/<int:pk>/wajib/tambah/", mandates.add, name="mandate_add"),
    path("susun/", tree.load, name="load"),
    path("peniru/", impostors.listed, name="impostors"),
    path("peniru/<int:pk>/", impostors.show, name="impostor"),
    path("peniru/<int:pk>/serahkan/", impostors.refer, name="impostor_refer"),
    path("peniru/<int:pk>/bukti.pdf", impostors.pack, name="impostor_pack"),
    path("unit/<int:pk>/peniru/", impostors.listed, name="unit_impostors"),
    path("unit/<int:pk>/peniru/lapor/", impostors.report, name="impostor_report"),
    path("unit/<int:pk>/lencana/", badges.show, name="badge"),
    path("unit/<int:pk>/lencana/lembar.pdf", badges.sheet, name="badge_sheet"),
]
