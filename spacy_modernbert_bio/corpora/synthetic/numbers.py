"""Numbers and addresses of PHI: telephones, records, accounts, licences, devices, the net.

All are drawn at random. That one of them is somebody's would be chance.
"""

from random import Random

_DIGITS = "0123456789"
_PLATE_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
# A vehicle's number has no I, O and Q (ISO 3779).
_VIN = _PLATE_LETTERS + _DIGITS

# What stands for a character of a shape; any other stands for itself. "%" leaves out 0 and 1, with
# which no area code, exchange or year of ours begins.
_ALPHABETS = {"#": _DIGITS, "%": "23456789", "@": _PLATE_LETTERS}
_SHAPES: dict[str, tuple[str, ...]] = {
    "phone": (
        *("(%##) %##-####", "%##-%##-####", "%##-%##-####", "(%##)%##-####", "%##.%##.####"),
        *("%##-####", "%## %## ####", "%##%######", "+1 %## %## ####", "1-%##-%##-####"),
        *("(%##) %##-#### x%##", "%##-%##-#### ext. %###", "%##/%##-####"),
    ),
    "pager": ("#####", "%####", "%-####", "%###"),
    "ssn": ("%##-%#-%###", "%##-%#-%###", "%## %# %###", "%###%%###"),
    "mrn": (
        *("%######", "%######", "0######", "00######", "%##-%#-%#", "%## %# ##", "%#######"),
        *("MR######", "E%######", "@@%#####", "%##-##-##"),
    ),
    "account": ("%#########", "%###########", "@########", "%#####-%##", "V000########"),
    "plan": ("@@@%########", "%@@%-@@%-@@%%", "@##########", "%########-0#", "@@@###@#####"),
    "license": ("@@%######", "@%######", "MD-######", "%#########", "%##@######"),
    "driver": ("@########", "S%#######", "%#######", "@###-####-####"),
    "plate": ("%@@@ ##", "@@@ ####", "@@@-####", "%##-@@@", "#@@@###", "@@ #####"),
    "serial": ("@@######", "@@@######@", "%########", "SN-@#####", "@@@-%#####-##", "%####-@@-##"),
    "bioid": ("FP-%###-#####", "@@@-IRIS-######", "VP######", "@#@####@##"),
    "idnum": (
        *("%#######", "S##-%####", "@@##-#####", "%##@####", "%#####", "##-@@-%#####", "@##%###"),
    ),
    "ip": ("10.%#.%##.%", "192.168.%.%#", "%#.%##.%#.%", "172.16.%#.%#"),
}


def draw_number(kind: str, rng: Random) -> str:
    """A number of a kind: a key of the shapes above, or "vin"."""
    if kind == "vin":
        return "".join(rng.choice(_VIN) for _ in range(17))
    return _fill(rng.choice(_SHAPES[kind]), rng)


def _fill(shape: str, rng: Random) -> str:
    return "".join(rng.choice(_ALPHABETS[each]) if each in _ALPHABETS else each for each in shape)


def draw_username(given: str, family: str, rng: Random) -> str:
    """A login: of a name, or of two letters and digits."""
    name = _plain(family)[:7]
    shapes = (f"{_plain(given)[:1]}{name}", f"{_plain(given)[:1]}{name}{rng.randrange(2, 60)}")
    coded = f"{_plain(given)[:1]}{name[:1]}{rng.randrange(100, 999)}"
    return rng.choice((*shapes, coded, f"{name}.{_plain(given)[:1]}"))


def draw_email(given: str, family: str, domain: str, rng: Random) -> str:
    """An address of a name at a domain."""
    first, last = _plain(given), _plain(family)
    local = rng.choice((f"{first}.{last}", f"{first[:1]}{last}", f"{last}{rng.randrange(2, 99)}"))
    written = f"{local}@{domain}"
    return written.upper() if rng.random() < 0.05 else written


def draw_url(domain: str, rng: Random) -> str:
    """An address of a page at a domain."""
    page = rng.choice(("portal", "mychart", "patients/login", f"rec?id={rng.randrange(10**5)}"))
    start = rng.choice(("https://www.", "http://", "www.", "https://"))
    return f"{start}{domain}" if rng.random() < 0.3 else f"{start}{domain}/{page}"


def make_domain(name: str, rng: Random) -> str:
    """A domain named after a hospital, a city or an organisation."""
    return f"{_plain(name)[:14]}.{rng.choice(('org', 'com', 'edu', 'net'))}"


def _plain(name: str) -> str:
    return "".join(each for each in name.lower() if each.isascii() and each.isalnum()) or "user"
