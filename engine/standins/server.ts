import * as grpc from "@grpc/grpc-js";
import * as empty from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import type { DiffKind } from "./detailedDiff";
import type { EngineLog } from "./engineLog";
import type { Call, Diff, StandIn, StandInResource } from "./provider";
import { toProperties, type Properties } from "./values";

/**
 * The engine's provider protocol over a `StandIn`. Not `provider.main` of @pulumi/pulumi, because that one cannot tell
 * a preview from an update, gets no old inputs, returns no detailed diff (so `preview --json` would differ from the
 * official plugin's), and prints a stack trace when a delete fails.
 * @see @pulumi/pulumi/proto/provider_grpc_pb.d.ts for the calls
 */
export function providerService(standIn: StandIn, log: EngineLog): grpc.UntypedServiceImplementation {
  const unary: Unary = (work) => unaryHandler(work, () => log.flush());
  return { ...packageCalls(standIn, unary), ...resourceCalls(standIn, log, unary) };
}

type Work<Request, Response> = (request: Request) => Promise<Response> | Response;
type Unary = <Request, Response>(work: Work<Request, Response>) => grpc.handleUnaryCall<Request, Response>;

/** The calls that concern the provider as a whole. Configuration is taken as it is: no stand-in has any. */
function packageCalls(standIn: StandIn, unary: Unary): grpc.UntypedServiceImplementation {
  return {
    getPluginInfo: unary(() => new plugin.PluginInfo().setVersion(standIn.version)),
    getSchema: unary(() => new proto.GetSchemaResponse().setSchema("{}")),
    checkConfig: unary((request: proto.CheckRequest) => new proto.CheckResponse().setInputs(request.getNews())),
    diffConfig: unary(() => new proto.DiffResponse().setChanges(proto.DiffResponse.DiffChanges.DIFF_NONE)),
    configure: unary(() => new proto.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true)),
    attach: unary(() => new empty.Empty()),
    invoke: unary((request: proto.InvokeRequest) => refuse(standIn, `function ${request.getTok()}`)),
    call: unary((request: proto.CallRequest) => refuse(standIn, `method ${request.getTok()}`)),
    construct: unary((request: proto.ConstructRequest) => refuse(standIn, `component ${request.getType()}`)),
  };
}

/** The calls that concern one resource, and the one that ends them. */
function resourceCalls(standIn: StandIn, log: EngineLog, unary: Unary): grpc.UntypedServiceImplementation {
  let cancelled = false;
  const resourceOf = (urn: string): StandInResource => {
    if (cancelled) throw new Error("cancelled");
    return findResource(standIn, urn);
  };
  const callOf = (urn: string, preview: boolean): Call => ({
    urn,
    name: urn.split("::").at(-1) ?? urn,
    preview,
    log: (line) => log.info(urn, line),
  });
  return {
    check: unary((request: proto.CheckRequest) => {
      const failures = resourceOf(request.getUrn()).check(properties(request.getNews()));
      const messages = failures.map(({ property, reason }) =>
        new proto.CheckFailure().setProperty(property).setReason(reason),
      );
      return new proto.CheckResponse().setInputs(request.getNews()).setFailuresList(messages);
    }),
    diff: unary((request: proto.DiffRequest) => {
      const resource = resourceOf(request.getUrn());
      return diffResponse(resource.diff(properties(request.getOldInputs()), properties(request.getNews())));
    }),
    create: unary(async (request: proto.CreateRequest) => {
      const call = callOf(request.getUrn(), request.getPreview());
      const made = await resourceOf(call.urn).create(call, properties(request.getProperties()));
      return new proto.CreateResponse().setId(made.id).setProperties(Struct.fromJavaScript(made.outputs));
    }),
    // What is in the state is what there is: a command leaves nothing that could be looked at.
    read: unary((request: proto.ReadRequest) => {
      const response = new proto.ReadResponse().setId(request.getId());
      return response.setProperties(request.getProperties()).setInputs(request.getInputs());
    }),
    update: unary(async (request: proto.UpdateRequest) => {
      const call = callOf(request.getUrn(), request.getPreview());
      const state = properties(request.getOlds());
      const outputs = await resourceOf(call.urn).update(call, state, properties(request.getNews()));
      return new proto.UpdateResponse().setProperties(Struct.fromJavaScript(outputs));
    }),
    delete: unary(async (request: proto.DeleteRequest) => {
      const call = callOf(request.getUrn(), false);
      await resourceOf(call.urn).delete(call, properties(request.getProperties()));
      return new empty.Empty();
    }),
    cancel: unary(async () => {
      cancelled = true;
      await standIn.cancel();
      return new empty.Empty();
    }),
  };
}

/** Lines that an operation logged arrive before its result does. */
function unaryHandler<Request, Response>(
  work: Work<Request, Response>,
  flush: () => Promise<void>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const run = async (): Promise<Response> => work(call.request);
    run()
      .finally(flush)
      .then(
        (response) => callback(null, response),
        (error: unknown) => {
          const details = error instanceof Error ? error.message : String(error);
          callback({ code: grpc.status.UNKNOWN, details });
        },
      );
  };
}

function findResource(standIn: StandIn, urn: string): StandInResource {
  const type = urn.split("::")[2]?.split("$").at(-1) ?? urn;
  const resource = standIn.resources[type];
  return resource ?? refuse(standIn, `resource type ${type}`);
}

function refuse(standIn: StandIn, what: string): never {
  const install = `pulumi plugin install resource ${standIn.name} ${standIn.version}`;
  throw new Error(
    `the stand-in for the ${standIn.name} provider does not implement ${what}; it needs the official plugin (${install})`,
  );
}

function diffResponse(diff: Diff): proto.DiffResponse {
  const response = new proto.DiffResponse();
  const kinds = proto.DiffResponse.DiffChanges;
  response.setChanges(diff.changes.size === 0 ? kinds.DIFF_NONE : kinds.DIFF_SOME);
  response.setDiffsList([...new Set([...diff.changes.keys()].map((path) => path.split(/[.[]/)[0] ?? path))]);
  response.setReplacesList([...diff.replaces]);
  response.setHasdetaileddiff(true);
  for (const [path, kind] of diff.changes) {
    const wire = new proto.PropertyDiff().setKind(wireKind(kind, diff.replaces.has(path)));
    response.getDetaileddiffMap().set(path, wire);
  }
  return response;
}

function wireKind(kind: DiffKind, replace: boolean): proto.PropertyDiff.Kind {
  const { Kind } = proto.PropertyDiff;
  switch (kind) {
    case "add":
      return replace ? Kind.ADD_REPLACE : Kind.ADD;
    case "update":
      return replace ? Kind.UPDATE_REPLACE : Kind.UPDATE;
    case "delete":
      return replace ? Kind.DELETE_REPLACE : Kind.DELETE;
  }
}

function properties(struct: Struct | undefined): Properties {
  return toProperties(struct?.toJavaScript() ?? {});
}
