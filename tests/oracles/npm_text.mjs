// Adapters of the npm libraries for payment links and the texts of banks.
import { pathToFileURL } from "node:url";
import { createRequire } from "node:module";

const number = (amount) => (amount == null ? undefined : Number(amount));
const here = () => process.env.ORACLES;

function party({ name, street, house_num, pcode, city, country }, more = {}) {
  return { name, address: street ?? "", buildingNumber: house_num, zip: pcode, city, country: country ?? "CH", ...more };
}

// It writes LF where we (and qrbill) write CR LF: that one difference is taken out here.
async function swissqrbill(load, _scheme, given) {
  const { generateQRData } = await import(
    pathToFileURL(`${here()}/node_modules/swissqrbill/lib/esm/shared/qr-code.js`).href
  );
  return generateQRData({
    creditor: party(given.creditor, { account: given.account }),
    ...(given.debtor ? { debtor: party(given.debtor) } : {}),
    amount: number(given.amount),
    currency: given.currency ?? "CHF",
    reference: given.reference_number || undefined,
    message: given.additional_information || undefined,
    additionalInformation: given.billing_information || undefined,
  }).replaceAll("\n", "\r\n");
}

function sepaPaymentQrCode(load, _scheme, given) {
  const filled = Object.entries({
    bic: given.bic,
    purposeCode: given.purpose,
    structuredReference: given.reference,
    unstructuredReference: given.text,
    information: given.information,
  }).filter(([, value]) => value);
  return load("sepa-payment-qr-code")({
    name: given.name,
    iban: given.iban,
    amount: number(given.amount) ?? null,
    ...Object.fromEntries(filled),
  });
}

// An ES module, found where the others are installed.
const imported = (name) =>
  import(pathToFileURL(createRequire(`${here()}/package.json`).resolve(name)).href);

async function upiqr(_load, _scheme, given) {
  const { default: make } = await imported("upiqr");
  const made = await make({
    payeeVPA: given.vpa,
    payeeName: given.name,
    amount: given.amount ?? undefined,
    currency: "INR",
    transactionRef: given.ref,
    payeeMerchantCode: given.mcc,
    transactionNote: given.note,
  });
  return made.intent;
}

async function bip21(_load, _scheme, given) {
  const { encode } = await imported("bip21");
  const { address, amount, label, message } = given;
  const options = Object.entries({ amount: number(amount), label, message }).filter(([, value]) => value);
  return encode(address, Object.fromEntries(options));
}

export const oracles = {
  swissqrbill,
  "sepa-payment-qr-code": sepaPaymentQrCode,
  upiqr,
  bip21,
};
