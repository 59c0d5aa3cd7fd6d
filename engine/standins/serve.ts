import * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { EngineLog } from "./engineLog";
import type { StandIn } from "./provider";
import { providerService } from "./server";

/** How often, in ms, a provider looks whether the engine that started it still lives. */
const ORPHAN_CHECK_MS = 500;

/** Property bags can hold whole manifests; gRPC's default of 4 MiB is too small. The engine itself uses 400 MiB. */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

/**
 * Serves a stand-in as the engine expects it of a plugin: prints the port on stdout, then answers until it is killed.
 * @param args the process arguments after the script; the first that is not an option is the engine's address
 */
export async function serve(standIn: StandIn, args: readonly string[]): Promise<void> {
  const limits = { "grpc.max_receive_message_length": MAX_MESSAGE_BYTES };
  const server = new grpc.Server(limits);
  server.addService(ResourceProviderService, providerService(standIn, new EngineLog(engineAddress(args))));
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  stopWithTheEngine(standIn);
  process.stdout.write(`${port}\n`);
}

function engineAddress(args: readonly string[]): string | undefined {
  const tracing = args.indexOf("--tracing");
  return args.find((arg, index) => !arg.startsWith("-") && (tracing < 0 || index !== tracing + 1));
}

/**
 * Ends what runs when the engine asks for it by signal, and when the engine has died: a command that outlives its
 * engine would run a second time, beside itself, at the next update.
 */
function stopWithTheEngine(standIn: StandIn): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void standIn.cancel().finally(() => process.exit(1));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  const engine = process.ppid;
  setInterval(() => {
    if (process.ppid !== engine) stop();
  }, ORPHAN_CHECK_MS).unref();
}
