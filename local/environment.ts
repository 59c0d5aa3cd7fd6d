/**
 * What a program that we start inherits of the caller's environment: an allow-list. The rest is the caller's business:
 * other programs' tokens and passwords, Pulumi's own settings, options that would change how Node or Python runs.
 */

/** Where things are, who runs them, in which language and time, and how to reach the network. */
const names = new Set([
  ...["PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"],
  ...["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"],
]);
const families = /^(LC|CUDA|NVIDIA)_/;

/** What the package installers are told on top: an index, its credentials, certificates, where their caches are. */
export const ofInstallers = /^((PIP|UV|XDG)_\w+|NETRC|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|TMPDIR)$/;
/** What the Hugging Face client is told on top: a token, a mirror. Only a download needs these, the engine never. */
export const ofHuggingFace = /^(HF_\w+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|TMPDIR)$/;

/** The variables of this process that a child may have. @param also names of more than every child may have */
export function inherited(also?: RegExp): NodeJS.ProcessEnv {
  const passes = (name: string): boolean => names.has(name) || families.test(name) || also?.test(name) === true;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => passes(name)));
}
