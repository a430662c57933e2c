"""What people paste for an account: read, or refused with what it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.channels import addresses
from kentongan.channels.addresses import Unreadable, parse

FB, IG, TH, YT, TT, WA, TG = "facebook", "instagram", "threads", "youtube", "tiktok", "whatsapp", "telegram"
UC = "UCkabbekasi0123456789-_A"
WAC = "0029VaKabBekasi1234567AB"
DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"

READ = [
    # Facebook: pages, profiles and groups, from app, phone and share pages
    ("https://www.facebook.com/PemkabBekasi", FB, "pemkabbekasi"),
    ("facebook.com/pemkab.bekasi/", FB, "pemkabbekasi"),
    ("https://m.facebook.com/PemkabBekasi?refid=17&_rdr", FB, "pemkabbekasi"),
    ("https://mbasic.facebook.com/profile.php?id=100064812345678&v=info", FB, "100064812345678"),
    ("https://web.facebook.com/profile.php?id=100064812345678", FB, "100064812345678"),
    ("https://id-id.facebook.com/PemkabBekasi/posts/pfbid02abc", FB, "pemkabbekasi"),
    ("https://www.facebook.com/pages/Kecamatan-Tambun/154983274523", FB, "154983274523"),
    ("https://www.facebook.com/pages/category/Government/Diskominfo-104983274523", FB, "104983274523"),
    ("https://www.facebook.com/people/Dewi-Anggraini/100091234567890/", FB, "100091234567890"),
    ("https://www.facebook.com/p/Desa-Sukamahi-100064812345678/", FB, "100064812345678"),
    ("https://www.facebook.com/pg/PemkabBekasi/about/", FB, "pemkabbekasi"),
    ("https://www.facebook.com/Diskominfo-Bekasi-104983274523/", FB, "104983274523"),
    ("https://www.facebook.com/permalink.php?story_fbid=1&id=100064812345678", FB, "100064812345678"),
    ("https://www.facebook.com/story.php?story_fbid=12&id=100064812345678", FB, "100064812345678"),
    ("https://www.facebook.com/groups/wargacikarang", FB, "groups/wargacikarang"),
    ("https://www.facebook.com/groups/1439568723985/?ref=share", FB, "groups/1439568723985"),
    ("https://fb.com/PemkabBekasi", FB, "pemkabbekasi"),
    ("https://m.me/PemkabBekasi", FB, "pemkabbekasi"),
    ("fb://profile/100064812345678", FB, "100064812345678"),
    ("https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.instagram.com%2Fpemkabbekasi%2F&h=AT", IG, "pemkabbekasi"),
    ("FB: PemkabBekasi", FB, "pemkabbekasi"),
    # Instagram and Threads
    ("https://www.instagram.com/pemkabbekasi/", IG, "pemkabbekasi"),
    ("https://www.instagram.com/pemkabbekasi?igsh=MWQ1ZGUxMzBkMA==", IG, "pemkabbekasi"),
    ("https://instagram.com/_u/pemkabbekasi", IG, "pemkabbekasi"),
    ("https://www.instagram.com/stories/pemkab.bekasi/3245/", IG, "pemkab.bekasi"),
    ("https://www.instagram.com/pemkabbekasi/reel/C9abc/", IG, "pemkabbekasi"),
    ("https://ig.me/m/pemkabbekasi", IG, "pemkabbekasi"),
    ("instagram://user?username=PemkabBekasi", IG, "pemkabbekasi"),
    ("IG @Pemkab.Bekasi", IG, "pemkab.bekasi"),
    ("instagram : pemkabbekasi", IG, "pemkabbekasi"),
    ("https://www.threads.net/@pemkabbekasi", TH, "pemkabbekasi"),
    ("https://www.threads.com/@pemkabbekasi/post/C9abc?xmt=AQ", TH, "pemkabbekasi"),
    # X
    ("https://x.com/PemkabBekasi", "x", "pemkabbekasi"),
    ("https://twitter.com/PemkabBekasi?s=20&t=abc", "x", "pemkabbekasi"),
    ("https://mobile.twitter.com/PemkabBekasi/status/1234567890", "x", "pemkabbekasi"),
    ("https://twitter.com/intent/user?screen_name=PemkabBekasi", "x", "pemkabbekasi"),
    ("https://x.com/i/user/1234567", "x", "i/1234567"),
    ("twitter: @PemkabBekasi", "x", "pemkabbekasi"),
    # YouTube
    ("https://www.youtube.com/@PemkabBekasi", YT, "@pemkabbekasi"),
    ("https://youtube.com/@PemkabBekasi/videos?si=abc", YT, "@pemkabbekasi"),
    (f"https://www.youtube.com/channel/{UC}", YT, UC),
    (f"https://m.youtube.com/channel/{UC}/featured", YT, UC),
    ("https://www.youtube.com/c/PemkabBekasi", YT, "c/pemkabbekasi"),
    ("https://www.youtube.com/user/PemkabBekasi", YT, "user/pemkabbekasi"),
    # TikTok, WhatsApp, Telegram
    ("https://www.tiktok.com/@pemkab.bekasi?lang=id-ID", TT, "pemkab.bekasi"),
    ("https://www.tiktok.com/@pemkabbekasi/video/7234567890", TT, "pemkabbekasi"),
    (f"https://whatsapp.com/channel/{WAC}", WA, WAC),
    (f"https://www.whatsapp.com/channel/{WAC}/123", WA, WAC),
    (f"https://wa.me/channel/{WAC}", WA, WAC),
    ("https://t.me/KabarBekasi", TG, "kabarbekasi"),
    ("https://t.me/s/KabarBekasi", TG, "kabarbekasi"),
    ("https://t.me/KabarBekasi/245", TG, "kabarbekasi"),
    ("https://kabarbekasi.t.me", TG, "kabarbekasi"),
    ("tg://resolve?domain=KabarBekasi", TG, "kabarbekasi"),
    # open networks
    ("https://bsky.app/profile/kabar-bekasi.bsky.social", "bluesky", "kabar-bekasi.bsky.social"),
    (f"https://bsky.app/profile/{DID}/post/3l", "bluesky", DID),
    ("@kabar-bekasi.bsky.social", "bluesky", "kabar-bekasi.bsky.social"),
    (f"at://{DID}", "bluesky", DID),
    ("@info@kab.social", "mastodon", "info@kab.social"),
    ("https://kab.social/@Info", "mastodon", "info@kab.social"),
    ("https://mastodon.social/@info@kab.social", "mastodon", "info@kab.social"),
    ("https://kab.social/users/info", "mastodon", "info@kab.social"),
    ("https://kab.social/web/@info/1092", "mastodon", "info@kab.social"),
    # sites
    ("https://www.bekasikab.go.id/", "website", "bekasikab.go.id"),
    ("BEKASIKAB.GO.ID", "website", "bekasikab.go.id"),
    ("http://diskominfo.bekasikab.go.id/profil?utm_source=x#top", "website", "diskominfo.bekasikab.go.id/profil"),
    ("website: bekasikab.go.id", "website", "bekasikab.go.id"),
    # what a copy brings along
    ("  «https://x.com/PemkabBekasi»  ".replace("«", "<").replace("»", ">"), "x", "pemkabbekasi"),
    ("\u200ehttps://www.instagram.com/pemkabbekasi/\u200f", IG, "pemkabbekasi"),
    ("“https://t.me/KabarBekasi”.", TG, "kabarbekasi"),
]

HANDLES = [
    (FB, "Pemkab.Bekasi", "pemkabbekasi"),
    (FB, "100064812345678", "100064812345678"),
    (IG, "@PEMKABBEKASI", "pemkabbekasi"),
    ("x", "@Pemkab_Bekasi", "pemkab_bekasi"),
    (YT, "@Pemkab-Bekasi", "@pemkab-bekasi"),
    (YT, UC, UC),
    (TT, "@pemkab_bekasi", "pemkab_bekasi"),
    (WA, WAC, WAC),
    (TG, "@KabarBekasi", "kabarbekasi"),
    ("bluesky", "kabar-bekasi", "kabar-bekasi.bsky.social"),
    ("mastodon", "info@kab.social", "info@kab.social"),
    ("website", "bekasikab.go.id", "bekasikab.go.id"),
]

REFUSED = [
    ("", ""),
    ("@pemkabbekasi", ""),
    ("https://www.instagram.com/p/C9abcDEF/", ""),
    ("https://www.instagram.com/reel/C9abcDEF/", ""),
    ("https://www.instagram.com/explore/tags/bekasi/", ""),
    ("https://www.facebook.com/share/1AbCdEf/", ""),
    ("https://www.facebook.com/watch/?v=123", ""),
    ("https://www.facebook.com/photo.php?fbid=123", ""),
    ("https://fb.watch/abc/", ""),
    ("https://www.facebook.com/", ""),
    ("https://twitter.com/i/status/12345", ""),
    ("https://x.com/home", ""),
    ("https://x.com/hashtag/bekasi", ""),
    ("https://youtu.be/dQw4w9WgXcQ", ""),
    ("https://www.youtube.com/watch?v=dQw4w9WgXcQ", ""),
    ("https://www.youtube.com/shorts/abcdef", ""),
    ("https://vt.tiktok.com/ZSabc/", ""),
    ("https://www.tiktok.com/foryou", ""),
    ("https://wa.me/6281234567890", ""),
    ("https://api.whatsapp.com/send?phone=6281234567890", ""),
    ("https://chat.whatsapp.com/AbCdEfGh", ""),
    ("https://t.me/+AbCdEfGh", ""),
    ("https://t.me/joinchat/AbCdEf", ""),
    ("https://t.me/c/123456/7", ""),
    ("https://bit.ly/3xYz", ""),
    ("https://linktr.ee/pemkabbekasi", ""),
    ("http://192.168.1.1/admin", ""),
    ("http://localhost/", ""),
    ("https://user:secret@x.com/a", ""),
    ("javascript:alert(1)", ""),
    ("ftp://bekasikab.go.id", ""),
    ("https://x.com:99999/a", ""),
    ("x" * 1001, ""),
    ("belum punya", FB),
    ("-", IG),
    ("tidak ada", "x"),
    ("nama dengan spasi", IG),
    ("terlalu_panjang_untuk_x", "x"),
    ("0812 3456 7890", WA),
    ("@info", "mastodon"),
    ("https://x.com/PemkabBekasi", FB),
    ("IG: pemkabbekasi", FB),
    ("pemkabbekasi", "friendster"),
]


@pytest.mark.parametrize(("text", "platform", "key"), READ)
def test_an_address_is_read_without_being_told_the_platform(text: str, platform: str, key: str) -> None:
    found = parse(text)
    assert (found.platform, found.key) == (platform, key)


@pytest.mark.parametrize(("platform", "text", "key"), HANDLES)
def test_a_handle_is_read_on_its_platform(platform: str, text: str, key: str) -> None:
    assert parse(text, platform).key == key


@pytest.mark.parametrize(("text", "platform"), REFUSED)
def test_what_names_no_account_is_refused_with_what_to_do(text: str, platform: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(text, platform)
    assert str(caught.value.message)
    assert str(caught.value.remedy)


@pytest.mark.parametrize("text", [row[0] for row in READ])
def test_what_was_read_reads_the_same_from_its_own_address(text: str) -> None:
    found = parse(text)
    assert parse(found.url).key == parse(found.url, found.platform).key == found.key


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{5,13}", fullmatch=True)


@given(st.sampled_from([FB, IG, TH, "x", YT, TT, TG, "bluesky"]), NAMES)
def test_a_handle_and_its_address_are_one_account_whatever_the_case(platform: str, name: str) -> None:
    found = parse(f"@{name}", platform)
    texts = (found.url, found.url.replace("https://www.", "https://m."), f" {found.url}/?utm_source=a ")
    assert {parse(text).key for text in texts} == {found.key}
    assert parse(name.upper(), platform).key == found.key


@given(st.text(max_size=60), st.sampled_from(["", *addresses.platforms(), "guild"]))
def test_no_text_at_all_breaks_it(text: str, platform: str) -> None:
    try:
        found = parse(text, platform)
    except Unreadable:
        return
    assert found.key
    assert found.url.startswith("https://")
    assert parse(found.url, found.platform).key == found.key


@given(st.sampled_from(sorted(addresses.HOSTS)), st.lists(st.text(max_size=12), max_size=4), st.text(max_size=12))
def test_no_path_of_a_platform_breaks_it(host: str, parts: list[str], query: str) -> None:
    try:
        found = parse(f"https://{host}/{'/'.join(parts)}?id={query}")
    except Unreadable:
        return
    assert parse(found.url, found.platform).key == found.key


@pytest.mark.parametrize(
    "text",
    [
        "https://contoh.id/a%00b",
        "https://contoh.id/a%0Ab",
        f"https://contoh.id/{'a' * 300}",
        "https://contoh.id/%3Fid=7",
    ],
)
def test_what_no_table_holds_is_no_address(text: str) -> None:
    with pytest.raises(addresses.Unreadable):
        addresses.parse(text)
