// Reads every file of `pipelines/` with the grammar, as an editor would, and looks at some words of them. `npm test`
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import assert from "node:assert/strict";

const require = createRequire(import.meta.url);
const { Registry, parseRawGrammar, INITIAL } = require("vscode-textmate");
const oniguruma = require("vscode-oniguruma");

const here = new URL("..", import.meta.url);
const grammarPath = new URL("syntaxes/sendoff.tmLanguage.json", here);
await oniguruma.loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")).buffer);
const registry = new Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async (scope) =>
    scope === "source.sendoff" ? parseRawGrammar(readFileSync(grammarPath, "utf8"), grammarPath.pathname) : null,
});
const grammar = await registry.loadGrammar("source.sendoff");

/** The words of a text, each with its innermost scope. */
function words(text) {
  let state = INITIAL;
  return text.split("\n").flatMap((line) => {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    state = ruleStack;
    return tokens.map((token) => [line.slice(token.startIndex, token.endIndex).trim(), token.scopes.at(-1)]);
  });
}

const wanted = [
  ["activation", "keyword.declaration"],
  ["identify", "keyword.control"],
  ["->", "keyword.operator.arrow"],
];
let files = 0;
const pipelines = new URL("../../pipelines/", here);
for (const name of readdirSync(pipelines).filter((name) => name.endsWith(".sendoff"))) {
  const found = words(readFileSync(new URL(name, pipelines), "utf8"));
  for (const [word, scope] of wanted) {
    for (const [, is] of found.filter(([text, is]) => text === word && !is.startsWith("comment"))) {
      assert.ok(is.startsWith(scope), `${name}: ${word} is ${is}`);
    }
  }
  const open = found.filter(([, scope]) => scope.startsWith("string")).length;
  assert.ok(found.length > open, `${name}: a text that never ends`);
  files += 1;
}
const found = words("  lower(email) -> email # it's a comment\n  where city = 'Umeå'\nsegment vips of customers where vip\n");
const scope = (text) => found.find(([word]) => word === text)?.[1];
assert.equal(scope("# it's a comment"), "comment.line.number-sign.sendoff");
assert.equal(scope("'Umeå'"), "string.quoted.single.sendoff");
assert.equal(scope("lower"), "support.function.sendoff");
assert.equal(scope("vips"), "entity.name.type.sendoff");
console.log(`${files} files read`);
