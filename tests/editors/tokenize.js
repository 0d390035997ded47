// Tokenizes texts as VS Code does.
//
// Standard input: {"grammar": PATH, "texts": [TEXT]}. Standard output: for each text a list of [start, end, scope]
// with offsets in UTF-8 bytes and the innermost scope. NODE_PATH names the folder with the engines.

const fs = require('node:fs');
const path = require('node:path');
const oniguruma = require('vscode-oniguruma');
const textmate = require('vscode-textmate');

const wasm = path.join(path.dirname(require.resolve('vscode-oniguruma')), 'onig.wasm');

async function main() {
  const { grammar: file, texts } = JSON.parse(fs.readFileSync(0, 'utf8'));
  await oniguruma.loadWASM(new Uint8Array(fs.readFileSync(wasm)).buffer);
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(fs.readFileSync(file, 'utf8'), file),
  });
  const grammar = await registry.loadGrammar('source.syncc');
  process.stdout.write(JSON.stringify(texts.map((text) => tokens(grammar, text))));
}

function tokens(grammar, text) {
  const found = [];
  let state = textmate.INITIAL;
  let lineStart = 0;
  for (const line of text.split('\n')) {
    const result = grammar.tokenizeLine(line, state);
    state = result.ruleStack;
    for (const { startIndex, endIndex, scopes } of result.tokens) {
      const start = lineStart + Buffer.byteLength(line.slice(0, startIndex));
      const end = lineStart + Buffer.byteLength(line.slice(0, endIndex));
      found.push([start, end, scopes[scopes.length - 1]]);
    }
    lineStart += Buffer.byteLength(line) + 1;
  }
  return found;
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
