import type { SourceConfig } from "../config";
import type { Fault } from "../faults";
import type { Refusal } from "../http";
import { plainFault } from "./source";
import { errorCodeOf } from "./s3Xml";

type S3Config = Extract<SourceConfig, { kind: "s3" | "oss" }>;

/** What the service's error codes ask for. @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const NEEDS: Readonly<Record<string, { readonly needed: string; readonly fix: string }>> = {
  ExpiredToken: {
    needed: "temporary credentials that are still valid",
    fix: "get new ones and write accessKeyId, secretAccessKey and sessionToken into the Secret; then run the Job again",
  },
  InvalidAccessKeyId: {
    needed: "an access key that the service knows",
    fix: "correct accessKeyId in the Secret, or the endpoint it belongs to",
  },
  SignatureDoesNotMatch: {
    needed: "the secret key that belongs to the access key",
    fix: "correct secretAccessKey in the Secret; check source.region too",
  },
  RequestTimeTooSkewed: { needed: "a clock that is right", fix: "start NTP on the node: its clock is minutes off" },
  NoSuchBucket: { needed: "a bucket that is there", fix: "correct source.bucket or source.endpoint" },
  AuthorizationHeaderMalformed: { needed: "the bucket's own region", fix: "correct source.region" },
  PermanentRedirect: { needed: "the bucket's own endpoint", fix: "correct source.endpoint and source.region" },
  SecondLevelDomainForbidden: {
    needed: "virtual-hosted addresses",
    fix: "leave source.pathStyle out, or set it to false",
  },
};

const PATHS: Readonly<Record<string, string>> = {
  NoSuchBucket: "source.bucket",
  AuthorizationHeaderMalformed: "source.region",
  PermanentRedirect: "source.endpoint",
  SecondLevelDomainForbidden: "source.pathStyle",
};

/** What a refusal of an S3 service means, and what to do. `signed` says whether credentials were there. */
export function explainS3(config: S3Config, signed: boolean, refusal: Refusal): Fault {
  const { status, text, host, header } = refusal;
  const code = errorCodeOf(text);
  const region = header("x-amz-bucket-region");
  const hint = region === undefined || region === config.region ? "" : `; the bucket is in ${region.slice(0, 40)}`;
  const found = `${host} answers ${status}${code === undefined ? "" : ` (${code})`}${hint}; the request was ${signed ? "signed" : "not signed"}`;
  const known = code === undefined ? undefined : NEEDS[code];
  if (known !== undefined) return { path: PATHS[code ?? ""] ?? "secretDirectory", found, ...known };
  if (status === 401 || status === 403)
    return {
      path: signed ? "secretDirectory" : "source.bucket",
      found,
      needed: "credentials that are valid and allow s3:ListBucket and s3:GetObject, or a public bucket",
      fix: signed
        ? "renew the credentials in the Secret (they may have expired), or extend their policy to the bucket"
        : "mount a Secret with accessKeyId and secretAccessKey and name it in secretDirectory",
    };
  if (status === 301 || status === 307)
    return { path: "source.endpoint", found, needed: "the bucket's own endpoint", fix: "correct endpoint and region" };
  if (status === 404)
    return {
      path: "source.prefix",
      found,
      needed: "objects that are there",
      fix: "correct source.bucket or source.prefix",
    };
  return plainFault(refusal, "source");
}
