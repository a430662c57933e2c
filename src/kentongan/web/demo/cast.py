"""The named cast: one person for each role, all invented."""

from dataclasses import dataclass

from kentongan.core.permissions import Role

PASSWORD = "kentongan-berbunyi-tiga-kali"  # noqa: S105
"""Everybody of the cast signs in with it; it protects nothing but a simulation."""


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody of the cast: first name, full name, position, role, and the code of their unit."""

    key: str
    name: str
    title: str
    role: Role
    unit_code: str

    @property
    def email(self) -> str:
        """Their address, at a domain that is nobody's."""
        return f"{self.key}@example.id"


@dataclass(frozen=True, slots=True)
class Login:
    """Who can sign in to the demo, as `kentongan up` prints it."""

    email: str
    password: str
    name: str
    role: str


PLAYERS = (
    Player("wulan", "Wulan Rahmawati", "Kepala Dinas", Role.LEADER, "32.16"),
    Player("arif", "Arif Nugraha", "Kepala Seksi Tata Kelola", Role.ADMINISTRATOR, "32.16"),
    Player("dewi", "Dewi Anggraini", "Pranata Humas", Role.EDITOR, "32.16"),
    Player("hendra", "Hendra Kusnadi", "Kepala Bidang Informasi dan Komunikasi Publik", Role.APPROVER, "32.16"),
    Player("sari", "Sari Maulida", "Analis Media", Role.ANALYST, "32.16"),
    Player("euis", "Euis Komalasari", "Admin Media Kecamatan", Role.EDITOR, "32.16.06"),
    Player("joko", "Joko Sutrisno", "Sekretaris Kecamatan", Role.ADMINISTRATOR, "32.16.06"),
    Player("maman", "Maman Kurniadi", "Kaur Umum Desa", Role.MEMBER, "32.16.20.2002"),
    Player("tono", "Tono Prasetyo", "Tamu dari kabupaten tetangga", Role.GUEST, "32.16"),
)


def player(key: str) -> Player:
    """Return somebody of the cast by first name."""
    return next(found for found in PLAYERS if found.key == key)


def cast() -> list[Login]:
    """Return who can sign in, for the start screen of the command line."""
    return [Login(found.email, PASSWORD, f"{found.name}, {found.title}", found.role.value) for found in PLAYERS]
