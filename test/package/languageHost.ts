/**
 * Stands in for Pulumi's language host of Node, whose Go module nobody serves: starts a plugin from its directory with the
 * SDK's own runner, as the host does, and installs nothing. For the tests of this folder only.
 * @see pulumi/sdk/nodejs/cmd/pulumi-language-nodejs/main.go, RunPlugin
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";

/** The SDK's stubs have no types that this house can read. */
interface Stubs {
  readonly service: { readonly LanguageRuntimeService: grpc.ServiceDefinition };
  readonly messages: Record<
    "RunPluginResponse" | "LanguageHandshakeResponse" | "GetRequiredPackagesResponse",
    new () => Message
  >;
}
interface Message {
  setStdout(bytes: Buffer): void;
  setStderr(bytes: Buffer): void;
  setExitcode(code: number): void;
}
interface RunPluginRequest {
  getPwd(): string;
  getArgsList(): string[];
  getEnvList(): string[];
  getInfo(): { getProgramDirectory(): string };
}

const load = createRequire(__filename);
const stubs: Stubs = {
  service: load("@pulumi/pulumi/proto/language_grpc_pb") as Stubs["service"],
  messages: load("@pulumi/pulumi/proto/language_pb") as Stubs["messages"],
};
const { RunPluginResponse, LanguageHandshakeResponse, GetRequiredPackagesResponse } = stubs.messages;
const runner = load.resolve("@pulumi/pulumi/cmd/run-plugin");

function runPlugin(call: grpc.ServerWritableStream<RunPluginRequest, Message>): void {
  const { request } = call;
  const env = Object.fromEntries(
    request.getEnvList().map((line) => [line.split("=", 1)[0] ?? "", line.slice(line.indexOf("=") + 1)]),
  );
  const directory = request.getInfo().getProgramDirectory();
  const child = spawn(process.execPath, [runner, directory, ...request.getArgsList()], { cwd: request.getPwd(), env });
  const send = (set: (message: Message) => void): void => {
    const message = new RunPluginResponse();
    set(message);
    call.write(message);
  };
  child.stdout.on("data", (bytes: Buffer) => send((message) => message.setStdout(bytes)));
  child.stderr.on("data", (bytes: Buffer) => send((message) => message.setStderr(bytes)));
  child.on("close", (code) => {
    send((message) => message.setExitcode(code ?? 1));
    call.end();
  });
  call.on("cancelled", () => child.kill());
  process.on("exit", () => child.kill());
}

const server = new grpc.Server();
server.addService(stubs.service.LanguageRuntimeService, {
  handshake: (_: unknown, done: grpc.sendUnaryData<Message>) => done(null, new LanguageHandshakeResponse()),
  getPluginInfo: (_: unknown, done: grpc.sendUnaryData<unknown>) => done(null, new PluginInfo()),
  getRequiredPackages: (_: unknown, done: grpc.sendUnaryData<unknown>) => done(null, new GetRequiredPackagesResponse()),
  installDependencies: (call: grpc.ServerWritableStream<unknown, Message>) => call.end(),
  cancel: (_: unknown, done: grpc.sendUnaryData<Empty>) => done(null, new Empty()),
  runPlugin,
});
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
