// Starts `sendoff lsp` and lets the editor speak with it. All that is known of the language is known there.
const { workspace, window } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = async () => {
  const command = workspace.getConfiguration("sendoff").get("path") || "sendoff";
  client = new LanguageClient(
    "sendoff",
    { command, args: ["lsp"] },
    { documentSelector: [{ scheme: "file", language: "sendoff" }] },
  );
  try {
    await client.start();
  } catch (error) {
    window.showErrorMessage(`\`${command} lsp\` does not start: set \`sendoff.path\` (${error.message})`);
  }
};

exports.deactivate = () => client?.stop();
