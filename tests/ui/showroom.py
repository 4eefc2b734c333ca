"""A link's screen end with an agent that shows what it is told, and a shop of any size, for screens under test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock

from PIL import Image, ImageDraw

from content.model import Language
from content.money import Money
from kiosk.link.link import Drawn, Show, TakePicture
from kiosk.views import AdvertCard, AisleLabel, Facing, FacingsPage, Intent, Shop, View

NAMES = {
    "en": ["Organic whole milk", "Sourdough bread, baked this morning in town", "Strawberries", "Olive oil extra virgin"],
    "zh": ["有机全脂牛奶", "今早在城里烘焙的酸种面包，外脆里软", "草莓", "特级初榨橄榄油"],
    "ar": ["حليب عضوي كامل الدسم", "خبز العجين المخمر المخبوز هذا الصباح في المدينة", "فراولة", "زيت زيتون بكر ممتاز"],
    "de": ["Bio-Vollmilch", "Sauerteigbrot, heute Morgen in der Stadt gebacken", "Erdbeeren", "Natives Olivenöl extra"],
}  # fmt: skip
AISLES = {
    "dairy": ("Dairy", "乳制品", "ألبان", "Milch & Käse", "#dcebf7", "#1456d9"),
    "bakery": ("Bakery", "面包", "مخبوزات", "Backwaren", "#f6ead7", "#a65a12"),
    "fruit": ("Fruit & veg", "果蔬", "فواكه وخضار", "Obst & Gemüse", "#e2f2dc", "#2b7a2b"),
    "pantry": ("Pantry", "粮油", "مؤن", "Vorrat", "#f3e3dc", "#a6331a"),
    "drinks": ("Drinks", "饮料", "مشروبات", "Getränke", "#dff3f2", "#0d7377"),
    "snacks": ("Snacks", "零食", "وجبات خفيفة", "Snacks", "#f9e6ee", "#b3225d"),
    "frozen": ("Frozen", "冷冻", "مجمدات", "Tiefkühl", "#e3e8fa", "#2b3fa6"),
    "household": ("Household", "日用", "منزل", "Haushalt", "#ececea", "#44504b"),
}
TAGS = ("en", "zh", "ar", "de")


def gtin(n: int) -> str:
    """A GTIN-14 with its check digit."""
    body = f"{4_000_000_000_000 + n:013d}"
    total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(body))
    return body + str(-total % 10)


def draw_pictures(folder: Path) -> list[str]:
    """A few cut-out things to put on shelves."""
    paths = []
    for i, fill in enumerate(((60, 120, 220), (196, 134, 62), (214, 40, 60), (120, 140, 40))):
        image = Image.new("RGBA", (320, 320), (0, 0, 0, 0))
        d = ImageDraw.Draw(image)
        d.rounded_rectangle((70, 20, 250, 318), 30, fill=(*fill, 255))
        d.rectangle((70, 120, 250, 220), fill=(255, 255, 255, 255))
        path = folder / f"thing-{i}.webp"
        image.save(path, lossless=True)
        paths.append(str(path))
    return paths


def make_shop(count: int = 250, adverts: tuple[AdvertCard, ...] = ()) -> Shop:
    """Eight aisles; the first has `count` facings."""
    return Shop(
        names={"en": "Metro Market", "zh": "地铁超市", "ar": "سوق المترو", "de": "Metro Markt"},
        version="v1",
        currency="EUR",
        languages=(Language("en", "English"), Language("zh", "中文"), Language("ar", "العربية"), Language("de", "Deutsch")),
        aisles=tuple(
            AisleLabel(key, dict(zip(TAGS, row[:4], strict=True)), count if i == 0 else 30, row[4], row[5])
            for i, (key, row) in enumerate(AISLES.items())
        ),
        adverts=adverts,
        how_it_works=(
            {"en": "Touch + or scan a code with your phone", "zh": "点按 + 或用手机扫码", "ar": "المس + أو امسح الرمز بهاتفك", "de": "+ berühren oder Code mit dem Handy scannen"},
            {"en": "Pay by phone or card", "zh": "用手机或银行卡付款", "ar": "ادفع بالهاتف أو البطاقة", "de": "Mit Handy oder Karte bezahlen"},
            {"en": "Pick up tonight with your claim code", "zh": "今晚凭取货码取货", "ar": "استلم الليلة برمز الاستلام", "de": "Heute Abend mit dem Abholcode abholen"},
        ),
        methods=("link", "card"),
        support="+49 30 000000",
        kiosk="K1",
    )  # fmt: skip


def make_facing(index: int, language: str, pictures: list[str], aisle: str = "") -> Facing:
    """The facing at place `index` (from 0)."""
    names = NAMES.get(language, NAMES["en"])
    minor = 129 + (index * 137) % 2400
    badge, args, was = [("", (), None), ("sale", (20,), Money(minor * 5 // 4, "EUR")), ("multi-buy", (2, minor * 2 - 50), None),
                        ("", (), None), ("take-for-less", (3, 2), None), ("new", (), None), ("", (), None)][index % 7]  # fmt: skip
    code = gtin(index)
    return Facing(
        facing=index + 1, gtin=code, name=names[index % len(names)], brand="Alba", price=Money(minor, "EUR"), was=was,
        unit_price=Money(minor * 2, "EUR") if index % 3 else None, unit_base="1 l" if index % 2 else "100 g",
        size="500 g", badge=badge, badge_args=args, picture=pictures[index % len(pictures)] if pictures else "",
        qr=f"HTTPS://ID.ENDCAP.EXAMPLE/01/{code}/21/K1.{index + 1}", available=index % 11 != 8,
    )  # fmt: skip


class Showroom:
    """A ScreenEnd: `put(view)` shows, `sent` holds the intents."""

    def __init__(self, shop: Shop, pictures: list[str], facing: Callable[..., Facing] = make_facing) -> None:
        self.shop = shop
        self.sent: list[Intent] = []
        self.asked: list[tuple[str, int, int]] = []
        self.away = False
        self.drawn: Drawn | None = None
        self.fresh_ms = 0
        self._pictures = pictures
        self.facing = facing
        self._show: Show | None = None
        self._lock = Lock()

    def obey(self, picture: TakePicture, leave: Callable[[], None]) -> None:
        """See ScreenEnd: nobody asks."""

    def listen(self, show: Show) -> None:
        self._show = show

    def put(self, view: View) -> None:
        assert self._show is not None
        self._show(self.shop, view)

    def send(self, intent: Intent) -> None:
        self.sent.append(intent)

    def drew(self, drawn: Drawn) -> None:
        """See ScreenEnd."""
        self.drawn = drawn

    def facings(self, aisle: str, language: str, start: int, stop: int) -> FacingsPage:
        if self.away:
            raise ConnectionError("the agent is away")
        with self._lock:
            self.asked.append((aisle, start, stop))
        count = next(a.count for a in self.shop.aisles if a.key == aisle)
        items = tuple(self.facing(i, language, self._pictures, aisle) for i in range(start, min(stop, count)))
        return FacingsPage(aisle, start, items, self.fresh_ms)

    def close(self) -> None:
        self._show = None
