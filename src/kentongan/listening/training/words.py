"""Make `slang.tsv.gz` and `roots.txt.gz`: `python -m kentongan.listening.training.words DATA_FOLDER`.

Sources (see NOTICE): louisowen6/NLP_bahasa_resources (MIT), haryoa/indo-collex (MIT).
"""

import csv
import gzip
import json
import sys
from pathlib import Path

TARGET = Path(__file__).parent.parent / "pipeline" / "data"
# Words that a dictionary of slang maps, and that are names, plain words or place names for an office.
KEEP = {"aspal", "rob", "tapos", "alas", "kali", "lapor", "bang", "kk", "pt", "rt", "rw", "pu", "tb", "air", "jembatan"}
# Our own additions: what people of the Bekasi coast and of Java write in complaints.
OURS = {
    "jln": "jalan",
    "jl": "jalan",
    "jlan": "jalan",
    "jlnan": "jalanan",
    "jalanna": "jalan",
    "rsk": "rusak",
    "bnjir": "banjir",
    "bnjr": "banjir",
    "tlg": "tolong",
    "tlong": "tolong",
    "mhn": "mohon",
    "kec": "kecamatan",
    "kel": "kelurahan",
    "sdh": "sudah",
    "udh": "sudah",
    "udah": "sudah",
    "dah": "sudah",
    "blm": "belum",
    "blom": "belum",
    "gak": "tidak",
    "ga": "tidak",
    "gk": "tidak",
    "nggak": "tidak",
    "ngga": "tidak",
    "engga": "tidak",
    "enggak": "tidak",
    "tdk": "tidak",
    "g": "tidak",
    "kagak": "tidak",
    "ndak": "tidak",
    "gada": "tidak ada",
    "yg": "yang",
    "dgn": "dengan",
    "dg": "dengan",
    "krn": "karena",
    "karna": "karena",
    "pd": "pada",
    "dr": "dari",
    "dri": "dari",
    "utk": "untuk",
    "bgt": "banget",
    "bngt": "banget",
    "bener": "benar",
    "dibenerin": "benar",
    "benerin": "benar",
    "kpn": "kapan",
    "gmn": "bagaimana",
    "gmna": "bagaimana",
    "gimana": "bagaimana",
    "knp": "kenapa",
    "knapa": "kenapa",
    "tp": "tapi",
    "tpi": "tapi",
    "aja": "saja",
    "aj": "saja",
    "org": "orang",
    "orng": "orang",
    "trs": "terus",
    "trus": "terus",
    "tiap2": "tiap",
    "pemdes": "desa",
    "smp": "sampai",
    "sampe": "sampai",
    "ampe": "sampai",
    "lg": "lagi",
    "lgi": "lagi",
    "bpk": "bapak",
    "pak": "pak",
    "thn": "tahun",
    "bln": "bulan",
    "hr": "hari",
    "mlm": "malam",
    "pgi": "pagi",
    "sklh": "sekolah",
    "skolah": "sekolah",
    "mtr": "motor",
    "mtor": "motor",
    "smph": "sampah",
    "lmpu": "lampu",
    "pkm": "puskesmas",
    "pusk": "puskesmas",
    "e-ktp": "ktp",
    "ektp": "ktp",
    "disduk": "disdukcapil",
    "antri": "antre",
    "antrian": "antre",
    "antrean": "antre",
    "ngantri": "antre",
    "ngantre": "antre",
    "ijin": "izin",
    "cabe": "cabai",
    "telor": "telur",
    "tolongin": "tolong",
    "kebanjiran": "banjir",
    "makasih": "terimakasih",
    "mksh": "terimakasih",
    "trims": "terimakasih",
    "covid19": "covid",
    "covid-19": "covid",
    "corona": "covid",
    "korona": "covid",
    "coronavirus": "covid",
}


def _slang(data: Path) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for name in ("train.csv", "dev.csv"):
        with (data / "indo_collex" / name).open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                pairs[row["transformed"].strip().lower()] = row["original-for"].strip().lower()
    pairs |= json.loads((data / "slang" / "combined_slang_words.txt").read_text("utf-8"))
    pairs |= OURS
    return {
        informal: formal
        for informal, formal in sorted(pairs.items())
        if informal not in KEEP and " " not in informal and informal.isalnum() and formal.replace("-", "").isalpha()
    }


def _roots(data: Path) -> list[str]:
    words = (data / "slang" / "combined_root_words.txt").read_text("utf-8").split("\n")
    return sorted({word.strip().lower() for word in words if word.strip().isalpha() and len(word.strip()) > 2})


def main(folder: str) -> None:
    """Write both files."""
    data = Path(folder)
    slang = "\n".join(f"{informal}\t{formal}" for informal, formal in _slang(data).items())
    (TARGET / "slang.tsv.gz").write_bytes(gzip.compress(slang.encode(), mtime=0))
    (TARGET / "roots.txt.gz").write_bytes(gzip.compress("\n".join(_roots(data)).encode(), mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])
