// The process a library from npm answers in: one question as JSON on stdin, the list of answers as the last line.
// Adapters are the `oracles` of the files beside this one: library -> (package, scheme, input) -> what it says.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { oracles as emv } from "./npm_emv.mjs";
import { oracles as text } from "./npm_text.mjs";

const adapters = { ...emv, ...text };
const question = JSON.parse(readFileSync(0, "utf8"));
const load = createRequire(join(process.env.ORACLES, "package.json"));
const answers = [];
for (const given of question.inputs) {
  try {
    answers.push(String(await adapters[question.library](load, question.scheme, given)));
  } catch (error) {
    answers.push(`! ${error?.message ?? JSON.stringify(error)}`); // whatever a library throws is its way to refuse
  }
}
process.stdout.write(`\n${JSON.stringify(answers)}\n`);
