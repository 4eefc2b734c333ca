// Adapters of the npm libraries for codes of the EMV family: `load` is require(), from where they are installed.
const number = (amount) => (amount == null ? undefined : Number(amount));

function pixUtils(load, scheme, given) {
  const { createStaticPix, createDynamicPix, hasError } = load("pix-utils");
  const common = { merchantName: given.name, merchantCity: given.city };
  const made =
    scheme === "pix-static"
      ? createStaticPix({
          ...common,
          pixKey: given.key,
          transactionAmount: number(given.amount) ?? 0,
          ...(given.txid ? { txid: given.txid } : {}),
        })
      : createDynamicPix({ ...common, url: given.url });
  if (hasError(made)) throw new Error(made.message);
  return made.toBRCode();
}

function promptparse(load, scheme, given) {
  const { generate } = load("promptparse");
  const amount = number(given.amount);
  if (scheme === "promptpay-bill")
    return generate.billPayment({
      billerId: given.biller_id,
      ref1: given.ref1,
      ref2: given.ref2,
      ref3: given.ref3,
      amount,
    });
  const type = { 13: "NATID", 15: "EWALLETID" }[given.target.length] ?? "MSISDN";
  return generate.anyId({ type, target: given.target, amount });
}

const promptpayQr = (load, _scheme, given) =>
  load("promptpay-qr")(given.target, { amount: number(given.amount) });

function paynowqr(load, _scheme, given) {
  const Code = load("paynowqr");
  const { uen, expiry, company, editable } = given;
  return new Code({ uen, expiry, company, editable, amount: number(given.amount), refNumber: given.reference }).output();
}

function vietnamQrPay(load, _scheme, given) {
  const { QRPay } = load("vietnam-qr-pay");
  return QRPay.initVietQR({
    bankBin: given.bin,
    bankNumber: given.account,
    amount: given.amount ?? undefined,
    purpose: given.purpose,
  }).build();
}

// {"payload": ...} -> what it reads of it, as JSON; anything else -> a KHQR made of ts-khqr's own fields.
function tsKhqr(load, _scheme, given) {
  const { KHQR } = load("ts-khqr");
  const { status, data } = "payload" in given ? KHQR.parse(given.payload) : KHQR.generate(given);
  if (status.code) throw new Error(status.message);
  return "payload" in given ? JSON.stringify(data) : data.qr;
}

export const oracles = {
  "pix-utils": pixUtils,
  promptparse,
  "promptpay-qr": promptpayQr,
  paynowqr,
  "vietnam-qr-pay": vietnamQrPay,
  "ts-khqr": tsKhqr,
};
