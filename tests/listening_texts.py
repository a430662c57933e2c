"""What people of the tests complain about."""

POTHOLE = (
    "Jalan Raya Tegal Danas berlubang parah, tadi malam ada pengendara motor jatuh lagi",
    "Tolong dong jalan Tegal Danas Cikarang Pusat rusak parah, lubangnya makin dalam",
    "Lubang di jalan raya Tegal Danas kapan diperbaiki? sudah dua orang jatuh",
    "jln tegal danas bolong semua, pengendara jatuh gara gara lubang",
    "Pengendara jatuh di Tegal Danas karena jalan berlubang tidak diperbaiki",
)
CARDS = (
    "Antre KTP dari subuh di Disdukcapil blangko habis lagi",
    "Blangko KTP habis lagi, antre dari subuh percuma, Disdukcapil gimana nih",
    "Disdukcapil Cibitung antre KTP dari subuh, ujungnya blangko habis",
)
