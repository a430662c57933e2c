"""Words that say nothing about what is being talked about, in the languages of the posts (our own list)."""

INDONESIAN = """
ada adalah agar akan aku alah anda antara apa apalagi atau atas bagai bagaimana bagi bahkan bahwa baik banget
banyak baru bawah beberapa begini begitu belum benar berapa bisa boleh buat bukan bulan cuma cuman dalam dan
dapat dari daripada dengan deh dia di dong dulu emang engga gua gue guys hal hanya hari harus hingga ia ingin
ini itu iya jadi jangan jika juga kak kalau kalian kami kan kapan karena kata ke kenapa kepada ketika kita kok
kurang lagi lain lalu lama lah langsung lebih lewat lu lo loh lho maka makin malah mana mari masa masih mau
memang menjadi mereka meski mesti min mohon mulai mungkin nah namun nanti nih nya oleh orang pada padahal
paling para pas per perlu pernah pula pun punya saat saja salah sambil sama sampai sana sangat satu saya se
sebab sebagai sebuah secara sedang segala segera sekali sekarang selalu selama semakin sementara semoga semua
sendiri seperti sering serta si siapa sih situ suatu sudah supaya tahu tahun tak tambah tanpa tapi tentang
terlalu terus tetap tetapi tidak tolong tuh untuk wah waktu walau ya yaitu yakni yang yuk pak bu bapak ibu mas
mbak bang gan kakak teman bro sis dua tiga rt rp via dll dst dsb cc bikin pakai gara biar beri pun daerah
bagian ambil lihat liat coba banding hai halo aja gak ga gitu gini wkwk wkwkwk haha hahaha hehe hihi anjir
anjay woi oh eh ah duh yah amin jam malam pagi siang sore kemarin besok hadap datang buka minta
"""
SUNDANESE_JAVANESE = """
abdi ari atuh ayeuna bade batur boga bogoh cenah da dei deui di ge geus geuning hayang henteu ieu jeung jeng
ka kana keur kieu kitu kumaha lamun loba mah make maneh mun na naha naon nu oge pisan sia sok tah tea teh teu
tos ulah urang wae wungkul aya moal iki iku kuwi kae karo lan sing ora durung wis uwis kok piye opo sopo ning
neng nang ing saka seko yo tenan banget mung ae wae dadi aku kowe kula sampeyan panjenengan isih arep nek yen
kudu meh lur cah pancen nggih mboten
"""
ENGLISH = """
a about after all also am an and any are as at be because been before being but by can could did do does doing
don for from get got had has have he her here him his how i if in into is it its just like ll me more most my
new no not now of off on one only or our out over rt so some such than that the their them then there these
they this to too up us very via was we were what when where which who will with would you your amp re ve says
said say im dont
"""

STOPWORDS = frozenset(f"{INDONESIAN} {SUNDANESE_JAVANESE} {ENGLISH}".split())
