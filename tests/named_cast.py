"""The named cast of the tests: real Indonesian places, units and roles."""

from dataclasses import dataclass

from kentongan.core.actor import Actor
from kentongan.core.models import User
from kentongan.core.permissions import Role
from kentongan.registry import actions
from kentongan.registry.models import Organisation, Unit
from kentongan.registry.trees import NewUnit

PASSWORD = "kentongan-berbunyi-tiga-kali"
SYSTEM = Actor.system("tests")


@dataclass(frozen=True)
class Cast:
    """Diskominfo Kabupaten Bekasi: one person for each role, and a neighbour who must see nothing."""

    organisation: Organisation
    root: Unit
    cikarang_pusat: Unit
    sukamahi: Unit
    tambun_selatan: Unit
    people: dict[str, User]

    def user(self, name: str) -> User:
        """Return a user by first name."""
        return self.people[name]

    def actor(self, name: str) -> Actor:
        """Return the actor that this user is."""
        return Actor.of_user(self.people[name])


# first name -> (e-mail, role, unit's code)
ROLES: dict[str, tuple[str, Role, str]] = {
    "wulan": ("wulan@example.id", Role.LEADER, "32.16"),
    "arif": ("arif@example.id", Role.ADMINISTRATOR, "32.16"),
    "dewi": ("dewi@example.id", Role.EDITOR, "32.16"),
    "hendra": ("hendra@example.id", Role.APPROVER, "32.16"),
    "sari": ("sari@example.id", Role.ANALYST, "32.16"),
    "maman": ("maman@example.id", Role.MEMBER, "32.16.20.2002"),
    "tono": ("tono@example.id", Role.GUEST, "32.16"),
    "euis": ("euis@example.id", Role.EDITOR, "32.16.06"),
    "joko": ("joko@example.id", Role.ADMINISTRATOR, "32.16.06"),
}


def found(kind: str = Organisation.Kind.REGENCY, **extra: object) -> Organisation:
    """Found the organisation of the tests."""
    return actions.found_organisation(
        SYSTEM,
        name="Dinas Komunikasi dan Informatika Kabupaten Bekasi",
        short_name="Diskominfo Bekasi",
        kind=kind,
        area_code="32.16",
        level=Unit.Level.REGENCY,
        **extra,  # type: ignore[arg-type]
    )


def build(kind: str) -> None:
    """Found an organisation of a kind with the cast at its units."""
    found(kind)
    actions.add_units(
        SYSTEM,
        [
            NewUnit("32.16.20", "Kecamatan Cikarang Pusat", Unit.Level.DISTRICT, "32.16", area_code="32.16.20"),
            NewUnit("32.16.06", "Kecamatan Tambun Selatan", Unit.Level.DISTRICT, "32.16", area_code="32.16.06"),
            NewUnit("32.16.20.2002", "Desa Sukamahi", Unit.Level.VILLAGE, "32.16.20", area_code="32.16.20.2002"),
        ],
    )
    units = dict(Unit.objects.values_list("code", "pk"))
    for name, (email, role, code) in ROLES.items():
        user = actions.add_user(SYSTEM, units[code], email=email, name=name.title())
        actions.grant_role(SYSTEM, user.pk, units[code], role)


def read() -> Cast:
    """Return the cast that was built."""
    units = {unit.code: unit for unit in Unit.objects.all()}
    users = {user.email: user for user in User.objects.all()}
    people = {name: users[email] for name, (email, _role, _code) in ROLES.items()}
    places = (units[code] for code in ("32.16", "32.16.20", "32.16.20.2002", "32.16.06"))
    return Cast(Organisation.objects.get(), *places, people)
