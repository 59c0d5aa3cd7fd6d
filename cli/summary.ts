/** What a person needs once the stack runs. Every line that is a command works when pasted. */
import pc from "picocolors";
import { openPorts } from "../local/listeners";
import type { LocalStackPlan } from "../plan/plan";
import { shellQuote } from "../system/shell";
import { house, userDirectory, type House } from "./house";

function networkNote(runDirectory: string): string[] {
  const ports = openPorts(runDirectory);
  if (ports.length === 0) return [];
  const list = ports.map(({ port, process }) => `${port} (${process})`).join(", ");
  return [
    `${pc.yellow("!")} open to your network: ${list}. Ray binds these to every interface and has no setting for it;`,
    `  on a network you do not trust, block them with a firewall. Everything else listens on 127.0.0.1 only.`,
    "",
  ];
}

/** The text after a start. */
export function summary(plan: LocalStackPlan, at: House = house): string {
  const { gateway } = plan;
  const { firstUser } = gateway;
  const endpoint = gateway.issuer;
  const model = gateway.readinessModel;
  const prefix = userDirectory() === at.checkout ? "" : ` --prefix ${shellQuote(at.checkout)}`;
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }], max_tokens: 32 });
  const noise = plan.models.some(({ kind }) => kind === "builtin")
    ? pc.dim("  random weights: its words are noise")
    : "";
  const row = (name: string, text: string): string => `  ${pc.bold(name.padEnd(9))} ${text}`;
  return [
    "",
    row("endpoint", pc.cyan(`${endpoint}/v1`)),
    row("model", `${model}${noise}`),
    row("user", `${firstUser}, password in ${at.password}`),
    "",
    row("token", `npm run -s${prefix} token`),
    `            ${pc.dim("or, as any OAuth2 client would:")}`,
    `            curl -s ${endpoint}/token -d grant_type=password -d username=${firstUser} --data-urlencode password@${shellQuote(at.password)}`,
    row("ask", `curl -s ${endpoint}/v1/chat/completions -H "Authorization: Bearer $(npm run -s${prefix} token)" \\`),
    `              -H 'Content-Type: application/json' -d ${shellQuote(body)}`,
    row("chat", `npm run${prefix} chat -- "Hello"`),
    row("stop", `npm stop${prefix}`),
    "",
    ...networkNote(plan.local.paths.run),
  ].join("\n");
}
