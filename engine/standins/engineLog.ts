import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** Sends lines to the engine, which shows them under their resource. */
export class EngineLog {
  private readonly client: EngineClient | undefined;
  /** Lines leave one after another: the engine handles calls side by side and would mix their order. */
  private queue: Promise<void> = Promise.resolve();

  /** @param address host:port of the engine; undefined drops every line (a provider run by hand). */
  constructor(address: string | undefined) {
    this.client = address === undefined ? undefined : new EngineClient(address, grpc.credentials.createInsecure());
  }

  /** As status lines (`ephemeral`), like the official command plugin's. */
  info(urn: string, line: string): void {
    const request = new LogRequest().setSeverity(LogSeverity.INFO).setEphemeral(true);
    this.send(request.setUrn(urn).setMessage(line));
  }

  warning(urn: string, line: string): void {
    this.send(new LogRequest().setSeverity(LogSeverity.WARNING).setUrn(urn).setMessage(line));
  }

  private send(request: LogRequest): void {
    const { client } = this;
    if (client === undefined) return;
    const send = (): Promise<void> => new Promise((resolve) => client.log(request, () => resolve()));
    this.queue = this.queue.then(send);
  }

  /** Resolves when every line so far has arrived. */
  flush(): Promise<void> {
    return this.queue;
  }
}
