"""The columns of a list of people, under all the headings that offices give them."""

from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kentongan.channels import addresses
from kentongan.channels import registry as channels
from kentongan.core.imports import Field
from kentongan.core.imports.values import share, text
from kentongan.registry.importing.entries import ENOUGH_LETTERS
from kentongan.registry.importing.phones import looks_like_phone

looks_like_email = share(lambda cell: "@" in text(cell) and "." in text(cell).rpartition("@")[2])
looks_like_name = share(lambda cell: bool(ENOUGH_LETTERS.search(text(cell))) and len(text(cell)) <= 80)


# "X" numbers a column, "WA" is a phone.
CAREFUL = {
    "x": ("twitter", "akun x", "x twitter"),
    "whatsapp": ("saluran whatsapp", "saluran wa", "whatsapp channel"),
}


def _account_label(platform: str) -> str:
    return gettext("Account on %(platform)s") % {"platform": channels.label(platform)}


def _account_field(platform: str) -> Field:
    words = CAREFUL.get(platform) or addresses.words(platform)
    # Lazy as a whole: `%` on a lazy text would fix it in the language of the start.
    label = lazy(_account_label, str)(platform)
    return Field(f"account_{platform}", label, synonyms=(*words, *(f"akun {word}" for word in words)))


FIELDS: tuple[Field, ...] = (
    Field(
        "full_name",
        _("Name"),
        required=True,
        guess=looks_like_name,
        help=_("Titles may stay: they are shown, and left out when names are compared."),
        synonyms=("nama", "nama lengkap", "nama anggota", "nama pengurus", "nama kader", "nama peserta", "full name"),
    ),
    Field(
        "phone",
        _("Phone"),
        guess=looks_like_phone,
        synonyms=(
            "hp",
            "no hp",
            "nomor hp",
            "telepon",
            "no telepon",
            "telp",
            "no telp",
            "wa",
            "no wa",
            "whatsapp",
            "nomor wa",
            "handphone",
            "no handphone",
            "ponsel",
            "kontak",
            "mobile",
            "phone number",
            "nomor telepon",
        ),
    ),
    Field(
        "email",
        _("E-mail"),
        guess=looks_like_email,
        synonyms=("email", "e mail", "surel", "alamat email", "alamat surel"),
    ),
    Field(
        "title",
        _("Position"),
        help=_("Several in one cell are taken apart: “Ketua / Anggota DPRD”. Without one: Anggota."),
        synonyms=("jabatan", "posisi", "peran", "jabatan struktural", "kedudukan", "position", "role", "tugas"),
    ),
    Field(
        "other_title", _("Second position"), synonyms=("rangkap jabatan", "jabatan lain", "jabatan 2", "jabatan kedua")
    ),
    Field(
        "unit",
        _("Unit"),
        help=_("As you write it: “Kec. Cikarang Utara”, “PAC Cikarang utr”, “Desa Sukamahi, Kec. Cikarang Pusat”."),
        synonyms=(
            "satuan",
            "satuan kerja",
            "satker",
            "unit kerja",
            "pac",
            "ranting",
            "dpc",
            "dpd",
            "dpw",
            "ppk",
            "pps",
            "kpu",
            "tempat tugas",
            "wilayah",
            "wilayah tugas",
            "instansi",
            "kantor",
            "penempatan",
            "bidang",
        ),
    ),
    Field(
        "unit_code",
        _("Code of the unit"),
        synonyms=("kode", "kode satuan", "kode wilayah", "kode unit", "kode satker", "kode desa", "kode kemendagri"),
    ),
    Field("province", _("Province"), synonyms=("provinsi", "propinsi", "prov")),
    Field(
        "regency",
        _("Regency or city"),
        synonyms=("kabupaten", "kab", "kota", "kabupaten kota", "kab kota", "kabkota", "kab/kota"),
    ),
    Field("district", _("District"), synonyms=("kecamatan", "kec", "nama kecamatan", "distrik")),
    Field(
        "village",
        _("Village"),
        synonyms=("desa", "kelurahan", "kel", "desa kelurahan", "kelurahan desa", "kel desa", "nama desa", "gampong"),
    ),
    Field(
        "sheet",
        _("Sheet of the workbook"),
        synonyms=("sheet", "lembar", "lembar kerja"),
        help=_("Where each district has a sheet of its own, its name tells the unit."),
    ),
    Field(
        "starts_on",
        _("Term from"),
        synonyms=("mulai", "mulai menjabat", "tmt", "awal jabatan", "mulai tugas", "sejak", "tanggal mulai", "from"),
    ),
    Field(
        "ends_on",
        _("Term until"),
        synonyms=("selesai", "akhir jabatan", "akhir masa jabatan", "sampai", "berakhir", "tanggal selesai", "until"),
    ),
    Field(
        "term",
        _("Term in one column"),
        synonyms=(
            "masa jabatan",
            "periode",
            "masa bakti",
            "masa tugas",
            "periode jabatan",
            "masa bhakti",
            "masa khidmat",
        ),
    ),
    *(_account_field(platform) for platform in addresses.platforms()),
    Field(
        "accounts",
        _("Own accounts in one column"),
        synonyms=("akun", "media sosial", "medsos", "akun media sosial", "akun medsos", "sosmed", "social media"),
    ),
)
