// Runs tests/vectors/pricing.json through the WebAssembly module, and compares.
// Usage: node run-vectors.mjs MODULE.wasm VECTORS.json     (Node 18 or newer, no packages)
import { readFile } from "node:fs/promises";
import process from "node:process";

// The module as a function of operation and request, as the register wraps it.
async function load(path) {
  const module = await WebAssembly.compile(await readFile(path));
  const imports = WebAssembly.Module.imports(module);
  if (imports.length > 0) {
    throw new Error(`the module wants imports: ${imports.map((i) => i.name).join(", ")}`);
  }
  const { exports } = await WebAssembly.instantiate(module, {});
  exports._initialize();
  const put = (bytes) => {
    const at = exports.pos_alloc(bytes.length);
    new Uint8Array(exports.memory.buffer, at, bytes.length).set(bytes);
    return at;
  };
  return (operation, request) => {
    const name = new TextEncoder().encode(operation);
    const body = new TextEncoder().encode(
      typeof request === "string" ? request : JSON.stringify(request),
    );
    const [nameAt, bodyAt] = [put(name), put(body)];
    const size = exports.pos_call(nameAt, name.length, bodyAt, body.length);
    const answer = new Uint8Array(exports.memory.buffer, exports.pos_answer(), size);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(answer);
    exports.pos_free(nameAt);
    exports.pos_free(bodyAt);
    return JSON.parse(text);
  };
}

// Sale and returns of one line, one after the other.
function returns(call, input) {
  const sale = call("price", input.sale);
  const line = sale.lines[input.line];
  const sold = {
    quantityMilli: input.sale.lines[input.line].quantityMilli,
    gross: line.gross,
    lineDiscount: line.lineDiscount,
    orderDiscount: line.orderDiscount,
    taxes: line.taxes.map(({ tax, amount }) => ({
      amount,
      inclusive: input.sale.taxes[tax].inclusive === true,
    })),
  };
  let returnedMilli = 0;
  const parts = input.quantities.map((quantityMilli) => {
    const part = call("refund", { sold, returnedMilli, quantityMilli });
    returnedMilli += quantityMilli;
    return part;
  });
  return { sale, returns: parts };
}

function checkout(call, { sale: basket, ...settle }) {
  const sale = call("price", basket);
  return { sale, settlement: call("settle", { total: sale.totals.total, ...settle }) };
}

function run(call, { op, input }) {
  if (op === "returns") return returns(call, input);
  if (op === "checkout") return checkout(call, input);
  return call(op, input);
}

// Everything in `expected` is in `found`; empty if so, else the first place that differs.
function difference(expected, found, place) {
  if (expected === found) return "";
  const both = (test) => test(expected) && test(found);
  if (both(Array.isArray) && expected.length !== found.length) return `${place} differs in size`;
  if (both((value) => typeof value === "object" && value !== null)) {
    for (const [key, value] of Object.entries(expected)) {
      const inner = difference(value, found[key], `${place}.${key}`);
      if (inner !== "") return inner;
    }
    return "";
  }
  return `${place}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`;
}

// What has no vector: the journal's side of the module.
function checkJournal(call) {
  const failures = [];
  const expect = (what, found, expected) => {
    const differs = difference(expected, found, what);
    if (differs !== "") failures.push(differs);
  };
  expect("canonical", call("canonical", '{"b":[1,true],"a":"\\u20ac\\u000a"}'), {
    a: "€\n",
    b: [1, true],
  });
  expect("floats", call("canonical", '{"a":1.5}'), { error: { code: "SYNTAX" } });
  expect("operation", call("nonsense", {}), { error: { code: "UNKNOWN_OPERATION" } });
  expect("field", call("price", { line: [] }), {
    error: { code: "UNKNOWN_FIELD", field: "line" },
  });
  expect("verify", call("verify", '{"journals":[]}\n'), {
    ok: false,
    code: "BAD_TRAILER",
    line: 1,
  });
  return failures;
}

const [modulePath, vectorsPath] = process.argv.slice(2);
const call = await load(modulePath);
const { vectors } = JSON.parse(await readFile(vectorsPath, "utf8"));
const failures = checkJournal(call);
for (const vector of vectors) {
  const differs = difference(vector.expected, run(call, vector), "");
  if (differs !== "") failures.push(`${vector.id}${differs}`);
}
for (const failure of failures) console.error(`FAILED ${failure}`);
console.log(`${vectors.length} vectors through WebAssembly, ${failures.length} failures`);
process.exit(failures.length === 0 && vectors.length > 0 ? 0 : 1);
