import * as grpc from "@grpc/grpc-js";
import * as any from "google-protobuf/google/protobuf/any_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import type { Properties } from "./values";

/**
 * A resource that is there, but not as it should be: the engine keeps it in the state, reports the failure and calls
 * `update` at the next run. Thrown by `create` and `update`.
 */
export class InitFailure extends Error {
  constructor(
    message: string,
    readonly id: string,
    readonly outputs: Properties,
    readonly inputs: Properties,
    /** What else is to be said, one sentence each. */
    readonly more: readonly string[] = [],
  ) {
    super(message);
  }
}

/** The failure as the engine reads it: its details are in a metadata field that gRPC for Go knows. */
export function initFailureStatus(failure: InitFailure): Partial<grpc.StatusObject> {
  const detail = new ErrorResourceInitFailed().setId(failure.id).setReasonsList([failure.message, ...failure.more]);
  detail.setProperties(Struct.fromJavaScript(failure.outputs)).setInputs(Struct.fromJavaScript(failure.inputs));
  const packed = new any.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status().setCode(grpc.status.UNKNOWN).setMessage(failure.message).setDetailsList([packed]);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: failure.message, metadata };
}
