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
      : createDynamicPix({ ...common, url: given.url, oneTime: true });
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

// It stamps a code with the time it is made, and refuses one that expires before: so it is told what time it is.
function tsKhqr(load, _scheme, given) {
  const { KHQR, CURRENCY, TAG } = load("ts-khqr");
  Date.now = () => Number(given.created);
  const { status, data } = KHQR.generate({
    tag: given.merchant ? TAG.MERCHANT : TAG.INDIVIDUAL,
    accountID: given.account,
    merchantName: given.name,
    merchantCity: given.city,
    merchantID: given.account_info,
    acquiringBank: given.bank,
    currency: given.currency === "USD" ? CURRENCY.USD : CURRENCY.KHR,
    amount: number(given.amount),
    merchantCategoryCode: given.mcc,
    expirationTimestamp: number(given.expires),
    additionalData: {
      billNumber: given.bill,
      mobileNumber: given.mobile,
      storeLabel: given.store,
      terminalLabel: given.terminal,
      purposeOfTransaction: given.purpose,
    },
    languageData: given.language
      ? {
          languagePreference: given.language,
          merchantNameAlternateLanguage: given.name_local,
          merchantCityAlternateLanguage: given.city_local,
        }
      : undefined,
  });
  if (status.code) throw new Error(status.message);
  return data.qr;
}

function bakongKhqr(load, _scheme, given) {
  const { BakongKHQR, khqrData, IndividualInfo, MerchantInfo } = load("bakong-khqr");
  Date.now = () => Number(given.created);
  const more = {
    currency: given.currency === "USD" ? khqrData.currency.usd : khqrData.currency.khr,
    amount: number(given.amount),
    expirationTimestamp: number(given.expires),
    merchantCategoryCode: given.mcc,
    accountInformation: given.account_info,
    acquiringBank: given.bank,
    billNumber: given.bill,
    mobileNumber: given.mobile,
    storeLabel: given.store,
    terminalLabel: given.terminal,
    purposeOfTransaction: given.purpose,
    languagePreference: given.language,
    merchantNameAlternateLanguage: given.name_local,
    merchantCityAlternateLanguage: given.city_local,
  };
  const who = [given.account, given.name, given.city ?? "Phnom Penh"];
  const { status, data } = given.merchant
    ? new BakongKHQR().generateMerchant(new MerchantInfo(...who, given.account_info, given.bank, more))
    : new BakongKHQR().generateIndividual(new IndividualInfo(...who, more));
  if (status.code) throw new Error(status.message);
  return data.qr;
}

export const oracles = {
  "pix-utils": pixUtils,
  promptparse,
  "promptpay-qr": promptpayQr,
  paynowqr,
  "vietnam-qr-pay": vietnamQrPay,
  "ts-khqr": tsKhqr,
  "bakong-khqr": bakongKhqr,
};
