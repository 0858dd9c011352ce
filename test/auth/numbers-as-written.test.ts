// Numbers as they are written: found wherever JSON allows them, and nothing else taken for one.
import { expect, it } from "vitest";
import { numbersAsWritten } from "../../src/auth/numbers-as-written.ts";

it.each([
  ['{"sub":1234567890123456789}', { sub: "1234567890123456789" }],
  [' {\n\t"sub" : -12345678901234567890 , "id":1e3,"x":0.10}', { sub: "-12345678901234567890", id: "1e3", x: "0.10" }],
  ['{"sub":"123","role":true,"id":null}', {}],
  ['{"a":{"sub":1},"b":[{"sub":2},3],"sub":4}', { sub: "4" }],
  ['{"a":"\\"sub\\":9,","sub":4}', { sub: "4" }],
  ['{"a":"}{][,:\\\\","sub":4}', { sub: "4" }],
  ['{"\\u0073ub":4}', { sub: "4" }],
  ['{"sub":1,"sub":2}', { sub: "2" }],
  ['{"sub":1,"sub":"2"}', {}],
  ['{"sub":1,"sub":{"sub":2}}', {}],
  ['{"sub":1,"sub":[2]}', {}],
  ['{"__proto__":7}', JSON.parse('{"__proto__":"7"}') as object],
  ["{}", {}],
])("in %s", (text, numbers) => {
  JSON.parse(text);
  expect([...numbersAsWritten(text)]).toEqual(Object.entries(numbers));
});
