// Run on the bundle that esbuild makes of src/routes.ts and src/api.ts (see Taskfile.yml).
const test = require("node:test");
const assert = require("node:assert");
const { pageAt } = require("../build/routes.js");
const { addressOf } = require("../build/api.js");

test("the root leads to the dashboard", () => {
  assert.deepStrictEqual(pageAt("/"), pageAt("/dashboard"));
});

test("a portfolio has an analytics page", () => {
  assert.strictEqual(pageAt("/portfolio/1/analytics").title, "Portfolio");
});

test("an unknown path has no page", () => {
  assert.strictEqual(pageAt("/nope"), undefined);
});

test("addresses are joined with one slash", () => {
  assert.strictEqual(addressOf("/portfolios", "/api/v1/"), "/api/v1/portfolios");
});
