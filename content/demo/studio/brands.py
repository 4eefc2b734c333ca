"""Sixteen invented brands: how each sets its name and its words, and how its packs are laid out."""

from dataclasses import dataclass

from content.demo.studio.ink import Type

_OTF = "/usr/share/fonts/opentype"
_TTF = "/usr/share/fonts/truetype"

SPARTAN = Type(f"{_OTF}/league-spartan/LeagueSpartan-ExtraBold.otf")
SPARTAN_CAPS = Type(f"{_OTF}/league-spartan/LeagueSpartan-Bold.otf", upper=True, tracking=0.06)
BEBAS = Type(f"{_OTF}/bebas-neue/BebasNeue-Bold.otf", upper=True, tracking=0.02, leading=0.92)
LOBSTER = Type(f"{_OTF}/lobster/lobster.otf")
LOBSTER_TWO = Type(f"{_OTF}/lobstertwo/LobsterTwo-BoldItalic.otf")
LECKERLI = Type(f"{_TTF}/leckerli-one/LeckerliOne-Regular.ttf")
COMFORTAA = Type(f"{_TTF}/comfortaa/Comfortaa-Bold.ttf")
QUICKSAND = Type(f"{_TTF}/quicksand/Quicksand-Bold.ttf")
SLAB = Type(f"{_OTF}/roboto/slab/RobotoSlab-Bold.otf")
LATO = Type(f"{_TTF}/lato/Lato-Black.ttf")
LATO_CAPS = Type(f"{_TTF}/lato/Lato-Black.ttf", upper=True, tracking=0.12)
YANONE = Type(f"{_OTF}/yanone-kaffeesatz/YanoneKaffeesatz-Bold.otf", leading=0.95)
DOSIS = Type(f"{_OTF}/dosis/Dosis-ExtraBold.otf")
DANCING = Type(f"{_OTF}/dancingscript/DancingScript-Bold.otf")
KAUSHAN = Type(f"{_OTF}/kaushanscript/KaushanScript-Regular.otf")
GOUDY = Type(f"{_OTF}/sortsmill/GoudyBookletter1911.otf")
GOUDY_CAPS = Type(f"{_OTF}/sortsmill/GoudyBookletter1911.otf", upper=True, tracking=0.14)
LOUD = Type(f"{_OTF}/league-spartan/LeagueSpartan-Black.otf", upper=True, skew=-0.16, leading=0.95)


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand's hand: how its name is set, how its words are set, and the layout its packs share."""

    mark: Type
    words: Type
    layout: str


BRANDS: dict[str, Brand] = {
    "Grünholt": Brand(COMFORTAA, QUICKSAND, "hill"),
    "Pendelo": Brand(BEBAS, BEBAS, "plain"),
    "Krumbal": Brand(LOBSTER, LOBSTER, "arch"),
    "Hofmilde": Brand(LECKERLI, SPARTAN, "hill"),
    "Fiorvento": Brand(LOBSTER_TWO, LOBSTER_TWO, "ribbon"),
    "Nordskavl": Brand(SPARTAN_CAPS, SPARTAN, "swell"),
    "Sorvela": Brand(KAUSHAN, SPARTAN, "splash"),
    "Gleisbräu": Brand(SLAB, SLAB, "medal"),
    "Brehmtal": Brand(GOUDY_CAPS, GOUDY, "sober"),
    "Velkora": Brand(LATO_CAPS, LATO, "column"),
    "Kraklo": Brand(LOUD, SPARTAN, "burst"),
    "Miralind": Brand(DANCING, GOUDY, "jewel"),
    "Tellero": Brand(YANONE, YANONE, "slant"),
    "Blankelo": Brand(DOSIS, DOSIS, "swoosh"),
    "Sanuvi": Brand(QUICKSAND, QUICKSAND, "calm"),
    "Blumique": Brand(DANCING, DANCING, "calm"),
}
HOUSE = Brand(LATO_CAPS, LATO, "plain")


def brand_of(name: str) -> Brand:
    """The brand's hand; a brand not in the book is set plainly."""
    return BRANDS.get(name, HOUSE)
