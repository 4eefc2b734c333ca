"""What the session looks like: present(session) -> View. Total: every session has a view."""

from __future__ import annotations

from content import pricing
from content.carry import BadCarry, pack
from content.model import Product, text_in
from content.references import check_of
from kiosk.core import alerting, attract, basket, codes, paying, ticker
from kiosk.core.facings import facing_of, picture_of
from kiosk.core.state import (
    PHONE_SALE,
    Attracting,
    Browsing,
    Choosing,
    Closed,
    CodeAsked,
    CodeResult,
    EnterCode,
    GuidedTest,
    Paying,
    Reviewing,
    Session,
    Sleeping,
    Tapping,
    Thanking,
    Troubled,
    Viewing,
    links,
)
from kiosk.guided import Step
from kiosk.views import (
    Asleep,
    Attract,
    Basket,
    BasketLine,
    ChooseMethod,
    CodeEntry,
    CodeLine,
    CodeWait,
    DeviceTest,
    Fact,
    Frame,
    Identify,
    Notice,
    Pay,
    Problem,
    ProductDetail,
    Thanks,
    View,
    Wall,
)
from kiosk.views import Closed as ClosedView
from kiosk.views import CodeResult as CodeResultView

SHORT_NAME = 4  # characters of an order's name people call it by
SHORT_LIST = 4  # products named on a public screen

# What support is told. Numbers are never given anew.
CODES = {
    "declined": "EC-11",
    "expired": "EC-12",
    "cancelled": "EC-13",
    "failed": "EC-14",
    "provider-down": "EC-15",
    "offline": "EC-16",
    "too-dense": "EC-17",  # the provider's code has more modules than a phone could read from this glass
    "not-this-way": "EC-18",  # this order cannot be paid by that method: its amount, its currency, or as the provider says
    "unsure": "EC-21",  # nobody knows yet whether money moved
    "not-recorded": "EC-22",  # money came, the ledger cannot write
    "wrong-amount": "EC-23",
    "refunded": "EC-24",
    "recalled": "EC-25",  # money came for something that was recalled meanwhile, and goes back
}


def present(session: Session) -> View:
    """The view of a session."""
    if session.alerted is not None:
        return alerting.view(session, session.alerted)
    match session.state:
        case Attracting() as state:
            return Attract(frame_of(session), attract.slide_of(state))
        case Browsing():
            return Wall(frame_of(session), session.aisle)
        case Viewing(product=product, facing=facing):
            return product_detail(session, product, facing)
        case Reviewing():
            return basket_view(session)
        case Choosing():
            return choose_method(session)
        case Tapping() | Paying():
            return pay(session, session.state)
        case Thanking() as state:
            return thanks(session, state)
        case Troubled() as state:
            return problem(session, state)
        case EnterCode() | CodeAsked() | CodeResult() as state:
            return code_view(session, state)
        case Closed() | Sleeping() | GuidedTest() as state:
            return not_selling(session, state)


def not_selling(session: Session, state: Closed | Sleeping | GuidedTest) -> ClosedView | Asleep | DeviceTest:
    """Out of service, at night, or in a technician's hands."""
    match state:
        case Closed(reason=reason, code=code):
            return ClosedView(frame_of(session), reason, code)
        case Sleeping():
            return Asleep(frame_of(session))
        case GuidedTest(shown=shown):
            return device_test(session, shown)


def device_test(session: Session, shown: Step) -> DeviceTest:
    """A step of a technician's test."""
    return DeviceTest(
        frame_of(session),
        shown.device,
        shown.step,
        shown.code,
        shown.number,
        shown.steps,
        shown.asks,
        shown.detail,
    )


def frame_of(session: Session) -> Frame:
    """What surrounds the screen."""
    warned = session.warned_ms
    left = None if warned is None else warned + session.settings.warn_ms - session.at.mono_ms
    asked = session.identifying
    return Frame(
        language=session.language,
        reach=session.reach,
        basket_count=basket.count(session),
        basket_total=basket.total(session) if session.basket else None,
        notice=notice_of(session),
        idle_seconds=None if left is None else max(0, -(-left // 1000)),
        identify=None if asked is None else Identify(asked.address, asked.colour),
        ticker=ticker.shown(session),
    )


def notice_of(session: Session) -> Notice | None:
    """What is said over the screen. Thanks for a phone's order never stand where somebody pays at the glass: they would
    read them as their own and leave before it is true.
    """
    first = session.notices[0] if session.notices else None
    own_money = isinstance(session.state, Choosing | Tapping | Paying | Thanking | Troubled)
    return None if first is not None and first.key == PHONE_SALE and own_money else first


def product_detail(session: Session, product: Product, facing: int) -> ProductDetail:
    """One product with its facts; nutrition in thousandths becomes "3.6 g"."""
    language = session.language
    drawn = facing_of(product, language, session.at.now, session.place, links(session))
    return ProductDetail(
        frame=frame_of(session),
        facing=drawn,
        description=text_in(product.descriptions, language),
        ingredients=text_in(product.ingredients, language),
        allergens=product.allergens,
        nutrition=tuple(Fact(key, nutrient(key, amount)) for key, amount in product.nutrition),
        facts=facts_of(product),
        quantity=basket.quantity_of(session, product.gtin),
        age_min=product.age_min,
        recall=product.recall.reason if product.recall else "",
        recall_text=text_in(product.recall.texts, language) if product.recall else "",
    )


def nutrient(key: str, amount: int) -> str:
    """A nutrient per 100 g or ml as it stands on a pack: energy in kJ or kcal, everything else in grams."""
    whole, milli = divmod(amount, 1000)
    fraction = f".{milli:03}".rstrip("0") if milli else ""
    unit = "g"
    if "energy" in key:
        unit = "kcal" if "kcal" in key else "kJ"
    return f"{whole}{fraction} {unit}"


def facts_of(product: Product) -> tuple[Fact, ...]:
    """Facts that are there. `origin` is an ISO 3166-1 code and `storage` a key: the screen has words for both."""
    facts = (
        ("brand", product.brand),
        ("size", pricing.measure_text(product.size)),
        ("origin", product.origin),
        ("storage", product.storage),
        ("gtin", product.gtin),
    )
    return tuple(Fact(key, value) for key, value in facts if value)


def basket_view(session: Session) -> Basket:
    """What is about to be bought."""
    lines = tuple(
        BasketLine(
            gtin=pick.product.gtin,
            name=text_in(pick.product.names, session.language),
            picture=picture_of(pick.product, session.place),
            quantity=pick.quantity,
            price=basket.price_of(pick),
            total=basket.total_of(pick),
            saved=basket.saved_of(pick),
        )
        for pick in session.basket
    )
    return Basket(
        frame=frame_of(session),
        lines=lines,
        total=basket.total(session),
        saved=basket.saved(session),
        pickup=pickup_of(session),
        age_min=basket.age_min(session),
        carry=carry_of(session),
    )


def carry_of(session: Session) -> str:
    """The basket as a link for a phone, made here without asking anybody; "" where it is empty or too large for one."""
    try:
        digits = pack([(pick.product.gtin, pick.quantity) for pick in session.basket])
    except BadCarry:
        return ""
    return links(session).basket(digits, session.at.now)


def pickup_of(session: Session) -> str:
    """Where the goods are handed over."""
    return text_in(session.store.pickup, session.language)


def choose_method(session: Session) -> ChooseMethod:
    """The methods offered here, and why some of them cannot be used now."""
    methods = session.methods
    off = tuple((method, why) for method in methods if (why := paying.why_off(session, method)))
    total = session.order.total if session.order else basket.total(session)
    return ChooseMethod(frame_of(session), total, methods, off)


def pay(session: Session, state: Paying | Tapping) -> Pay:
    """Money in flight, or a card awaited (then there is no reference yet)."""
    if isinstance(state, Tapping):
        total = session.order.total if session.order else basket.total(session)
        patience = session.settings.tap_ms
        return Pay(
            frame_of(session), paying.CARD, "waiting", total, "", until_ms=state.until_ms, offered_ms=patience
        )
    payment = session.pending[state.reference].payment
    offered = state.stage in ("waiting", "scanned")
    return Pay(
        frame=frame_of(session),
        method=payment.method,
        stage=state.stage,
        amount=payment.amount,
        reference=state.reference,
        payload=state.payload,
        until_ms=state.until_ms if offered else 0,
        offered_ms=state.offered_ms if offered else 0,
        merchant=state.merchant,
        check=check_of(state.reference),
        domain=state.domain,
    )


def thanks(session: Session, state: Thanking) -> Thanks:
    """Paid."""
    payment = state.payment
    return Thanks(
        frame=frame_of(session),
        total=payment.amount,
        claim_code=payment.order.claim,
        reference=payment.reference,
        receipt=state.receipt,
        pickup=pickup_of(session),
        age_min=payment.order.age_min,
    )


def problem(session: Session, state: Troubled) -> Problem:
    """What happened."""
    payment = state.payment
    return Problem(
        frame=frame_of(session),
        key=state.key,
        code=CODES[state.key],
        can_retry=state.retry,
        claim_code=payment.order.claim if state.claim else "",
        reference=payment.reference,
    )


def code_view(
    session: Session, state: EnterCode | CodeAsked | CodeResult
) -> CodeEntry | CodeWait | CodeResultView:
    """The keys, the question, and what a code stands for: whose it is sees enough to know the order again, bystanders see
    no more than that.
    """
    if isinstance(state, EnterCode):
        return CodeEntry(frame_of(session))
    if isinstance(state, CodeAsked):
        return CodeWait(frame_of(session))
    key = state.key or "unknown"
    order = state.payment.order if state.payment else None
    lines = order.lines if order else ()
    offered = "offer" if codes.may_print(session, state) else state.receipt
    return CodeResultView(
        frame=frame_of(session),
        key=key,
        order=order.order[:SHORT_NAME] if order else "",
        lines=tuple(CodeLine(line.name, line.quantity) for line in lines[:SHORT_LIST]),
        more=max(0, len(lines) - SHORT_LIST),
        total=order.total if order else None,
        pickup=pickup_of(session) if key == codes.READY else "",
        missing=state.missing[:SHORT_LIST],
        wait_s=state.wait_s,
        receipt=offered,
    )
