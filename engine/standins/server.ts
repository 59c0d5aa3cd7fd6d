import * as grpc from "@grpc/grpc-js";
import * as empty from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { detailedDiff, type DiffKind } from "./detailedDiff";
import type { EngineLog } from "./engineLog";
import { InitFailure, initFailureStatus } from "./initFailure";
import type { Call, Checked, CheckFailure, Diff, StandIn, StandInResource } from "./provider";
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

/** The calls that concern the provider as a whole. A changed configuration is an update of the provider alone. */
function packageCalls(standIn: StandIn, unary: Unary): grpc.UntypedServiceImplementation {
  return {
    getPluginInfo: unary(() => new plugin.PluginInfo().setVersion(standIn.version)),
    getSchema: unary(() => new proto.GetSchemaResponse().setSchema("{}")),
    checkConfig: unary((request: proto.CheckRequest) =>
      checkResponse(request, standIn.checkConfig?.(properties(request.getNews())) ?? []),
    ),
    diffConfig: unary((request: proto.DiffRequest) => {
      const [olds, news] = [properties(request.getOldInputs()), properties(request.getNews())];
      if (standIn.diffConfig !== undefined) return diffResponse(standIn.diffConfig(olds, news));
      const changes = standIn.configure === undefined ? new Map<string, DiffKind>() : detailedDiff(olds, news);
      return diffResponse({ changes, replaces: new Set() });
    }),
    configure: unary(async (request: proto.ConfigureRequest) => {
      await standIn.configure?.(properties(request.getArgs()));
      return new proto.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),
    attach: unary(() => new empty.Empty()),
    invoke: unary((request: proto.InvokeRequest) => refuse(standIn, `function ${request.getTok()}`)),
    call: unary((request: proto.CallRequest) => refuse(standIn, `method ${request.getTok()}`)),
    construct: unary((request: proto.ConstructRequest) => refuse(standIn, `component ${request.getType()}`)),
  };
}

/** What the requests about one resource have in common; each leaves out some. */
interface ResourceRequest {
  getUrn(): string;
  getId?(): string;
  getTimeout?(): number;
  getIgnorechangesList?(): string[];
  getRandomseed_asB64?(): string;
}

/** The calls that concern one resource, and the one that ends them. */
function resourceCalls(standIn: StandIn, log: EngineLog, unary: Unary): grpc.UntypedServiceImplementation {
  let cancelled = false;
  const resourceOf = (urn: string): StandInResource => {
    if (cancelled) throw new Error("cancelled");
    return findResource(standIn, urn);
  };
  const callOf = (request: ResourceRequest, preview: boolean): Call => ({
    urn: request.getUrn(),
    name: request.getUrn().split("::").at(-1) ?? request.getUrn(),
    preview,
    id: request.getId?.() ?? "",
    timeoutSeconds: request.getTimeout?.() ?? 0,
    ignoreChanges: request.getIgnorechangesList?.() ?? [],
    seed: request.getRandomseed_asB64?.() ?? "",
    log: (line) => log.info(request.getUrn(), line),
    warn: (line) => log.warning(request.getUrn(), line),
  });
  return {
    check: unary(async (request: proto.CheckRequest) => {
      const call = callOf(request, true);
      const [olds, news] = [properties(request.getOlds()), properties(request.getNews())];
      return checkResponse(request, await resourceOf(call.urn).check(news, call.name, olds, call));
    }),
    diff: unary(async (request: proto.DiffRequest) => {
      const call = callOf(request, true);
      const [olds, news] = [properties(request.getOldInputs()), properties(request.getNews())];
      return diffResponse(await resourceOf(call.urn).diff(olds, news, properties(request.getOlds()), call));
    }),
    create: unary(async (request: proto.CreateRequest) => {
      const call = callOf(request, request.getPreview());
      const made = await resourceOf(call.urn).create(call, properties(request.getProperties()));
      return new proto.CreateResponse().setId(made.id).setProperties(Struct.fromJavaScript(made.outputs));
    }),
    read: unary((request: proto.ReadRequest) => {
      const call = callOf(request, true);
      return readResponse(request, resourceOf(call.urn), call);
    }),
    update: unary(async (request: proto.UpdateRequest) => {
      const call = callOf(request, request.getPreview());
      const state = properties(request.getOlds());
      const outputs = await resourceOf(call.urn).update(call, state, properties(request.getNews()));
      return new proto.UpdateResponse().setProperties(Struct.fromJavaScript(outputs));
    }),
    delete: unary(async (request: proto.DeleteRequest) => {
      const call = callOf(request, false);
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

async function readResponse(
  request: proto.ReadRequest,
  resource: StandInResource,
  call: Call,
): Promise<proto.ReadResponse> {
  const response = new proto.ReadResponse().setId(request.getId());
  // A command leaves nothing that could be looked at: what is in the state is what there is.
  if (resource.read === undefined)
    return response.setProperties(request.getProperties()).setInputs(request.getInputs());
  const live = await resource.read(call, properties(request.getProperties()), properties(request.getInputs()));
  if (live === undefined) return new proto.ReadResponse();
  return response.setProperties(Struct.fromJavaScript(live.outputs)).setInputs(Struct.fromJavaScript(live.inputs));
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
          if (error instanceof InitFailure) return callback(initFailureStatus(error));
          const details = error instanceof Error ? error.message : String(error);
          callback({ code: grpc.status.UNKNOWN, details });
        },
      );
  };
}

function findResource(standIn: StandIn, urn: string): StandInResource {
  const type = urn.split("::")[2]?.split("$").at(-1) ?? urn;
  const resource = standIn.resources[type] ?? standIn.resourceOf?.(type);
  return resource ?? refuse(standIn, `resource type ${type}`);
}

function refuse(standIn: StandIn, what: string): never {
  const install = `pulumi plugin install resource ${standIn.name} ${standIn.version}`;
  throw new Error(
    `the stand-in for the ${standIn.name} provider does not implement ${what}; it needs the official plugin (${install})`,
  );
}

function checkResponse(request: proto.CheckRequest, found: readonly CheckFailure[] | Checked): proto.CheckResponse {
  const checked = "inputs" in found ? found : undefined;
  const failures = "inputs" in found ? found.failures : found;
  const messages = failures.map(({ property, reason }) =>
    new proto.CheckFailure().setProperty(property).setReason(reason),
  );
  const inputs = checked === undefined ? request.getNews() : Struct.fromJavaScript(checked.inputs);
  return new proto.CheckResponse().setInputs(inputs).setFailuresList(messages);
}

function diffResponse(diff: Diff): proto.DiffResponse {
  const response = new proto.DiffResponse();
  const kinds = proto.DiffResponse.DiffChanges;
  response.setChanges(diff.changes.size === 0 ? kinds.DIFF_NONE : kinds.DIFF_SOME);
  const names = new Set([...diff.changes.keys()].map((path) => path.split(/[.[]/)[0] ?? path));
  if (diff.pathsOnly !== true) response.setDiffsList([...names]);
  response.setReplacesList([...diff.replaces]).setDeletebeforereplace(diff.deleteFirst === true);
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
