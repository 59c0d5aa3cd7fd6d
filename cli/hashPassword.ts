import { hashPassword, SHORTEST_PASSWORD } from "../gateway/password";

/** Reads one line from standard input; at a terminal what is typed is not shown. */
async function readPassword(): Promise<string> {
  const { stdin } = process;
  if (stdin.isTTY) {
    // Raw mode first: what is typed as soon as the prompt shows must not be echoed.
    stdin.setRawMode(true);
    process.stderr.write("Password: ");
  }
  let text = "";
  for await (const chunk of stdin.setEncoding("utf8")) {
    for (const char of String(chunk)) {
      if (stdin.isTTY && char === "\u0003") process.exit(130);
      // In raw mode the terminal edits nothing, so a backspace arrives as a character.
      if (stdin.isTTY && (char === "\u007f" || char === "\b")) text = [...text].slice(0, -1).join("");
      else text += char;
    }
    if (/[\r\n\u0004]/.test(text)) break;
  }
  if (stdin.isTTY) {
    stdin.setRawMode(false);
    process.stderr.write("\n");
  }
  return text.split(/[\r\n\u0004]/, 1)[0] ?? "";
}

async function main(): Promise<void> {
  const password = await readPassword();
  if ([...password].length < SHORTEST_PASSWORD) {
    process.stderr.write(`The password has fewer than ${SHORTEST_PASSWORD} characters; choose a longer one.\n`);
    process.exit(1);
  }
  process.stdout.write(`${await hashPassword(password)}\n`);
  process.exit(0);
}

void main();
