// Colours for `sendoff` blocks: highlight.js, which the book brings, does not know the language.
(() => {
  const words =
    "project environment source destination model segment activation of from file sql table where key to mode after " +
    "identify all map custom warn stop when env var";
  hljs.registerLanguage("sendoff", () => ({
    keywords: { keyword: words, literal: "true false skip clear" },
    contains: [
      { className: "comment", begin: "#", end: "$" },
      { className: "string", begin: '"""', end: '"""' },
      { className: "string", begin: '"', end: '"', illegal: "\\n" },
      { className: "string", begin: "'", end: "'", illegal: "\\n" },
      { className: "number", begin: "\\b\\d+(\\.\\d+)?%?" },
      { className: "symbol", begin: "->>?" },
    ],
  }));
  // The book has coloured everything else by now.
  for (const block of document.querySelectorAll("code.language-sendoff")) hljs.highlightBlock(block);
})();
